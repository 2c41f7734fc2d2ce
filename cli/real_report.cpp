#include "cli/real_report.hpp"

namespace hearsay::cli {

void RealReport::feed(TrueTime until) {
  queue_.feed(until,
              [this](TrueTime at, Entry&& entry) { std::visit([this, at](auto&& what) { tell(at, what); }, entry); });
}

void RealReport::tell(TrueTime at, const Process& change) {
  up_[raw(change.node)] =
      change.state != measure::ProcessState::kDown && change.state != measure::ProcessState::kAbsent;
  measure_.process(at, change.node, change.state, change.epoch);
}

void RealReport::tell(TrueTime, const Op& op) {
  if (!op.over) return measure_.op_invoked(op.record);
  measure_.op_completed(op.record);
  if (operations_) operations_(op.record);
}

void RealReport::tell(TrueTime at, Observation observation) {
  // What a process did while it was being killed, or a straggler: of a process that is no more.
  if (!up_[raw(observation.node)]) return;
  observation.at = at;
  measure_.observe(observation);
  if (observations_) observations_(observation);
}

}  // namespace hearsay::cli
