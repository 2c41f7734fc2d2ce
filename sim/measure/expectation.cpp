#include "sim/measure/expectation.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/measure/figure_text.hpp"
#include "sim/measure/metric_names.hpp"

namespace hearsay::measure {

namespace {

// Judged by how things stand at the end, not by what happened on the way: a lost write may come back with its node.
bool is_about_the_end(std::string_view invariant) {
  return invariant.ends_with("_at_end") || invariant == "no_lost_acknowledged_write";
}

void judge_invariant(const InvariantResult& invariant, ExpectationReport& report) {
  report.held = invariant.measured && invariant.violation.empty();
  report.measured = report.held                                          ? "held"
                    : !invariant.measured && invariant.violation.empty() ? "not measured"
                                                                         : invariant.violation;
}

void judge_metric(const plan::Expectation& expectation, const Metric* metric, ExpectationReport& report) {
  const double widened = report.tolerance.value_or(0);
  if (metric == nullptr || !metric->value) {
    report.measured = metric == nullptr
                          ? "not measured"
                          : fmt::format("{} ({})", metric->censored ? "censored" : "no value", metric->population);
    return;
  }
  const double value = *metric->value;
  report.measured = metric_text(metric->name, value);
  if (metric->censored) {
    report.measured = "censored at " + report.measured;
    return;
  }
  report.held = (!expectation.min || value >= *expectation.min * (1 - widened)) &&
                (!expectation.max || value <= *expectation.max * (1 + widened));
}

}  // namespace

std::vector<ExpectationReport> judge(std::span<const plan::Expectation> expectations, const Results& results,
                                     std::span<const InvariantResult> invariants, std::optional<double> tolerance) {
  std::vector<ExpectationReport> reports;
  for (const plan::Expectation& expectation : expectations) {
    ExpectationReport report;
    report.text = expectation.text;
    report.place = expectation.place;
    const auto invariant = std::ranges::find(invariants, expectation.metric, &InvariantResult::name);
    if (invariant != invariants.end()) {
      judge_invariant(*invariant, report);
    } else if (is_invariant(expectation.metric)) {
      report.measured = "not measured";
    } else {
      if (tolerance) report.tolerance = expectation.tolerance.value_or(*tolerance);
      judge_metric(expectation, results.find(expectation.metric), report);
    }
    // What is seen once stays seen; all else the rest of the run might have mended.
    const bool final = invariant != invariants.end() && invariant->measured && !is_about_the_end(expectation.metric);
    report.open = results.interrupted && !report.held && !final;
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace hearsay::measure
