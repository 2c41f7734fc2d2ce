#include "sim/world/event_queue_chunks.hpp"

#include <algorithm>
#include <cstdlib>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "core/base/check.hpp"

namespace hearsay::world {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr std::size_t kFirstSlabBytes = std::size_t{64} << 10;

std::size_t page_size_for(std::size_t bytes) { return bytes < kHugePageBytes ? kPageBytes : kHugePageBytes; }

}  // namespace

void FreeMemory::operator()(std::byte* memory) const { std::free(memory); }

std::size_t rounded_to_pages(std::size_t bytes) {
  const std::size_t page = page_size_for(bytes);
  return (bytes + page - 1) / page * page;
}

Memory memory_for(std::size_t bytes) {
  const std::size_t size = rounded_to_pages(bytes);
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(page_size_for(bytes), size));
  HEARSAY_CHECK(memory != nullptr && "out of memory for pending events");
#ifdef __linux__
  // A wish: where it is not granted the pages are small ones, and everything still works.
  if (size >= kHugePageBytes) ::madvise(memory, size, MADV_HUGEPAGE);
#endif
  return Memory(memory);
}

void ChunkPool::grow() {
  // Doubles while small; then an eighth at a time in whole huge pages, so that little is reserved in vain.
  const std::size_t wanted = reserved_bytes_ < kHugePageBytes ? std::max(kFirstSlabBytes, reserved_bytes_)
                                                              : std::max(kHugePageBytes, reserved_bytes_ / 8);
  const std::size_t bytes = rounded_to_pages(wanted);
  slabs_.push_back(memory_for(bytes));
  reserved_bytes_ += bytes;
  fresh_ = reinterpret_cast<std::uintptr_t>(slabs_.back().get());
  fresh_end_ = fresh_ + bytes;
}

}  // namespace hearsay::world
