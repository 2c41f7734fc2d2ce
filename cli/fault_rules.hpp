// What the time line and the network of a scenario ask of the fault filter in front of each node: the rules that are in
// force, as that node sees them. Partitions, flaps and link changes carry the number of their event; the scenario's own
// latency, loss, duplication and reordering are rules of no event, which go before all others.
//
// The plan and the time line outlive it. One thread. The rules of one node cost O(nodes x events in force).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "sim/plan/plan.hpp"
#include "sim/world/timeline.hpp"
#include "transport/fault_filter.hpp"

namespace hearsay::cli {

class FaultRules {
 public:
  FaultRules(const plan::Plan& plan, const world::Timeline& timeline) : plan_(plan), timeline_(timeline) {}

  // An event of the time line that is a partition, a flap or a link change begins; one that is in force already stays.
  void begin(std::size_t event);
  void end(std::size_t event);
  // What a heal ends: the partitions of this name, or all without one.
  void heal(std::string_view partition);
  // All at once, as in_force() said elsewhere; what the plan does not have is left out.
  void set(std::span<const std::uint32_t> events);
  // In the order of their beginning.
  std::span<const std::uint32_t> in_force() const { return in_force_; }

  struct OfNode {
    std::vector<transport::FaultRule> sending;  // of what it sends, by receiver
    std::vector<transport::FaultRule> news;     // of what others publish to it, by sender
  };
  OfNode of(NodeSlot node) const;

  // How a node's filter is to be set up.
  static transport::FaultFilterOptions filter_options(const plan::Plan& plan, std::uint64_t seed);

 private:
  std::vector<transport::FaultRule> rules(std::uint32_t node, bool sending) const;
  void add_network(std::uint32_t node, bool sending, std::vector<transport::FaultRule>& rules) const;

  const plan::Plan& plan_;
  const world::Timeline& timeline_;
  std::vector<std::uint32_t> in_force_;
};

}  // namespace hearsay::cli
