// A placement that is a circle of points: a key belongs to the first point at or after its hash, wrapping. What every
// ring of the consistent-hashing family becomes once its points are known.
//
// Immutable, so any number of threads may read it. A lookup goes through an index by the top bits of the hash, which
// leads to the first point that can be the answer; the four points from there are compared without a branch, since a
// mispredicted one costs as much as the rest of the lookup. What a lookup touches, the upper half of a point and its
// owner, lies together, so that it misses the cache for the index and then once; the lower halves are read only when
// the upper ones are equal. Crowded stretches, which uniform points do not have, are searched.
//
// Memory: 12 bytes a point and 1 of index. Invariants: the points ascend, and behind the last one lie kPadding
// copies of 2^64 - 1 owned by the first point's owner, so that wrapping needs no test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/protocol/ring.hpp"

namespace hearsay {

class PointPlacement;

// Of V points a member, anywhere on the circle, each with the arc up to it: shares are Beta(V, V (n - 1)) distributed.
RingTheory theory_of_points(std::uint32_t points, std::size_t members);

// Points being collected, in ascending order: each covers the hashes from the end before it (exclusive) up to its own.
class RingPoints {
 public:
  // Room for this many and for what a placement adds.
  void reserve(std::size_t points);
  void add(std::uint64_t end, NodeSlot owner) {
    hot_.push_back({static_cast<std::uint32_t>(end >> 32), owner});
    low_.push_back(static_cast<std::uint32_t>(end));
  }
  // The points [begin, end) of a placement.
  void copy(const PointPlacement& from, std::size_t begin, std::size_t end);
  std::size_t size() const { return low_.size(); }

 private:
  friend class PointPlacement;
  struct Hot {
    std::uint32_t high = 0;  // of the end
    NodeSlot owner = kNoSlot;
  };
  std::vector<Hot> hot_;
  std::vector<std::uint32_t> low_;
};

class PointPlacement : public Placement {
 public:
  static constexpr std::size_t kMaxPoints = std::size_t{1} << 31;

  // Of equal ends the first point counts. `members` is how many distinct members there are, `pointless` those of them
  // that have no point: as replicas these come after all others. O(points).
  PointPlacement(RingPoints points, std::size_t members, std::vector<NodeSlot> pointless = {});

  NodeSlot lookup(std::uint64_t hash) const final { return hot_[position(hash)].owner; }
  void lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const final;
  // Walks clockwise over distinct owners. O(points walked * replicas) up to 32 replicas, beyond that O(points walked),
  // which then allocates a bit a slot.
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override;
  // Neighbouring arcs of one owner are one arc.
  bool arcs(std::vector<Arc>& out) const final;
  std::size_t members() const final { return members_; }
  std::size_t memory_bytes() const override;

  std::size_t points() const { return points_; }
  std::uint64_t end(std::size_t point) const { return std::uint64_t{hot_[point].high} << 32 | low_[point]; }
  NodeSlot owner(std::size_t point) const { return hot_[point].owner; }
  // The first point whose end is at or after the hash; points() when there is none.
  std::size_t position(std::uint64_t hash) const { return find(hash, first_of(hash)); }
  // The upper half of a point's end, which position() has just read; the whole end is in another cache line.
  std::uint32_t end_high(std::size_t point) const { return hot_[point].high; }
  // The same in two parts, for callers that ask for several: position(hash, fetch(hash)).
  std::uint32_t fetch(std::uint64_t hash) const {
    const std::uint32_t first = first_of(hash);
    __builtin_prefetch(hot_.data() + first);
    return first;
  }
  std::size_t position(std::uint64_t hash, std::uint32_t fetched) const { return find(hash, fetched); }

 private:
  static constexpr std::size_t kPadding = 4;
  static constexpr std::size_t kBlock = 32;  // prefixes that share a base

  using Hot = RingPoints::Hot;
  friend class RingPoints;

  // The first point whose prefix is at least the hash's, or in a crowded block one before it.
  std::uint32_t first_of(std::uint64_t hash) const {
    const std::uint64_t prefix = hash >> shift_;
    return base_[prefix / kBlock] + offset_[prefix];
  }
  void make_index();
  std::size_t find(std::uint64_t hash, std::size_t first) const {
    const Hot* const hot = hot_.data() + first;
    const auto high = static_cast<std::uint32_t>(hash >> 32);
    const unsigned before = static_cast<unsigned>(hot[0].high < high) + static_cast<unsigned>(hot[1].high < high) +
                            static_cast<unsigned>(hot[2].high < high) + static_cast<unsigned>(hot[3].high < high);
    if (before == kPadding || hot[before].high == high) [[unlikely]]
      return find_exactly(hash, first + before);
    return first + before;
  }
  std::size_t find_exactly(std::uint64_t hash, std::size_t from) const;

  std::size_t points_;
  std::size_t members_;
  std::size_t slots_ = 0;  // above every owner's slot
  unsigned shift_ = 63;
  std::vector<Hot> hot_;            // points_ + kPadding
  std::vector<std::uint32_t> low_;  // the lower halves of the ends
  std::vector<NodeSlot> pointless_;
  // A byte a prefix, so that the index of a million points stays in a nearer cache than they do.
  std::vector<std::uint32_t> base_;   // [block of prefixes]: the first point in it or behind it; and points_
  std::vector<std::uint8_t> offset_;  // [prefix]: how far behind its base its first point is, 255 if farther
};

}  // namespace hearsay
