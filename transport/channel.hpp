// Frame 0 of everything that travels: whom it is for. Nodes talk on "<topic>|<namespace>|", clients call on
// "<service>|<namespace>|"; what is of another channel is counted and dropped. On XPUB sockets words follow the last
// '|', by which ZeroMQ's prefix matching filters; the '|' ends the name, so that namespace "a" does not hear "ab".
//
// Plain values; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"

namespace hearsay::transport {

inline constexpr std::string_view kDefaultTopic = "go.micro.kv.announce";
inline constexpr std::string_view kDefaultService = "go.micro.kv";
inline constexpr std::size_t kMaxChannelWord = 128;

struct Channel {
  std::string peers;  // "<topic>|<namespace>|"
  std::string calls;  // "<service>|<namespace>|"

  // kInvalidArgument for an empty or overlong word, or one with '|' or a control character.
  static Result<Channel> make(std::string_view topic, std::string_view service, std::string_view name_space);

  // What is published to all nodes.
  std::string news() const { return peers + "news"; }
  // The subscription by which a node names itself to those it listens to: XPUB frames carry no peer's identity. It
  // sorts behind news(), as subscriptions arrive in the order of their bytes: who sees it has the other one, too.
  std::string listener(NodeId id) const;
  // What an XPUB sends to each new subscriber, so that it knows that its subscriptions have arrived; and what all of
  // these begin with.
  std::string welcome(NodeId id) const;
  std::string welcomes() const { return calls + "welcome="; }
  // Where changes of the keys that begin with a prefix are told; and what a watcher subscribes to beside it, which the
  // node echoes: it sorts behind, so that the echo says that the other subscription has arrived.
  static constexpr std::string_view kKey = "key=";
  static constexpr std::string_view kEcho = "ready=";
  std::string changes(std::string_view key) const { return calls + std::string(kKey) + std::string(key); }
  std::string echoes() const { return calls + std::string(kEcho); }
};

}  // namespace hearsay::transport
