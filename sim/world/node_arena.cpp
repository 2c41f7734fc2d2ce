#include "sim/world/node_arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "core/base/check.hpp"

namespace hearsay::world {

namespace {
constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }
}  // namespace

NodeArena::NodeArena(std::uint32_t nodes, StateLayout layout)
    : nodes_(nodes),
      state_offset_(round_up(sizeof(NodeRecord), layout.alignment)),
      stride_(round_up(state_offset_ + layout.bytes, kLine)),
      bytes_(round_up(std::max<std::size_t>(1, nodes * stride_), nodes * stride_ >= kHugePage ? kHugePage : 4096)) {
  HEARSAY_CHECK(layout.alignment <= kLine);
  void* mapped = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  HEARSAY_CHECK(mapped != MAP_FAILED);
  if (bytes_ >= kHugePage) (void)::madvise(mapped, bytes_, MADV_HUGEPAGE);  // a hint: without it, only slower
  base_ = static_cast<std::byte*>(mapped);
  for (std::uint32_t i = 0; i < nodes_; ++i) new (base_ + i * stride_) NodeRecord();
}

NodeArena::~NodeArena() { ::munmap(base_, bytes_); }

}  // namespace hearsay::world
