// Ends a poll at a time, to the nanosecond that the kernel makes of it: poll() itself counts in milliseconds and rounds
// up, which a message that a filter delays by two of them would feel. A timerfd, to poll beside the sockets.
//
// One thread, the one that polls.
#pragma once

#include <zmq.hpp>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace hearsay::transport {

class Alarm {
 public:
  // kUnavailable: no descriptors left.
  static Result<Alarm> make();
  Alarm(Alarm&& other) noexcept;
  Alarm& operator=(Alarm&& other) noexcept;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm();

  // The item is ready from then on; a time that has passed is one. Replaces the time set before.
  void set(MonoTime when) noexcept;
  zmq::pollitem_t item() const { return {nullptr, fd_, ZMQ_POLLIN, 0}; }

 private:
  explicit Alarm(int fd) : fd_(fd) {}
  int fd_ = -1;
  MonoTime when_ = MonoTime::max();  // as set: an alarm that stays as it is costs no system call
};

}  // namespace hearsay::transport
