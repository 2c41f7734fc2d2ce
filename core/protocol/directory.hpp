// The directory: what a process knows of every node it has heard of, whoever is in its view. It turns names and ids
// into slots and back, and holds what rarely changes about a node: its name, its address, its weight and its zone.
//
// Owned by the driver. Slots are dense and never reused. Not thread-safe to change; any number of threads may read.
// Bounded by its capacity: a stranger cannot grow it without limit. About 30 bytes a node beside its name, so that a
// million nodes may have names. Looking up is O(1); nothing iterates the index.
//
// Who may change what is known of a node: its driver, by intern(), always; a peer, by introduce(), only where the node
// is unknown; and what the node itself said in a newer life or incarnation, by adopt(), whoever repeats it. Nobody but
// the driver changes the process's own nodes (keep_own). So a stale rumor moves no address, and no stranger the ring.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"

namespace hearsay {

// What is known of a node. The views are valid until the directory changes.
struct NodeIdentity {
  NodeId id{};
  std::string_view name;
  std::string_view address;  // "host:port" or a ZeroMQ endpoint; empty where none is needed
  double weight = 1.0;       // share of the ring relative to others
  std::uint32_t zone = 0;    // failure domain
};

// Which life and incarnation of a node an identity is of. All zero: of none, as when somebody else only mentions it.
struct IdentityAge {
  Epoch epoch = 0;
  Incarnation incarnation = 0;
  friend constexpr auto operator<=>(const IdentityAge&, const IdentityAge&) = default;
};

class Directory {
 public:
  static constexpr std::size_t kMaxNameBytes = 255;
  static constexpr std::size_t kMaxAddressBytes = 255;
  // A ring spends memory in proportion to weights, and strangers name them.
  static constexpr double kMaxWeight = 1000;

  explicit Directory(std::uint32_t capacity) : capacity_(capacity) {}

  // Adds a node, or returns the slot it already has (a new address, weight or zone then replaces the old one; an empty
  // address leaves it). Errors: kInvalidArgument for an empty or overlong name or address, for a weight that is not
  // above 0 and at most kMaxWeight, or for a name whose hash collides with another's; kTooLarge when the directory is
  // full. Amortised O(1).
  Result<NodeSlot> intern(std::string_view name, std::string_view address = {}, double weight = 1.0,
                          std::uint32_t zone = 0);
  // The same for what a peer says: a node that is known stays as it is.
  Result<NodeSlot> introduce(std::string_view name, std::string_view address, double weight, std::uint32_t zone);
  // What a node said of itself at `age`: replaces address, weight and zone when that is newer than what they are of;
  // false when it is not. An empty address leaves the one there is. The values are ones that introduce() took. O(1).
  bool adopt(NodeSlot slot, IdentityAge age, std::string_view address, double weight, std::uint32_t zone);
  // Whether adopt() would look at it.
  bool outdates(NodeSlot slot, IdentityAge age) const;
  // A node of this process: adopt() leaves it alone.
  void keep_own(NodeSlot slot);
  // Grows when the weight or zone of a node that was known changes: placements made before are out of date.
  std::uint64_t ring_changes() const { return ring_changes_; }

  // kNoSlot when the id was never interned.
  NodeSlot find(NodeId id) const;
  NodeSlot find(std::string_view name) const;

  NodeIdentity operator[](NodeSlot slot) const;
  NodeId id(NodeSlot slot) const { return ids_[raw(slot)]; }
  std::string_view name(NodeSlot slot) const;
  std::uint32_t size() const { return static_cast<std::uint32_t>(ids_.size()); }
  std::uint32_t capacity() const { return capacity_; }
  std::size_t memory_bytes() const;

 private:
  // What most nodes do not have.
  struct Details {
    std::string address;
    double weight = 1.0;
    std::uint32_t zone = 0;
    IdentityAge age;
  };
  static constexpr std::uint32_t kNoDetails = 0xffffffff;

  std::size_t probe(NodeId id) const;  // of the index: where the id is, or where it would go
  void grow_index();
  Result<NodeSlot> add(std::string_view name, std::string_view address, double weight, std::uint32_t zone,
                       bool replace);
  const Details* details(NodeSlot slot) const;  // null when it has none
  Details& own_details(NodeSlot slot);          // makes them
  // Whether weight or zone changed.
  bool set_details(NodeSlot slot, std::string_view address, double weight, std::uint32_t zone);

  std::uint32_t capacity_;
  std::vector<NodeId> ids_;
  std::vector<std::uint64_t> name_ends_;  // node i's name ends here in names_, and begins where the one before ends
  std::string names_;
  std::vector<std::uint32_t> details_of_;  // empty until somebody has details
  std::vector<Details> details_;
  std::uint64_t ring_changes_ = 0;
  std::vector<std::uint32_t> index_;  // open addressing: slot + 1, 0 for a free place; at most two thirds full
};

}  // namespace hearsay
