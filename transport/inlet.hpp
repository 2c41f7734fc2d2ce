// A socket to receive from, and whether it may have something. It makes waiting cost one system call, whatever the
// number of sockets; zmq_poll() takes two, and two more for each socket.
//
// A socket's descriptor (ZMQ_FD) is ready when libzmq has commands for it, and then only once: any call on the socket
// may take them, also one that sends. So after a call there may be something, until receive() finds nothing.
//
// One thread, as for the socket.
#pragma once

#include <poll.h>

#include <span>
#include <utility>
#include <zmq.hpp>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "transport/socket.hpp"

namespace hearsay::transport {

class Inlet {
 public:
  Inlet() = default;
  explicit Inlet(zmq::socket_t socket) : socket_(std::move(socket)), fd_(socket_.get(zmq::sockopt::fd)), look_(true) {}

  bool open() const { return fd_ >= 0; }
  // For any call on it.
  zmq::socket_t& use() {
    look_ = true;
    return socket_;
  }

  // Whether receive() may find a message.
  bool may_have() const { return look_; }
  // As transport::receive().
  Result<Receipt> receive(Frames& frames) {
    auto receipt = transport::receive(socket_, frames);
    look_ = receipt && *receipt != Receipt::kNothing;
    return receipt;
  }

  // To wait for, while there is nothing; and what came of it. A closed one is never ready.
  pollfd item() const { return {fd_, POLLIN, 0}; }
  void waited(const pollfd& item) { look_ = look_ || item.revents != 0; }

 private:
  zmq::socket_t socket_;
  int fd_ = -1;
  bool look_ = false;
};

// Waits until one of the descriptors is ready or the time is up, to the nanosecond that the kernel makes of it. After a
// signal (EINTR), too; none is ready then.
void wait_for(std::span<pollfd> items, Duration limit);

}  // namespace hearsay::transport
