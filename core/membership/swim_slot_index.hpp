// Finds the position of a subject in a small dense table: open addressing over 16-bit or 32-bit positions, sized to what
// is in it and not to the number of members. Only ever asked, never walked, so that nothing depends on its order.
//
// One thread. At most two thirds full. Allocates when it grows; empty it owns nothing.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/ids.hpp"

namespace hearsay::swim {

// `Table` answers subject_at(Position) for the positions that are in the index.
template <class Position>
class SlotIndex {
 public:
  static constexpr Position kNone = static_cast<Position>(~Position{0});

  // The position of `subject`, or kNone. Expected O(1).
  template <class Table>
  Position find(const Table& table, NodeSlot subject) const {
    if (used_ == 0) return kNone;
    for (std::size_t i = home(subject);; i = (i + 1) & mask()) {
      if (places_[i] == kNone || table.subject_at(places_[i]) == subject) return places_[i];
    }
  }

  // `subject` must not be in it.
  template <class Table>
  void insert(const Table& table, NodeSlot subject, Position position) {
    if ((used_ + 1) * 3 > places_.size() * 2) grow(table);
    place(subject, position);
    ++used_;
  }

  // `subject` must be in it; says where it is from now on.
  void move(NodeSlot subject, Position from, Position to) {
    std::size_t i = home(subject);
    while (places_[i] != from) i = (i + 1) & mask();
    places_[i] = to;
  }

  // `subject` must be in it, and table.subject_at() must still answer for all that are.
  template <class Table>
  void erase(const Table& table, NodeSlot subject) {
    std::size_t hole = home(subject);
    while (table.subject_at(places_[hole]) != subject) hole = (hole + 1) & mask();
    // Closes the gap: whoever was pushed past the hole moves back into it.
    for (std::size_t i = (hole + 1) & mask(); places_[i] != kNone; i = (i + 1) & mask()) {
      const std::size_t wanted = home(table.subject_at(places_[i]));
      if (((i - wanted) & mask()) < ((i - hole) & mask())) continue;
      places_[hole] = places_[i];
      hole = i;
    }
    places_[hole] = kNone;
    --used_;
  }

  std::size_t size() const { return used_; }

 private:
  std::size_t mask() const { return places_.size() - 1; }
  std::size_t home(NodeSlot subject) const {
    // Fibonacci hashing: slots are dense, their low bits alone would cluster.
    return static_cast<std::size_t>(raw(subject) * std::uint64_t{0x9e3779b97f4a7c15U} >> 32) & mask();
  }
  void place(NodeSlot subject, Position position) {
    std::size_t i = home(subject);
    while (places_[i] != kNone) i = (i + 1) & mask();
    places_[i] = position;
  }
  template <class Table>
  void grow(const Table& table) {
    std::vector<Position> old(places_.empty() ? 8 : places_.size() * 2, kNone);
    old.swap(places_);
    for (const Position position : old) {
      if (position != kNone) place(table.subject_at(position), position);
    }
  }

  std::vector<Position> places_;  // a power of two, or none
  std::size_t used_ = 0;
};

}  // namespace hearsay::swim
