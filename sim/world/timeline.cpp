#include "sim/world/timeline.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/random.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::world {

namespace {

class Builder {
 public:
  using Kind = TimelineStep::Kind;

  Builder(const plan::Plan& plan, std::uint64_t seed) : plan_(plan), seed_(seed) {
    timeline_.partitions.resize(plan.events.size());
    timeline_.link_changes.resize(plan.events.size());
  }

  Timeline build() {
    add_starts();
    for (event_ = 0; event_ < plan_.events.size(); ++event_) {
      at_ = plan_.events[event_].at.count();
      add(at_, Kind::kMark);
      std::visit([this](const auto& action) { expand(action); }, plan_.events[event_].action);
    }
    // Of equal times the plan's order holds, which is the order they were added in.
    std::stable_sort(timeline_.steps.begin(), timeline_.steps.end(),
                     [](const TimelineStep& a, const TimelineStep& b) { return a.at_ns < b.at_ns; });
    std::erase_if(timeline_.steps, [this](const TimelineStep& s) { return s.at_ns >= plan_.duration.count(); });
    return std::move(timeline_);
  }

 private:
  void add(std::int64_t at_ns, Kind kind, std::uint32_t node = 0, bool flag = false, std::int64_t value = 0) {
    timeline_.steps.push_back({at_ns, event_, kind, flag, node, value});
  }
  std::vector<NodeSlot> nodes(const plan::NodeSet& set, std::uint64_t part = 0) const {
    return plan::resolve(set, seed_, std::uint64_t{event_} << 8 | part);
  }

  // When part `i` of `count` comes, of parts that come evenly over `spread`. The product alone would not fit.
  static std::int64_t share_of(Duration spread, std::int64_t i, std::int64_t count) {
    return spread.count() / count * i + spread.count() % count * i / count;
  }

  void add_starts() {
    event_ = kNoEvent;
    std::int64_t present = 0;
    for (const plan::NodeSpec& node : plan_.nodes) present += node.present ? 1 : 0;
    std::int64_t started = 0;
    for (std::uint32_t i = 0; i < plan_.nodes.size(); ++i) {
      if (!plan_.nodes[i].present) continue;
      add(share_of(plan_.start_spread, started++, present), Kind::kStart, i);
    }
  }

  ActivePartition resolved(const plan::Partition& partition) const {
    ActivePartition active;
    active.event = event_;
    active.name = partition.name;
    active.mode = partition.mode;
    active.delay_ns = partition.delay.count();
    active.allowed = partition.allowed;
    const auto rest = static_cast<std::uint8_t>(partition.sides.size());
    active.side.assign(plan_.nodes.size(), partition.rest_is_side ? rest : ActivePartition::kNoSide);
    // A random side is drawn from what the named ones leave: the reader sees to it that pools do not overlap them.
    for (std::size_t side = 0; side < partition.sides.size(); ++side) {
      for (const NodeSlot node : nodes(partition.sides[side], side)) {
        active.side[raw(node)] = static_cast<std::uint8_t>(side);
      }
    }
    return active;
  }

  void expand(const plan::Partition& partition) {
    timeline_.partitions[event_] = resolved(partition);
    add(at_, Kind::kCut);
  }
  void expand(const plan::Heal&) { add(at_, Kind::kHeal); }

  void expand(const plan::Flap& flap) {
    timeline_.partitions[event_] = resolved(flap.partition);
    const auto cut_ns = static_cast<std::int64_t>(flap.duty * static_cast<double>(flap.period.count()));
    for (std::int64_t t = at_; t < flap.until.count(); t += flap.period.count()) {
      if (t != at_) add(t, Kind::kMark);
      add(t, Kind::kCut);
      const std::int64_t end = std::min(t + cut_ns, flap.until.count());
      add(end, Kind::kMark);
      add(end, Kind::kUncut);
    }
  }

  void expand(const plan::LinkChange& change) {
    ActiveLinkChange active;
    active.event = event_;
    active.both_ways = change.both_ways;
    active.change = &change;
    active.from.assign(plan_.nodes.size(), false);
    active.to.assign(plan_.nodes.size(), false);
    for (const NodeSlot node : nodes(change.from, 0)) active.from[raw(node)] = true;
    for (const NodeSlot node : nodes(change.to, 1)) active.to[raw(node)] = true;
    timeline_.link_changes[event_] = std::move(active);
    add(at_, Kind::kLinkBegin);
    if (change.until) {
      add(change.until->count(), Kind::kMark);
      add(change.until->count(), Kind::kLinkEnd);
    }
  }

