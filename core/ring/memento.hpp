// The ring `memento`: jump hashing over numbered members, and for each that left out of turn who stands in for it.
// M. Coluzzi, A. Brocco, P. Contu, T. Leidi, MementoHash: A Stateful, Minimal Memory, Best Performing Consistent Hash
// Algorithm (2023), on J. Lamping, E. Veach, A Fast, Minimal Memory, Consistent Hash Algorithm (2014).
//
// Balance is that of independent draws, any member may leave, there is no greatest number of members, and a change
// moves the keys it must move and no other. What it costs is what it costs with `anchor`: the placement depends on the
// order in which members left. Of a thousand members of whom ten left in one order or in another, 0.7% of the keys have
// different owners; of whom half left, half of the keys. (With the paper's remainder of a division it is 0.9%: places
// found by a product, as here, stay near each other when their number changes by little.)
//
// Numbers: place() gives buckets by rank of id. apply() takes the leavers' buckets in order of id (the last bucket just
// goes if none is missing) and gives joiners, in order of id, the one taken last, or a new one behind all others.
//
// A lookup takes O(ln n) steps of the jump and O(ln^2(n / members)) to stand-ins. A change costs a copy, since
// placements are immutable. Memory: 4 bytes and a bit a bucket, where the stand-ins lie too (the paper has a hash table
// of them, but a bucket needs a slot anyway), 4 more a bucket that is missing, and 20 a member. Weights and zones are
// ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/ring/buckets.hpp"
#include "core/ring/owner_placement.hpp"

namespace hearsay {

// Which buckets are missing, and since when.
class MementoBuckets {
 public:
  explicit MementoBuckets(std::uint32_t buckets) : values_(buckets), missing_((buckets + 63) / 64) {}

  std::uint32_t size() const { return static_cast<std::uint32_t>(values_.size()); }
  std::uint32_t working() const { return size() - static_cast<std::uint32_t>(taken_.size()); }
  // Takes a working bucket. O(1).
  void remove(std::uint32_t bucket);
  // The bucket taken last, or a new one. O(1).
  std::uint32_t add();
  // A working bucket; there is one.
  std::uint32_t find(std::uint64_t hash) const;
  // A number for each working bucket, to be had where find() ends.
  void set_value(std::uint32_t bucket, std::uint32_t value) { values_[bucket] = value; }
  std::uint32_t value(std::uint32_t bucket) const { return values_[bucket]; }
  std::size_t memory_bytes() const;

 private:
  bool missing(std::uint32_t bucket) const { return (missing_[bucket / 64] >> (bucket % 64) & 1) != 0; }

  // Of a missing bucket: how many worked just after it went. That is also who stands in for it: the one that was last.
  std::vector<std::uint32_t> values_;
  std::vector<std::uint64_t> missing_;  // bits
  std::vector<std::uint32_t> taken_;    // the last one taken is the last one
};

class MementoPlacement final : public OwnerPlacement {
 public:
  MementoPlacement(std::span<const RingMember> members, MementoBuckets buckets, std::vector<BucketOwner> owners);

  NodeSlot lookup(std::uint64_t hash) const override {
    return owners_.empty() ? kNoSlot : NodeSlot{buckets_.value(buckets_.find(hash))};
  }
  std::size_t memory_bytes() const override;

  const MementoBuckets& buckets() const { return buckets_; }
  std::span<const BucketOwner> owners() const { return owners_; }  // by id

 private:
  MementoBuckets buckets_;
  std::vector<BucketOwner> owners_;
};

class Memento final : public Ring {
 public:
  RingTraits traits() const override { return {.set_pure = false, .agreed_index = true}; }
  RingTheory theory(std::size_t) const override { return {.share_cv = 0, .share_max = {}}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
  // O(buckets). What changed is found by comparing `members` with the former ones.
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override;
};

struct MementoConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "memento";
  static constexpr std::string_view kSummary =
      "MementoHash: jump hashing where any member may leave; depends on the order of leaves.";
  static constexpr std::string_view kSource =
      "Coluzzi, Brocco, Contu, Leidi, MementoHash: A Stateful, Minimal Memory, Best Performing Consistent Hash "
      "Algorithm, 2023; on Lamping, Veach 2014";

  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry memento_entry();

}  // namespace hearsay
