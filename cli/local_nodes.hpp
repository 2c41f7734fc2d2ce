// The nodes of a real run in this process, on inproc sockets of one shared context: no system call a message, no port,
// and few descriptors. One thread (the nodes have theirs).
#pragma once

#include <cstdint>
#include <memory>

#include "cli/real_node.hpp"
#include "core/protocol/node.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::cli {

// All must outlive the nodes.
struct NodesContext {
  const plan::Plan& plan;
  std::uint64_t seed;
  std::shared_ptr<const Composition> composition;
  Inbox& inbox;
};

// kUnavailable: not enough descriptors or threads, with the way out.
Result<std::unique_ptr<RealNodes>> make_local_nodes(const NodesContext& context);

// What both kinds of nodes are opened with: name, weight, zone, life, seed, filter. `observe` and `log` go to `report`.
transport::NodeOptions node_options(const plan::Plan& plan, std::uint64_t seed, NodeSlot node, Epoch life);
// An observation in the plan's slots; false where it speaks of nobody in the plan.
bool to_plan_slots(const plan::Plan& plan, const Directory& directory, Observation& observation);
// What the node counted so far.
NodeTotals totals_of(transport::LiveNode& node);

// Raises the limit of open descriptors to `wanted`, as far as this process may. kUnavailable: it may not.
Result<void> allow_descriptors(std::size_t wanted);

}  // namespace hearsay::cli
