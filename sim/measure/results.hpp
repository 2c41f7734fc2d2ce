// What a run measured: metrics by name, series over time, what each event of the time line cost, and whether
// expectations held. Plain values, from which the summary, results.json and rows.csv are written; several runs are
// summed up in statistics.hpp.
//
// The unit is in a metric's name (plan/metric_unit.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "sim/measure/truth.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::measure {

// One figure. A censored one was cut off by another event or the end of the run: it was not measured, its value is a
// lower bound if there is one, and a bound on it fails. A figure of nothing (no TTL in the run, say) has no value.
struct Metric {
  std::string name;
  std::optional<double> value;
  bool censored = false;
  std::string population;  // what it is a figure of: "64 nodes", "812 gets"
  // Of a figure of a distribution: its members, and those of them that were cut off.
  std::uint64_t members = 0, censored_members = 0;
};

// Order statistics of a population, of which a censored member never came to its end: it is above all others, however
// early it was cut off. So a statistic is there when the members that it needs were seen to their end (the median: more
// than half, mean and maximum: all), and p90, p99 and p999 moreover where there are 10, 100 and 1000 members or more.
struct Distribution {
  std::uint64_t count = 0;
  std::uint64_t censored = 0;
  std::optional<double> min, mean, median, p90, p99, p999, max;
};

struct SeriesPoint {
  double t_s = 0;
  double value = 0;
};
struct Series {
  std::string name;
  std::vector<SeriesPoint> points;
};

// One event of the time line: what it did, and how the views followed.
struct EventReport {
  std::size_t index = 0;
  std::string label;
  std::string kind;
  double at_s = 0;
  EventEffect effect;
  bool reached = false;  // false: an interrupted run ended before it
  bool has_effect = false;
  bool changes_views = false;               // V* changed: the convergence below is that to the new one
  bool measured = false;                    // reached, and some node lived when its window ended
  bool lost = false;                        // somebody's view was wrong in its window
  std::optional<double> regained_s;         // of an event that changes no V*: agreement for good, from its last step
  Distribution node_convergence_s;          // per live node: time until its view is V* for good (until the next event)
  std::optional<double> first_s;            // first node's
  std::optional<double> first_agreement_s;  // first moment that all nodes had V*
  std::optional<double> converged_s;        // stable entry of all nodes; absent when censored
  std::uint32_t exits = 0;                  // how often agreement was lost again
  bool censored = false;
  std::string censored_by;  // label of the event that superseded it, or "end of run"
  std::uint32_t nodes = 0;  // population
};

struct ExpectationReport {
  std::string text;
  bool held = false;
  bool open = false;     // not held when the run was interrupted, though the rest of it might have seen to that
  std::string measured;  // "12.3 s", "censored at 40 s", "3 violations: ..."
  // Of a real run: the share by which the bound in `text` was widened.
  std::optional<double> tolerance = {};
  plan::Place place;
};

// The worst or first cases of something that should not happen, for a person to look at.
struct Finding {
  std::string kind;  // "resurrection", "early expiry", ...
  std::string text;  // one line: time, node, key, what was expected
};

struct TypeCost {
  std::string type;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

struct Results {
  std::string scenario;
  std::uint64_t seed = 0;
  double duration_s = 0;  // simulated, as far as it went
  bool interrupted = false;
  Hash128 fingerprint;       // set by the driver
  std::uint64_t events = 0;  // processed, set by the driver

  std::vector<Metric> metrics;  // sorted by name
  std::vector<Series> series;
  std::vector<EventReport> timeline;
  std::vector<TypeCost> cost;  // sorted by bytes, descending
  std::vector<ExpectationReport> expectations;
  std::vector<Finding> findings;  // bounded per kind

  const Metric* find(std::string_view name) const;
  // Whether the event turned out to do nothing. Of an interrupted run nobody knows that.
  bool was_idle(const EventReport& event) const { return !interrupted && !event.has_effect; }
  // An expectation failed or a fault was without effect. An interrupted run may have neither failed nor passed.
  bool failed() const;
  bool passed() const { return !interrupted && !failed(); }
};

}  // namespace hearsay::measure
