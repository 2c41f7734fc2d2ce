#include "transport/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/quantity.hpp"
#include "transport/endpoint.hpp"
#include "transport/zmq_error.hpp"

namespace hearsay::transport {
namespace {

// What a context opens on its own: an epoll and two eventfds for each of its threads (one more is its reaper), and some
// for its first socket. Where they are not to be had libzmq aborts the process, so it is asked before.
constexpr int kDescriptorsOfThread = 3;
constexpr int kDescriptorsSpare = 4;

int descriptors_missing(int count) {
  std::array<int, 64> opened{};
  int error = 0;
  const auto wanted = std::min(static_cast<std::size_t>(count), opened.size());
  std::size_t n = 0;
  for (; n < wanted && error == 0; ++n) {
    opened[n] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (opened[n] < 0) error = errno;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (opened[i] >= 0) ::close(opened[i]);
  }
  return error;
}

Result<void> set(zmq::socket_t& socket, int option, std::string_view name, std::int64_t value) {
  int as_int = 0;
  const void* data = &value;
  std::size_t size = sizeof value;
  if (option != ZMQ_MAXMSGSIZE) {
    if (value < INT_MIN || value > INT_MAX) return invalid(fmt::format("{} of {} is out of range", name, value));
    as_int = static_cast<int>(value);
    data = &as_int;
    size = sizeof as_int;
  }
  if (zmq_setsockopt(socket.handle(), option, data, size) == 0) return {};
  if (zmq_errno() == EINVAL) return invalid(fmt::format("{} of {} is out of range", name, value));
  return zmq_failure(zmq_errno(), fmt::format("setting {}", name));
}

std::int64_t to_ms(Duration duration) { return std::chrono::ceil<std::chrono::milliseconds>(duration).count(); }

// bind() says why libzmq did not want an address, and what to write instead.
tl::unexpected<Error> bind_failure(int number, const std::string& endpoint) {
  switch (number) {
    case EADDRINUSE: {
      const bool tcp = endpoint.starts_with("tcp:");
      return invalid(fmt::format("{} is in use: give another endpoint{}", endpoint,
                                 tcp ? ", or tcp://127.0.0.1:* for a free port" : ""));
    }
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENODEV:
      return invalid(
          fmt::format("{} is no address of this machine: give --bind one that is (`ip address` lists them)", endpoint));
    case EACCES:
    case EPERM:
      return invalid(fmt::format(
          "{} is not allowed to this user: ports below 1024 are the system's, and a path must be writable", endpoint));
    case ENOENT:
    case ENOTDIR: return invalid(fmt::format("{}: the folder does not exist", endpoint));
    default: return zmq_failure(number, fmt::format("binding {}", endpoint));
  }
}

// The error's number, or 0.
int open_socket(zmq::context_t& context, zmq::socket_type type, zmq::socket_t& socket) {
  // Asked before, because UBSan needs descriptors itself to look at the exception.
  if (const int error = descriptors_missing(1); error != 0) return error;
  try {
    socket = zmq::socket_t(context, type);
    return 0;
  } catch (const zmq::error_t& error) {
    return error.num();
  }
}

// Sockets know IPv6 only when told so, and then take some IPv4 addresses otherwise; so only where it is meant.
Result<Endpoint> prepare(zmq::socket_t& socket, const std::string& text, EndpointUse use) {
  auto endpoint = parse_endpoint(text, use);
  if (!endpoint || !endpoint->ipv6) return endpoint;
  return set(socket, ZMQ_IPV6, "IPv6", 1).map([&] { return *endpoint; });
}

}  // namespace

Result<zmq::context_t> make_context(const ContextOptions& options) {
  if (options.io_threads < 1 || options.io_threads > 16) {
    return invalid(fmt::format("io_threads must lie in 1..16, not {}", options.io_threads));
  }
  if (options.max_sockets < 1 || options.max_sockets > 65'535) {
    return invalid(fmt::format("max_sockets must lie in 1..65535, not {}", options.max_sockets));
  }
  constexpr std::string_view kDoing = "opening ZeroMQ's context";
  const int needed = (options.io_threads + 1) * kDescriptorsOfThread + kDescriptorsSpare;
  if (const int error = descriptors_missing(needed); error != 0) return zmq_failure(error, kDoing);
  try {
    zmq::context_t context;
    context.set(zmq::ctxopt::io_threads, options.io_threads);
    context.set(zmq::ctxopt::max_sockets, options.max_sockets);
    const zmq::socket_t first(context, zmq::socket_type::pair);  // starts the threads now, while there is room
    return context;
  } catch (const zmq::error_t& error) {
    return zmq_failure(error.num(), kDoing);
  }
}

Result<zmq::socket_t> make_socket(zmq::context_t& context, zmq::socket_type type, const SocketOptions& options) {
  zmq::socket_t socket;
  int error = open_socket(context, type, socket);
  // The table of descriptors and the context's own report the same. The first may have got room just now: closing a
  // socket is done later, by libzmq's thread.
  const bool room = error == EMFILE && descriptors_missing(1) == 0;
  if (room) error = open_socket(context, type, socket);
  if (room && error == EMFILE && descriptors_missing(kDescriptorsSpare) == 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("opening a socket: the context has its {} already; a larger "
                                                     "max_sockets allows more",
                                                     context.get(zmq::ctxopt::max_sockets)));
  }
  if (error != 0) return zmq_failure(error, "opening a socket");
  return apply(socket, options).map([&] { return std::move(socket); });
}

