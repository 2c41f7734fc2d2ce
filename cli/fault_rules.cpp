#include "cli/fault_rules.hpp"

#include <algorithm>
#include <utility>

namespace hearsay::cli {

namespace {

using transport::FaultRule;

FaultRule::Cut cut_of(plan::Partition::Mode mode) {
  switch (mode) {
    case plan::Partition::Mode::kDrop: return FaultRule::Cut::kDrop;
    case plan::Partition::Mode::kDelay: return FaultRule::Cut::kDelay;
    case plan::Partition::Mode::kHold: return FaultRule::Cut::kHold;
  }
  return FaultRule::Cut::kNone;
}

bool is_link_change(const plan::Plan& plan, std::size_t event) {
  return std::holds_alternative<plan::LinkChange>(plan.events[event].action);
}

}  // namespace

void FaultRules::begin(std::size_t event) {
  const auto number = static_cast<std::uint32_t>(event);
  if (std::find(in_force_.begin(), in_force_.end(), number) == in_force_.end()) in_force_.push_back(number);
}

void FaultRules::end(std::size_t event) { std::erase(in_force_, static_cast<std::uint32_t>(event)); }

void FaultRules::heal(std::string_view partition) {
  std::erase_if(in_force_, [&](std::uint32_t event) {
    return !is_link_change(plan_, event) && (partition.empty() || timeline_.partitions[event].name == partition);
  });
}

void FaultRules::set(std::span<const std::uint32_t> events) {
  in_force_.clear();
  for (const std::uint32_t event : events) {
    if (event >= plan_.events.size()) continue;
    const bool cuts = !timeline_.partitions[event].side.empty();
    if (cuts || is_link_change(plan_, event)) begin(event);
  }
}

FaultRules::OfNode FaultRules::of(NodeSlot node) const { return {rules(raw(node), true), rules(raw(node), false)}; }

std::vector<FaultRule> FaultRules::rules(std::uint32_t node, bool sending) const {
  std::vector<FaultRule> rules;
  add_network(node, sending, rules);
  const auto nodes = static_cast<std::uint32_t>(plan_.nodes.size());
  for (const std::uint32_t event : in_force_) {
    FaultRule rule;
    rule.event = event;
    const auto name_peers = [&](auto&& concerns) {
      for (std::uint32_t peer = 0; peer < nodes; ++peer) {
        if (peer == node) continue;
        if (sending ? concerns(node, peer) : concerns(peer, node)) {
          rule.peers.push_back(plan_.directory.id(NodeSlot{peer}));
        }
      }
    };
    if (is_link_change(plan_, event)) {
      const world::ActiveLinkChange& active = timeline_.link_changes[event];
      name_peers([&](std::uint32_t src, std::uint32_t dst) { return active.applies(src, dst); });
      rule.loss = active.change->loss;
      rule.duplicate = active.change->duplicate;
      rule.reorder = active.change->reorder;
      rule.latency = active.change->latency;
      rule.reorder_delay = active.change->reorder_delay;
    } else {
      const world::ActivePartition& partition = timeline_.partitions[event];
      name_peers([&](std::uint32_t src, std::uint32_t dst) { return partition.separates(src, dst); });
      rule.cut = cut_of(partition.mode);
      rule.cut_delay = Duration(partition.delay_ns);
    }
    if (!rule.peers.empty()) rules.push_back(std::move(rule));
  }
  return rules;
}

// A rule for each region of the others.
void FaultRules::add_network(std::uint32_t node, bool sending, std::vector<FaultRule>& rules) const {
  const std::size_t regions = std::max<std::size_t>(1, plan_.regions.size());
  const std::size_t own = plan_.nodes[node].region;
  for (std::size_t region = 0; region < regions; ++region) {
    FaultRule rule;
    for (std::uint32_t peer = 0; peer < plan_.nodes.size(); ++peer) {
      if (peer != node && plan_.nodes[peer].region == region) {
        rule.peers.push_back(plan_.directory.id(NodeSlot{peer}));
      }
    }
    if (rule.peers.empty()) continue;
    const plan::LinkSpec& link = plan_.network.links[sending ? own * regions + region : region * regions + own];
    rule.loss = link.loss;
    rule.duplicate = link.duplicate;
    rule.reorder = link.reorder;
    rule.latency = link.latency;
    rule.reorder_delay = link.reorder_delay;
    rules.push_back(std::move(rule));
  }
}

transport::FaultFilterOptions FaultRules::filter_options(const plan::Plan& plan, std::uint64_t seed) {
  transport::FaultFilterOptions options;
  options.kind = plan.network.kind == plan::LinkKind::kZmq ? transport::LinkKind::kZmq : transport::LinkKind::kUdp;
  options.seed = seed;
  options.held_per_peer = plan.network.high_water_mark;
  options.retransmit_min = plan.network.retransmit_min;
  options.retransmit_max = plan.network.retransmit_max;
  return options;
}

}  // namespace hearsay::cli
