// The ring `bounded-load`: consistent hashing with bounded loads.
// Mirrokni, Thorup, Zadimoghaddam, Consistent Hashing with Bounded Loads (arXiv 2016, SODA '18).
//
// With m keys on n members nobody takes more than ceil(c m / n) of them (with weights: its share of c m, rounded up): a
// key that finds its owner full goes on to the next member of the base ring's walk that has room. With c = 1 + e, the
// keys that a join or leave moves are O(1 / e^2) times m / n, and a key looks at O(1 / e^2) members, both expected.
//
// Loads are the trouble: whoever places a key has to know how many each member has. One that sees all keys in one order
// does, as a balancer in front of the members; it uses BoundedAssignment. Nodes that gossip do not, and so the
// Placement of this ring is the base's own: where a key would be if nobody were full. Its traits are the base's, but
// for what loads spoil: keys of members that did not change move as well.
//
// Threading: as any ring; an assignment is its user's alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay {

class BoundedLoad final : public Ring {
 public:
  // c is at least 1.
  BoundedLoad(std::shared_ptr<const Ring> base, double c);

  RingTraits traits() const override {
    RingTraits traits = base_->traits();
    traits.minimal_disruption = false;
    traits.needs_loads = true;
    return traits;
  }
  std::uint64_t hash_key(std::string_view key) const override { return base_->hash_key(key); }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return base_->place(members);
  }
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override {
    return base_->apply(before, change, members);
  }
  // By a BoundedAssignment.
  void assign(const Placement& placement, std::span<const RingMember> members, std::span<const std::uint64_t> hashes,
              std::span<NodeSlot> out) const override;

  double c() const { return c_; }
  const Ring& base() const { return *base_; }

 private:
  std::shared_ptr<const Ring> base_;
  double c_;
};

// Keys given to members one after another. The result depends on the order of the keys.
class BoundedAssignment {
 public:
  // The placement is one of `members` by the ring; both are read here only. O(keys * members looked at).
  BoundedAssignment(const BoundedLoad& ring, const Placement& placement, std::span<const RingMember> members,
                    std::span<const std::uint64_t> hashes);

  std::span<const NodeSlot> owners() const { return owners_; }  // of each key, in their order
  // Of a member.
  std::uint64_t load(NodeSlot slot) const { return entries_[raw(slot)].load; }
  std::uint64_t capacity(NodeSlot slot) const { return entries_[raw(slot)].capacity; }
  // Members that all keys together looked at, their own included.
  std::uint64_t looked_at() const { return looked_at_; }

  // ceil(c keys part), where `part` is a member's part of all weight.
  static std::uint64_t capacity_of(double c, std::uint64_t keys, double part);

 private:
  struct Entry {
    std::uint64_t capacity = 0;
    std::uint64_t load = 0;
  };
  std::vector<Entry> entries_;  // by slot
  std::vector<NodeSlot> owners_;
  std::uint64_t looked_at_ = 0;
};

struct BoundedLoadConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "bounded-load";
  static constexpr std::string_view kSummary =
      "Consistent hashing where a full member's keys go on to the next; nodes that do not know loads use the base "
      "ring.";
  static constexpr std::string_view kSource =
      "Mirrokni, Thorup, Zadimoghaddam, Consistent Hashing with Bounded Loads, 2016";

  int base = 0;
  double c = 1.25;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry bounded_load_entry();

}  // namespace hearsay
