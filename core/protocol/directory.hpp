// The directory: what a process knows of every node it has heard of, whoever is in its view. It turns names and ids into
// slots and back, and holds what never changes about a node: its name, its address, its weight and its zone.
//
// Owned by the driver. Slots are dense and never reused. Not thread-safe. Bounded by its capacity: a stranger cannot
// grow it without limit. Looking up is O(1); nothing iterates its index.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"

namespace hearsay {

struct NodeIdentity {
  NodeId id{};
  std::string name;
  std::string address;       // "host:port" or a ZeroMQ endpoint; empty where the name is the address
  double weight = 1.0;       // share of the ring relative to others
  std::uint32_t zone = 0;    // failure domain
};

class Directory {
 public:
  explicit Directory(std::uint32_t capacity) : capacity_(capacity) {}

  // Adds a node, or returns the slot it already has (its address is then updated). Errors: kInvalidArgument for an empty
  // name or for a name whose hash collides with another's; kTooLarge when the directory is full.
  Result<NodeSlot> intern(std::string_view name, std::string_view address = {}, double weight = 1.0,
                          std::uint32_t zone = 0);

  // kNoSlot when the id was never interned.
  NodeSlot find(NodeId id) const;
  NodeSlot find(std::string_view name) const { return find(node_id(name)); }

  const NodeIdentity& operator[](NodeSlot slot) const { return nodes_[raw(slot)]; }
  NodeId id(NodeSlot slot) const { return nodes_[raw(slot)].id; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  std::uint32_t capacity() const { return capacity_; }

 private:
  struct IdHash {  // ids are already uniform
    std::size_t operator()(NodeId id) const { return raw(id); }
  };

  std::uint32_t capacity_;
  std::vector<NodeIdentity> nodes_;
  std::unordered_map<NodeId, NodeSlot, IdHash> index_;
};

}  // namespace hearsay
