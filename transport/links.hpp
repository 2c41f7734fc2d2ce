// A node's sockets: a ROUTER that peers and clients send to, an XPUB that it publishes on, a SUB that hears others, and
// a DEALER for each peer it has sent something to. All of it moves bytes; what they mean is the node's (live_node.hpp).
//
// A DEALER's queue waits for the connection, so a message to a peer that is just starting is not lost; a ROUTER would
// drop it, and never initiates here (as in ZRE, ZeroMQ RFC 36). With a broker, news goes through its XSUB and XPUB, and
// nobody listens to anybody directly; messages to one peer still go straight there.
//
// Threading: made anywhere, then used by one thread. Bounds: max_peers connections, of which the one not used for
// longest gives way, and as many nodes that are listened to, of which one more is refused; a socket's own
// (SocketOptions).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "transport/channel.hpp"
#include "transport/inlet.hpp"
#include "transport/security.hpp"
#include "transport/socket.hpp"
#include "transport/zap.hpp"

namespace hearsay::transport {

// Where a broker's two sides are; both empty: none.
struct StarOptions {
  std::string frontend;  // its XSUB
  std::string backend;   // its XPUB
  bool used() const { return !frontend.empty(); }
};

struct LinkOptions {
  std::string bind = "tcp://127.0.0.1:*";  // the ROUTER
  std::string advertise;                   // host by which others reach it; empty: the one it binds
  std::string bind_pub;                    // the XPUB; empty: a free port of the same host, or `bind` with ".pub"
  StarOptions broker;
  SocketOptions sockets;
  // Answers that wait for a client that does not read, and news for a subscriber that does not: each may be a megabyte.
  // sockets.send_queue is of what goes to peers.
  int answer_queue = 64;
  int news_queue = 256;
  std::uint32_t max_peers = 1024;
};

class Links {
 public:
  // What sockets share; it must outlive them. `zap` and `security` are off or of the same configuration.
  struct Base {
    zmq::context_t& context;
    const ZapHandler& zap;
    const Security& security;
  };

  // Binds. Errors as bind()'s and connect()'s.
  static Result<std::unique_ptr<Links>> open(const Base& base, const LinkOptions& options, const Channel& channel,
                                             NodeId self);
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  const std::string& address() const { return address_; }

  // ---- sending; false: dropped, since a queue is full or there is no such peer (counted by the caller) ----
  // To a node's ROUTER. `address` is where it is now: a connection to another place is replaced. `hello` makes the
  // first message of a new connection.
  bool send(NodeSlot to, std::string_view address, std::string_view bytes, const std::function<std::string()>& hello);
  // Opens the connection without sending more than the hello; false where it cannot be.
  bool open_to(NodeSlot to, std::string_view address, const std::function<std::string()>& hello);
  // Back the way a message of `route` came.
  bool answer(std::string_view route, std::string_view channel, std::string_view bytes);
  // To whoever subscribed to the topic, and through the broker where there is one.
  void publish(std::string_view topic, std::string_view bytes);
  void forget(NodeSlot peer) { peers_.erase(peer); }

  // ---- listening to others' news ----
  bool uses_broker() const { return broker_.has_value(); }
  // Subscribes at a node's XPUB, instead of where it was before; whether that is new. Nothing with a broker.
  bool listen_to(NodeSlot node, std::string_view address);
  void stop_listening(NodeSlot node);
  std::size_t listening() const { return heard_.size(); }

  // ---- receiving ----
  // A DEALER of its own to an endpoint, for a question and its answer; one question is queued while nobody is there.
  Result<zmq::socket_t> dealer(const std::string& endpoint) const;
  Inlet& router() { return router_; }
  Inlet& news() { return sub_; }
  Inlet& subscriptions() { return xpub_; }
  std::size_t peers() const { return peers_.size(); }

 private:
  struct Peer {
    zmq::socket_t socket;
    std::string address;
    std::uint64_t used = 0;
  };

  Links(const Base& base, const LinkOptions& options, const Channel& channel)
      : base_(base), options_(options), channel_(channel) {}
  Result<void> bind_all(NodeId self);
  Result<void> join_broker();
  Result<zmq::socket_t> dealer(const std::string& endpoint, const SocketOptions& options) const;
  // The peer's connection, opened if there is none to this address; null where it cannot be.
  Peer* peer(NodeSlot to, std::string_view address, const std::function<std::string()>& hello);

  Base base_;
  LinkOptions options_;
  Channel channel_;
  std::string address_;
  Inlet router_;
  Inlet xpub_;
  Inlet sub_;
  std::optional<zmq::socket_t> broker_;  // PUB to its frontend
  std::unordered_map<NodeSlot, Peer> peers_;
  std::unordered_map<NodeSlot, std::string> heard_;  // by node: the endpoint subscribed at
  std::uint64_t uses_ = 0;
};

}  // namespace hearsay::transport
