// When entries are due: a hierarchical timing wheel. G. Varghese, T. Lauck, Hashed and Hierarchical Timing Wheels
// (SOSP'87), scheme 7: eight levels of 64 slots, of 2^18 ns (0.26 ms) each on the lowest level, which cover every
// MonoTime.
//
// An entry lies on the level of the highest of its tick's six-bit digits that differs from the current tick's. When
// time comes to a slot of a higher level, its entries move down, one unit of work each, in as many calls as it takes.
// Lists run through the entries: adding and removing is O(1), and an entry moves at most seven times.
//
// Invariant: no entry is handed out before the tick that its time was rounded up to, so never early.
// One thread at a time. A level's 256 bytes are allocated when it is first used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/base/time.hpp"
#include "core/kv/store_slab.hpp"

namespace hearsay {

class StoreWheel {
 public:
  static constexpr Duration kTick{std::int64_t{1} << 18};

  // Adds an entry by its `due`, unless that is never; and removes one, if it is in.
  void insert(StoreSlab& slab, std::uint32_t entry, MonoTime now);
  void remove(StoreSlab& slab, std::uint32_t entry);

  // Removes and returns an entry that is due at `now`; kNoEntry when there is none, or when `budget` is used up. Each
  // entry that is moved or returned takes one off the budget.
  std::uint32_t pop_due(StoreSlab& slab, MonoTime now, std::size_t& budget);

  // When pop_due() has something to do; at most one tick after the earliest `due`, kNoDeadline when there is none.
  MonoTime next_due() const;

  std::size_t memory_bytes() const;

 private:
  using Tick = std::uint64_t;
  using Level = std::array<std::uint32_t, 64>;  // each slot's first entry

  static constexpr unsigned kTickBits = 18;
  static constexpr unsigned kDigitBits = 6;
  static constexpr unsigned kLevels = 8;
  // `previous` of a slot's first entry: this, and which slot.
  static constexpr std::uint32_t kFirstOf = 1U << 31;
  static_assert(kTick.count() == std::int64_t{1} << kTickBits);

  static Tick floor_tick(MonoTime at);
  static Tick ceil_tick(MonoTime at);
  static unsigned digit(Tick tick, unsigned level) { return static_cast<unsigned>(tick >> (level * kDigitBits)) & 63U; }

  void place(StoreSlab& slab, std::uint32_t entry);
  void unlink(StoreSlab& slab, std::uint32_t entry);
  // The first tick of the earliest slot in use, and its level. Some level must be in use.
  Tick earliest(unsigned& level) const;

  std::array<std::unique_ptr<Level>, kLevels> levels_;
  std::array<std::uint64_t, kLevels> used_{};  // a bit for each slot that is not empty
  Tick current_ = 0;                           // no entry lies before it
  std::size_t count_ = 0;
  unsigned moving_down_ = 0;  // the level whose slot at the current tick is being emptied, 0 = none
};

}  // namespace hearsay
