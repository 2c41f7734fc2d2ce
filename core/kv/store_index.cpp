#include "core/kv/store_index.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/hash.hpp"

namespace hearsay {

std::uint32_t StoreIndex::tag_of(std::string_view key) { return static_cast<std::uint32_t>(hash64(key) >> 32); }

void StoreIndex::Segment::put(Cell cell) {
  std::uint32_t at = cell.tag & mask();
  while (cells[at].entry != kNoEntry) at = (at + 1) & mask();
  cells[at] = cell;
  ++used;
}

void StoreIndex::insert(std::uint32_t tag, std::uint32_t entry) {
  if (directory_.empty()) {
    segments_.push_back(std::make_unique<Segment>());
    segments_.back()->cells.resize(kFirstCells);
    directory_.push_back(segments_.back().get());
  }
  // A split may leave everything on one side, so ask again.
  while (crowded(segment_of(tag))) make_room(segment_of(tag), tag);
  segment_of(tag).put({tag, entry});
}

void StoreIndex::erase(std::uint32_t tag, std::uint32_t entry) {
  Segment& segment = segment_of(tag);
  const std::uint32_t mask = segment.mask();
  std::uint32_t hole = tag & mask;
  while (segment.cells[hole].entry != entry) {
    HEARSAY_CHECK(segment.cells[hole].entry != kNoEntry);
    hole = (hole + 1) & mask;
  }
  // Closes the gap instead of leaving a marker: whatever follows moves into the hole unless it would come to lie before
  // its home cell (Knuth, TAOCP 3, 6.4, algorithm R).
  for (std::uint32_t at = (hole + 1) & mask; segment.cells[at].entry != kNoEntry; at = (at + 1) & mask) {
    const std::uint32_t home = segment.cells[at].tag & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      segment.cells[hole] = segment.cells[at];
      hole = at;
    }
  }
  segment.cells[hole] = Cell();
  --segment.used;
}

void StoreIndex::make_room(Segment& segment, std::uint32_t tag) {
  if (segment.cells.size() >= kMaxCells && segment.depth < kMaxDepth) {
    split(segment, tag);
    return;
  }
  const std::vector<Cell> old = std::exchange(segment.cells, std::vector<Cell>(segment.cells.size() * 2));
  segment.used = 0;
  for (const Cell& cell : old) {
    if (cell.entry != kNoEntry) segment.put(cell);
  }
}

void StoreIndex::split(Segment& segment, std::uint32_t tag) {
  if (segment.depth == depth_) {
    std::vector<Segment*> doubled;
    doubled.reserve(directory_.size() * 2);
    for (Segment* each : directory_) doubled.insert(doubled.end(), 2, each);
    directory_ = std::move(doubled);
    ++depth_;
  }
  ++segment.depth;
  segments_.push_back(std::make_unique<Segment>());
  Segment& upper = *segments_.back();
  upper.depth = segment.depth;
  upper.cells.resize(segment.cells.size());
  const std::vector<Cell> old = std::exchange(segment.cells, std::vector<Cell>(segment.cells.size()));
  segment.used = 0;
  const std::uint32_t bit = 1U << (32 - segment.depth);
  for (const Cell& cell : old) {
    if (cell.entry != kNoEntry) ((cell.tag & bit) != 0 ? upper : segment).put(cell);
  }
  // The upper half of the run of directory places that were this segment's.
  const std::uint32_t run = 1U << (depth_ - segment.depth);
  const std::uint32_t first = ((tag | bit) >> (32 - segment.depth)) * run;
  std::fill_n(directory_.begin() + first, run, &upper);
}

std::size_t StoreIndex::memory_bytes() const {
  // All but a lone first segment have the most cells, unless hashes were made to collide.
  std::size_t bytes = directory_.capacity() * sizeof(Segment*) + segments_.capacity() * sizeof(segments_[0]);
  for (const auto& segment : segments_) bytes += sizeof(Segment) + segment->cells.capacity() * sizeof(Cell);
  return bytes;
}

}  // namespace hearsay
