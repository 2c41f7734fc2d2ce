// [[expect]], [measure] and [simulator]: what a run must show, what is measured, and how the simulator keeps its views.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/nearest.hpp"
#include "sim/plan/metric_unit.hpp"
#include "sim/plan/reading.hpp"

namespace hearsay::plan {

namespace {

constexpr std::array<std::string_view, 5> kExpectKeys{"metric", "min", "max", "invariant", "tolerance"};
constexpr std::array<std::string_view, 4> kMeasureKeys{"sample_interval", "views", "ring", "values"};
constexpr std::array<std::string_view, 1> kSimulatorKeys{"views"};
constexpr std::array<std::string_view, 2> kViews{"shared", "private"};

// "convergence_s[split]" -> "convergence_s" and "split".
struct MetricName {
  std::string_view base;
  std::optional<std::string_view> index;
};
MetricName split_name(std::string_view name) {
  const std::size_t bracket = name.find('[');
  if (bracket == std::string_view::npos || !name.ends_with(']')) return {name, std::nullopt};
  return {name.substr(0, bracket), name.substr(bracket + 1, name.size() - bracket - 2)};
}

class ExpectationReader {
 public:
  ExpectationReader(Reading& reading, const Section& section) : reading_(reading), section_(section) {}

  Expectation read() {
    expectation_.place = section_.table().place;
    section_.at_most_one({"metric", "invariant"});
    if (section_.has("invariant")) {
      read_invariant();
    } else if (section_.require("metric", "metric = \"...\" with min or max, or invariant = \"...\"")) {
      read_metric();
    }
    return std::move(expectation_);
  }

 private:
  void read_invariant() {
    const std::span<const std::string_view> known = reading_.options.names.invariants;
    expectation_.metric = expectation_.text = section_.text("invariant", "");
    for (const std::string_view bound : {"min", "max"}) {
      if (section_.has(bound)) section_.report(bound, "an invariant has no bound; expected it with a metric alone");
    }
    if (section_.has("tolerance")) {
      section_.report("tolerance", "an invariant is not softened; expected it with a metric alone");
    }
    if (known.empty() || std::find(known.begin(), known.end(), expectation_.metric) != known.end()) return;
    section_.report("invariant", fmt::format("unknown invariant {}; expected one of {}{}", quote(expectation_.metric),
                                             list_of(known), did_you_mean(expectation_.metric, known)));
  }

  void read_metric() {
    const std::string name = section_.text("metric", "");
    expectation_.metric = expectation_.text = name;
    check_metric(split_name(name));
    if (!section_.has("min")) {
      if (!section_.require("max", "a bound, min or max")) return;
    }
    read_bound("min", ">=", expectation_.min);
    read_bound("max", "<=", expectation_.max);
    if (expectation_.min && expectation_.max && *expectation_.min > *expectation_.max) {
      section_.report("min", "above max; expected at most that");
    }
    check_range(split_name(name).base);
    if (section_.has("tolerance")) expectation_.tolerance = section_.share("tolerance", 0);
  }

  // A bound that no value can meet is a mistake in the scenario, not a finding about a protocol.
  void check_range(std::string_view base) {
    if (expectation_.max && *expectation_.max < 0) {
      section_.report("max", "no figure is below 0; expected a bound from 0");
    }
    if (base.ends_with("_share") && expectation_.min && *expectation_.min > 1) {
      section_.report("min", fmt::format("{} is over 1, and a share never is; expected one from 0 to 1, such as "
                                         "\"99%\" or 0.99",
                                         *expectation_.min));
    }
  }

  void check_metric(const MetricName& name) {
    const std::span<const std::string_view> known = reading_.options.names.metrics;
    if (known.empty()) return;
    std::optional<std::string_view> wanted_index;
    bool base_known = false;
    for (const std::string_view candidate : known) {
      const MetricName pattern = split_name(candidate);
      if (pattern.base != name.base) continue;
      base_known = true;
      if (pattern.index.has_value() != name.index.has_value()) {
        wanted_index = pattern.index;
        continue;
      }
      if (pattern.index) check_index(*pattern.index, *name.index);
      return;
    }
    if (base_known) {
      section_.report(
          "metric",
          wanted_index ? fmt::format("{} is one of many; expected '{}[{}]'", quote(name.base), name.base, *wanted_index)
                       : fmt::format("{} has no parts; expected it without brackets", quote(name.base)));
      return;
    }
    std::vector<std::string_view> bases;
    for (const std::string_view candidate : known) bases.push_back(split_name(candidate).base);
    const auto close = nearest(name.base, bases);
    const auto at = close ? std::find(bases.begin(), bases.end(), *close) - bases.begin() : 0;
    section_.report(
        "metric",
        fmt::format("unknown metric {}; expected one of `hearsay list metrics`{}", quote(expectation_.metric),
                    close ? fmt::format("; did you mean '{}'?", known[static_cast<std::size_t>(at)]) : std::string()));
  }

