#include "transport/zmq_error.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <zmq.h>

#include <cerrno>

namespace hearsay::transport {
namespace {

std::string no_descriptors(std::string_view doing) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return fmt::format(
      "{}: this process has no file descriptors left ({} at most); allow more with `ulimit -n {}`, or put several "
      "nodes "
      "of one process on inproc",
      doing, limit.rlim_cur, limit.rlim_cur < 65'536 ? 65'536 : limit.rlim_cur * 2);
}

}  // namespace

tl::unexpected<Error> zmq_failure(int number, std::string_view doing) {
  switch (number) {
    case EMFILE: return fail(ErrorCode::kUnavailable, no_descriptors(doing));
    case ENFILE:
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{}: the system has no file descriptors left (sysctl fs.file-max)", doing));
    case ENOMEM:
    case EAGAIN:
      return fail(ErrorCode::kUnavailable, fmt::format("{}: no memory or threads left (`ulimit -u`)", doing));
    case ETERM: return fail(ErrorCode::kClosed, fmt::format("{}: the context was shut down", doing));
    case ENOTSOCK: return fail(ErrorCode::kClosed, fmt::format("{}: the socket was closed", doing));
    case EINVAL:
    case EPROTONOSUPPORT:
    case ENOCOMPATPROTO: return invalid(fmt::format("{}: {}", doing, zmq_strerror(number)));
    default: return fail(ErrorCode::kInternal, fmt::format("{}: {}", doing, zmq_strerror(number)));
  }
}

}  // namespace hearsay::transport
