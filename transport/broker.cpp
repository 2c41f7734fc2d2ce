#include "transport/broker.hpp"

#include <array>
#include <utility>

namespace hearsay::transport {

Broker::Broker(zmq::context_t context, Wake wake) : context_(std::move(context)), wake_(std::move(wake)) {}

Result<std::unique_ptr<Broker>> Broker::start(const BrokerOptions& options, const Security& security) {
  auto context = make_context(options.context);
  if (!context) return tl::unexpected(context.error());
  auto wake = Wake::make();
  if (!wake) return tl::unexpected(wake.error());
  std::unique_ptr<Broker> broker(new Broker(std::move(*context), std::move(*wake)));
  if (auto opened = broker->open(options, security); !opened) return tl::unexpected(opened.error());
  return broker;
}

Result<void> Broker::open(const BrokerOptions& options, const Security& security) {
  auto zap = ZapHandler::start(context_, security);
  if (!zap) return tl::unexpected(zap.error());
  zap_ = std::move(*zap);
  const auto side = [&](zmq::socket_type type, const std::string& endpoint, zmq::socket_t& socket) {
    return make_socket(context_, type, options.sockets)
        .and_then([&](zmq::socket_t made) {
          socket = std::move(made);
          return zap_->apply_server(socket);
        })
        .and_then([&] { return bind(socket, endpoint); });
  };
  auto publishers = side(zmq::socket_type::xsub, options.publishers, xsub_);
  if (!publishers) return tl::unexpected(publishers.error());
  auto subscribers = side(zmq::socket_type::xpub, options.subscribers, xpub_);
  if (!subscribers) return tl::unexpected(subscribers.error());
  publishers_ = std::move(*publishers);
  subscribers_ = std::move(*subscribers);
  return {};
}

Result<void> Broker::run() {
  std::array<zmq::pollitem_t, 3> items{zmq::pollitem_t{xsub_.handle(), 0, ZMQ_POLLIN, 0},
                                       zmq::pollitem_t{xpub_.handle(), 0, ZMQ_POLLIN, 0}, wake_.item()};
  while (!stopping_.load()) {
    if (auto ready = poll(items, Duration{-1}); !ready) return tl::unexpected(ready.error());
    // Subscriptions first: who has just come should miss little of what waits.
    if (items[1].revents != 0) {
      if (auto done = forward(xpub_, xsub_, subscriptions_, subscription_bytes_); !done) return done;
    }
    if (items[0].revents != 0) {
      if (auto done = forward(xsub_, xpub_, messages_, bytes_); !done) return done;
    }
  }
  return {};
}

void Broker::stop() noexcept {
  stopping_.store(true);
  wake_.signal();
}

// Where a queue is full libzmq drops the newest, on either side; nothing here waits for a slow peer.
Result<void> Broker::forward(zmq::socket_t& from, zmq::socket_t& to, std::atomic<std::uint64_t>& messages,
                             std::atomic<std::uint64_t>& bytes) {
  for (int i = 0; i < kBatch; ++i) {
    const auto received = receive(from, frames_);
    if (!received) return tl::unexpected(received.error());
    if (*received == Receipt::kNothing) break;
    if (*received == Receipt::kTooLong) {
      too_long_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    const std::size_t size = frames_.bytes();
    if (auto sent = send(to, frames_.messages()); !sent) return tl::unexpected(sent.error());
    messages.fetch_add(1, std::memory_order_relaxed);
    bytes.fetch_add(size, std::memory_order_relaxed);
  }
  return {};
}

BrokerCounters Broker::counters() const {
  return {messages_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed),
          subscriptions_.load(std::memory_order_relaxed), subscription_bytes_.load(std::memory_order_relaxed),
          too_long_.load(std::memory_order_relaxed)};
}

}  // namespace hearsay::transport
