// The target view V*(i, t): the live processes in i's strongly connected component of the reachability graph that the
// schedule implies at t (live links, in both directions). What a perfect membership protocol would show every node.
//
// Live is a process that runs or is paused; one that has begun to leave is live but no longer in anybody's target. Two
// live nodes are in one component when each reaches the other, by way of live nodes in between where need be.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/measure/bitset.hpp"
#include "sim/measure/truth.hpp"

namespace hearsay::measure {

class Target {
 public:
  explicit Target(std::uint32_t nodes);

  // Each returns whether some node's target changed.
  bool process(NodeSlot node, ProcessState state);
  bool reachability(const plan::Reachability& reachability);

  std::uint32_t nodes() const { return static_cast<std::uint32_t>(state_.size()); }
  ProcessState state(NodeSlot node) const { return state_[raw(node)]; }
  // Runs, is paused or is leaving.
  bool live(NodeSlot node) const { return is_live(state_[raw(node)]); }
  // Live and expected in the views of its component.
  bool member(NodeSlot node) const { return is_member(state_[raw(node)]); }
  // Both live members of one component.
  bool together(NodeSlot a, NodeSlot b) const {
    return member(a) && member(b) && component_[raw(a)] == component_[raw(b)];
  }
  // 0 .. components() - 1; meaningless for a node that is no member.
  std::uint32_t component(NodeSlot node) const { return component_[raw(node)]; }
  std::uint32_t components() const { return static_cast<std::uint32_t>(views_.size()); }
  // V* of a component.
  const SlotSet& view(std::uint32_t component) const { return views_[component]; }
  std::uint32_t live_members() const { return members_; }

 private:
  static bool is_live(ProcessState s) { return s != ProcessState::kAbsent && s != ProcessState::kDown; }
  static bool is_member(ProcessState s) { return s == ProcessState::kUp || s == ProcessState::kPaused; }
  bool recompute();

  std::vector<ProcessState> state_;
  plan::Reachability reachability_;
  std::vector<std::uint8_t> component_of_group_;
  std::vector<std::uint32_t> component_;
  std::vector<SlotSet> views_;
  std::uint32_t members_ = 0;
};

}  // namespace hearsay::measure
