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
  std::size_t high = ids_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const bool begins_after =
        firsts_[middle] != hash ? firsts_[middle] > hash : slab[chunk(middle).front().entry].key.view() > key;
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
  if (ids_.empty()) {
    insert_chunk(0, {place});
    return;
  }
  std::size_t c = chunk_for(hash, key, slab);
  if (chunk(c).size() == kMaxPlaces) {
    Chunk& full = chunk(c);
    Chunk upper(full.begin() + step(kMaxPlaces / 2), full.end());
    full.resize(kMaxPlaces / 2);
    insert_chunk(c + 1, std::move(upper));
    c = chunk_for(hash, key, slab);
  }
  Chunk& places = chunk(c);
  const std::size_t at = place_for(places, hash, key, slab);
  places.insert(places.begin() + step(at), place);
  if (at == 0) firsts_[c] = hash;
}

void StoreOrder::erase(std::uint32_t entry, const StoreSlab& slab) {
  const std::uint64_t hash = slab[entry].hash;
  const std::string_view key = slab[entry].key.view();
  const std::size_t c = chunk_for(hash, key, slab);
  Chunk& places = chunk(c);
  const std::size_t at = place_for(places, hash, key, slab);
  HEARSAY_CHECK(at < places.size() && places[at].entry == entry);
  places.erase(places.begin() + step(at));
  if (places.empty()) {
    erase_chunk(c);
    return;
  }
  firsts_[c] = places.front().hash();
  // Small neighbours are joined, so that what is left after a mass deletion does not keep a chunk for each entry.
  if (places.size() < kMaxPlaces / 4 && c + 1 < ids_.size() && chunk(c + 1).size() < kMaxPlaces / 4) {
    const Chunk& next = chunk(c + 1);
    places.insert(places.end(), next.begin(), next.end());
    erase_chunk(c + 1);
  }
}

void StoreOrder::insert_chunk(std::size_t at, Chunk places) {
  if (spare_.empty()) {
    spare_.push_back(static_cast<std::uint32_t>(pool_.size()));
    pool_.emplace_back();
  }
  const std::uint32_t id = spare_.back();
  spare_.pop_back();
  firsts_.insert(firsts_.begin() + step(at), places.front().hash());
  ids_.insert(ids_.begin() + step(at), id);
  pool_[id] = std::move(places);
}

void StoreOrder::erase_chunk(std::size_t at) {
  spare_.push_back(ids_[at]);
  pool_[ids_[at]] = Chunk();
  firsts_.erase(firsts_.begin() + step(at));
  ids_.erase(ids_.begin() + step(at));
}

StoreOrder::Position StoreOrder::seek(std::uint64_t hash, std::string_view key, const StoreSlab& slab) const {
  if (ids_.empty()) return {};
  const std::size_t c = chunk_for(hash, key, slab);
  const std::size_t at = place_for(chunk(c), hash, key, slab);
  return at == chunk(c).size() ? Position{c + 1, 0} : Position{c, at};
}

std::size_t StoreOrder::memory_bytes() const {
  std::size_t bytes = firsts_.capacity() * sizeof(firsts_[0]) + pool_.capacity() * sizeof(Chunk) +
                      (ids_.capacity() + spare_.capacity()) * sizeof(std::uint32_t);
  for (const Chunk& places : pool_) bytes += places.capacity() * sizeof(Place);
  return bytes;
}

}  // namespace hearsay
