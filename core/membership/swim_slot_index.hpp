// Finds the place of a subject in a small dense table: open addressing, sized to what is in it and not to the number of
// members. Subjects and places lie in arrays of their own, so that a lookup, which in a storm of news happens for every
// fact heard, touches two lines and not the table. Only ever asked, never walked, so that nothing depends on its order.
//
// One thread. At most two thirds full. Allocates when it grows; empty it owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"

namespace hearsay::swim {

template <class Place>
class SlotIndex {
 public:
  static constexpr Place kNone = static_cast<Place>(~Place{0});

  // The place of `subject`, or kNone. Expected O(1).
  Place find(NodeSlot subject) const {
    if (used_ == 0) return kNone;
    const std::size_t i = locate(subject);
    return subjects_[i] == subject ? places_[i] : kNone;
  }

  // `subject` must not be in it.
  void insert(NodeSlot subject, Place place) {
    if ((used_ + 1) * 3 > subjects_.size() * 2) grow();
    put(subject, place);
    ++used_;
  }

  // `subject` must be in it; it is at `place` from now on.
  void move(NodeSlot subject, Place place) { places_[locate(subject)] = place; }

  // `subject` must be in it.
  void erase(NodeSlot subject) {
    std::size_t hole = locate(subject);
    // Closes the gap: whoever was pushed past the hole moves back into it.
    for (std::size_t i = next(hole); subjects_[i] != kNoSlot; i = next(i)) {
      if (((i - home(subjects_[i])) & mask()) < ((i - hole) & mask())) continue;
      subjects_[hole] = subjects_[i];
      places_[hole] = places_[i];
      hole = i;
    }
    subjects_[hole] = kNoSlot;
    --used_;
  }

  std::size_t size() const { return used_; }

 private:
  std::size_t mask() const { return subjects_.size() - 1; }
  std::size_t next(std::size_t i) const { return (i + 1) & mask(); }
  std::size_t home(NodeSlot subject) const {
    // Fibonacci hashing: slots are dense, their low bits alone would cluster.
    return static_cast<std::size_t>(raw(subject) * std::uint64_t{0x9e3779b97f4a7c15U} >> 32) & mask();
  }
  // Where the subject is, or the free entry where it would go.
  std::size_t locate(NodeSlot subject) const {
    std::size_t i = home(subject);
    while (subjects_[i] != subject && subjects_[i] != kNoSlot) i = next(i);
    return i;
  }
  void put(NodeSlot subject, Place place) {
    const std::size_t i = locate(subject);
    subjects_[i] = subject;
    places_[i] = place;
  }
  void grow() {
    const std::size_t size = subjects_.empty() ? 8 : subjects_.size() * 2;
    const auto subjects = std::exchange(subjects_, std::vector<NodeSlot>(size, kNoSlot));
    const auto places = std::exchange(places_, std::vector<Place>(size, kNone));
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (subjects[i] != kNoSlot) put(subjects[i], places[i]);
    }
  }

  std::vector<NodeSlot> subjects_;  // a power of two, or none; kNoSlot where free
  std::vector<Place> places_;
  std::size_t used_ = 0;
};

}  // namespace hearsay::swim
