// What happened in a real run, on its way to the measurement: everything waits for a moment, so that what the nodes
// report and what the controller did come in the order of time. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <variant>
#include <vector>

#include "cli/merge_queue.hpp"
#include "sim/measure/measure.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::cli {

class RealReport {
 public:
  // How long a report may take to arrive. What is later counts as a straggler.
  static constexpr Duration kLag = 250ms;

  // All outlive it; the functions may be empty.
  RealReport(const plan::Plan& plan, measure::Measure& measure,
             const std::function<void(const Observation&)>& observations,
             const std::function<void(const measure::OpRecord&)>& operations)
      : measure_(measure), observations_(observations), operations_(operations), up_(plan.nodes.size()) {}

  void process(TrueTime at, NodeSlot node, measure::ProcessState state, Epoch epoch) {
    queue_.push(at, Process{node, state, epoch});
  }
  void reachability(TrueTime at, const plan::Reachability& reachability) { queue_.push(at, reachability); }
  void event(TrueTime at, std::size_t index) { queue_.push(at, Event{index}); }
  void invoked(const measure::OpRecord& op) { queue_.push(op.invoked, Op{op, false}); }
  void completed(const measure::OpRecord& op) { queue_.push(op.completed, Op{op, true}); }
  void observation(const Observation& observation) { queue_.push(observation.at, observation); }
  void sample(TrueTime at, measure::Traffic traffic) { queue_.push(at, std::move(traffic)); }

  // Measures what is of `until` or earlier.
  void feed(TrueTime until);

  std::uint64_t stragglers() const { return queue_.stragglers(); }
  std::uint64_t lost() const { return queue_.refused(); }

 private:
  struct Process {
    NodeSlot node;
    measure::ProcessState state;
    Epoch epoch;
  };
  struct Event {
    std::size_t index;
  };
  struct Op {
    measure::OpRecord record;
    bool over;
  };
  using Entry = std::variant<Process, plan::Reachability, Event, Op, Observation, measure::Traffic>;

  void tell(TrueTime at, const Process& change);
  void tell(TrueTime at, const plan::Reachability& reachability) { measure_.reachability(at, reachability); }
  void tell(TrueTime at, const Event& event) { measure_.event(at, event.index); }
  void tell(TrueTime at, const Op& op);
  void tell(TrueTime at, Observation observation);
  void tell(TrueTime at, const measure::Traffic& traffic) { measure_.sample(at, traffic); }

  measure::Measure& measure_;
  const std::function<void(const Observation&)>& observations_;
  const std::function<void(const measure::OpRecord&)>& operations_;
  std::vector<bool> up_;  // by node, as told to the measurement
  MergeQueue<Entry> queue_;
};

}  // namespace hearsay::cli
