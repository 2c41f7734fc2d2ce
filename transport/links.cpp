#include "transport/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "transport/address.hpp"
#include "transport/endpoint.hpp"

namespace hearsay::transport {

namespace {

// Of a question: one, and some that are late.
constexpr int kAnswersAtOnce = 8;
// Of a message that nobody will read.
constexpr std::int64_t kMaxUnread = 4096;

// Where the XPUB goes when nobody says so.
std::string pub_endpoint(const std::string& bind) {
  if (!bind.starts_with("tcp://")) return bind + ".pub";
  return bind.substr(0, bind.rfind(':')) + ":*";
}

// A bound endpoint with the host that others know, IPv6 in brackets or not.
std::string reached_at(const std::string& endpoint, const std::string& host) {
  if (host.empty() || !endpoint.starts_with("tcp://")) return endpoint;
  const bool bare = host.find(':') != std::string::npos && host.front() != '[';
  return fmt::format("tcp://{}{}", bare ? fmt::format("[{}]", host) : host, endpoint.substr(endpoint.rfind(':')));
}

Result<void> check_host(const std::string& host) {
  if (host.empty()) return {};
  const auto where = parse_endpoint(reached_at("tcp://:1", host), EndpointUse::kConnect);
  // "127.0.0.1:5" looks like IPv6, and has no more than one colon.
  if (where && (!where->ipv6 || std::count(host.begin(), host.end(), ':') > 1)) return {};
  return invalid(
      fmt::format("--advertise \"{}\" is no host: write a name or an address alone, without tcp:// and "
                  "without a port",
                  shown(host)));
}

}  // namespace

Result<std::unique_ptr<Links>> Links::open(const Base& base, const LinkOptions& options, const Channel& channel,
                                           NodeId self) {
  std::unique_ptr<Links> links(new Links(base, options, channel));
  if (auto bound = links->bind_all(self); !bound) return tl::unexpected(bound.error());
  if (options.broker.used()) {
    if (auto joined = links->join_broker(); !joined) return tl::unexpected(joined.error());
  }
  return links;
}

Result<void> Links::bind_all(NodeId self) {
  if (auto host = check_host(options_.advertise); !host) return host;
  const auto with_queue = [this](int messages) {
    SocketOptions sockets = options_.sockets;
    sockets.send_queue = messages;
    return sockets;
  };
  auto router = make_socket(base_.context, zmq::socket_type::router, with_queue(options_.answer_queue));
  if (!router) return tl::unexpected(router.error());
  router_ = Inlet(std::move(*router));
  // An answer to a client that is gone is then known to be lost.
  router_.use().set(zmq::sockopt::router_mandatory, true);
  if (auto secured = base_.zap.apply_server(router_.use()); !secured) return secured;
  auto router_at = transport::bind(router_.use(), options_.bind);
  if (!router_at) return tl::unexpected(router_at.error());

  auto xpub = make_socket(base_.context, zmq::socket_type::xpub, with_queue(options_.news_queue));
  if (!xpub) return tl::unexpected(xpub.error());
  xpub_ = Inlet(std::move(*xpub));
  // Or only the first subscriber of a topic is reported.
  xpub_.use().set(zmq::sockopt::xpub_verbose, true);
  const std::string welcome = channel_.welcome(self);
  xpub_.use().set(zmq::sockopt::xpub_welcome_msg, zmq::const_buffer(welcome.data(), welcome.size()));
  if (auto secured = base_.zap.apply_server(xpub_.use()); !secured) return secured;
  auto pub_at =
      transport::bind(xpub_.use(), options_.bind_pub.empty() ? pub_endpoint(options_.bind) : options_.bind_pub);
  if (!pub_at) return tl::unexpected(pub_at.error());
  address_ = Address::join(reached_at(*router_at, options_.advertise), *pub_at);
  if (address_.starts_with("tcp://0.0.0.0:") || address_.starts_with("tcp://[::]:")) {
    return invalid(
        fmt::format("{} is every address of this machine, and none that others could connect to: give "
                    "--advertise HOST, too",
                    options_.bind));
  }

  auto sub = make_socket(base_.context, zmq::socket_type::sub, options_.sockets);
  if (!sub) return tl::unexpected(sub.error());
  sub_ = Inlet(std::move(*sub));
  if (auto secured = apply_client(sub_.use(), base_.security); !secured) return secured;
  // Before any connect, or the welcome is missed.
  sub_.use().set(zmq::sockopt::subscribe, channel_.news());
  sub_.use().set(zmq::sockopt::subscribe, channel_.listener(self));
  sub_.use().set(zmq::sockopt::subscribe, channel_.welcomes());
  return {};
}

Result<void> Links::join_broker() {
  auto pub = make_socket(base_.context, zmq::socket_type::pub, options_.sockets);
  if (!pub) return tl::unexpected(pub.error());
  broker_ = std::move(*pub);
  if (auto secured = apply_client(*broker_, base_.security); !secured) return secured;
  if (auto there = transport::connect(*broker_, options_.broker.frontend); !there) return there;
  return transport::connect(sub_.use(), options_.broker.backend);
}

Result<zmq::socket_t> Links::dealer(const std::string& endpoint) const {
  SocketOptions options = options_.sockets;
  options.send_queue = 1;
  options.receive_queue = kAnswersAtOnce;
  return dealer(endpoint, options);
}

Result<zmq::socket_t> Links::dealer(const std::string& endpoint, const SocketOptions& options) const {
  auto socket = make_socket(base_.context, zmq::socket_type::dealer, options);
  if (!socket) return socket;
  if (auto secured = apply_client(*socket, base_.security); !secured) return tl::unexpected(secured.error());
  if (auto there = transport::connect(*socket, endpoint); !there) return tl::unexpected(there.error());
  return socket;
}

Links::Peer* Links::peer(NodeSlot to, std::string_view address, const std::function<std::string()>& hello) {
  if (const auto found = peers_.find(to); found != peers_.end()) {
    if (found->second.address == address) return &found->second;
    peers_.erase(found);
  }
  const auto where = Address::parse(address);
  if (!where) return nullptr;
  // Nothing is read here: what a peer sends back must find no room.
  SocketOptions options = options_.sockets;
  options.receive_queue = 1;
  options.max_message_bytes = kMaxUnread;
  auto socket = dealer(where->router, options);
  if (!socket) return nullptr;
  if (peers_.size() >= options_.max_peers) {
    peers_.erase(std::min_element(peers_.begin(), peers_.end(),
                                  [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  Peer& opened = peers_.emplace(to, Peer{std::move(*socket), std::string(address), 0}).first->second;
  const std::string first = hello();
  (void)transport::send(opened.socket, std::array<std::string_view, 2>{channel_.peers, first});
  return &opened;
}

bool Links::send(NodeSlot to, std::string_view address, std::string_view bytes,
                 const std::function<std::string()>& hello) {
  Peer* there = peer(to, address, hello);
  if (there == nullptr) return false;
  there->used = ++uses_;
  const auto sent = transport::send(there->socket, std::array<std::string_view, 2>{channel_.peers, bytes});
  return sent && *sent == Sent::kSent;
}

bool Links::open_to(NodeSlot to, std::string_view address, const std::function<std::string()>& hello) {
  return peer(to, address, hello) != nullptr;
}

bool Links::answer(std::string_view route, std::string_view channel, std::string_view bytes) {
  const auto sent = transport::send(router_.use(), std::array<std::string_view, 3>{route, channel, bytes});
  return sent && *sent == Sent::kSent;
}

void Links::publish(std::string_view topic, std::string_view bytes) {
  const std::array<std::string_view, 2> frames{topic, bytes};
  (void)transport::send(xpub_.use(), frames);
  if (broker_) (void)transport::send(*broker_, frames);
}

bool Links::listen_to(NodeSlot node, std::string_view address) {
  if (broker_) return false;
  const auto where = Address::parse(address);
  if (!where) return false;
  if (heard_.size() >= options_.max_peers && !heard_.contains(node)) return false;
  std::string& at = heard_[node];
  if (at == where->pub) return false;
  if (!at.empty()) (void)disconnect(sub_.use(), at);
  at = where->pub;
  if (transport::connect(sub_.use(), at)) return true;
  heard_.erase(node);
  return false;
}

void Links::stop_listening(NodeSlot node) {
  const auto found = heard_.find(node);
  if (found == heard_.end()) return;
  (void)disconnect(sub_.use(), found->second);
  heard_.erase(found);
}

}  // namespace hearsay::transport