  void expand(const plan::Crash& crash) {
    for (const NodeSlot node : nodes(crash.nodes)) add(at_, Kind::kCrash, raw(node));
    if (!crash.restart_after) return;
    const std::int64_t back = at_ + crash.restart_after->count();
    add(back, Kind::kMark);
    for (const NodeSlot node : nodes(crash.nodes)) add(back, Kind::kRestart, raw(node), crash.keep_state);
  }
  void expand(const plan::Restart& restart) {
    for (const NodeSlot node : nodes(restart.nodes)) add(at_, Kind::kRestart, raw(node), restart.keep_state);
  }
  void expand(const plan::RollingRestart& rolling) {
    std::int64_t t = at_;
    for (const NodeSlot node : nodes(rolling.nodes)) {
      if (t != at_) add(t, Kind::kMark);
      if (rolling.leave_first) {
        add(t, Kind::kLeave, raw(node));
        t += kLeaveGrace;
        add(t, Kind::kStop, raw(node));
      } else {
        add(t, Kind::kCrash, raw(node));
      }
      t += rolling.down.count();
      add(t, Kind::kMark);
      add(t, rolling.leave_first ? Kind::kJoin : Kind::kRestart, raw(node), rolling.keep_state);
      t += rolling.pause.count();
    }
  }
  void expand(const plan::Pause& pause) {
    for (const NodeSlot node : nodes(pause.nodes)) add(at_, Kind::kPause, raw(node));
    if (!pause.resume_after) return;
    const std::int64_t back = at_ + pause.resume_after->count();
    add(back, Kind::kMark);
    for (const NodeSlot node : nodes(pause.nodes)) add(back, Kind::kResume, raw(node));
  }
  void expand(const plan::Resume& resume) {
    for (const NodeSlot node : nodes(resume.nodes)) add(at_, Kind::kResume, raw(node));
  }
  void expand(const plan::Join& join) {
    const std::vector<NodeSlot> joining = nodes(join.nodes);
    const auto count = static_cast<std::int64_t>(joining.size());
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t t = at_ + share_of(join.spread, i, count);
      if (t != at_) add(t, Kind::kMark);
      add(t, Kind::kJoin, raw(joining[static_cast<std::size_t>(i)]));
    }
  }
  void expand(const plan::Leave& leave) {
    for (const NodeSlot node : nodes(leave.nodes)) {
      add(at_, Kind::kLeave, raw(node));
      add(at_ + leave.grace.count(), Kind::kStop, raw(node));
    }
  }
  void expand(const plan::SlowNode& slow) {
    if (slow.until) add(slow.until->count(), Kind::kMark);
    for (const NodeSlot node : nodes(slow.nodes)) {
      add(at_, Kind::kSlowBegin, raw(node), false, slow.step.count());
      if (slow.until) add(slow.until->count(), Kind::kSlowEnd, raw(node));
    }
  }
  void expand(const plan::ClockChange& change) {
    for (const NodeSlot node : nodes(change.nodes)) {
      if (change.step != Duration::zero()) add(at_, Kind::kClockStep, raw(node), false, change.step.count());
      if (change.drift_ppm) {
        add(at_, Kind::kClockDrift, raw(node), false, static_cast<std::int64_t>(*change.drift_ppm * 1000.0));
      }
    }
  }
  void expand(const plan::Churn& churn) {
    const auto up = DurationDistribution::exponential(churn.mean_up, 1ns);
    const auto down = DurationDistribution::exponential(churn.mean_down, 1ns);
    HEARSAY_CHECK(up.has_value() && down.has_value());
    for (const NodeSlot node : nodes(churn.nodes)) {
      RandomStream stream(seed_, Purpose::kSchedule, std::uint64_t{event_} << 32 | raw(node));
      std::int64_t t = at_;
      for (;;) {
        t += up->sample(stream.next()).count();
        if (t >= churn.until.count()) break;
        add(t, Kind::kMark);
        add(t, Kind::kCrash, raw(node));
        // Everybody is back when the churn ends; one that goes on to the end of the run leaves down who is.
        t = std::min(t + down->sample(stream.next()).count(), churn.until.count());
        add(t, Kind::kMark);
        add(t, Kind::kRestart, raw(node), churn.keep_state);
      }
    }
  }
  void expand(const plan::WorkloadChange&) { add(at_, Kind::kWorkload); }

  static constexpr std::int64_t kLeaveGrace = 1'000'000'000;

  const plan::Plan& plan_;
  std::uint64_t seed_;
  std::size_t event_ = 0;
  std::int64_t at_ = 0;
  Timeline timeline_;
};

// Plays the partitions alone, to find too many groups before the run does.
Result<void> check_groups(const plan::Plan& plan, std::uint64_t seed, const Timeline& timeline) {
  Network network(plan, seed);
  for (const TimelineStep& step : timeline.steps) {
    if (step.kind == Builder::Kind::kCut) {
      if (auto added = network.add(timeline.partitions[step.event]); !added) {
        const plan::Event& event = plan.events[step.event];
        return invalid(plan::one_line(fmt::format("{}:{}:{}: {}: {}", plan.file, event.place.line, event.place.column,
                                                  event.label, added.error().message)));
      }
    } else if (step.kind == Builder::Kind::kUncut) {
      network.remove_event(step.event);
    } else if (step.kind == Builder::Kind::kHeal) {
      network.remove_named(std::get<plan::Heal>(plan.events[step.event].action).partition);
    }
  }
  return {};
}

}  // namespace

std::vector<NodeSlot> starting_seeds(const plan::Plan& plan, std::uint64_t seed) {
  constexpr std::uint64_t kSeedStream = std::uint64_t{1} << 61;
  return plan::resolve(plan.seeds, seed, kSeedStream);
}

Result<Timeline> make_timeline(const plan::Plan& plan, std::uint64_t seed) {
  Timeline timeline = Builder(plan, seed).build();
  if (auto checked = check_groups(plan, seed, timeline); !checked) return tl::unexpected(checked.error());
  return timeline;
}

}  // namespace hearsay::world
