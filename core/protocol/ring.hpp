// The ring role: hash of a key -> owner and replicas. A ring is pure: no state, no message, no clock. It turns a set of
// members into a Placement, which is immutable and shared.
//
// Any thread may use a ring or a placement; a PlacementSource is its driver's alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/protocol/strategy.hpp"
#include "core/protocol/view.hpp"

namespace hearsay {

// A member as a ring sees it. Decisions rest on id (or name), weight and zone, never on the slot.
struct RingMember {
  NodeSlot slot = kNoSlot;
  NodeId id{};
  std::string_view name;
  double weight = 1.0;
  std::uint32_t zone = 0;
};

// The end of the key space, itself a part of it.
inline constexpr std::uint64_t kLastHash = std::numeric_limits<std::uint64_t>::max();

// A run of the key space, from the end of the arc before it (exclusive) up to `last` (inclusive); the first one begins
// at 0.
struct Arc {
  std::uint64_t last = 0;
  NodeSlot owner = kNoSlot;
};

// Where keys live, for one set of members. Immutable; thread-safe to read.
class Placement {
 public:
  virtual ~Placement() = default;

  // The owner of a key's hash; kNoSlot when there is no member. Allocates nothing. O(1) expected or O(log n) in the
  // rings of the catalogue; a ring that scores every member (rendezvous) takes O(n), one that draws numbers until it
  // finds one that is taken (dx) O(numbers / n).
  virtual NodeSlot lookup(std::uint64_t hash) const = 0;
  // Up to out.size() distinct members, the owner first; returns how many (fewer only when there are fewer members).
  // Fewer are the first of more. Expected O(k) points or members looked at for k replicas well below n, each compared
  // with those found; for k near n a ring may allocate a mark a member instead.
  virtual std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const = 0;
  // `out` has room for all of them.
  virtual void lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
    for (std::size_t i = 0; i < hashes.size(); ++i) out[i] = lookup(hashes[i]);
  }
  // The key space as arcs in ascending order, the last one ending at 2^64 - 1; false where the ring has no arcs.
  virtual bool arcs(std::vector<Arc>&) const { return false; }
  virtual std::size_t members() const = 0;
  virtual std::size_t memory_bytes() const = 0;
};

struct RingChange {
  std::vector<RingMember> joined;
  std::vector<RingMember> left;
};

// What a ring promises. `hearsay ring check` and the suite hold it to that (sim/rings/check.hpp); the simulator and the
// comparison read it.
struct RingTraits {
  // Any member may leave and only its own keys move. Otherwise only the last one of the order that the ring numbers its
  // members by: others may leave, too, and keys of those behind them move.
  bool any_removal = true;
  // A member's share is in proportion to its weight. Otherwise weights are ignored.
  bool weights = false;
  // Replicas are who would own the key next: when its owner leaves, the second one does, where a copy is already, as by
  // walking on a circle or by rank. Otherwise they have other reasons: further hashes (OwnerPlacement), the next
  // partitions. Of a ring with zones: as long as all members are in one zone.
  bool native_replicas = false;
  // Replicas lie in distinct zones as long as there are enough zones.
  bool zones = false;
  // The placement is a function of the set of members alone: nodes that learned of the same members in another order
  // agree. Otherwise apply() may lead to another placement than place() of the same members.
  bool set_pure = true;
  // A change moves the keys that have to move, and no others.
  bool minimal_disruption = true;
  // The algorithm numbers its members 0, 1, 2, ..., and everybody has to number them alike. Which order that is, its
  // header says.
  bool agreed_index = false;
  // Placing depends on how many keys each member has: on loads, not on members alone.
  bool needs_loads = false;
};

// What the analysis of an algorithm says of the shares of members of equal weight, over the mean share; nothing where
// it says nothing. `hearsay ring compare` sets it beside what it finds.
struct RingTheory {
  std::optional<double> share_cv;   // 0: as even as independent draws, so that counting finds its own noise alone
  std::optional<double> share_max;  // what the largest comes to with many members
};

class Ring : public Component {
 public:
  Role role() const final { return Role::kRing; }

  virtual RingTraits traits() const { return {}; }
  virtual RingTheory theory(std::size_t members) const {
    (void)members;
    return {};
  }

  // The hash of a key: XXH3-64 unless the algorithm has its own.
  virtual std::uint64_t hash_key(std::string_view key) const;

  // The placement of a set of members. `members` are distinct and sorted by id; the result must not depend on more than
  // the set. O(n log n) at most.
  virtual std::shared_ptr<const Placement> place(std::span<const RingMember> members) const = 0;

  // The placement after a change, by default the whole one from the new set (`members`, as above). A ring overrides it
  // where a merge is cheaper, or where the order of changes matters: the result must equal place(members) if the ring
  // is set-pure.
  virtual std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                                 std::span<const RingMember> members) const;

  // Where keys go that come one after another to somebody who keeps count of them, as a balancer in front of the
  // members does: what lookups say, unless the ring needs loads. `placement` is one of `members`; `out` has room for
  // all.
  virtual void assign(const Placement& placement, std::span<const RingMember> members,
                      std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
    (void)members;
    placement.lookup_batch(hashes, out);
  }
};

// Finds the placement of a ring for a view, for a driver: nodes with the same members share one, or where the ring is
// not set-pure those with the same history. One thread. A reference is valid until the step that asked for it ends.
class PlacementSource {
 public:
  virtual ~PlacementSource() = default;
  virtual const Placement& placement(View view) = 0;
  // A node began with this view.
  virtual void begin(View) {}
  // One input changed what the view says of these nodes: it came to these changes, which may repeat a node or lead
  // nowhere.
  virtual void change(View, std::span<const MemberChange>) {}
  // The placement that a node's history has led to; null where members alone decide, or where it never began.
  virtual std::shared_ptr<const Placement> own(NodeSlot) const { return nullptr; }
  // The hash of a key by the same ring.
  virtual std::uint64_t hash_key(std::string_view key) const = 0;
};

}  // namespace hearsay
