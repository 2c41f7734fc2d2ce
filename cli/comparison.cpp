#include "cli/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/figure_text.hpp"
#include "sim/measure/statistics.hpp"
#include "sim/plan/metric_unit.hpp"

namespace hearsay::cli {

namespace {

using Figures = std::map<std::string, Figure>;

// What the runs have by name: of one run as it is, of several the mean of each.
Figures figures_of(const std::vector<measure::Results>& runs) {
  Figures figures;
  if (runs.size() == 1) {
    for (const measure::Metric& metric : runs.front().metrics) {
      if (!metric.value && !metric.censored) continue;  // a figure of nothing
      Figure figure{.runs = 1, .censored = metric.censored ? 1U : 0U, .population = metric.population};
      (metric.censored ? figure.at_least : figure.value) = metric.value;
      figures[metric.name] = std::move(figure);
    }
    return figures;
  }
  for (const measure::RunsSummary& summary : measure::summarise(runs)) {
    Figure figure{
        .runs = summary.runs, .censored = summary.censored, .ci_low = summary.ci_low, .ci_high = summary.ci_high};
    if (summary.runs > summary.censored) figure.value = summary.mean;
    figures[summary.metric] = std::move(figure);
  }
  return figures;
}

// Other figures of the runs, written as metrics so that they are summed up as those are.
template <class Write>
Figures derived(const std::vector<measure::Results>& runs, Write write) {
  std::vector<measure::Results> made(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    made[i].seed = runs[i].seed;
    write(runs[i], [&](std::string name, std::optional<double> value, bool censored) {
      made[i].metrics.push_back({.name = std::move(name), .value = value, .censored = censored, .population = {}});
    });
  }
  return figures_of(made);
}

std::optional<Figure> find(const Figures& figures, const std::string& name) {
  const auto found = figures.find(name);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

ComparedFigure compared(const std::string& name, const Figures& left, const Figures& right) {
  ComparedFigure both{name, find(left, name), find(right, name), {}};
  if (both.left && both.right) both.relation = relation_of(name, *both.left, *both.right);
  return both;
}

// Names in the order of `first`, then what only `second` has.
std::vector<std::string> names_of_both(std::vector<std::string> first, const std::vector<std::string>& second) {
  for (const std::string& name : second) {
    if (std::ranges::find(first, name) == first.end()) first.push_back(name);
  }
  return first;
}

// The parts of an event's figures; the last part of a name is its unit, as of a metric's.
constexpr std::string_view kFirst = "first_s";
constexpr std::string_view kLast = "last_s";
constexpr std::string_view kRegained = "regained_s";

std::string event_figure(std::string_view part, const std::string& label) { return fmt::format("{}[{}]", part, label); }

// What is known of an event that was cut off: its metric has it.
std::optional<double> bound_of(const measure::Results& run, std::string_view name, const std::string& label) {
  const auto metric = std::ranges::find(run.metrics, fmt::format("{}[{}]", name, label), &measure::Metric::name);
  return metric == run.metrics.end() || !metric->censored ? std::nullopt : metric->value;
}

Figures event_figures(const std::vector<measure::Results>& runs) {
  return derived(runs, [](const measure::Results& run, const auto& write) {
    for (const measure::EventReport& event : run.timeline) {
      if (!event.measured) continue;
      if (event.changes_views) {
        // The first node's is there, or nobody came to it before it was cut off.
        write(event_figure(kFirst, event.label), event.first_s, !event.first_s && event.censored);
        write(event_figure(kLast, event.label),
              event.censored ? bound_of(run, "convergence_s", event.label) : event.converged_s, event.censored);
      } else if (event.lost) {
        write(event_figure(kRegained, event.label),
              event.censored ? bound_of(run, "agreement_regained_s", event.label) : event.regained_s, event.censored);
      }
    }
  });
}

const measure::EventReport* find_event(const RunRecord& record, const std::string& label) {
  const auto& timeline = record.runs.front().timeline;
  const auto found = std::ranges::find(timeline, label, &measure::EventReport::label);
  return found == timeline.end() ? nullptr : &*found;
}

std::vector<std::string> labels(const RunRecord& record) {
  std::vector<std::string> all;
  for (const measure::EventReport& event : record.runs.front().timeline) all.push_back(event.label);
  return all;
}

std::vector<ComparedEvent> compare_events(const RunRecord& left, const RunRecord& right) {
  const Figures of_left = event_figures(left.runs);
  const Figures of_right = event_figures(right.runs);
  std::vector<ComparedEvent> events;
  for (const std::string& label : names_of_both(labels(left), labels(right))) {
    const measure::EventReport* on_left = find_event(left, label);
    const measure::EventReport* on_right = find_event(right, label);
    ComparedEvent event{label, on_left != nullptr ? on_left->kind : on_right->kind, {}, {}, {}};
    if (on_left != nullptr) event.left_at_s = on_left->at_s;
    if (on_right != nullptr) event.right_at_s = on_right->at_s;
    for (const std::string_view part : {kFirst, kLast, kRegained}) {
      ComparedFigure figure = compared(event_figure(part, label), of_left, of_right);
      if (!figure.left && !figure.right) continue;
      figure.name = part;
      event.figures.push_back(std::move(figure));
    }
    events.push_back(std::move(event));
  }
  return events;
}

std::optional<Outcome> outcome(const RunRecord& record, const std::string& text) {
  std::optional<Outcome> sum;
  for (const measure::Results& run : record.runs) {
    for (const measure::ExpectationReport& one : run.expectations) {
      if (one.text != text) continue;
      if (!sum) sum.emplace();
      ++(one.held ? sum->held : one.open ? sum->open : sum->failed);
      if (record.runs.size() == 1) sum->measured = one.measured;
    }
  }
  return sum;
}

std::vector<std::string> expected(const RunRecord& record) {
  std::vector<std::string> texts;
  for (const measure::ExpectationReport& one : record.runs.front().expectations) texts.push_back(one.text);
  return texts;
}

std::vector<std::string> types(const RunRecord& record) {
  std::vector<std::string> all;
  for (const measure::Results& run : record.runs) {
    std::vector<std::string> of_run;
    for (const measure::TypeCost& cost : run.cost) of_run.push_back(cost.type);
    all = names_of_both(std::move(all), of_run);
  }
  return all;
}

Figures cost_figures(const RunRecord& record) {
  const std::vector<std::string> all = types(record);
  return derived(record.runs, [&](const measure::Results& run, const auto& write) {
    for (const std::string& type : all) {
      const auto found = std::ranges::find(run.cost, type, &measure::TypeCost::type);
      const measure::TypeCost cost = found == run.cost.end() ? measure::TypeCost{} : *found;
      write("messages_count[" + type + "]", static_cast<double>(cost.messages), false);
      write("bytes_count[" + type + "]", static_cast<double>(cost.bytes), false);
    }
  });
}

std::vector<std::string> remarks(const RunRecord& left, const RunRecord& right) {
  std::vector<std::string> texts;
  if (left.scenario != right.scenario) {
    texts.push_back(fmt::format("different scenarios: {} and {}", left.scenario, right.scenario));
  } else if (left.resolved != right.resolved) {
    constexpr std::size_t kMost = 5;
    std::vector<std::string> places;
    for (const auto& change : RunRecord::Json::diff(left.resolved, right.resolved)) {
      const std::string place = change.value("path", std::string());
      if (place != "/seed") places.push_back(place);
    }
    const std::size_t more = places.size() > kMost ? places.size() - kMost : 0;
    places.resize(places.size() - more);
    if (!places.empty()) {
      texts.push_back(fmt::format("the scenario is not the same in {}{}", fmt::join(places, ", "),
                                  more > 0 ? fmt::format(" and {} more", more) : ""));
    }
  }
  // A real run takes a little longer than it was told to.
  constexpr double kSlack = 0.01;
  const double a = left.runs.front().duration_s;
  const double b = right.runs.front().duration_s;
  if (std::abs(a - b) > kSlack * std::max(a, b))
    texts.push_back(
        fmt::format("different durations: {} and {}; counts are not comparable", time_text(a), time_text(b)));
  for (const RunRecord* record : {&left, &right}) {
    if (record->interrupted || std::ranges::any_of(record->runs, &measure::Results::interrupted)) {
      texts.push_back(fmt::format("{} was interrupted", record->path));
    }
  }
  if (left.runs.size() != right.runs.size()) {
    texts.push_back(fmt::format("different numbers of runs: {} and {}", left.runs.size(), right.runs.size()));
  }
  return texts;
}

}  // namespace

Relation relation_of(std::string_view metric, const Figure& left, const Figure& right) {
  if (!left.value || !right.value) return {};
  const double a = *left.value;
  const double b = *right.value;
  if (plan::unit_of(metric) == plan::MetricUnit::kShare) return {Relation::Kind::kDifference, b - a};
  if (a == b) return {Relation::Kind::kRatio, 1};
  if (a == 0) return {Relation::Kind::kDifference, b};
  return {Relation::Kind::kRatio, b / a};
}

Comparison compare_runs(const RunRecord& left, const RunRecord& right) {
  Comparison comparison{.left = left, .right = right};
  comparison.remarks = remarks(left, right);
  comparison.events = compare_events(left, right);
  const Figures of_left = figures_of(left.runs);
  const Figures of_right = figures_of(right.runs);
  for (const auto& [name, _] : of_left) {
    auto& list = of_right.contains(name) ? comparison.metrics : comparison.only_left;
    list.push_back(compared(name, of_left, of_right));
  }
  for (const auto& [name, _] : of_right) {
    if (!of_left.contains(name)) comparison.only_right.push_back(compared(name, of_left, of_right));
  }
  for (const std::string& text : names_of_both(expected(left), expected(right))) {
    comparison.expectations.push_back({text, outcome(left, text), outcome(right, text)});
  }
  const Figures left_cost = cost_figures(left);
  const Figures right_cost = cost_figures(right);
  for (const std::string& type : names_of_both(types(left), types(right))) {
    for (const std::string_view what : {"messages_count", "bytes_count"}) {
      comparison.cost.push_back(compared(fmt::format("{}[{}]", what, type), left_cost, right_cost));
    }
  }
  return comparison;
}

}  // namespace hearsay::cli
