// The ring `dx`: members are buckets of a fixed number of buckets, and a key draws buckets until one is taken.
// C. Dong, F. Wang, DxHash: A Scalable Consistent Hash Based on the Pseudo-Random Sequence (2021).
//
// Balance is that of independent draws, and the state is one bit a bucket. Given who has which bucket, a change moves
// the keys it must move and no other; everybody has to give the same ones. By `index` that is:
//   names    the rank of the id: the same for all who know the same members, but when one in the middle goes, those
//            behind it have other buckets, and their keys move;
//   history  what the member got when it came: the free bucket of the least number, at first by rank. Leavers go first,
//            both in order of id. Any member may leave and only its keys move, but nodes that learned of changes in
//            different orders disagree.
// More members than buckets means placing anew with more of them, which moves most keys.
//
// A lookup draws buckets / members times on average, four draws at a time. Memory: 4 bytes and a bit a bucket, 4 a
// member, and 16 more with history. Weights and zones are ignored.
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

enum class DxIndex { kNames, kHistory };

class DxPlacement final : public OwnerPlacement {
 public:
  // `capacity` is the ring's. `buckets` is a power of two of at least 2; the owners' are below it.
  DxPlacement(std::span<const RingMember> members, std::uint32_t capacity, std::uint32_t buckets,
              std::vector<BucketOwner> owners, DxIndex index);

  NodeSlot lookup(std::uint64_t hash) const override;
  std::size_t memory_bytes() const override;

  std::uint32_t capacity() const { return capacity_; }
  std::uint32_t buckets() const { return static_cast<std::uint32_t>(slot_of_.size()); }
  std::span<const BucketOwner> owners() const { return owners_; }  // by id; with kHistory alone
  // The i-th bucket that a key draws, of a power of two of buckets.
  static std::uint32_t drawn(std::uint64_t hash, std::uint64_t i, std::uint32_t buckets);

 private:
  bool taken(std::uint32_t bucket) const { return (taken_[bucket / 64] >> (bucket % 64) & 1) != 0; }

  std::uint32_t capacity_;
  std::vector<std::uint64_t> taken_;  // bits, apart from the slots so that they stay in the cache
  std::vector<NodeSlot> slot_of_;     // by bucket
  std::vector<BucketOwner> owners_;
  std::uint64_t most_draws_ = 0;
};

class Dx final : public Ring {
 public:
  // Rounded up to a power of two, at least 2.
  Dx(std::uint32_t capacity, DxIndex index);

  RingTraits traits() const override {
    const bool history = index_ == DxIndex::kHistory;
    return {.any_removal = history, .set_pure = !history, .agreed_index = true};
  }
  RingTheory theory(std::size_t) const override { return {.share_cv = 0, .share_max = {}}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
  // With history O(buckets); what changed is found by comparing `members` with the former ones.
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override;

 private:
  std::uint32_t capacity_;
  DxIndex index_;
};

struct DxConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "dx";
  static constexpr std::string_view kSummary = "DxHash: a key draws numbered buckets until it finds one that is taken.";
  static constexpr std::string_view kSource =
      "Dong, Wang, DxHash: A Scalable Consistent Hash Based on the Pseudo-Random Sequence, 2021";

  std::int64_t capacity = 1024;
  int index = 0;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry dx_entry();

}  // namespace hearsay
