// A store's entries in the order of (hash, key): a B+-tree of two levels, that is, sorted chunks of at most 256 places
// under a sorted directory. A tail sorted on demand was refused: the first iteration after a million puts would stop
// the node for the time of sorting a million.
//
// About 17 bytes an entry. insert and erase: two binary searches and the move of a part of a chunk (on average 1.5 kB);
// once in 128 of them at most, of a part of the directory (12 bytes for about 180 entries).
// One thread at a time; const functions concurrently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/kv/store_slab.hpp"

namespace hearsay {

class StoreOrder {
 public:
  // Right before an entry, or at the end. Valid until the order changes.
  struct Position {
    std::size_t chunk = 0;
    std::size_t place = 0;
  };

  void insert(std::uint32_t entry, const StoreSlab& slab);
  // Removes an entry that is in the order, while it is still intact in the slab.
  void erase(std::uint32_t entry, const StoreSlab& slab);

  // Before the first entry that is not less than (hash, key).
  Position seek(std::uint64_t hash, std::string_view key, const StoreSlab& slab) const;
  Position begin() const { return {}; }
  bool at_end(Position at) const { return at.chunk == ids_.size(); }
  std::uint32_t entry(Position at) const { return chunk(at.chunk)[at.place].entry; }
  Position after(Position at) const {
    if (++at.place == chunk(at.chunk).size()) at = {at.chunk + 1, 0};
    return at;
  }

  std::size_t memory_bytes() const;

 private:
  // Three words of 32 bits: one of 64 would make it 16 bytes.
  struct Place {
    std::uint32_t hash_hi = 0;
    std::uint32_t hash_lo = 0;
    std::uint32_t entry = kNoEntry;
    std::uint64_t hash() const { return std::uint64_t{hash_hi} << 32 | hash_lo; }
  };
  using Chunk = std::vector<Place>;  // never empty

  static constexpr std::size_t kMaxPlaces = 256;

  // The chunk that (hash, key) belongs into: the last one that does not begin after it, else the first.
  std::size_t chunk_for(std::uint64_t hash, std::string_view key, const StoreSlab& slab) const;
  static std::size_t place_for(const Chunk& chunk, std::uint64_t hash, std::string_view key, const StoreSlab& slab);

  const Chunk& chunk(std::size_t at) const { return pool_[ids_[at]]; }
  Chunk& chunk(std::size_t at) { return pool_[ids_[at]]; }
  void insert_chunk(std::size_t at, Chunk places);
  void erase_chunk(std::size_t at);

  // The directory: plain integers, since inserting into an array of chunks would move thousands of them one by one.
  std::vector<std::uint64_t> firsts_;  // hash of each chunk's first place
  std::vector<std::uint32_t> ids_;     // where it lies in the pool
  std::vector<Chunk> pool_;
  std::vector<std::uint32_t> spare_;  // places of the pool that are not in use
};

}  // namespace hearsay
