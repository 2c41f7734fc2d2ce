// A circle on which a key belongs to the nearest point in either direction, not to the next one: each point has half of
// the gap before it and half of the one behind. The halves make a share of two gaps' mean, which varies half as much
// (in variance) as a gap.
//
// Distances are those around the circle. Of two points as near, the one before the key is first; of equal points the
// one that was given first.
//
// Immutable; any thread. Memory 12 bytes a point.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/ids.hpp"
#include "core/ring/point_placement.hpp"

namespace hearsay {

class NearestPoints {
 public:
  void reserve(std::size_t points);
  // Ascending.
  void add(std::uint64_t at, NodeSlot owner) {
    at_.push_back(at);
    owner_.push_back(owner);
  }

  // The arcs around the points, as a PointPlacement wants them: they end halfway to the next point. Of equal points the
  // first has the arc.
  RingPoints arcs() const;

  bool empty() const { return at_.empty(); }
  std::size_t memory_bytes() const { return at_.capacity() * sizeof(at_[0]) + owner_.capacity() * sizeof(owner_[0]); }

  // Calls visit(owner) for the points in order of distance until it returns true, or all were visited.
  template <class Visit>
  void walk(std::uint64_t hash, Visit&& visit) const {
    const std::size_t size = at_.size();
    const auto start = static_cast<std::size_t>(std::upper_bound(at_.begin(), at_.end(), hash) - at_.begin());
    std::size_t after = start;  // the next to visit clockwise, and how many of those before the key are visited
    std::size_t behind = 0;
    for (std::size_t visited = 0; visited < size;) {
      const std::size_t right = after >= size ? after - size : after;
      const std::size_t left = (start + size - 1 - behind) % size;
      if (hash - at_[left] <= at_[right] - hash) {
        // Equal points came by ascending order, so all of this place, from the first.
        std::size_t equal = 1;
        while (visited + equal < size && at_[(left + size - equal) % size] == at_[left]) ++equal;
        for (std::size_t k = equal; k-- > 0;) {
          if (visit(owner_[(left + size - k) % size])) return;
        }
        behind += equal;
        visited += equal;
      } else {
        if (visit(owner_[right])) return;
        ++after;
        ++visited;
      }
    }
  }

 private:
  std::vector<std::uint64_t> at_;
  std::vector<NodeSlot> owner_;
};

}  // namespace hearsay