Result<void> apply(zmq::socket_t& socket, const SocketOptions& options) {
  const struct {
    int option;
    std::string_view name;
    std::int64_t value;
  } all[] = {
      {ZMQ_SNDHWM, "send_queue", options.send_queue},
      {ZMQ_RCVHWM, "receive_queue", options.receive_queue},
      {ZMQ_MAXMSGSIZE, "max_message_bytes", options.max_message_bytes},
      {ZMQ_HEARTBEAT_IVL, "heartbeat_interval, in ms,", to_ms(options.heartbeat_interval)},
      {ZMQ_HEARTBEAT_TIMEOUT, "heartbeat_timeout, in ms,", to_ms(options.heartbeat_timeout)},
      {ZMQ_HEARTBEAT_TTL, "heartbeat_ttl, in ms,", to_ms(options.heartbeat_ttl)},
      {ZMQ_RECONNECT_IVL, "reconnect_min, in ms,", to_ms(options.reconnect_min)},
      {ZMQ_RECONNECT_IVL_MAX, "reconnect_max, in ms,", to_ms(options.reconnect_max)},
      {ZMQ_CONNECT_TIMEOUT, "connect_timeout, in ms,", to_ms(options.connect_timeout)},
      {ZMQ_HANDSHAKE_IVL, "handshake_timeout, in ms,", to_ms(options.handshake_timeout)},
      {ZMQ_BACKLOG, "backlog", options.backlog},
      {ZMQ_LINGER, "linger, in ms,", to_ms(options.linger)},
  };
  // libzmq reads 0 (queues) and -1 (sizes, reconnects, linger) as "without a bound", which nothing of ours means.
  if (options.send_queue < 1 || options.receive_queue < 1 || options.max_message_bytes < 1) {
    return invalid("send_queue, receive_queue and max_message_bytes must be at least 1");
  }
  for (const auto& [option, name, value] : all) {
    if (value < 0) return invalid(fmt::format("{} of {} is out of range", name, value));
    if (auto done = set(socket, option, name, value); !done) return done;
  }
  return {};
}

Result<std::string> bind(zmq::socket_t& socket, const std::string& endpoint) {
  if (auto prepared = prepare(socket, endpoint, EndpointUse::kBind); !prepared) {
    return tl::unexpected(prepared.error());
  }
  // It opens some for a moment, to look at the network's interfaces, and aborts where it cannot.
  if (const int error = descriptors_missing(kDescriptorsSpare); error != 0) {
    return zmq_failure(error, fmt::format("binding {}", endpoint));
  }
  if (zmq_bind(socket.handle(), endpoint.c_str()) != 0) return bind_failure(zmq_errno(), endpoint);
  try {
    return socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& error) {
    return zmq_failure(error.num(), fmt::format("binding {}", endpoint));
  }
}

Result<void> connect(zmq::socket_t& socket, const std::string& endpoint) {
  if (auto prepared = prepare(socket, endpoint, EndpointUse::kConnect); !prepared) {
    return tl::unexpected(prepared.error());
  }
  if (zmq_connect(socket.handle(), endpoint.c_str()) == 0) return {};
  return zmq_failure(zmq_errno(), fmt::format("connecting to {}", endpoint));
}

