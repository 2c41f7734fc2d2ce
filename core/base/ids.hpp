// Identity. A node is a name and an epoch (its boot generation). On the wire, on rings and in ties it is its NodeId, a
// 64-bit hash of the name; inside one process it is a NodeSlot, a dense index into arrays. Slots differ between
// processes, so nothing that two nodes must agree on may depend on their order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string_view>

namespace hearsay {

// XXH3-64 of the node's name; collisions are checked for where names enter (the directory).
enum class NodeId : std::uint64_t {};

// Dense index of a node in this process's directory.
enum class NodeSlot : std::uint32_t {};

inline constexpr NodeSlot kNoSlot{std::numeric_limits<std::uint32_t>::max()};

constexpr std::uint64_t raw(NodeId id) { return static_cast<std::uint64_t>(id); }
constexpr std::uint32_t raw(NodeSlot slot) { return static_cast<std::uint32_t>(slot); }

NodeId node_id(std::string_view name);

// Whether a list names a node. O(n): lists of replicas, peers and news are short.
inline bool contains(std::span<const NodeSlot> nodes, NodeSlot node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// Boot generation: grows with every start of a node. Not the incarnation, which grows with every refutation.
using Epoch = std::uint32_t;
using Incarnation = std::uint32_t;

}  // namespace hearsay
