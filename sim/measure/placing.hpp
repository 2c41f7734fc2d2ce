// The members of a set as a ring wants them. Pure.
#pragma once

#include <vector>

#include "core/protocol/directory.hpp"
#include "core/protocol/ring.hpp"
#include "sim/measure/bitset.hpp"

namespace hearsay::measure {

// Sorted by id. O(nodes log nodes).
std::vector<RingMember> ring_members(const Directory& directory, const SlotSet& set, std::uint32_t nodes);

}  // namespace hearsay::measure
