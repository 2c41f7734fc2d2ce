// The middle of the star topology: publishers connect to one endpoint, subscribers to another, and what is published
// there comes out here (XSUB/XPUB, as zmq_proxy does it, with bounds and counters). Subscriptions travel the other way,
// so that a publisher sends only what somebody wants.
//
// Threading: start() and run() in one thread; stop() from any other one or from a signal handler; the counters from
// any. Bounds: the queues by SocketOptions (a slow subscriber loses the newest), a frame by max_message_bytes, a
// message by Frames::kMax frames, work between two looks at stop() by kBatch. Topics that peers subscribe to are
// libzmq's, and bounded by their length alone: let strangers in and they can fill the memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <zmq.hpp>

#include "core/base/result.hpp"
#include "transport/security.hpp"
#include "transport/socket.hpp"
#include "transport/wake.hpp"
#include "transport/zap.hpp"

namespace hearsay::transport {

struct BrokerOptions {
  std::string publishers = "tcp://127.0.0.1:*";   // they connect here
  std::string subscribers = "tcp://127.0.0.1:*";  // and they here
  ContextOptions context;
  SocketOptions sockets;
};

// What went through; what a slow peer's queue then dropped is not known here.
struct BrokerCounters {
  std::uint64_t messages = 0;            // from publishers to subscribers
  std::uint64_t bytes = 0;               // of all their frames
  std::uint64_t subscriptions = 0;       // to the publishers: of topics that are new, or that nobody wants any more
  std::uint64_t subscription_bytes = 0;  // of these
  std::uint64_t too_long = 0;            // of too many frames; thrown away
};

class Broker {
 public:
  static constexpr int kBatch = 256;  // messages one way before it looks the other way

  // Binds both endpoints; nothing flows until run(). Errors are those of bind() and of ZapHandler::start().
  static Result<std::unique_ptr<Broker>> start(const BrokerOptions& options, const Security& security = {});
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  // As bound, with the ports they were given.
  const std::string& publishers() const { return publishers_; }
  const std::string& subscribers() const { return subscribers_; }

  // Forwards until stop(), also one that came before. kInternal: a socket failed.
  Result<void> run();
  // Ends run() as soon as it has forwarded its batch. Async-signal-safe.
  void stop() noexcept;

  BrokerCounters counters() const;
  const ZapHandler& zap() const { return *zap_; }

 private:
  Broker(zmq::context_t context, Wake wake);
  Result<void> open(const BrokerOptions& options, const Security& security);
  Result<void> forward(zmq::socket_t& from, zmq::socket_t& to, std::atomic<std::uint64_t>& messages,
                       std::atomic<std::uint64_t>& bytes);

  zmq::context_t context_;  // first, so that it is closed last
  Wake wake_;
  std::unique_ptr<ZapHandler> zap_;
  zmq::socket_t xsub_;
  zmq::socket_t xpub_;
  Frames frames_;
  std::string publishers_;
  std::string subscribers_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> subscriptions_ = 0;
  std::atomic<std::uint64_t> subscription_bytes_ = 0;
  std::atomic<std::uint64_t> too_long_ = 0;
};

}  // namespace hearsay::transport
