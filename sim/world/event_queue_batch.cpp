#include "sim/world/event_queue_batch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hearsay::world {
namespace {

constexpr std::size_t kRankLimit = 64;  // ranking is quadratic; here it meets std::sort
constexpr int kRankShift = 31;          // ranking compares signed 32-bit times relative to the bucket's start
constexpr int kIndexBits = 16;
constexpr std::size_t kKeyLimit = std::size_t{1} << kIndexBits;

// Four lanes of the baseline instruction set of every machine we know; the compiler splits them where there are none.
using Lanes = std::int32_t __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 4;

constexpr std::size_t kBlock = 2 * kLanes;

// ranks[j] = how many of keys[0, count) are below keys[j], for every j below count rounded up to kBlock.
void rank(const std::int32_t* keys, std::size_t count, std::int32_t* ranks) {
  for (std::size_t j = 0; j < count; j += kBlock) {
    Lanes of[2];
    Lanes below[2] = {};
    std::memcpy(of, keys + j, sizeof(of));
    for (std::size_t i = 0; i < count; ++i) {
      const Lanes other = Lanes{} + keys[i];
      below[0] -= of[0] > other;  // a lane that compares true is -1
      below[1] -= of[1] > other;
    }
    std::memcpy(ranks + j, below, sizeof(below));
  }
}

}  // namespace

std::size_t SortedBatch::assign(const ChunkList& list, std::int64_t start_ns, int shift) {
  const std::size_t count = list.size();
  reserve(count);
  if (count <= kRankLimit && shift <= kRankShift && assign_ranked(list, count, start_ns)) return count;

  // Oldest chunk first: where senders push in order (a round that all nodes start together), nothing is left to sort.
  chunks_.clear();
  for (std::uintptr_t chunk = list.newest(); chunk != 0; chunk = ChunkList::older(chunk)) chunks_.push_back(chunk);
  Event* to = events_.get();
  for (std::size_t i = chunks_.size(); i-- > 0;) {
    const Event* end = ChunkList::events_end(i == 0 ? list.end() : chunks_[i] + kChunkBytes);
    to = std::copy(ChunkList::events(chunks_[i]), end, to);
  }
  if (std::is_sorted(events_.get(), to, precedes)) return count;
  if (count > kKeyLimit) {
    std::sort(events_.get(), to, precedes);
  } else {
    sort_by_key(count, start_ns);
  }
  return count;
}

// False, with the content undefined, where two events have one time: their ranks collide.
bool SortedBatch::assign_ranked(const ChunkList& list, std::size_t count, std::int64_t start_ns) {
  const Event* from[kRankLimit];
  alignas(Lanes) std::int32_t keys[kRankLimit];
  alignas(Lanes) std::int32_t ranks[kRankLimit];
  std::size_t n = 0;
  const auto gather = [&](const Event& event) {
    from[n] = &event;
    keys[n] = static_cast<std::int32_t>(event.time_ns - start_ns);
    ++n;
  };
  std::uintptr_t chunk = list.newest();
  const Event* const end = ChunkList::events_end(list.end());
  for (const Event* event = ChunkList::events(chunk); event != end; ++event) gather(*event);
  while ((chunk = ChunkList::older(chunk)) != 0) {
    for (std::size_t i = 0; i < kChunkEvents; ++i) gather(ChunkList::events(chunk)[i]);
  }
  for (std::size_t i = n; i % kBlock != 0; ++i) keys[i] = 0;  // ranked with the rest and never looked at
  rank(keys, n, ranks);
  std::uint64_t taken = 0;
  Event* const to = events_.get();
  for (std::size_t i = 0; i < n; ++i) {
    to[ranks[i]] = *from[i];
    taken |= std::uint64_t{1} << ranks[i];
  }
  return taken == ~std::uint64_t{0} >> (kRankLimit - count);
}

void SortedBatch::sort_by_key(std::size_t count, std::int64_t start_ns) {
  Event* const events = events_.get();
  unsorted_.assign(events, events + count);
  keys_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    keys_[i] = static_cast<std::uint64_t>(unsorted_[i].time_ns - start_ns) << kIndexBits | i;
  }
  std::sort(keys_.begin(), keys_.end());
  for (std::size_t i = 0; i < count; ++i) events[i] = unsorted_[keys_[i] & (kKeyLimit - 1)];
  for (std::size_t first = 0; first < count;) {
    std::size_t last = first + 1;
    while (last < count && events[last].time_ns == events[first].time_ns) ++last;
    if (last - first > 1) std::sort(events + first, events + last, precedes);
    first = last;
  }
}

void SortedBatch::reserve(std::size_t count) {
  if (count <= capacity_) return;
  capacity_ = std::max(kRankLimit, std::bit_ceil(count));
  events_ = std::make_unique_for_overwrite<Event[]>(capacity_);
}

std::size_t SortedBatch::memory_bytes() const {
  return capacity_ * sizeof(Event) + chunks_.capacity() * sizeof(std::uintptr_t) +
         keys_.capacity() * sizeof(std::uint64_t) + unsorted_.capacity() * sizeof(Event);
}

}  // namespace hearsay::world
