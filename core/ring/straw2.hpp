// The ring `straw2`: CRUSH with straw2 buckets, as a tree of root, zones and members.
// Weil, Brandt, Miller, Maltzahn, CRUSH: Controlled, Scalable, Decentralized Placement of Replicated Data (SC '06); the
// straw2 bucket is Ceph's since Hammer (2015).
//
// A straw2 bucket draws for every item u in (0, 1], a hash of the key, the item and the number of the attempt, and
// takes the item with the least -log(u) / weight: exponential variables, so each wins in proportion to its weight, and
// what an item draws does not depend on others. The key draws among the zones, whose weights are the sums of their
// members', and then among the members of that zone. Replica k makes attempts k, k + 1, ... until one leads to a zone
// that no earlier replica is in (chooseleaf firstn with a failure domain of zones, vary_r and stable); when every zone
// has one, to a member that is none yet. After 50 attempts it takes the best unused zone of attempt 0, or the next
// unused member in the order of the tree from a place that the hash gives: unlike Ceph, a replica is never missing.
//
// Everything is integers. Weights are 16.16 fixed point; the logarithm is our own table of log2 at 128 places and a
// series between them, exact to 2^-43; draws are compared as fractions, by cross-multiplying. So the same answers on
// every machine. Not to the byte those of Ceph, whose hash and whose 16-bit draws differ.
//
// Within one zone a change moves the keys that it must. With several, a zone's weight changes too, and keys that go
// from zone to zone land on any member there: the paper bounds the moves by the height of the tree times the least.
//
// Lookup O(zones + members of a zone), 2 ns an item where they are many and 9 where they are ten, as a logarithm is
// computed only for draws that can win; place O(n log n); memory 28 bytes a member and some 50 a zone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/wide.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay {

// -log2((u + 1) / 2^64) in units of 2^-56, u uniform: at most 64 * 2^56.
std::uint64_t straw_length(std::uint64_t u);

class Straw2Placement final : public Placement {
 public:
  explicit Straw2Placement(std::span<const RingMember> members);

  NodeSlot lookup(std::uint64_t hash) const override;
  // Expected O(attempts * (zones + members of a zone)); beyond 32 replicas it allocates a bit a member and zone.
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override;
  std::size_t members() const override { return slots_.size(); }
  std::size_t memory_bytes() const override;

  // What is drawn for.
  struct Item {
    std::uint64_t a = 0;  // two words of the item's own
    std::uint64_t b = 0;
    std::uint64_t weight = 0;  // in 2^-16
  };
  static Item member_item(NodeId id, double weight);
  static Item zone_item(std::uint32_t zone);  // without its weight
  // What replica attempt `attempt` draws with in place of the key's hash.
  static std::uint64_t attempt_hash(std::uint64_t hash, std::uint64_t attempt);
  static std::uint64_t draw(const Item& item, std::uint64_t attempt_hash) {
    const Uint128 product = static_cast<Uint128>(attempt_hash ^ item.a) * item.b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

 private:
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  std::size_t choose_zone(std::uint64_t attempt) const;
  std::size_t choose_member(std::size_t zone, std::uint64_t attempt) const;

  std::vector<Item> zones_;      // by number
  std::vector<Range> ranges_;    // of each zone's members
  std::vector<Item> items_;      // the members, zone by zone, by id
  std::vector<NodeSlot> slots_;  // of the items
};

class Straw2 final : public Ring {
 public:
  RingTraits traits() const override { return {.weights = true, .zones = true, .minimal_disruption = false}; }
  // With one zone, or zones of equal weight.
  RingTheory theory(std::size_t) const override { return {.share_cv = 0, .share_max = {}}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
};

struct Straw2Config {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "straw2";
  static constexpr std::string_view kSummary = "CRUSH: weighted draws for a zone and then for a member of it.";
  static constexpr std::string_view kSource = "Weil et al., CRUSH, SC '06; straw2 buckets as in Ceph (2015)";

  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const Straw2>(); }
};

CatalogueEntry straw2_entry();

}  // namespace hearsay
