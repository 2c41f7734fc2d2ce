// Who may connect: the handler that libzmq asks (ZAP, ZeroMQ RFC 27) about every CURVE client of a context. CURVE
// without one lets anybody in who knows the server's public key, so apply_server() is a method of a handler that runs,
// and the sockets it prepares refuse everybody where no handler answers (another context than the handler's, or its
// end).
//
// libzmq asks over tcp and ipc; inproc has neither keys nor anybody from outside the process.
//
// Threading: the handler has a thread of its own, which alone uses its socket; start() and the destructor belong to one
// thread, apply_server() and the counters to any. Life: one a context; start it before sockets bind, destroy it before
// the context is closed (a context that is shut down ends the thread too).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "core/base/result.hpp"
#include "transport/security.hpp"
#include "transport/socket.hpp"
#include "transport/wake.hpp"

namespace hearsay::transport {

class ZapHandler {
 public:
  // Where `security` is off: a handler that does nothing and prepares nothing. kInvalidArgument: the context has one
  // already; kUnavailable: no descriptors or threads left.
  static Result<std::unique_ptr<ZapHandler>> start(zmq::context_t& context, const Security& security);
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;
  ~ZapHandler();  // stops the thread and waits for it

  // Makes a socket of the handler's context a CURVE server; nothing where security is off. Before bind.
  Result<void> apply_server(zmq::socket_t& socket) const;

  // Connections that were let in and turned away, requests that were not RFC 27's.
  std::uint64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  std::uint64_t malformed() const { return malformed_.load(std::memory_order_relaxed); }

 private:
  ZapHandler(const Security& security, zmq::socket_t socket, Wake wake);
  void run();
  void answer(Frames& request);

  const Security security_;
  zmq::socket_t socket_;
  Wake wake_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> malformed_ = 0;
  std::thread thread_;
};

}  // namespace hearsay::transport
