// The measurement of one run: consumes what the driver knows (truth.hpp) and what nodes observe, keeps its figures
// incrementally, and ends in Results. The simulator and the controller of a real run feed the same functions. It never
// answers and never draws randomness, so that a run decides the same with it and without. One thread.
//
// Calls come in order of true time. What each costs is said by the probe that it goes to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/protocol/observation.hpp"
#include "core/protocol/ring.hpp"
#include "sim/measure/results.hpp"
#include "sim/measure/truth.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::measure {

class Measure {
 public:
  // All of them must outlive the measurement. `replicas` is the replication factor n (0 = all members). Where the ring
  // is not set-pure, `nodes` has the nodes' own placements; without them, what rings disagree on is not measured.
  Measure(const plan::Plan& plan, std::uint64_t seed, const Ring& ring, std::uint32_t replicas,
          const PlacementSource* nodes = nullptr);
  ~Measure();
  Measure(const Measure&) = delete;
  Measure& operator=(const Measure&) = delete;

  // Truth.
  void process(TrueTime at, NodeSlot node, ProcessState state, Epoch epoch);
  void reachability(TrueTime at, const plan::Reachability& reachability);
  // Event `index` of the plan takes place now, before what it changes is told (a flap or a churn: each toggle calls it
  // again); event_effect() follows at the end of the run.
  void event(TrueTime at, std::size_t index);
  void event_effect(std::size_t index, const EventEffect& effect);
  void op_invoked(const OpRecord& op);    // reply not yet set
  void op_completed(const OpRecord& op);  // answered, given up with its node, or cut off by the end of the run

  // From the nodes.
  void observe(const Observation& observation);

  // Every plan.measure.sample_interval: a point of each series.
  void sample(TrueTime at, const Traffic& traffic);

  // Ends the measurement. Call once. `tolerance`: of a real run, the share by which bounds are widened that have none
  // of their own; invariants never are.
  Results finish(TrueTime at, const Traffic& traffic, std::optional<double> tolerance = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearsay::measure
