#include "core/kv/store_order.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/check.hpp"

namespace hearsay {
namespace {

// Iterators move by signed steps.
std::ptrdiff_t step(std::size_t n) { return static_cast<std::ptrdiff_t>(n); }

}  // namespace

std::size_t StoreOrder::chunk_for(std::uint64_t hash, std::string_view key, const StoreSlab& slab) const {
  std::size_t low = 0;
  std::size_t high = chunks_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const bool begins_after = firsts_[middle] != hash ? firsts_[middle] > hash
                                                      : slab[chunks_[middle].front().entry].key.view() > key;
    if (begins_after) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low == 0 ? 0 : low - 1;
}

std::size_t StoreOrder::place_for(const Chunk& chunk, std::uint64_t hash, std::string_view key, const StoreSlab& slab) {
  const auto at = std::partition_point(chunk.begin(), chunk.end(), [&](const Place& place) {
    return place.hash() != hash ? place.hash() < hash : slab[place.entry].key.view() < key;
  });
  return static_cast<std::size_t>(at - chunk.begin());
}

void StoreOrder::insert(std::uint32_t entry, const StoreSlab& slab) {
  const std::uint64_t hash = slab[entry].hash;
  const std::string_view key = slab[entry].key.view();
  const Place place{static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash), entry};
  if (chunks_.empty()) {
    chunks_.push_back({place});
    firsts_.push_back(hash);
    return;
  }
  std::size_t c = chunk_for(hash, key, slab);
  if (chunks_[c].size() == kMaxPlaces) {
    Chunk upper(chunks_[c].begin() + step(kMaxPlaces / 2), chunks_[c].end());
    chunks_[c].resize(kMaxPlaces / 2);
    firsts_.insert(firsts_.begin() + step(c + 1), upper.front().hash());
    chunks_.insert(chunks_.begin() + step(c + 1), std::move(upper));
    c = chunk_for(hash, key, slab);
  }
  Chunk& chunk = chunks_[c];
  const std::size_t at = place_for(chunk, hash, key, slab);
  chunk.insert(chunk.begin() + step(at), place);
  if (at == 0) firsts_[c] = hash;
}

void StoreOrder::erase(std::uint32_t entry, const StoreSlab& slab) {
  const std::uint64_t hash = slab[entry].hash;
  const std::string_view key = slab[entry].key.view();
  const std::size_t c = chunk_for(hash, key, slab);
  Chunk& chunk = chunks_[c];
  const std::size_t at = place_for(chunk, hash, key, slab);
  HEARSAY_CHECK(at < chunk.size() && chunk[at].entry == entry);
  chunk.erase(chunk.begin() + step(at));
  const auto forget_chunk = [this](std::size_t which) {
    chunks_.erase(chunks_.begin() + step(which));
    firsts_.erase(firsts_.begin() + step(which));
  };
  if (chunk.empty()) {
    forget_chunk(c);
    return;
  }
  firsts_[c] = chunk.front().hash();
  // Small neighbours are joined, so that what is left after a mass deletion does not keep a chunk for each entry.
  if (chunk.size() < kMaxPlaces / 4 && c + 1 < chunks_.size() && chunks_[c + 1].size() < kMaxPlaces / 4) {
    chunk.insert(chunk.end(), chunks_[c + 1].begin(), chunks_[c + 1].end());
    forget_chunk(c + 1);
  }
}

StoreOrder::Position StoreOrder::seek(std::uint64_t hash, std::string_view key, const StoreSlab& slab) const {
  if (chunks_.empty()) return {};
  const std::size_t c = chunk_for(hash, key, slab);
  const std::size_t at = place_for(chunks_[c], hash, key, slab);
  return at == chunks_[c].size() ? Position{c + 1, 0} : Position{c, at};
}

std::size_t StoreOrder::memory_bytes() const {
  std::size_t bytes = firsts_.capacity() * sizeof(firsts_[0]) + chunks_.capacity() * sizeof(chunks_[0]);
  for (const Chunk& chunk : chunks_) bytes += chunk.capacity() * sizeof(Place);
  return bytes;
}

}  // namespace hearsay