Result<void> disconnect(zmq::socket_t& socket, const std::string& endpoint) {
  if (zmq_disconnect(socket.handle(), endpoint.c_str()) == 0) return {};
  if (zmq_errno() == ENOENT) return invalid(fmt::format("{} is not connected", endpoint));
  return zmq_failure(zmq_errno(), fmt::format("disconnecting {}", endpoint));
}

Result<std::size_t> poll(std::span<zmq::pollitem_t> items, Duration timeout) {
  const long timeout_ms = timeout < Duration::zero() ? -1L : static_cast<long>(to_ms(timeout));
  const int ready = zmq_poll(items.data(), static_cast<int>(items.size()), timeout_ms);
  if (ready >= 0) return static_cast<std::size_t>(ready);
  const int error = zmq_errno();
  for (zmq::pollitem_t& item : items) item.revents = 0;
  if (error == EINTR) return std::size_t{0};
  return zmq_failure(error, "waiting for sockets");
}

namespace {

// `send_frame(flags)` for each frame, until one does not go.
template <class SendFrame>
Result<Sent> send_all(std::size_t count, SendFrame send_frame) {
  HEARSAY_CHECK(count > 0);
  for (std::size_t i = 0; i < count; ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
    while (send_frame(i, flags) < 0) {
      // A peer that goes away between two frames takes the earlier ones with it (libzmq rolls back): nothing was sent.
      switch (zmq_errno()) {
        case EINTR: break;
        case EAGAIN: return Sent::kFull;
        case EHOSTUNREACH: return Sent::kNoRoute;
        default: return zmq_failure(zmq_errno(), "sending");
      }
    }
  }
  return Sent::kSent;
}

}  // namespace

Result<Sent> send(zmq::socket_t& socket, std::span<zmq::message_t> frames) {
  return send_all(frames.size(),
                  [&](std::size_t i, int flags) { return zmq_msg_send(frames[i].handle(), socket.handle(), flags); });
}

Result<Sent> send(zmq::socket_t& socket, std::span<const std::string_view> frames) {
  return send_all(frames.size(), [&](std::size_t i, int flags) {
    return zmq_send(socket.handle(), frames[i].data(), frames[i].size(), flags);
  });
}

std::size_t Frames::bytes() const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < size_; ++i) sum += frames_[i].size();
  return sum;
}

namespace {

// Whether there was one. A signal ends waiting, and nothing else.
Result<bool> receive_frame(zmq::socket_t& socket, zmq::message_t& frame, int flags) {
  while (zmq_msg_recv(frame.handle(), socket.handle(), flags) < 0) {
    if (zmq_errno() == EAGAIN) return false;
    if (zmq_errno() != EINTR) return zmq_failure(zmq_errno(), "receiving");
    if (flags != ZMQ_DONTWAIT) return false;
  }
  return true;
}

}  // namespace

Result<Receipt> receive(zmq::socket_t& socket, Frames& frames) { return receive(socket, frames, Duration::zero()); }

Result<Receipt> receive(zmq::socket_t& socket, Frames& frames, Duration limit) {
  frames.size_ = 0;
  int flags = ZMQ_DONTWAIT;
  if (limit > Duration::zero()) {
    if (auto waits = set(socket, ZMQ_RCVTIMEO, "the time to wait, in ms,", to_ms(std::min<Duration>(limit, 1h)));
        !waits) {
      return tl::unexpected(waits.error());
    }
    flags = 0;
  }
  zmq::message_t surplus;
  std::size_t count = 0;
  for (bool more = true; more; ++count, flags = ZMQ_DONTWAIT) {  // the later frames are there with the first
    zmq::message_t& frame = count < Frames::kMax ? frames.frames_[count] : surplus;
    const auto received = receive_frame(socket, frame, flags);
    if (!received) return tl::unexpected(received.error());
    if (!*received) return Receipt::kNothing;
    more = frame.more();
  }
  if (count > Frames::kMax) return Receipt::kTooLong;
  frames.size_ = count;
  return Receipt::kMessage;
}

}  // namespace hearsay::transport
