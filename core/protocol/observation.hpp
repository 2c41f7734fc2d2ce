// What nodes report of themselves while they run. Probes consume observations and never answer: a run with all probes
// and one without any make the same decisions.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/version.hpp"

namespace hearsay {

enum class ObservationKind : std::uint8_t {
  // A node's belief about `peer` changed; `value` is the incarnation.
  kMemberAlive,
  kMemberSuspect,
  kMemberDead,
  kMemberLeft,
  kMemberForgotten,
  // A node heard that it was accused and raised its incarnation to `value`.
  kRefuted,
  // A node's store changed; `key` is hash64 of the key itself (a ring's own hash may be short, and two keys share it),
  // `version` the version concerned.
  kStored,     // holds a new value; `value` is the TTL left in ns, 0 for none
  kTombstone,  // holds a deletion
  kExpired,    // dropped a value because its time was over
  kDropped,    // gave a key up: handed over, evicted, state lost
  // A repair strategy sent `value` items to `peer`.
  kRepaired,
  // A bounded queue was full and something was let go; `value` counts what.
  kOverflow,
  // A node believes from now on that everybody it knows of is alive: one observation for all; `value` counts the
  // members.
  kMembersAll,
};

inline constexpr int kObservationKinds = static_cast<int>(ObservationKind::kMembersAll) + 1;

std::string_view to_string(ObservationKind kind);

struct Observation {
  TrueTime at{};  // stamped by the driver
  NodeSlot node = kNoSlot;
  NodeSlot peer = kNoSlot;
  ObservationKind kind{};
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  Version version;
};

}  // namespace hearsay
