#include "sim/world/fault_log.hpp"

namespace hearsay::world {

namespace {

// What a step of the time line is called in a record of it.
std::string_view word_for(TimelineStep::Kind kind) {
  using Kind = TimelineStep::Kind;
  switch (kind) {
    case Kind::kMark: return "event";
    case Kind::kCut: return "cut";
    case Kind::kUncut:
    case Kind::kHeal: return "heal";
    case Kind::kLinkBegin: return "link";
    case Kind::kLinkEnd: return "link_end";
    case Kind::kStart: return "start";
    case Kind::kCrash: return "crash";
    case Kind::kRestart: return "restart";
    case Kind::kPause: return "pause";
    case Kind::kResume: return "resume";
    case Kind::kJoin: return "join";
    case Kind::kLeave: return "leave";
    case Kind::kStop: return "stop";
    case Kind::kSlowBegin: return "slow";
    case Kind::kSlowEnd: return "slow_end";
    case Kind::kClockStep:
    case Kind::kClockDrift: return "clock";
    case Kind::kWorkload: return "workload";
  }
  return "";
}

}  // namespace

void FaultLog::note(TrueTime at, const TimelineStep& step) {
  using Kind = TimelineStep::Kind;
  const std::string_view what = word_for(step.kind);
  if (record_ && (record_->event != step.event || record_->what != what)) flush();
  if (!record_) record_ = FaultRecord{at, step.event, what, {}};
  std::vector<std::vector<NodeSlot>>& lists = record_->nodes;
  if (step.kind == Kind::kCut) {
    const ActivePartition& cut = timeline_.partitions[step.event];
    for (std::uint32_t i = 0; i < cut.side.size(); ++i) {
      if (cut.side[i] == ActivePartition::kNoSide) continue;
      if (lists.size() <= cut.side[i]) lists.resize(cut.side[i] + std::size_t{1});
      lists[cut.side[i]].push_back(NodeSlot{i});
    }
  } else if (step.kind == Kind::kLinkBegin) {
    const ActiveLinkChange& change = timeline_.link_changes[step.event];
    lists.resize(2);
    for (std::uint32_t i = 0; i < change.from.size(); ++i) {
      if (change.from[i]) lists[0].push_back(NodeSlot{i});
      if (change.to[i]) lists[1].push_back(NodeSlot{i});
    }
  } else if (step.kind != Kind::kUncut && step.kind != Kind::kHeal && step.kind != Kind::kLinkEnd &&
             step.kind != Kind::kWorkload) {
    if (lists.empty()) lists.emplace_back();
    const NodeSlot node{step.node};
    if (lists[0].empty() || lists[0].back() != node) lists[0].push_back(node);  // a clock's step and drift are one
  }
}

void FaultLog::flush() {
  if (!record_) return;
  tell_(*record_);
  record_.reset();
}

void NodeEffects::credit(const TimelineStep& step, std::vector<measure::EventEffect>& effects) {
  using Kind = TimelineStep::Kind;
  if (step.event == kNoEvent) return;
  const auto& action = plan_.events[step.event].action;
  measure::EventEffect& effect = effects[step.event];
  const bool comes_up = step.kind == Kind::kRestart || step.kind == Kind::kResume || step.kind == Kind::kJoin;
  const bool is_meant = std::holds_alternative<plan::Restart>(action) || std::holds_alternative<plan::Resume>(action) ||
                        std::holds_alternative<plan::Join>(action);
  if (comes_up && !is_meant) {
    ++effect.returned;
  } else if (!std::holds_alternative<plan::Churn>(action) || churned_.emplace(step.event, step.node).second) {
    ++effect.nodes;
  }
}

}  // namespace hearsay::world
