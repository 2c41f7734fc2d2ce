// Calls nodes from outside: what the `service` backend, the command line and, for keys that live elsewhere, an embedded
// node use. Each caller's thread has a connection of its own while it calls, so that nobody waits for somebody else's
// answer and no call crosses a thread.
//
// Threading: any thread. Bounds: kMaxIdle connections that nobody uses are kept, of all endpoints together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/kv/item.hpp"
#include "core/kv/kv.hpp"
#include "core/kv/request.hpp"
#include "transport/call_connection.hpp"

namespace hearsay::transport {

class NodeClient {
 public:
  static constexpr std::size_t kMaxIdle = 1024;

  // `context` and `security` must outlive it.
  NodeClient(zmq::context_t& context, std::string channel, const SocketOptions& sockets, const Security& security)
      : context_(context), channel_(std::move(channel)), sockets_(sockets), security_(security) {}

  // Does all of `ops` at one node, in as few calls as the limits allow. One reply for each op, in their order; an
  // operation that failed has its error, and so have all that were to follow when the node cannot be reached.
  std::vector<Result<Reply>> operate(const std::string& endpoint, std::span<const ClientOp> ops, MonoTime deadline);
  // The same at several nodes at once: at each endpoint those of `ops` at these places.
  std::vector<Result<Reply>> operate(std::map<std::string, std::vector<std::size_t>> places,
                                     std::span<const ClientOp> ops, MonoTime deadline);
  // Keys with a prefix that the node itself holds, page by page: `keep` is called for each.
  Result<void> list(const std::string& endpoint, std::string_view prefix, MonoTime deadline,
                    const std::function<void(const std::string&)>& keep);
  Result<StatusAnswer> status(const std::string& endpoint, MonoTime deadline);

 private:
  using Connection = std::unique_ptr<CallConnection>;

  Connection take(const std::string& endpoint);  // an idle one, or null
  Result<Connection> connect(const std::string& endpoint);
  void keep(const std::string& endpoint, Connection connection, const Result<void>& done);
  void drop_idle();
  // Calls use(CallConnection&) with one that is idle or new.
  template <class Use>
  Result<void> with(const std::string& endpoint, Use&& use);

  zmq::context_t& context_;
  std::string channel_;
  SocketOptions sockets_;
  const Security& security_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<Connection>> idle_;  // no empty ones
  std::size_t idle_count_ = 0;
};

// A client's sockets: a node that is back is found soon, since somebody waits.
inline SocketOptions client_sockets() {
  SocketOptions options;
  options.reconnect_max = 200ms;
  return options;
}

// What an operation's outcome is to a program.
Result<Item> item_of(Result<Reply> reply);
Result<void> outcome_of(const Result<Reply>& reply);

}  // namespace hearsay::transport
