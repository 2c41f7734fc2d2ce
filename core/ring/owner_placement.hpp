// A placement of an algorithm that finds owners and no replicas: further ones are the owners of further hashes of the
// same key, distinct ones of them. Once 64 draws in a row found nobody new, the rest follow by id from a place that the
// hash gives, so that all members come in the end.
//
// Where a change moves the keys that it must and no others, it does so for each draw: two placements that differ in one
// member give a key replicas that differ in that one and in those behind it.
//
// Immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/protocol/ring.hpp"

namespace hearsay {

class OwnerPlacement : public Placement {
 public:
  // Expected O(k) lookups for k well below the number of members of like weights, each compared with those found; 64 k
  // lookups and O(members * k) at most.
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const final;
  std::size_t members() const final { return slots_.size(); }

 protected:
  // Of members sorted by id.
  explicit OwnerPlacement(std::span<const RingMember> members);
  std::span<const NodeSlot> slots() const { return slots_; }  // by id
  std::size_t slots_bytes() const { return slots_.capacity() * sizeof(NodeSlot); }

 private:
  std::vector<NodeSlot> slots_;
};

}  // namespace hearsay
