// How long a ring takes and what it occupies, measured where it runs. Compare rings with each other, on one machine.
//
// One thread.
#pragma once

#include <optional>

#include "core/protocol/ring.hpp"
#include "sim/rings/members.hpp"

namespace hearsay::rings {

struct Speed {
  double hot_ns = 0;          // independent lookups, one call each
  double batch_ns = 0;        // lookup_batch of 16,384 keys
  double dependent_ns = 0;    // each waits for the owner before it
  double cold_ns = 0;         // after something else filled the caches: median
  double cold_p99_ns = 0;     // of 1,024 of them
  double hash_ns = 0;         // hash_key of a key of 16 bytes, apart
  double build_ms = 0;        // place()
  double join_us = 0;         // apply() of one that came
  double leave_us = 0;        // of one that left
  double bytes_a_member = 0;  // memory_bytes()
  // What place() made the process grow by at most, the placement included. None below 64 KiB, which pages are too
  // coarse for, or where the system does not tell (it is Linux's /proc).
  std::optional<double> peak_bytes_a_member;
};

// `placement` is one of the set, which has two members at least.
Speed time_ring(const Ring& ring, const MemberSet& set, const Placement& placement);

}  // namespace hearsay::rings
