// What can be measured, by name: the list that a scenario's [[expect]] is checked against, and that the reference page
// docs/reference/metrics.md is made from. A name in brackets stands for an event's label ("convergence_s[label]"), a
// client's name ("[client]"), an error's ("[error]") or a message type's ("[type]"); the unit is a name's last part.
// Immutable; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/plan/metric_unit.hpp"

namespace hearsay::measure {

// The statistics that a "*" in a metric's name stands for.
inline constexpr std::string_view kStatistics[] = {"min", "mean", "median", "p90", "p99", "p999", "max"};

struct MetricInfo {
  std::string_view name;        // "get_latency_*_ms": one of kStatistics in place of the star
  std::string_view population;  // what it is a figure of
  std::string_view definition;  // one sentence
  std::string_view unit() const { return plan::symbol(plan::unit_of(name)); }
};

struct InvariantInfo {
  std::string_view name;
  std::string_view definition;
};

// In the order of the reference page.
std::span<const MetricInfo> metric_infos();
std::span<const InvariantInfo> invariant_infos();

// Every name as an [[expect]] may write it, stars replaced and brackets as in the list: what to suggest the nearest of.
std::span<const std::string_view> metric_names();
std::span<const std::string_view> invariant_names();

// Whether a name is one of them; any text may stand in the brackets. "convergence_s" alone is not
// "convergence_s[label]".
bool is_metric(std::string_view name);
bool is_invariant(std::string_view name);

// The list as the reference page has it, in Markdown.
std::string metrics_reference();

}  // namespace hearsay::measure
