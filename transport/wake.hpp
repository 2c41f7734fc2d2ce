// Wakes a thread that polls, from any other one or from a signal handler: an eventfd, to poll beside the sockets. Hand
// work over through a queue with a mutex; this says only that there is some.
//
// Threading: signal() from anywhere, also at once; the rest belongs to the thread that polls. The descriptor lives as
// long as the object, which must outlive whoever signals.
#pragma once

#include <zmq.hpp>

#include "core/base/result.hpp"

namespace hearsay::transport {

class Wake {
 public:
  // kUnavailable: no descriptors left.
  static Result<Wake> make();
  Wake(Wake&& other) noexcept;
  Wake& operator=(Wake&& other) noexcept;
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  ~Wake();

  // Async-signal-safe (write(2)); keeps errno. Many signals before a clear() are one.
  void signal() const noexcept;
  // Takes the signals there were.
  void clear() const noexcept;
  zmq::pollitem_t item() const { return {nullptr, fd_, ZMQ_POLLIN, 0}; }
  int fd() const { return fd_; }

 private:
  explicit Wake(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace hearsay::transport
