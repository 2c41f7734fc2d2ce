#include "sim/measure/results_io.hpp"

#include <fmt/format.h>

namespace hearsay::measure {

namespace {

using Json = nlohmann::ordered_json;

Json number(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json json_of(const Distribution& d) {
  if (d.count == 0) return Json{{"count", 0}};
  return Json{{"count", d.count},       {"censored", d.censored},     {"min", number(d.min)},
              {"mean", number(d.mean)}, {"median", number(d.median)}, {"p90", number(d.p90)},
              {"p99", number(d.p99)},   {"p999", number(d.p999)},     {"max", number(d.max)}};
}

// What was not measured has no value, whatever is known of it.
Json json_of(const Metric& m) {
  Json json{{"value", m.censored ? Json(nullptr) : number(m.value)}, {"censored", m.censored}};
  if (m.censored) json["at_least"] = number(m.value);
  if (m.censored_members > 0) json["censored_count"] = m.censored_members;
  json["of"] = m.population;
  return json;
}

Json json_of(const EventEffect& e) {
  Json json = Json::object();
  const std::pair<const char*, std::uint64_t> fields[] = {
      {"dropped", e.dropped},     {"delayed", e.delayed},   {"held", e.held},     {"duplicated", e.duplicated},
      {"reordered", e.reordered}, {"spared", e.spared},     {"sooner", e.sooner}, {"nodes", e.nodes},
      {"returned", e.returned},   {"deferred", e.deferred}, {"clocks", e.clocks}, {"clients", e.clients},
      {"healed", e.healed}};
  for (const auto& [name, value] : fields) {
    if (value > 0) json[name] = value;
  }
  return json;
}

Json json_of(const EventReport& e) {
  Json json{
      {"label", e.label}, {"kind", e.kind}, {"at_s", e.at_s}, {"reached", e.reached}, {"effect", json_of(e.effect)}};
  if (!e.changes_views) {
    if (!e.measured) return json;
    json["agreement"] = Json{{"lost", e.lost},
                             {"regained_s", number(e.regained_s)},
                             {"exits", e.exits},
                             {"censored_by", e.censored ? Json(e.censored_by) : Json(nullptr)}};
    return json;
  }
  json["convergence"] = Json{{"nodes", e.nodes},
                             {"first_s", number(e.first_s)},
                             {"first_agreement_s", number(e.first_agreement_s)},
                             {"converged_s", number(e.converged_s)},
                             {"exits", e.exits},
                             {"censored_by", e.censored ? Json(e.censored_by) : Json(nullptr)},
                             {"node_convergence_s", json_of(e.node_convergence_s)}};
  return json;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

nlohmann::ordered_json to_json(const Results& r) {
  // Neither, of a run that was interrupted before anything failed.
  const Json passed = r.interrupted && !r.failed() ? Json(nullptr) : Json(r.passed());
  Json json{{"scenario", r.scenario},     {"seed", r.seed},
            {"duration_s", r.duration_s}, {"interrupted", r.interrupted},
            {"passed", passed},           {"fingerprint", r.fingerprint.hex()},
            {"events", r.events}};
  json["timeline"] = Json::array();
  for (const EventReport& event : r.timeline) json["timeline"].push_back(json_of(event));
  json["expectations"] = Json::array();
  for (const ExpectationReport& e : r.expectations) {
    json["expectations"].push_back(Json{{"text", e.text},
                                        {"held", e.open ? Json(nullptr) : Json(e.held)},
                                        {"measured", e.measured},
                                        {"line", e.place.line}});
    if (e.tolerance) json["expectations"].back()["tolerance"] = *e.tolerance;
  }
  json["metrics"] = Json::object();
  for (const Metric& m : r.metrics) {
    json["metrics"][m.name] = json_of(m);
  }
  json["cost"] = Json::array();
  for (const TypeCost& c : r.cost) {
    json["cost"].push_back(Json{{"type", c.type}, {"messages", c.messages}, {"bytes", c.bytes}});
  }
  json["findings"] = Json::array();
  for (const Finding& f : r.findings) json["findings"].push_back(Json{{"kind", f.kind}, {"text", f.text}});
  json["series"] = Json::object();
  for (const Series& s : r.series) {
    Json points = Json::array();
    for (const SeriesPoint& p : s.points) points.push_back(Json::array({p.t_s, p.value}));
    json["series"][s.name] = std::move(points);
  }
  return json;
}

nlohmann::ordered_json to_json(std::span<const RunsSummary> summary) {
  Json metrics = Json::object();
  for (const RunsSummary& s : summary) {
    const std::uint64_t known = s.runs - s.censored;
    const auto of = [&](std::uint64_t least, double value) { return known >= least ? Json(value) : Json(nullptr); };
    Json one{{"runs", s.runs},
             {"censored", s.censored},
             {"mean", of(1, s.mean)},
             {"sd", of(2, s.sd)},
             {"min", of(1, s.min)},
             {"median", number(s.median)},
             {"p90", number(s.p90)},
             {"max", number(s.max)},
             {"ci95_low", number(s.ci_low)},
             {"ci95_high", number(s.ci_high)}};
    metrics[s.metric] = std::move(one);
  }
  return Json{{"metrics", std::move(metrics)}};
}

std::string csv_header() { return "run,seed,metric,t,node,value,censored\n"; }

std::string csv_rows(std::string_view run, const Results& results) {
  std::string out;
  const std::string prefix = fmt::format("{},{},", csv_field(run), results.seed);
  for (const Metric& m : results.metrics) {
    if (!m.value) continue;
    out += fmt::format("{}{},,,{},{}\n", prefix, csv_field(m.name), *m.value, m.censored ? 1 : 0);
  }
  for (const Series& s : results.series) {
    for (const SeriesPoint& p : s.points)
      out += fmt::format("{}{},{},,{},0\n", prefix, csv_field(s.name), p.t_s, p.value);
  }
  return out;
}

}  // namespace hearsay::measure
