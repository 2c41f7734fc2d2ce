// The last rumors a node has heard, to tell a repeated one from a new one: a first-in-first-out set of bounded size.
// When full, the oldest is forgotten, and counts as new should it come again.
//
// 16 bytes an entry and 4 to 8 of index, grown as it fills. Inserting and finding are O(1); one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"

namespace hearsay {

// A rumor's name: the number its origin gave it, in the origin's boot generation.
struct RumorId {
  NodeId origin{};
  Epoch epoch = 0;
  std::uint32_t sequence = 0;
  friend bool operator==(const RumorId&, const RumorId&) = default;
};

class SeenWindow {
 public:
  bool contains(const RumorId& id) const { return find(id) != kFree; }
  // False when it is in already. At most `capacity` (at least 1, and the same in every call) entries stay.
  bool insert(const RumorId& id, std::size_t capacity);
  // Numbers count what was inserted, from 0: of an entry that is in it; kNotIn for others; of the oldest entry that is
  // in it, and of the newest. With them, what is kept in order of arrival is found by a binary search.
  static constexpr std::uint64_t kNotIn = ~std::uint64_t{0};
  std::uint64_t number_of(const RumorId& id) const;
  std::uint64_t oldest() const { return inserted_ - ids_.size(); }
  std::uint64_t newest() const { return inserted_ - 1; }
  std::size_t size() const { return ids_.size(); }
  std::size_t memory_bytes() const {
    return ids_.capacity() * sizeof(RumorId) + index_.capacity() * sizeof(std::uint32_t);
  }
  // In order of their age.
  void digest(Hasher& hasher) const;

 private:
  static constexpr std::uint32_t kFree = 0xffffffff;
  // Fewer are scanned.
  static constexpr std::size_t kScanned = 8;

  static std::size_t hash_of(const RumorId& id);
  std::uint32_t find(const RumorId& id) const;  // position in ids_, kFree for none
  void enter(std::uint32_t position);
  void remove(std::uint32_t position);
  void rebuild(std::size_t places);

  std::vector<RumorId> ids_;  // a circle once it has reached its capacity
  std::uint32_t oldest_ = 0;
  std::uint64_t inserted_ = 0;
  std::vector<std::uint32_t> index_;  // open addressing: positions in ids_; a power of two, at most half full
};

}  // namespace hearsay
