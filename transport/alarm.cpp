#include "transport/alarm.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "transport/zmq_error.hpp"

namespace hearsay::transport {

Result<Alarm> Alarm::make() {
  const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) return zmq_failure(errno, "making a timerfd");
  return Alarm(fd);
}

Alarm::Alarm(Alarm&& other) noexcept : fd_(std::exchange(other.fd_, -1)), when_(other.when_) {}

Alarm& Alarm::operator=(Alarm&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(when_, other.when_);
  return *this;
}

Alarm::~Alarm() {
  if (fd_ >= 0) ::close(fd_);
}

void Alarm::set(MonoTime when) noexcept {
  if (when == when_) return;
  when_ = when;
  // Zero would disarm it.
  const std::int64_t ns = std::max<std::int64_t>(1, when.time_since_epoch().count());
  constexpr std::int64_t kSecond = 1'000'000'000;
  itimerspec spec{};
  spec.it_value.tv_sec = ns / kSecond;
  spec.it_value.tv_nsec = ns % kSecond;
  // Setting it takes back that it was ready.
  ::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace hearsay::transport
