// From a key to its entry: linear probing over cells of eight bytes, in segments of at most 4096 cells under a
// directory (extendible hashing; R. Fagin et al. 1979). One flat table was refused: doubling it at a million keys takes
// 20 ms in one put. A cell holds 32 bits of the key's hash, so growing, splitting and deleting read no entry, and a
// miss seldom does.
//
// Nothing iterates it: its order is the hash's, and means nothing. Segments are merged by nobody; clear() gives them
// back. One thread at a time; const functions concurrently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/kv/store_slab.hpp"

namespace hearsay {

class StoreIndex {
 public:
  // The part of a key's hash that the index works with.
  static std::uint32_t tag_of(std::string_view key);

  // The entry of a key, or kNoEntry. Expected O(1).
  std::uint32_t find(std::string_view key, std::uint32_t tag, const StoreSlab& slab) const {
    if (directory_.empty()) return kNoEntry;
    const Segment& segment = segment_of(tag);
    const std::uint32_t mask = segment.mask();
    for (std::uint32_t at = tag & mask;; at = (at + 1) & mask) {
      const Cell cell = segment.cells[at];
      if (cell.entry == kNoEntry) return kNoEntry;
      if (cell.tag == tag && slab[cell.entry].key.view() == key) return cell.entry;
    }
  }

  // Adds an entry whose key is not in the index. Amortised O(1), at most a segment's work (and the directory's, of
  // eight bytes a segment).
  void insert(std::uint32_t tag, std::uint32_t entry);
  // Removes an entry that is in the index.
  void erase(std::uint32_t tag, std::uint32_t entry);

  std::size_t memory_bytes() const;

 private:
  struct Cell {
    std::uint32_t tag = 0;
    std::uint32_t entry = kNoEntry;
  };
  struct Segment {
    std::vector<Cell> cells;  // a power of two
    std::uint32_t used = 0;
    std::uint32_t depth = 0;  // how many leading bits all its tags share
    std::uint32_t mask() const { return static_cast<std::uint32_t>(cells.size() - 1); }
    void put(Cell cell);
  };

  static constexpr std::uint32_t kFirstCells = 8;
  static constexpr std::uint32_t kMaxCells = 4096;
  // Leading bits choose the segment, trailing ones the cell; beyond this they would be the same bits, and a segment
  // grows instead of splitting.
  static constexpr std::uint32_t kMaxDepth = 20;

  Segment& segment_of(std::uint32_t tag) const {
    // Two shifts, since one by 32 is undefined.
    return *directory_[tag >> 1 >> (31 - depth_)];
  }
  static bool crowded(const Segment& segment) { return segment.used * 16 >= segment.cells.size() * 13; }
  void make_room(Segment& segment, std::uint32_t tag);
  void split(Segment& segment, std::uint32_t tag);

  std::vector<Segment*> directory_;  // 2^depth_, several of them the same segment
  std::vector<std::unique_ptr<Segment>> segments_;
  std::uint32_t depth_ = 0;
};

}  // namespace hearsay
