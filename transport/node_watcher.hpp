// Hears of changes of keys from the nodes that hold them: a SUB socket at the XPUB of every member. Each replica tells
// of its own copy, so that one change arrives several times; it is passed on once, by key and version.
//
// What a connection or a full queue loses is lost: gaps in a node's numbers become kMissed, and so does a member that
// was not listened to from its first moment on. A copy that moves to another node when the ring changes may be told of
// again.
//
// Threading: made anywhere, then used by one thread at a time; close() from any. Bounds: kRemembered changes, the
// socket's queue, the members that `members` names.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/kv/kv.hpp"
#include "transport/address.hpp"
#include "transport/channel.hpp"
#include "transport/messages.hpp"
#include "transport/security.hpp"
#include "transport/socket.hpp"

namespace hearsay::transport {

class NodeWatcher final : public KvWatcher {
 public:
  static constexpr std::size_t kRemembered = 8192;
  static constexpr Duration kMembersInterval = 1s;  // how often it looks for new members

  struct Options {
    zmq::context_t* context = nullptr;
    Channel channel;
    std::string key_prefix;  // of whole keys
    std::size_t strip = 0;   // bytes of the namespace, left out of what is told
    SocketOptions sockets;
    const Security* security = nullptr;
    // Where the members are now.
    std::function<Result<std::vector<Address>>()> members;
    std::shared_ptr<const std::atomic<bool>> closed;  // the handle's
  };

  // Returns once every member it found takes the subscription, or after `limit`: kUnavailable when none did.
  static Result<std::unique_ptr<NodeWatcher>> open(Options options, Duration limit);
  Result<KvChange> next(Duration wait) override;

 private:
  explicit NodeWatcher(Options options);
  Result<void> look_for_members();
  // The next change that arrived; nothing when none waits.
  std::optional<KvChange> take();
  std::optional<KvChange> told(const ChangeNews& news, NodeId origin, std::uint64_t number);

  Options options_;
  zmq::socket_t socket_;
  Directory directory_{1};
  MessagePool pool_;
  MessageTypes types_;
  std::unordered_set<std::string> connected_;
  std::string topic_;  // on which changes are told
  std::string echo_;   // the topic that each node echoes once
  std::size_t echoes_ = 0;
  MonoTime next_look_{};
  std::unordered_map<NodeId, std::uint64_t> numbers_;  // of the last change heard, by node
  std::deque<std::uint64_t> order_;                    // of what is remembered, the oldest first
  std::unordered_set<std::uint64_t> remembered_;       // hashes of (key, version, kind)
  bool missed_ = false;
};

}  // namespace hearsay::transport
