// Where the event queue keeps events that are not yet in order: lists of chunks of five events, drawn from one pool.
//
// A list is one word, so that a wheel of 262,144 lists is 2 MiB: the address at which its next event will be written.
// Chunks are as long as they are aligned, hence the address says by itself that its chunk is full (or that there is
// none), and an append touches the word and the event's own line, nothing else.
//
// Invariants: 1. only a list's newest chunk may be partly filled; 2. a chunk is in one list or free, never both;
// 3. the pool holds at most its high-water mark of chunks and an eighth more (below 2 MiB: and as
// much again). Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "sim/world/event.hpp"

namespace hearsay::world {

inline constexpr std::size_t kChunkBytes = 128;  // two lines, which the hardware fetches as a pair
inline constexpr std::size_t kChunkEvents = (kChunkBytes - sizeof(std::uintptr_t)) / sizeof(Event);
inline constexpr std::size_t kChunkHeader = kChunkBytes - kChunkEvents * sizeof(Event);

// Memory in whole huge pages where it is large enough to fill one (a random access otherwise misses the TLB as well).
struct FreeMemory {
  void operator()(std::byte* memory) const;
};
using Memory = std::unique_ptr<std::byte[], FreeMemory>;

// What memory_for(bytes) really takes.
std::size_t rounded_to_pages(std::size_t bytes);
// Uninitialised, at least page-aligned. Ends the process when there is none left.
Memory memory_for(std::size_t bytes);

// Events in the order of their arrival, chunk by chunk, newest chunk first. Owned by whoever holds the pool.
class ChunkList {
 public:
  bool empty() const { return at_ == 0; }
  // No room in the newest chunk, or no chunk at all: ChunkPool::extend comes before the next append.
  bool full() const { return at_ % kChunkBytes == 0; }
  void append(const Event& event) {
    // Field by field, so that an event made where it is pushed never goes through memory in pieces of other sizes.
    ::new (reinterpret_cast<void*>(at_)) Event{event.time_ns, event.src, event.dst, event.seq, event.handle};
    at_ += sizeof(Event);
  }

  // The newest chunk, or 0; its first word is the chunk before it.
  std::uintptr_t newest() const { return (at_ - 1) & ~(kChunkBytes - 1) & -std::uintptr_t{at_ != 0}; }
  // One past the newest chunk's last event; of all the others that is their end.
  std::uintptr_t end() const { return at_; }

  static std::uintptr_t older(std::uintptr_t chunk) { return *reinterpret_cast<const std::uintptr_t*>(chunk); }
  static const Event* events(std::uintptr_t chunk) { return reinterpret_cast<const Event*>(chunk + kChunkHeader); }
  static const Event* events_end(std::uintptr_t end) { return reinterpret_cast<const Event*>(end); }

  // Walks the chunks. O(size / 5).
  std::size_t size() const {
    if (at_ == 0) return 0;
    std::size_t count = (at_ - newest() - kChunkHeader) / sizeof(Event);
    for (std::uintptr_t chunk = older(newest()); chunk != 0; chunk = older(chunk)) count += kChunkEvents;
    return count;
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    std::uintptr_t end = at_;
    for (std::uintptr_t chunk = newest(); chunk != 0; chunk = older(chunk), end = chunk + kChunkBytes) {
      for (const Event* event = events(chunk); event != events_end(end); ++event) visit(*event);
    }
  }

 private:
  friend class ChunkPool;
  std::uintptr_t at_ = 0;
};

class ChunkPool {
 public:
  ChunkPool() = default;
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Gives a full list a new newest chunk. O(1), amortised.
  void extend(ChunkList& list) {
    const std::uintptr_t chunk = take();
    ::new (reinterpret_cast<void*>(chunk)) std::uintptr_t(list.newest());
    list.at_ = chunk + kChunkHeader;
  }

  // Takes every chunk of the list back; the list is empty afterwards. O(chunks).
  void release(ChunkList& list) {
    for (std::uintptr_t chunk = list.newest(); chunk != 0;) {
      const std::uintptr_t older = ChunkList::older(chunk);
      give(chunk);
      chunk = older;
    }
    list.at_ = 0;
  }

  // Visits every event and takes each chunk back as soon as it was visited, so that what the visit appends elsewhere
  // finds room. The list is empty afterwards, and must not be the one appended to.
  template <class Visit>
  void consume(ChunkList& list, Visit&& visit) {
    std::uintptr_t end = list.end();
    std::uintptr_t chunk = list.newest();
    list.at_ = 0;
    while (chunk != 0) {
      for (const Event* event = ChunkList::events(chunk); event != ChunkList::events_end(end); ++event) visit(*event);
      const std::uintptr_t older = ChunkList::older(chunk);
      give(chunk);
      chunk = older;
      end = chunk + kChunkBytes;
    }
  }

  std::size_t memory_bytes() const { return reserved_bytes_; }

 private:
  std::uintptr_t take() {
    if (free_ != 0) [[likely]] {
      const std::uintptr_t chunk = free_;
      free_ = ChunkList::older(chunk);
      return chunk;
    }
    if (fresh_ == fresh_end_) [[unlikely]]
      grow();
    const std::uintptr_t chunk = fresh_;
    fresh_ += kChunkBytes;
    return chunk;
  }
  void give(std::uintptr_t chunk) {
    *reinterpret_cast<std::uintptr_t*>(chunk) = free_;
    free_ = chunk;
  }
  void grow();

  std::uintptr_t free_ = 0;   // last in, first out: the chunk given back last is still in the cache
  std::uintptr_t fresh_ = 0;  // of the newest slab, what was never used
  std::uintptr_t fresh_end_ = 0;
  std::size_t reserved_bytes_ = 0;
  std::vector<Memory> slabs_;
};

}  // namespace hearsay::world
