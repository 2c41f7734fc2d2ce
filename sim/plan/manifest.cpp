#include "sim/plan/manifest.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"
#include "sim/plan/manifest_event.hpp"
#include "sim/plan/parameters.hpp"

namespace hearsay::plan {

using Json = nlohmann::ordered_json;

namespace {

using hearsay::plan::json_of;  // those of manifest_event.hpp, which the ones below would hide

Json json_of(const StrategyChoice& choice) {
  Json json;
  json["strategy"] = choice.entry->name;
  if (!choice.preset.empty()) json["preset"] = choice.preset;
  Json parameters = Json::object();
  for (const ParameterDescription& parameter : describe(*choice.config)) {
    if (parameter.type == "integer" || parameter.type == "number" || parameter.type == "share" ||
        parameter.type == "boolean") {
      // Numbers and booleans are written alike in a scenario and in JSON; an infinite number is not.
      Json value = Json::parse(parameter.value, nullptr, false);
      parameters[parameter.name] = value.is_discarded() ? Json(parameter.value) : std::move(value);
    } else {
      parameters[parameter.name] = parameter.value;
    }
  }
  json["parameters"] = std::move(parameters);
  return json;
}

Json json_of_nodes(const Plan& plan) {
  Json groups = Json::array();
  for (std::size_t i = 0; i < plan.nodes.size();) {
    const std::uint16_t group = plan.nodes[i].group;
    std::size_t end = i;
    while (end < plan.nodes.size() && plan.nodes[end].group == group) ++end;
    const NodeIdentity first = plan.directory[NodeSlot{static_cast<std::uint32_t>(i)}];
    Json json;
    json["name"] = plan.groups[group].name;
    json["count"] = end - i;
    json["first"] = first.name;
    json["last"] = plan.directory.name(NodeSlot{static_cast<std::uint32_t>(end - 1)});
    if (!plan.regions.empty()) json["region"] = plan.regions[plan.nodes[i].region];
    json["weight"] = first.weight;
    json["zone"] = first.zone;
    json["present"] = plan.nodes[i].present;
    groups.push_back(std::move(json));
    i = end;
  }
  return groups;
}

Json json_of(const LinkSpec& link) {
  Json json;
  json["latency"] = json_of(link.latency);
  json["loss"] = link.loss.value();
  json["duplicate"] = link.duplicate.value();
  json["reorder"] = link.reorder.value();
  json["reorder_delay"] = json_of(link.reorder_delay);
  return json;
}

Json json_of(const Plan& plan, const NetworkSpec& network) {
  Json json;
  json["kind"] = network.kind == LinkKind::kUdp ? "udp" : "zmq";
  json["links"] = Json::array();
  const std::size_t regions = std::max<std::size_t>(1, plan.regions.size());
  for (std::size_t i = 0; i < network.links.size(); ++i) {
    Json link = json_of(network.links[i]);
    if (!plan.regions.empty()) {
      link["from"] = plan.regions[i / regions];
      link["to"] = plan.regions[i % regions];
    }
    json["links"].push_back(std::move(link));
  }
  json["bandwidth"] = network.bandwidth_bits == 0 ? Json("unlimited") : Json(format_rate_bits(network.bandwidth_bits));
  json["queue"] = format_size(network.queue_bytes);
  json["high_water_mark"] = network.high_water_mark;
  json["retransmit_min"] = format_duration(network.retransmit_min);
  json["retransmit_max"] = format_duration(network.retransmit_max);
  return json;
}

Json json_of(const ClockSpec& clock) {
  Json json;
  json["nodes"] = json_of(clock.nodes);
  json["offset"] = json_of(clock.offset);
  json["direction"] = clock.offset_both_ways ? "both ways" : clock.offset_behind ? "behind" : "ahead";
  json["drift_ppm"] = clock.drift_ppm;
  json["drift_spread_ppm"] = clock.drift_ppm_spread;
  return json;
}

Json json_of(const ClientSpec& client) {
  static constexpr std::array<std::string_view, 3> kPopularities{"uniform", "zipf", "sequential"};
  Json json;
  json["name"] = client.name;
  json["nodes"] = json_of(client.nodes);
  json["per_node"] = client.per_node;
  if (client.open_loop) {
    json["rate_per_s"] = client.rate_hz;
    json["steady"] = client.steady;
  } else {
    json["think"] = json_of(client.think);
  }
  json["start"] = format_duration(client.start);
  json["stop"] = format_duration(client.stop);
  json["put"] = client.put_weight;
  json["get"] = client.get_weight;
  json["del"] = client.del_weight;
  json["popularity"] = kPopularities[static_cast<std::size_t>(client.popularity)];
  if (client.popularity == ClientSpec::Popularity::kZipf) json["zipf_exponent"] = client.zipf_exponent;
  json["keys"] = client.keys;
  json["key_prefix"] = client.key_prefix;
  json["value_size"] = json_of(client.value_bytes);
  json["ttl"] = client.ttl ? json_of(*client.ttl) : Json("never");
  return json;
}

Json json_of(const Plan& plan, const OpSpec& op) {
  Json json;
  json["at"] = format_duration(op.at);
  json["node"] = plan.directory.name(op.node);
  json["op"] = to_string(op.op);
  json["key"] = op.key;
  if (op.op == OpKind::kPut) {
    json["value"] = op.value;
    json["ttl"] = op.ttl == 0ns ? std::string("never") : format_duration(op.ttl);
  }
  return json;
}

Json json_of(const Expectation& expectation) {
  Json json;
  json[expectation.min || expectation.max ? "metric" : "invariant"] = expectation.metric;
  if (expectation.min) json["min"] = *expectation.min;
  if (expectation.max) json["max"] = *expectation.max;
  if (expectation.tolerance) json["tolerance"] = *expectation.tolerance;
  return json;
}

Json json_of(const MeasureSpec& measure) {
  Json json;
  json["sample_interval"] = format_duration(measure.sample_interval);
  json["views"] = measure.views;
  json["ring"] = measure.ring;
  json["values"] = measure.values;
  return json;
}

template <class T, class... Context>
Json json_list(const std::vector<T>& values, const Context&... context) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(json_of(context..., value));
  return list;
}

}  // namespace

Json manifest(const Plan& plan) {
  Json json;
  // A path may be any bytes; JSON takes UTF-8 alone.
  json["file"] = is_utf8(plan.file) ? plan.file : "(a path that is not UTF-8)";
  json["name"] = plan.name;
  json["question"] = plan.question;
  json["seed"] = plan.seed;
  json["duration"] = format_duration(plan.duration);
  json["start_spread"] = format_duration(plan.start_spread);
  json["groups"] = json_of_nodes(plan);
  json["regions"] = plan.regions;
  json["seeds"] = json_of(plan.seeds);
  json["membership"] = json_of(plan.membership);
  json["dissemination"] = json_of(plan.dissemination);
  json["replication"] = json_of(plan.replication);
  json["ring"] = json_of(plan.ring);
  json["network"] = json_of(plan, plan.network);
  json["clocks"] = json_list(plan.clocks);
  json["clients"] = json_list(plan.clients);
  json["ops"] = json_list(plan.ops, plan);
  json["events"] = json_list(plan.events);
  json["expectations"] = json_list(plan.expectations);
  json["measure"] = json_of(plan.measure);
  json["simulator"]["views"] = plan.shared_views ? "shared" : "private";
  return json;
}

}  // namespace hearsay::plan
