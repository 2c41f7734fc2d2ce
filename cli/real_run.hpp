// Runs a plan for one seed on real sockets, in real time: starts the nodes, carries out the time line by a fault filter
// in front of their sockets and by what ends and pauses processes, asks what the clients ask, and measures with the
// simulator's own measurement.
//
// Two runs of one seed have the same time line, the same clients' draws and the same dice of the network, and differ in
// what the machine does with them. One thread, which must be the process's first: nodes' processes end with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/process_nodes.hpp"
#include "core/base/result.hpp"
#include "sim/measure/results.hpp"
#include "sim/plan/plan.hpp"
#include "sim/world/fault_log.hpp"

namespace hearsay::cli {

struct RealRunOptions {
  bool processes = false;  // a process a node, over tcp; otherwise all in this one, over inproc
  double tolerance = 0.2;  // the share by which bounds are widened that have none of their own
  ScenarioSource source;   // for processes
  std::function<void(double done_s, double all_s)> progress;  // now and then
  const std::atomic<bool>* interrupted = nullptr;
  std::function<void(const Observation&)> observations;
  std::function<void(const measure::OpRecord&)> operations;
  std::function<void(const world::FaultRecord&)> faults;
};

// What is worth knowing of a real run beside its results.
struct RealFacts {
  bool processes = false;
  double tolerance = 0;
  std::vector<std::string> not_honoured;
  unsigned cores = 0;
  double load_before = 0, load_after = 0;  // runnable threads, mean of a minute
  double late_ms = 0;                      // the latest that a step of the time line was
  std::uint64_t stragglers = 0;            // reports that came too late to be put where they belong in time
  std::uint64_t lost = 0;                  // and those there was no room for
  std::vector<std::string> remarks;        // errors that nodes reported
};

struct RealRun {
  measure::Results results;
  RealFacts facts;
};

// kInvalidArgument, kUnavailable: it cannot be run here; kTimeout: a node was not ready in time; kClosed: interrupted
// before all nodes were there; kInternal: a node ended that should not have.
Result<RealRun> run_on_sockets(const plan::Plan& plan, std::uint64_t seed, const RealRunOptions& options);

}  // namespace hearsay::cli
