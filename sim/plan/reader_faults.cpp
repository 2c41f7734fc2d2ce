// The kinds of [[event]] beside partitions: what happens to links, to nodes, to clocks and to clients.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/quantity.hpp"
#include "sim/plan/event_input.hpp"

namespace hearsay::plan {

namespace {

// Steps of the time line that one event may become.
constexpr std::uint64_t kMaxSteps = 10'000'000;

std::uint64_t count_of(const NodeSet& set) { return set.draw ? *set.draw : set.nodes.size(); }

// ---- links ---------------------------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 11> kLinkEventKeys{
    "nodes", "from", "to", "one_way", "loss", "duplicate", "reorder", "latency", "reorder_delay", "for", "until"};

Action read_link(const EventInput& input) {
  const Section& section = input.section;
  Reading& reading = input.reading;
  LinkChange change;
  section.at_most_one({"nodes", "from"});
  section.at_most_one({"nodes", "to"});
  section.at_most_one({"nodes", "one_way"});
  change.from = nodes_or_all(reading, section, section.has("nodes") ? "nodes" : "from");
  change.to = nodes_or_all(reading, section, "to");
  change.both_ways = !section.boolean("one_way", false);
  if (section.has("loss")) change.loss = section.ratio("loss");
  if (section.has("duplicate")) change.duplicate = section.ratio("duplicate");
  if (section.has("reorder")) change.reorder = section.ratio("reorder");
  if (section.has("latency")) {
    const DurationDistribution fallback = DurationDistribution::constant(1ms).value_or(DurationDistribution());
    change.latency = read_positive_durations(section, "latency", fallback, reading.files);
  }
  if (section.has("reorder_delay")) change.reorder_delay = read_durations(section, "reorder_delay", {}, reading.files);
  change.until = input.end();
  if (input.kind != "link") {
    section.require(input.kind, fmt::format("{} = {}", input.kind, input.kind == "loss" ? "\"10%\"" : "\"200ms\""));
  } else if (!change.loss && !change.duplicate && !change.reorder && !change.latency) {
    section.require("loss", "loss, duplicate, reorder or latency");
  }
  return change;
}

constexpr std::array kLinkEvents{EventKind{"link", kLinkEventKeys, read_link},
                                 EventKind{"loss", kLinkEventKeys, read_link},
                                 EventKind{"latency", kLinkEventKeys, read_link}};

// ---- processes -----------------------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 1> kNodesEventKeys{"nodes"};
constexpr std::array<std::string_view, 4> kCrashKeys{"nodes", "for", "until", "keep_state"};
constexpr std::array<std::string_view, 2> kRestartKeys{"nodes", "keep_state"};
constexpr std::array<std::string_view, 5> kRollingKeys{"nodes", "down", "pause", "keep_state", "leave_first"};
constexpr std::array<std::string_view, 3> kPauseKeys{"nodes", "for", "until"};
constexpr std::array<std::string_view, 2> kJoinKeys{"nodes", "spread"};
constexpr std::array<std::string_view, 2> kLeaveKeys{"nodes", "grace"};
constexpr std::array<std::string_view, 4> kSlowKeys{"nodes", "step", "for", "until"};
constexpr std::array<std::string_view, 6> kChurnKeys{"nodes", "mean_up", "mean_down", "keep_state", "for", "until"};

std::optional<Duration> length(const EventInput& input) {
  const auto end = input.end();
  return end ? std::optional(*end - input.at) : std::nullopt;
}

Action read_crash(const EventInput& input) {
  Crash crash;
  crash.nodes = required_nodes(input.reading, input.section);
  crash.restart_after = length(input);
  crash.keep_state = input.section.boolean("keep_state", false);
  if (input.section.has("keep_state") && !crash.restart_after) {
    input.section.report("keep_state", "a crash without 'for' has no restart; expected it on the restart event");
  }
  return crash;
}

Action read_restart(const EventInput& input) {
  Restart restart;
  restart.nodes = required_nodes(input.reading, input.section);
  restart.keep_state = input.section.boolean("keep_state", false);
  return restart;
}

Action read_rolling(const EventInput& input) {
  RollingRestart rolling;
  rolling.nodes = required_nodes(input.reading, input.section);
  if (input.section.require("down", "down = \"1s\"")) rolling.down = input.section.duration("down", 1s);
  rolling.pause = input.section.duration("pause", 0ns);
  rolling.keep_state = input.section.boolean("keep_state", true);
  rolling.leave_first = input.section.boolean("leave_first", false);
  if (input.reading.diagnostics.failed()) return rolling;
  // A leave takes a second of its own before the node stops. Divided, so that nothing overflows.
  const auto nodes = static_cast<std::int64_t>(count_of(rolling.nodes));
  const Duration each = rolling.down + rolling.pause + (rolling.leave_first ? Duration(1s) : 0ns);
  // The last one must be back before the end, and not at it.
  const Duration left = input.reading.plan.duration - input.at + rolling.pause - 1ns;
  if (each > left / nodes) {
    input.section.report("nodes",
                         fmt::format("{} nodes at {} each do not end before the scenario ({}); expected fewer, or "
                                     "less time for each",
                                     nodes, format_duration(each), format_duration(input.reading.plan.duration)));
  }
  return rolling;
}

Action read_pause(const EventInput& input) {
  Pause pause;
  pause.nodes = required_nodes(input.reading, input.section);
  pause.resume_after = length(input);
  return pause;
}

Action read_resume(const EventInput& input) { return Resume{required_nodes(input.reading, input.section)}; }

Action read_join(const EventInput& input) {
  Join join;
  join.nodes = required_nodes(input.reading, input.section);
  join.spread = input.section.duration("spread", 0ns);
  input.check_end(input.at + join.spread, "spread");
  return join;
}

Action read_leave(const EventInput& input) {
  Leave leave;
  leave.nodes = required_nodes(input.reading, input.section);
  leave.grace = input.section.duration("grace", std::min(leave.grace, input.reading.plan.duration - input.at));
  input.check_end(input.at + leave.grace, "grace");
  return leave;
}

Action read_slow(const EventInput& input) {
  SlowNode slow;
  slow.nodes = required_nodes(input.reading, input.section);
  if (input.section.require("step", "step = \"50ms\"")) slow.step = input.section.duration("step", 1ms, {1ns, 1h});
  slow.until = input.end();
  return slow;
}

Action read_churn(const EventInput& input) {
  Churn churn;
  churn.nodes = required_nodes(input.reading, input.section);
  for (const auto& [key, mean] : {std::pair("mean_up", &churn.mean_up), std::pair("mean_down", &churn.mean_down)}) {
    if (input.section.require(key, fmt::format("{} = \"30s\"", key))) {
      *mean = input.section.duration(key, 30s, {1ms, kTenYears});
    }
  }
  churn.keep_state = input.section.boolean("keep_state", false);
  churn.until = input.end().value_or(input.reading.plan.duration);
  if (input.reading.diagnostics.failed()) return churn;
  const auto rounds = static_cast<std::uint64_t>((churn.until - input.at) / (churn.mean_up + churn.mean_down)) + 1;
  if (rounds > kMaxSteps / count_of(churn.nodes)) {
    input.section.report("mean_up", fmt::format("about {} crashes a node; expected at most {} of all nodes together",
                                                rounds, kMaxSteps));
  }
  return churn;
}

// ---- clocks and clients --------------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 3> kClockEventKeys{"nodes", "step", "drift"};
constexpr std::array<std::string_view, 5> kWorkloadKeys{"client", "rate", "put", "get", "del"};

Action read_clock(const EventInput& input) {
  ClockChange change;
  change.nodes = required_nodes(input.reading, input.section);
  change.step = input.section.signed_duration("step", 0ns);
  if (input.section.has("drift")) change.drift_ppm = input.section.parts_per_million("drift", 0.0);
  if (change.step == 0ns && input.section.has("step") && !input.reading.diagnostics.failed()) {
    input.section.report("step", "0s moves no clock; expected a step above or below zero");
  } else if (change.step == 0ns && !change.drift_ppm) {
    input.section.require("step", "step = \"500ms\" (or \"-2s\"), or a drift");
  }
  return change;
}

Action read_workload(const EventInput& input) {
  const Section& section = input.section;
  WorkloadChange change;
  if (!section.require("client", "the name of a [[client]]")) return change;
  const std::vector<ClientSpec>& clients = input.reading.plan.clients;
  std::vector<std::string_view> names;
  for (const ClientSpec& client : clients) names.push_back(client.name);
  if (names.empty()) {
    section.report("client", "there are no clients; expected a [[client]]");
    return change;
  }
  const ClientSpec& client = clients[section.choice("client", 0, names)];
  change.client = client.name;
  if (section.has("rate")) {
    change.rate_hz = section.event_rate("rate", 1.0, {1e-8, 1e8});
    if (!client.open_loop)
      section.report("rate", fmt::format("client '{}' is a closed loop; expected one with a rate", client.name));
  }
  for (const auto& [key, weight] : {std::pair("put", &change.put_weight), std::pair("get", &change.get_weight),
                                    std::pair("del", &change.del_weight)}) {
    if (section.has(key)) *weight = static_cast<std::uint32_t>(section.integer(key, 0, {0, 1'000'000'000}));
  }
  if (!change.rate_hz && !change.put_weight && !change.get_weight && !change.del_weight) {
    section.require("rate", "rate, put, get or del");
  }
  return change;
}

constexpr std::array kNodeEvents{EventKind{"crash", kCrashKeys, read_crash},
                                 EventKind{"restart", kRestartKeys, read_restart},
                                 EventKind{"rolling-restart", kRollingKeys, read_rolling},
                                 EventKind{"pause", kPauseKeys, read_pause},
                                 EventKind{"resume", kNodesEventKeys, read_resume},
                                 EventKind{"join", kJoinKeys, read_join},
                                 EventKind{"leave", kLeaveKeys, read_leave},
                                 EventKind{"slow", kSlowKeys, read_slow},
                                 EventKind{"clock", kClockEventKeys, read_clock},
                                 EventKind{"churn", kChurnKeys, read_churn},
                                 EventKind{"workload", kWorkloadKeys, read_workload}};

}  // namespace

std::span<const EventKind> link_kinds() { return kLinkEvents; }
std::span<const EventKind> node_kinds() { return kNodeEvents; }

}  // namespace hearsay::plan
