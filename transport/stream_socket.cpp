#include "transport/stream_socket.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace hearsay::transport {

namespace {

constexpr std::size_t kPiece = 64 * 1024;

std::string reason(int error) { return std::generic_category().message(error); }

bool try_again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// Waits for events: what came, 0 when the deadline passed, below 0 for an error in errno.
int wait_for(int fd, short events, SteadyTime deadline) {
  for (;;) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= SteadyTime::duration::zero()) return 0;
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
    pollfd waiting{fd, events, 0};
    const int ready = ppoll(&waiting, 1, &time, nullptr);
    if (ready > 0) return waiting.revents;
    if (ready < 0 && errno != EINTR) return ready;
  }
}

// A connected socket, or below 0 with the reason in errno.
int connect_to(const sockaddr* address, socklen_t size, SteadyTime deadline) {
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fd;
  int error = ::connect(fd, address, size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    socklen_t length = sizeof error;
    if (wait_for(fd, POLLOUT, deadline) == 0) {
      error = ETIMEDOUT;
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
      error = errno;
    }
  }
  if (error == 0) return fd;
  close(fd);
  errno = error;
  return -1;
}

tl::unexpected<Error> nobody(const KvServer& server, std::string_view why) {
  return fail(ErrorCode::kUnavailable, fmt::format("no server at {}: {}", server.string(), why));
}

Result<int> connect_by_path(const KvServer& server, SteadyTime deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (server.path.size() >= sizeof address.sun_path) return nobody(server, "the path is too long");
  server.path.copy(address.sun_path, server.path.size());
  const int fd = connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
  if (fd < 0) return nobody(server, reason(errno));
  return fd;
}

Result<int> connect_by_name(const KvServer& server, SteadyTime deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up = getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
  if (looked_up != 0) return nobody(server, gai_strerror(looked_up));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int fd = connect_to(each->ai_addr, each->ai_addrlen, deadline);
    if (fd >= 0) {
      const int on = 1;  // a request is sent whole: there is nothing to wait for
      (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    error = errno;
  }
  return nobody(server, reason(error));
}

}  // namespace

Result<std::unique_ptr<StreamSocket>> StreamSocket::connect(const KvServer& server, SteadyTime deadline) {
  const Result<int> fd = server.path.empty() ? connect_by_name(server, deadline) : connect_by_path(server, deadline);
  if (!fd) return tl::unexpected(fd.error());
  return std::unique_ptr<StreamSocket>(new StreamSocket(*fd, server.string()));
}

StreamSocket::~StreamSocket() { close(fd_); }

tl::unexpected<Error> StreamSocket::broke(std::string_view why) const {
  return fail(ErrorCode::kUnavailable, fmt::format("the connection to {} broke: {}", peer_, why));
}

bool StreamSocket::usable() const {
  pollfd waiting{fd_, POLLIN, 0};
  return poll(&waiting, 1, 0) == 0;
}

void StreamSocket::interrupt() { (void)shutdown(fd_, SHUT_RDWR); }

Result<void> StreamSocket::exchange(std::string_view bytes,
                                    const std::function<Result<bool>(std::string_view piece)>& take,
                                    SteadyTime deadline) {
  std::array<char, kPiece> piece;
  for (;;) {
    if (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && !try_again(errno)) return broke(reason(errno));
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    const int ready = wait_for(fd_, static_cast<short>(bytes.empty() ? POLLIN : POLLIN | POLLOUT), deadline);
    if (ready < 0) return broke(reason(errno));
    if (ready == 0) return fail(ErrorCode::kTimeout, fmt::format("{} did not answer in time", peer_));
    if ((ready & ~POLLOUT) == 0) continue;
    const ssize_t read = recv(fd_, piece.data(), piece.size(), 0);
    if (read == 0) return broke("the server closed it");
    if (read < 0 && !try_again(errno)) return broke(reason(errno));
    if (read < 0) continue;
    const Result<bool> done = take(std::string_view(piece.data(), static_cast<std::size_t>(read)));
    if (!done) return tl::unexpected(done.error());
    if (*done) return {};
  }
}

}  // namespace hearsay::transport
