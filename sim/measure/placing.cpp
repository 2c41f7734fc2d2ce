#include "sim/measure/placing.hpp"

#include <algorithm>

namespace hearsay::measure {

std::vector<RingMember> ring_members(const Directory& directory, const SlotSet& set, std::uint32_t nodes) {
  std::vector<RingMember> members;
  for (std::uint32_t i = 0; i < nodes; ++i) {
    if (!set.test(i)) continue;
    const NodeIdentity node = directory[NodeSlot{i}];
    members.push_back({NodeSlot{i}, node.id, node.name, node.weight, node.zone});
  }
  std::ranges::sort(members, {}, &RingMember::id);
  return members;
}

}  // namespace hearsay::measure
