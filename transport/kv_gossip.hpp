// The backend `gossip`: a store embedded in the caller's process. Opening it starts a node, which joins the cluster of
// `servers` or begins one; each node holds its part of the ring.
//
// A get of what this node holds itself costs neither a message nor a hop to another thread; one of what a single other
// node holds goes there on a connection of the caller's thread; all else is coordinated by the node.
//
// Threading: as Kv. close() leaves the cluster: others take over what was held here, which may take up to 30 s.
#pragma once

#include <memory>

#include "core/protocol/node.hpp"
#include "transport/kv_options.hpp"
#include "transport/live_node.hpp"

namespace hearsay {

// Of a real node's ring: strangers name the weights. 6,500 members of weight 1 and 160 points.
inline constexpr std::int64_t kMaxRingPoints = std::int64_t{1} << 20;

// Errors: as LiveNode::open(); kUnavailable when no server answered within the options' join_timeout.
Result<std::unique_ptr<Kv>> open_gossip_kv(const KvOptions& options);

// The strategies and the node that the options ask for: what `hearsay node` starts, too.
Result<std::shared_ptr<const Composition>> make_composition(const KvOptions& options);
transport::NodeOptions node_options(const KvOptions& options);

}  // namespace hearsay
