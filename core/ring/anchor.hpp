// The ring `anchor`: members are buckets of a fixed number of buckets, and a key that falls into a free one is sent on
// to one of those that were working when it became free.
// G. Mendelson, S. Vargaftik, K. Barabash, D. Lorenz, I. Keslassy, A. Orda, AnchorHash: A Scalable Consistent Hash
// (IEEE/ACM ToN 2021).
//
// Balance is that of independent draws, any member may leave, and a change moves the keys it must move and no other.
// What it costs: the placement depends on the order in which members left. Of a thousand members of whom ten left in
// one order or in another, 0.7% of the keys have different owners; of whom half left, half of the keys. So nodes that
// learned of changes in different orders disagree, and go on disagreeing.
//
// Numbers: place() gives buckets by rank of id. apply() frees the leavers' buckets in order of id and gives joiners, in
// order of id, the one freed last. More members than buckets means place() with more buckets, which moves most keys.
//
// A lookup takes about 1 + ln(buckets / members) steps. A change costs a copy, since placements are immutable. Memory:
// 20 bytes a bucket, 4 more a free one, and 20 a member. Weights and zones are ignored.
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

// The buckets of an anchor, free and working.
class AnchorBuckets {
 public:
  // The first `working` of them work; the others are free, as if they had left from the last one down.
  AnchorBuckets(std::uint32_t buckets, std::uint32_t working);

  std::uint32_t size() const { return static_cast<std::uint32_t>(cells_.size()); }
  std::uint32_t working() const { return working_; }
  // Frees a working bucket. O(1).
  void remove(std::uint32_t bucket);
  // The bucket freed last works again; there is a free one. O(1).
  std::uint32_t add();
  // A working bucket; there is one.
  std::uint32_t find(std::uint64_t hash) const;
  std::size_t memory_bytes() const;

 private:
  // What a lookup reads. Working buckets have 0 left; a free one has how many worked just after it went, and who
  // replaced it among them.
  struct Cell {
    std::uint32_t left = 0;
    std::uint32_t next = 0;
  };
  std::vector<Cell> cells_;
  std::uint32_t working_;
  std::vector<std::uint32_t> order_;  // the working ones, the first working_; [n]: who came last when there were n + 1
  std::vector<std::uint32_t> place_;  // of each bucket in order_
  std::vector<std::uint32_t> free_;   // the last one freed is the last one
};

class AnchorPlacement final : public OwnerPlacement {
 public:
  AnchorPlacement(std::span<const RingMember> members, std::uint32_t capacity, AnchorBuckets buckets,
                  std::vector<BucketOwner> owners)
      : OwnerPlacement(members),
        capacity_(capacity),
        buckets_(std::move(buckets)),
        owners_(std::move(owners)),
        slot_of_(slots_by_bucket(owners_, buckets_.size())) {}

  NodeSlot lookup(std::uint64_t hash) const override {
    return owners_.empty() ? kNoSlot : slot_of_[buckets_.find(hash)];
  }
  std::size_t memory_bytes() const override;

  std::uint32_t capacity() const { return capacity_; }  // of the ring
  const AnchorBuckets& buckets() const { return buckets_; }
  std::span<const BucketOwner> owners() const { return owners_; }  // by id

 private:
  std::uint32_t capacity_;
  AnchorBuckets buckets_;
  std::vector<BucketOwner> owners_;
  std::vector<NodeSlot> slot_of_;
};

class Anchor final : public Ring {
 public:
  explicit Anchor(std::uint32_t capacity) : capacity_(capacity) {}

  RingTraits traits() const override { return {.set_pure = false, .agreed_index = true}; }
  RingTheory theory(std::size_t) const override { return {.share_cv = 0, .share_max = {}}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
  // O(buckets). What changed is found by comparing `members` with the former ones.
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override;

 private:
  std::uint32_t capacity_;
};

struct AnchorConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "anchor";
  static constexpr std::string_view kSummary =
      "AnchorHash: keys of a free bucket go on to one that worked when it became free; depends on the order of leaves.";
  static constexpr std::string_view kSource = "Mendelson et al., AnchorHash: A Scalable Consistent Hash, ToN 2021";

  std::int64_t capacity = 1024;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry anchor_entry();

}  // namespace hearsay