  // What is in brackets must be there.
  void check_index(std::string_view kind, std::string_view index) {
    std::vector<std::string_view> names;
    if (kind == "label") {
      for (const Event& event : reading_.plan.events) names.push_back(event.label);
    } else if (kind == "client") {
      for (const ClientSpec& client : reading_.plan.clients) names.push_back(client.name);
    } else if (kind == "error") {
      names.assign(reading_.options.names.errors.begin(), reading_.options.names.errors.end());
      if (names.empty()) return;
    } else {
      return;
    }
    if (std::find(names.begin(), names.end(), index) != names.end()) return;
    const std::string_view what = kind == "label" ? "event" : kind;
    section_.report("metric", names.empty() ? fmt::format("unknown {} {}; there is none", what, quote(index))
                                            : fmt::format("unknown {} {}; expected one of {}{}", what, quote(index),
                                                          list_of(names), did_you_mean(index, names)));
  }

  // A number is in the metric's unit; a string has a unit of its own.
  void read_bound(std::string_view key, std::string_view sign, std::optional<double>& bound) {
    const Input* value = section_.find(key);
    if (value == nullptr) return;
    if (value->kind == Input::Kind::kInteger || value->kind == Input::Kind::kReal) {
      bound = value->kind == Input::Kind::kInteger ? static_cast<double>(value->integer) : value->real;
      if (!(*bound >= -1e300 && *bound <= 1e300)) section_.report(key, "not a finite number; expected one");
      // As verdicts and tables have it, and as a scenario may write it.
      const bool share = unit_of(expectation_.metric) == MetricUnit::kShare;
      expectation_.text += share ? fmt::format(" {} {:.6g}%", sign, 100 * *bound) : fmt::format(" {} {}", sign, *bound);
      return;
    }
    const Input* text = section_.string(key, "a number, or a quantity with a unit");
    if (text == nullptr) return;
    const auto converted = parse_in(unit_of(expectation_.metric), text->text);
    if (!converted) return section_.report(key, converted.error().message);
    bound = *converted;
    expectation_.text += fmt::format(" {} {}", sign, text->text);
  }

  Reading& reading_;
  const Section& section_;
  Expectation expectation_;
};

}  // namespace

void read_expectations(Reading& reading) {
  for (const Input* table : tables(reading.diagnostics, reading.root, "expect", kMaxExpectations, "[[expect]]")) {
    const Section section(reading.diagnostics, table, "[[expect]]", kExpectKeys);
    if (reading.diagnostics.failed()) return;
    reading.plan.expectations.push_back(ExpectationReader(reading, section).read());
    if (reading.diagnostics.failed()) return;
  }
}

void read_measure(Reading& reading) {
  MeasureSpec& measure = reading.plan.measure;
  const Section section(reading.diagnostics, table_of(reading, "measure"), "[measure]", kMeasureKeys);
  measure.sample_interval = section.duration("sample_interval", measure.sample_interval, {1ms, kTenYears});
  measure.views = section.boolean("views", measure.views);
  measure.ring = section.boolean("ring", measure.ring && measure.views);
  measure.values = section.boolean("values", measure.values);
  if (measure.ring && !measure.views) section.report("ring", "needs the views; expected views = true beside it");
  const auto samples = static_cast<std::uint64_t>(reading.plan.duration / measure.sample_interval);
  if (samples > kMaxSamples && section.has("sample_interval")) {
    section.report("sample_interval",
                   fmt::format("{} samples; expected an interval that makes at most {}", samples, kMaxSamples));
  } else if (samples > kMaxSamples) {
    // A scenario of days is sampled less often instead of being refused for a default.
    measure.sample_interval = reading.plan.duration / static_cast<std::int64_t>(kMaxSamples) + 1ns;
  }
  const Section simulator(reading.diagnostics, table_of(reading, "simulator"), "[simulator]", kSimulatorKeys);
  reading.plan.shared_views = simulator.choice("views", 0, kViews) == 0;
}

}  // namespace hearsay::plan
