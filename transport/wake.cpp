#include "transport/wake.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "transport/zmq_error.hpp"

namespace hearsay::transport {

Result<Wake> Wake::make() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return zmq_failure(errno, "making an eventfd");
  return Wake(fd);
}

Wake::Wake(Wake&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Wake& Wake::operator=(Wake&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Wake::~Wake() {
  if (fd_ >= 0) ::close(fd_);
}

// Fails only where the counter is full, and then the thread is as good as woken.
void Wake::signal() const noexcept {
  const int kept = errno;
  const std::uint64_t one = 1;
  while (::write(fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = kept;
}

void Wake::clear() const noexcept {
  std::uint64_t count = 0;
  while (::read(fd_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

}  // namespace hearsay::transport
