// The nodes of a real run and their lives: opened before the clock starts, begun, paused, left, killed and opened again
// as the time line says. The states a node may be in, and what changes which, are the simulator's
// (sim/world/engine.hpp).
//
// One thread. Errors are of the machine (no descriptors, no processes) and end the run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/real_node.hpp"
#include "sim/measure/truth.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::cli {

class RealCluster {
 public:
  // The plan and the rules outlive it.
  RealCluster(const plan::Plan& plan, const FaultRules& rules, std::vector<NodeSlot> seeds,
              std::unique_ptr<RealNodes> nodes);

  // Opens all nodes of the plan, and gives each the faults in force. kClosed: it was interrupted; kTimeout: a node was
  // not there after a minute.
  Result<void> open_all(const std::function<bool()>& interrupted);

  measure::ProcessState state(NodeSlot node) const { return lives_[raw(node)].state; }
  bool running(NodeSlot node) const { return lives_[raw(node)].running; }
  Epoch epoch(NodeSlot node) const { return lives_[raw(node)].epoch; }

  // ---- each says whether it did anything ----
  bool can_start(NodeSlot node, bool after_crash) const;
  Result<void> start(NodeSlot node, bool keep_state);  // of a node that can
  bool pause(NodeSlot node);
  bool resume(NodeSlot node);
  bool leave(NodeSlot node);
  bool crash(NodeSlot node);
  bool stop(NodeSlot node);  // a leaver's process

  bool request(NodeSlot node, Request request) { return lives_[raw(node)].node->request(std::move(request)); }
  // The rules have changed.
  void set_faults();

  // What all lives counted so far, those that ended too.
  NodeTotals totals() const;
  // Ends all nodes: the run is over, and all that they reported is in the inbox. Returns what they counted, and adds to
  // `late` those whose last totals have not come in time: what they told before stands for them.
  NodeTotals finish(std::vector<NodeSlot>& late);

 private:
  // More than a machine under load takes to start a process.
  static constexpr Duration kOpenLimit = 60s;
  // What all nodes together have for their last totals.
  static constexpr Duration kLastWords = 5s;

  struct Life {
    std::unique_ptr<RealNode> node;
    measure::ProcessState state = measure::ProcessState::kAbsent;
    Epoch epoch = 0;
    bool running = false;
    std::shared_ptr<const Persisted> kept = {};
    MonoTime kept_at{};
  };

  Result<void> open(NodeSlot node, Epoch life, std::shared_ptr<const Persisted> persisted);
  Result<std::string> wait_address(NodeSlot node, MonoTime until, const std::function<bool()>& interrupted);
  void end(NodeSlot node, measure::ProcessState state);

  const plan::Plan& plan_;
  const FaultRules& rules_;
  std::vector<NodeSlot> seeds_;
  bool known_from_start_;               // the membership is not told by anybody
  std::unique_ptr<RealNodes> nodes_;    // outlives the lives
  std::vector<Life> lives_;             // by slot
  std::vector<transport::Card> cards_;  // by slot, once opened
  NodeTotals ended_;                    // of lives that ended
};

// Adds up.
void add(NodeTotals& sum, const NodeTotals& totals);

}  // namespace hearsay::cli
