// A node's hybrid logical clock, from which versions are made. S. Kulkarni, M. Demirbas et al., Logical Physical Clocks
// (OPODIS 2014), with both of the paper's parts in one integer: 48 bits of milliseconds, 16 of counter, so that a
// counter that overflows carries into the milliseconds and the order of versions is the order of integers.
//
// Invariants: each tick is greater than every earlier tick and everything observed within the bound, whatever the wall
// clock does; no peer pushes the clock further ahead of the wall clock than max_offset.
// One thread at a time.
#pragma once

#include <cstdint>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/version.hpp"

namespace hearsay {

class Hlc {
 public:
  // CockroachDB's bound: larger than any clock that NTP tends is off, small enough to keep a broken clock's writes from
  // winning for long.
  static constexpr Duration kDefaultMaxOffset = 500ms;

  explicit Hlc(Duration max_offset = kDefaultMaxOffset) : max_offset_(max_offset) {}

  // A new version, greater than every one before. Wall time before 1970 counts as 1970. In the year 10889 the clock
  // stops at its last value rather than begin anew below every version there is. O(1).
  Version tick(WallTime now, NodeId self);

  // Makes later ticks greater than a version that was received, as far as it is at most max_offset ahead of `now`.
  // Returns by how much it is further ahead than that (whole milliseconds; zero when within): the excess is ignored,
  // and is worth a warning, since one of two clocks is wrong. Ticks stay below such a version until the wall clock gets
  // there.
  Duration observe(Version received, WallTime now);

  // Goes on from last() of this node's former life, without the bound: after a restart with a wall clock that stepped
  // back, a version must not be given twice. Not for what other nodes gave or could have given: that is observed.
  void resume(std::uint64_t last);

  // The last tick or observation: milliseconds since 1970 << 16 | counter.
  std::uint64_t last() const { return last_; }

 private:
  std::uint64_t last_ = 0;
  Duration max_offset_;
};

}  // namespace hearsay
