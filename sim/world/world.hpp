// The simulator: runs a plan for one seed, on the engine, and measures it.
//
// The same plan and seed give the same results and fingerprint on every compiler, optimisation level and machine, with
// or without --wire, with shared or private views. Any number of worlds may run at the same time, one a thread; they
// share the plan, which nobody changes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "core/base/result.hpp"
#include "core/protocol/observation.hpp"
#include "sim/measure/results.hpp"
#include "sim/plan/plan.hpp"
#include "sim/world/fault_log.hpp"

namespace hearsay::world {

struct Progress {
  double simulated_s = 0;
  double duration_s = 0;
  std::uint64_t events = 0;
};

struct RunOptions {
  bool wire = false;                                         // pack, unpack and compare every message
  std::function<void(const Progress&)> progress;             // called at every sample of simulated time
  const std::atomic<bool>* interrupted = nullptr;            // looked at often: what was measured so far is returned
  std::function<void(const Observation&)> observations;      // every one, as it happens, for events.jsonl
  std::function<void(const measure::OpRecord&)> operations;  // every completed client request
  std::function<void(const FaultRecord&)> faults;            // what the time line did, after it was done
};

// Whether the plan can be run with this seed, without running it.
Result<void> check(const plan::Plan& plan, std::uint64_t seed);

// Runs to the end. kInvalidArgument for a plan that cannot be run with this seed.
Result<measure::Results> simulate(const plan::Plan& plan, std::uint64_t seed, const RunOptions& options = {});

}  // namespace hearsay::world
