// Who has which bucket, for rings that number their members and let them keep their numbers. Values only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/protocol/ring.hpp"

namespace hearsay {

struct BucketOwner {
  NodeId id{};
  NodeSlot slot = kNoSlot;
  std::uint32_t bucket = 0;
};

// By id: the first one has bucket 0, and so on.
inline std::vector<BucketOwner> buckets_by_rank(std::span<const RingMember> members) {
  std::vector<BucketOwner> owners;
  owners.reserve(members.size());
  for (const RingMember& m : members) owners.push_back({m.id, m.slot, static_cast<std::uint32_t>(owners.size())});
  return owners;
}

// The owners after a change: calls leave(bucket) for each that is no longer there, by id, and then asks join() for a
// bucket for each that is new, by id. O(n) besides.
template <class Leave, class Join>
std::vector<BucketOwner> buckets_after(std::span<const BucketOwner> former, std::span<const RingMember> members,
                                       Leave&& leave, Join&& join) {
  std::size_t m = 0;
  for (const BucketOwner& old : former) {
    while (m < members.size() && members[m].id < old.id) ++m;
    if (m == members.size() || members[m].id != old.id) leave(old.bucket);
  }
  std::vector<BucketOwner> owners;
  owners.reserve(members.size());
  std::size_t f = 0;
  for (const RingMember& member : members) {
    while (f < former.size() && former[f].id < member.id) ++f;
    const bool stays = f < former.size() && former[f].id == member.id;
    owners.push_back({member.id, member.slot, stays ? former[f].bucket : join()});
  }
  return owners;
}

// Slots by bucket, kNoSlot for free ones. All owners' buckets are below `buckets`.
inline std::vector<NodeSlot> slots_by_bucket(std::span<const BucketOwner> owners, std::size_t buckets) {
  std::vector<NodeSlot> slots(buckets, kNoSlot);
  for (const BucketOwner& owner : owners) slots[owner.bucket] = owner.slot;
  return slots;
}

// How many buckets a ring of a fixed number has: what it was told, or where that is too few for its members a power of
// two that leaves them room to grow by half.
inline std::uint32_t buckets_for(std::uint32_t capacity, std::size_t members) {
  if (members <= capacity) return capacity;
  return static_cast<std::uint32_t>(std::bit_ceil(members + members / 2));
}

}  // namespace hearsay
