#include "core/kv/store_wheel.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/check.hpp"

namespace hearsay {
namespace {

// Signed time as unsigned, in the same order.
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

std::uint64_t ordered(MonoTime at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()) ^ kSign; }

}  // namespace

StoreWheel::Tick StoreWheel::floor_tick(MonoTime at) { return ordered(at) >> kTickBits; }

StoreWheel::Tick StoreWheel::ceil_tick(MonoTime at) {
  const std::uint64_t rest = ordered(at) & ((std::uint64_t{1} << kTickBits) - 1);
  return floor_tick(at) + (rest != 0 ? 1 : 0);
}

void StoreWheel::insert(StoreSlab& slab, std::uint32_t entry, MonoTime now) {
  if (slab[entry].due == kNoDeadline) return;
  // Nothing holds an empty wheel back, and so near deadlines are placed low at once.
  if (count_ == 0) current_ = std::max(current_, floor_tick(now));
  ++count_;
  place(slab, entry);
}

void StoreWheel::remove(StoreSlab& slab, std::uint32_t entry) {
  if (slab[entry].previous == kNoEntry) return;
  --count_;
  unlink(slab, entry);
}

void StoreWheel::place(StoreSlab& slab, std::uint32_t entry) {
  StoreEntry& item = slab[entry];
  const Tick tick = std::max(ceil_tick(item.due), current_);
  const unsigned level = (static_cast<unsigned>(std::bit_width((tick ^ current_) | 1U)) - 1) / kDigitBits;
  const unsigned slot = digit(tick, level);
  if (levels_[level] == nullptr) {
    levels_[level] = std::make_unique<Level>();
    levels_[level]->fill(kNoEntry);
  }
  std::uint32_t& first = (*levels_[level])[slot];
  if (first != kNoEntry) slab[first].previous = entry;
  item.next = first;
  item.previous = kFirstOf | level << kDigitBits | slot;
  first = entry;
  used_[level] |= std::uint64_t{1} << slot;
}

void StoreWheel::unlink(StoreSlab& slab, std::uint32_t entry) {
  StoreEntry& item = slab[entry];
  if (item.next != kNoEntry) slab[item.next].previous = item.previous;
  if ((item.previous & kFirstOf) == 0) {
    slab[item.previous].next = item.next;
  } else {
    const unsigned level = (item.previous & ~kFirstOf) >> kDigitBits;
    const unsigned slot = item.previous & 63U;
    (*levels_[level])[slot] = item.next;
    if (item.next == kNoEntry) used_[level] &= ~(std::uint64_t{1} << slot);
  }
  item.previous = kNoEntry;
  item.next = kNoEntry;
}

StoreWheel::Tick StoreWheel::earliest(unsigned& level) const {
  // Every entry of a level shares the digits above it with the current tick, so a lower level comes before a higher.
  level = 0;
  while (used_[level] == 0) ++level;
  const Tick above = current_ >> (level * kDigitBits) & ~Tick{63};
  return (above | static_cast<Tick>(std::countr_zero(used_[level]))) << (level * kDigitBits);
}

std::uint32_t StoreWheel::pop_due(StoreSlab& slab, MonoTime now, std::size_t& budget) {
  const Tick until = floor_tick(now);
  while (count_ != 0 && budget > 0) {
    unsigned level = moving_down_;
    if (level == 0) {
      const Tick start = earliest(level);
      if (start > until) break;
      current_ = std::max(current_, start);
      moving_down_ = level;
    }
    const std::uint32_t entry = (*levels_[level])[digit(current_, level)];
    if (entry == kNoEntry) {
      moving_down_ = 0;
      continue;
    }
    --budget;
    unlink(slab, entry);
    if (level == 0 || ceil_tick(slab[entry].due) <= until) {
      --count_;
      return entry;
    }
    place(slab, entry);
  }
  // No slot begins in between, so no entry's place changes.
  if (moving_down_ == 0 && budget > 0) current_ = std::max(current_, until);
  return kNoEntry;
}

MonoTime StoreWheel::next_due() const {
  if (count_ == 0) return kNoDeadline;
  unsigned level = 0;
  const Tick start = moving_down_ != 0 ? current_ : earliest(level);
  if (start >= Tick{1} << (64 - kTickBits)) return kNoDeadline;
  return MonoTime(Duration(static_cast<std::int64_t>((start << kTickBits) ^ kSign)));
}

std::size_t StoreWheel::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& level : levels_) bytes += level != nullptr ? sizeof(Level) : 0;
  return bytes;
}

}  // namespace hearsay
