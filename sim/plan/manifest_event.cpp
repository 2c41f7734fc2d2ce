#include "sim/plan/manifest_event.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/quantity.hpp"

namespace hearsay::plan {

using Json = nlohmann::ordered_json;

namespace {

template <class Distribution>
Json json_of_distribution(const Distribution& distribution) {
  Json json;
  json["distribution"] = distribution.kind_name();
  for (const DistributionParameter& parameter : distribution.parameters()) json[parameter.name] = parameter.value;
  if (const EmpiricalTable* table = distribution.table()) {
    // The file may change; what was drawn from must not be lost with it.
    json["values"] = Json::array();
    for (const EmpiricalTable::Entry& entry : table->entries()) json["values"].push_back({entry.value, entry.weight});
  }
  return json;
}

// One function an action, in the order of plan.hpp.
class Writer {
 public:
  explicit Writer(Json& json) : json_(json) {}

  void operator()(const Partition& partition) {
    static constexpr std::array<std::string_view, 3> kModes{"drop", "delay", "hold"};
    json_["sides"] = Json::array();
    for (const NodeSet& side : partition.sides) json_["sides"].push_back(json_of(side));
    json_["rest_is_side"] = partition.rest_is_side;
    json_["reaches"] = Json::array();
    for (const std::vector<bool>& row : partition.allowed) {
      std::string bits;
      for (const bool reaches : row) bits += reaches ? '1' : '0';
      json_["reaches"].push_back(std::move(bits));
    }
    json_["mode"] = kModes[static_cast<std::size_t>(partition.mode)];
    if (partition.mode == Partition::Mode::kDelay) duration("delay", partition.delay);
  }
  void operator()(const Heal& heal) { json_["partition"] = heal.partition.empty() ? "all" : heal.partition; }
  void operator()(const Flap& flap) {
    (*this)(flap.partition);
    duration("period", flap.period);
    json_["duty"] = flap.duty;
    duration("until", flap.until);
  }
  void operator()(const LinkChange& change) {
    json_["from"] = json_of(change.from);
    json_["to"] = json_of(change.to);
    json_["one_way"] = !change.both_ways;
    if (change.loss) json_["loss"] = change.loss->value();
    if (change.duplicate) json_["duplicate"] = change.duplicate->value();
    if (change.reorder) json_["reorder"] = change.reorder->value();
    if (change.latency) json_["latency"] = json_of(*change.latency);
    if (change.reorder_delay) json_["reorder_delay"] = json_of(*change.reorder_delay);
    duration("until", change.until);
  }
  void operator()(const Crash& crash) {
    nodes(crash.nodes);
    duration("for", crash.restart_after);
    if (crash.restart_after) json_["keep_state"] = crash.keep_state;
  }
  void operator()(const Restart& restart) {
    nodes(restart.nodes);
    json_["keep_state"] = restart.keep_state;
  }
  void operator()(const RollingRestart& rolling) {
    nodes(rolling.nodes);
    duration("down", rolling.down);
    duration("pause", rolling.pause);
    json_["keep_state"] = rolling.keep_state;
    json_["leave_first"] = rolling.leave_first;
  }
  void operator()(const Pause& pause) {
    nodes(pause.nodes);
    duration("for", pause.resume_after);
  }
  void operator()(const Resume& resume) { nodes(resume.nodes); }
  void operator()(const Join& join) {
    nodes(join.nodes);
    duration("spread", join.spread);
  }
  void operator()(const Leave& leave) {
    nodes(leave.nodes);
    duration("grace", leave.grace);
  }
  void operator()(const SlowNode& slow) {
    nodes(slow.nodes);
    duration("step", slow.step);
    duration("until", slow.until);
  }
  void operator()(const ClockChange& change) {
    nodes(change.nodes);
    duration("step", change.step);
    if (change.drift_ppm) json_["drift_ppm"] = *change.drift_ppm;
  }
  void operator()(const Churn& churn) {
    nodes(churn.nodes);
    duration("mean_up", churn.mean_up);
    duration("mean_down", churn.mean_down);
    json_["keep_state"] = churn.keep_state;
    duration("until", churn.until);
  }
  void operator()(const WorkloadChange& change) {
    json_["client"] = change.client;
    if (change.rate_hz) json_["rate_per_s"] = *change.rate_hz;
    if (change.put_weight) json_["put"] = *change.put_weight;
    if (change.get_weight) json_["get"] = *change.get_weight;
    if (change.del_weight) json_["del"] = *change.del_weight;
  }

 private:
  void nodes(const NodeSet& set) { json_["nodes"] = json_of(set); }
  void duration(const char* key, Duration value) { json_[key] = format_duration(value); }
  void duration(const char* key, std::optional<Duration> value) {
    if (value) duration(key, *value);
  }

  Json& json_;
};

}  // namespace

Json json_of(const NodeSet& set) {
  Json json;
  json["text"] = set.text;
  if (set.draw) json["draw"] = *set.draw;
  json[set.draw ? "of" : "count"] = set.nodes.size();
  return json;
}

Json json_of(const DurationDistribution& distribution) { return json_of_distribution(distribution); }
Json json_of(const IntDistribution& distribution) { return json_of_distribution(distribution); }

Json json_of(const Event& event) {
  Json json;
  json["at"] = format_duration(event.at);
  json["kind"] = kind_of(event.action);
  json["label"] = event.label;
  std::visit(Writer(json), event.action);
  return json;
}

}  // namespace hearsay::plan
