// A DEALER and a ROUTER that answers, over tcp on the loopback, each with a context of its own, as two processes have:
// what a call from node to node costs at least. The client is the caller's thread, the server one of this object's.
//
// One thread. Nothing else is in a message but its payload, and nobody decodes it.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <zmq.hpp>

#include "core/base/result.hpp"

namespace hearsay::cli {

class RawRoundTrip {
 public:
  // `bytes` go there and come back. kUnavailable: no sockets left.
  static Result<std::unique_ptr<RawRoundTrip>> open(std::size_t bytes);
  ~RawRoundTrip();
  RawRoundTrip(const RawRoundTrip&) = delete;
  RawRoundTrip& operator=(const RawRoundTrip&) = delete;

  // There and back. kTimeout: a second was not enough.
  Result<void> once();

 private:
  RawRoundTrip(zmq::context_t server, zmq::context_t client, std::size_t bytes);
  static void serve(zmq::socket_t router);

  zmq::context_t server_;
  zmq::context_t client_;
  zmq::socket_t dealer_;
  std::string payload_;
  std::thread thread_;
};

}  // namespace hearsay::cli
