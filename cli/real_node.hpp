// One life of a node of a real run, as whoever runs the experiment holds it: a node in this process (local_nodes.hpp)
// or a process of its own (process_nodes.hpp). What it reports goes to the inbox.
//
// One thread. Destroying a handle ends the node at once, without a word to the others, as `kill -9` does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/fault_rules.hpp"
#include "cli/inbox.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/kv/persisted.hpp"
#include "core/kv/request.hpp"
#include "transport/fault_filter.hpp"
#include "transport/live_node.hpp"

namespace hearsay::cli {

// What a node counted in one life.
struct NodeTotals {
  std::vector<transport::SentOfType> sent;
  std::map<std::uint32_t, transport::FaultEffect> effects;  // by event
  transport::FaultTotals filtered;
  std::uint64_t received = 0;       // messages from peers
  std::uint64_t dropped_queue = 0;  // a peer's queue was full, or there was no peer
  std::uint64_t lost = 0;           // its reports that there was no room for
};

class RealNode {
 public:
  virtual ~RealNode() = default;

  // Where it is bound; waits for it. kTimeout, or why it could not be opened.
  virtual Result<std::string> address(Duration limit) = 0;
  // Joins through the endpoints; `peers` are known from the start.
  virtual void begin(const std::vector<std::string>& seeds, const std::vector<transport::Card>& peers) = 0;
  virtual void set_faults(const FaultRules& rules) = 0;
  virtual void pause(bool paused) = 0;
  virtual void leave() = 0;
  // Its reply comes through the inbox, with the request's id. False: it has no room for more of them.
  virtual bool request(Request request) = 0;
  // A peer's process ended.
  virtual void forget(NodeId peer) = 0;
  // The run is over: nothing is asked of it any longer but its last totals.
  virtual void ask_for_totals() = 0;
  // False: they have not come by then.
  virtual bool wait_totals(MonoTime until) = 0;
  // As known now: of a process what it reported last.
  virtual NodeTotals totals() = 0;
  // Ends it at once, without a word to the others; what it reported before is then in the inbox. Nothing is asked of it
  // any longer but totals() and save().
  virtual void end() = 0;
  // What survives its end; null where nothing can.
  virtual std::shared_ptr<const Persisted> save() = 0;
};

class RealNodes {
 public:
  virtual ~RealNodes() = default;
  // Opens a node of the plan, which is bound and answers clients, but joins nobody before begin(), nor anybody through
  // it. `life` counts from 1.
  virtual Result<std::unique_ptr<RealNode>> open(NodeSlot node, Epoch life,
                                                 std::shared_ptr<const Persisted> persisted) = 0;
};

}  // namespace hearsay::cli
