// The time line of one run: the events of a plan, resolved for a seed and broken down into steps that each happen at
// one instant, in a fixed order. Computed before the run: faults come from a schedule, never from the queue, so that
// every thread of a parallel run could have it. What would happen at the very end of the run is left out: nothing could
// follow from it. Plain values; safe to share between threads that only read.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.hpp"
#include "sim/plan/plan.hpp"
#include "sim/world/network.hpp"

namespace hearsay::world {

// One thing that is done to the world at one instant.
struct TimelineStep {
  enum class Kind : std::uint8_t {
    kMark,   // the event takes place: its first step, and each later one (a toggle of a flap, the end of a pause)
    kCut,    // partitions[event] comes into force
    kUncut,  // partitions[event] ends
    kHeal,   // ends the partitions that the heal names
    kLinkBegin,
    kLinkEnd,
    kStart,  // a node of the start
    kCrash,
    kRestart,  // flag: state kept
    kPause,
    kResume,
    kJoin,
    kLeave,      // tells the others
    kStop,       // a leaver's process ends
    kSlowBegin,  // value: ns an input; the event is the cause
    kSlowEnd,
    kClockStep,   // value: ns
    kClockDrift,  // value: ppb
    kWorkload,
  };
  std::int64_t at_ns = 0;
  std::size_t event = 0;  // index in the plan; kNoEvent for the start of nodes
  Kind kind{};
  bool flag = false;
  std::uint32_t node = 0;
  std::int64_t value = 0;
};

inline constexpr std::size_t kNoEvent = ~std::size_t{0};

struct Timeline {
  std::vector<TimelineStep> steps;             // ascending by time; of one instant, in the order of the plan
  std::vector<ActivePartition> partitions;     // by event; empty sides where the event is no partition
  std::vector<ActiveLinkChange> link_changes;  // by event
};

// Whom a starting node asks first.
std::vector<NodeSlot> starting_seeds(const plan::Plan& plan, std::uint64_t seed);

// kInvalidArgument when the partitions of the plan, as drawn for this seed, cannot be said with 64 groups.
Result<Timeline> make_timeline(const plan::Plan& plan, std::uint64_t seed);

}  // namespace hearsay::world
