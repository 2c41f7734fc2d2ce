// The event queue's bucket in hand: events copied out of a bucket and put in order when the queue reaches it.
//
// Small buckets (the rule: about 16 events) are ranked: every event counts those before it, without a branch, and is
// copied straight to its place. Larger ones sort 64-bit keys `(time - start) << 16 | index` and repair equal times with
// the full order. Where more events fall together than 16 bits can index (timers aligned to a millisecond do that), the
// events themselves are sorted. A bucket that arrives in order is only copied. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/world/event.hpp"
#include "sim/world/event_queue_chunks.hpp"

namespace hearsay::world {

// The widest bucket: its times relative to its start must leave room for the index in a 64-bit key.
inline constexpr int kMaxBucketShift = 44;

class SortedBatch {
 public:
  // Replaces the content with the list's events in total order. All times are in [start_ns, start_ns + 2^shift).
  // Returns their number. O(n log n). The list keeps its chunks.
  std::size_t assign(const ChunkList& list, std::int64_t start_ns, int shift);

  const Event* begin() const { return events_.get(); }
  std::size_t memory_bytes() const;

 private:
  bool assign_ranked(const ChunkList& list, std::size_t count, std::int64_t start_ns);
  void sort_by_key(std::size_t count, std::int64_t start_ns);
  void reserve(std::size_t count);

  std::size_t capacity_ = 0;
  std::unique_ptr<Event[]> events_;
  std::vector<std::uintptr_t> chunks_;  // scratch: the list's chunks, newest first
  std::vector<std::uint64_t> keys_;     // scratch: at most 65,536
  std::vector<Event> unsorted_;         // scratch: at most 65,536
};

}  // namespace hearsay::world
