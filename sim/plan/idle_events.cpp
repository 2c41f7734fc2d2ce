#include "sim/plan/idle_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/plan/input.hpp"

namespace hearsay::plan {

namespace {

// The states that a node may be in, a bit each.
using States = std::uint8_t;
constexpr States kAbsent = 1, kUp = 2, kPaused = 4, kLeaving = 8, kDown = 16;
constexpr States kAny = kAbsent | kUp | kPaused | kLeaving | kDown;

// From which states a change leads where, as the simulator does it.
struct Change {
  States from;
  States to;
};
constexpr Change kCrash{kUp | kPaused | kLeaving, kDown};
constexpr Change kRestart{kDown, kUp};
constexpr Change kPause{kUp, kPaused};
constexpr Change kResume{kPaused, kUp};
constexpr Change kJoin{kAbsent | kDown, kUp};
constexpr Change kLeave{kUp, kLeaving};
constexpr Change kStop{kLeaving, kAbsent};

class IdleFinder {
 public:
  explicit IdleFinder(const Plan& plan) : plan_(plan) {
    // While nodes come up one after the other, each may be there or not.
    const States present = plan.start_spread > Duration::zero() ? kUp | kAbsent : kUp;
    for (const NodeSpec& node : plan.nodes) states_.push_back(node.present ? present : kAbsent);
    started_ = plan.start_spread == Duration::zero();
  }

  Result<void> check() {
    list_steps();
    for (const Step& step : steps_) {
      if (!started_ && step.at > plan_.start_spread) all_started();
      const std::string why = step.later ? apply_later(step) : apply(*step.event);
      if (why.empty()) continue;
      const Event& event = *step.event;
      return invalid(one_line(fmt::format("{}:{}:{}: event '{}' can have no effect: {}", plan_.file, event.place.line,
                                          event.place.column, event.label, why)));
    }
    return {};
  }

 private:
  // The event itself, or what it does by itself later: nodes that come back, leavers that stop.
  struct Step {
    Duration at{};
    const Event* event = nullptr;
    bool later = false;
  };

  void list_steps() {
    for (const Event& event : plan_.events) {
      steps_.push_back({event.at, &event, false});
      if (const auto* crash = std::get_if<Crash>(&event.action); crash != nullptr && crash->restart_after) {
        steps_.push_back({event.at + *crash->restart_after, &event, true});
      } else if (const auto* pause = std::get_if<Pause>(&event.action); pause != nullptr && pause->resume_after) {
        steps_.push_back({event.at + *pause->resume_after, &event, true});
      } else if (const auto* leave = std::get_if<Leave>(&event.action); leave != nullptr) {
        steps_.push_back({event.at + leave->grace, &event, true});
      }
    }
    std::ranges::stable_sort(steps_, {}, &Step::at);
  }

  // Those that no event has touched are up; another may have been started after it.
  void all_started() {
    started_ = true;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (plan_.nodes[i].present) states_[i] = states_[i] == (kUp | kAbsent) ? kUp : kAny;
    }
  }

  // Whether the change was possible for any of the nodes.
  bool change(const NodeSet& set, Change change) {
    bool possible = false;
    for (const NodeSlot node : set.nodes) {
      States& now = states_[raw(node)];
      const bool moves = (now & change.from) != 0;
      possible |= moves;
      const States after = static_cast<States>((now & ~change.from) | (moves ? change.to : 0));
      now = set.draw ? static_cast<States>(now | after) : after;  // a random choice may have left it alone
    }
    return possible;
  }

  std::string apply_later(const Step& step) {
    if (const auto* crash = std::get_if<Crash>(&step.event->action)) change(crash->nodes, kRestart);
    if (const auto* pause = std::get_if<Pause>(&step.event->action)) change(pause->nodes, kResume);
    if (const auto* leave = std::get_if<Leave>(&step.event->action)) change(leave->nodes, kStop);
    return "";
  }

  // Why the event can do nothing; empty where it can.
  std::string apply(const Event& event) {
    return std::visit([&](const auto& action) { return idle(action); }, event.action);
  }

  static std::string unless(bool possible, const NodeSet& nodes, std::string_view why) {
    return possible ? "" : fmt::format("{} {}", quote(nodes.text), why);
  }

  std::string idle(const Crash& crash) {
    return unless(change(crash.nodes, kCrash), crash.nodes, "is not running then; expected nodes that are up");
  }
  std::string idle(const Restart& restart) {
    return unless(change(restart.nodes, kRestart), restart.nodes, "is not down then; expected a crash before it");
  }
  std::string idle(const Pause& pause) {
    return unless(change(pause.nodes, kPause), pause.nodes, "is not running then; expected nodes that are up");
  }
  std::string idle(const Resume& resume) {
    return unless(change(resume.nodes, kResume), resume.nodes, "is not paused then; expected a pause before it");
  }
  std::string idle(const Join& join) {
    const bool possible = change(join.nodes, kJoin);
    if (join.spread > Duration::zero()) {
      for (const NodeSlot node : join.nodes.nodes) states_[raw(node)] = kAny;  // each comes at a time of its own
    }
    return unless(possible, join.nodes, "is there already; expected nodes with present = false, or that left");
  }
  std::string idle(const Leave& leave) {
    return unless(change(leave.nodes, kLeave), leave.nodes, "is not running then; expected nodes that are up");
  }
  std::string idle(const RollingRestart& rolling) { return anything(rolling.nodes); }
  std::string idle(const Churn& churn) { return anything(churn.nodes); }

  std::string idle(const Partition& partition) {
    cuts_.insert(partition.name);
    return "";
  }
  std::string idle(const Flap& flap) {
    cuts_.insert(flap.partition.name);  // whole and cut by turns: which of them a heal meets is not followed
    flaps_ = true;
    return "";
  }
  std::string idle(const Heal& heal) {
    if (flaps_) return "";
    const bool any = heal.partition.empty() ? !cuts_.empty() : cuts_.contains(heal.partition);
    if (heal.partition.empty()) cuts_.clear();
    cuts_.erase(heal.partition);
    if (any) return "";
    return heal.partition.empty()
               ? "every partition is healed by then; expected one before it"
               : fmt::format("{} is healed by then; expected a heal alone, or 'for' alone", quote(heal.partition));
  }

  // What these do depends on the time: every state of what they touch is possible from now on.
  std::string anything(const NodeSet& set) {
    for (const NodeSlot node : set.nodes) states_[raw(node)] = kAny;
    return "";
  }

  std::string idle(const LinkChange&) { return ""; }
  std::string idle(const SlowNode&) { return ""; }
  std::string idle(const ClockChange&) { return ""; }
  std::string idle(const WorkloadChange&) { return ""; }

  const Plan& plan_;
  std::vector<States> states_;  // by slot
  bool started_ = false;
  std::vector<Step> steps_;
  std::set<std::string, std::less<>> cuts_;  // partitions in force, by name
  bool flaps_ = false;
};

}  // namespace

Result<void> check_for_idle_events(const Plan& plan) { return IdleFinder(plan).check(); }

}  // namespace hearsay::plan
