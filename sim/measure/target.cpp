#include "sim/measure/target.hpp"

#include <array>

namespace hearsay::measure {

Target::Target(std::uint32_t nodes)
    : state_(nodes, ProcessState::kAbsent),
      reachability_(plan::Reachability::whole(nodes)),
      component_(nodes, 0),
      views_(1, SlotSet(nodes)) {}

bool Target::process(NodeSlot node, ProcessState state) {
  const bool before = is_member(state_[raw(node)]);
  state_[raw(node)] = state;
  const bool after = is_member(state);
  if (before == after) return false;
  members_ += after ? 1 : ~std::uint32_t{0};
  // With one group, the one component only gains or loses a node; otherwise a node may have been the only bridge.
  if (component_of_group_.empty()) {
    if (after) {
      views_[0].set(raw(node));
    } else {
      views_[0].reset(raw(node));
    }
    return true;
  }
  recompute();
  return true;
}

bool Target::reachability(const plan::Reachability& reachability) {
  reachability_ = reachability;
  return recompute();
}

// Components of the groups that have a member, by the transitive closure of the matrix (64 groups at most).
bool Target::recompute() {
  std::uint64_t populated = 0;
  for (std::uint32_t i = 0; i < nodes(); ++i) {
    if (is_member(state_[i])) populated |= std::uint64_t{1} << reachability_.group[i];
  }
  std::array<std::uint64_t, plan::kMaxReachGroups> closure = reachability_.reaches;
  for (std::uint32_t via = 0; via < plan::kMaxReachGroups; ++via) {
    if ((populated >> via & 1) == 0) continue;
    for (std::uint64_t& row : closure) {
      if ((row >> via & 1) != 0) row |= closure[via];
    }
  }
  bool whole = true;
  std::vector<std::uint8_t> of_group(plan::kMaxReachGroups, 0);
  std::uint32_t components = 0;
  std::uint64_t assigned = 0;
  for (std::uint32_t a = 0; a < plan::kMaxReachGroups; ++a) {
    if ((populated >> a & 1) == 0 || (assigned >> a & 1) != 0) continue;
    for (std::uint32_t b = a; b < plan::kMaxReachGroups; ++b) {
      const bool both = a == b || ((closure[a] >> b & 1) != 0 && (closure[b] >> a & 1) != 0);
      if ((populated >> b & 1) == 0 || !both) continue;
      of_group[b] = static_cast<std::uint8_t>(components);
      assigned |= std::uint64_t{1} << b;
    }
    ++components;
  }
  whole = components <= 1 && reachability_.reaches[0] == 1;
  const std::vector<std::uint32_t> components_before = component_;
  const std::vector<SlotSet> views_before = views_;
  views_.assign(components == 0 ? 1 : components, SlotSet(nodes()));
  for (std::uint32_t i = 0; i < nodes(); ++i) {
    component_[i] = of_group[reachability_.group[i]];
    if (is_member(state_[i])) views_[component_[i]].set(i);
  }
  component_of_group_ = whole ? std::vector<std::uint8_t>() : of_group;
  return component_ != components_before || views_ != views_before;
}

}  // namespace hearsay::measure
