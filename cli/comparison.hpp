// Two runs side by side: what is figured of both, and how the right one stands to the left. What was cut off (censored)
// is never taken for measured: it has a lower bound at most, and no relation. Of several runs a figure is their mean,
// with its 95% interval, over those that were not cut off. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/run_record.hpp"

namespace hearsay::cli {

struct Figure {
  std::optional<double> value = {};     // measured; of several runs, the mean of what was
  std::optional<double> at_least = {};  // of one run that was cut off
  std::uint64_t runs = 0;               // that have it at all
  std::uint64_t censored = 0;           // of them, cut off
  std::optional<double> ci_low = {}, ci_high = {};
  std::string population = {};  // of one run: "64 nodes"
};

// A ratio, or for shares, which a ratio would make look like much, a difference.
struct Relation {
  enum class Kind : std::uint8_t { kNone, kRatio, kDifference } kind = Kind::kNone;
  double value = 0;
};

struct ComparedFigure {
  std::string name;
  std::optional<Figure> left, right;
  Relation relation;
};

// An event of the time line, by its label: how long until the first and the last view was right again, or, of one that
// changes no view, until agreement was regained.
struct ComparedEvent {
  std::string label, kind;
  std::optional<double> left_at_s, right_at_s;
  std::vector<ComparedFigure> figures;
};

// How many of a side's runs met an expectation. `measured`: of one run.
struct Outcome {
  std::uint64_t held = 0, failed = 0, open = 0;
  std::string measured;
};
struct ComparedExpectation {
  std::string text;
  std::optional<Outcome> left, right;
};

struct Comparison {
  const RunRecord& left;
  const RunRecord& right;
  std::vector<std::string> remarks = {};  // why the two may not be comparable
  std::vector<ComparedEvent> events = {};
  std::vector<ComparedFigure> metrics = {};  // of both, sorted by name
  std::vector<ComparedFigure> only_left = {}, only_right = {};
  std::vector<ComparedExpectation> expectations = {};
  std::vector<ComparedFigure> cost = {};  // messages and bytes of each type, the dearest on the left first
};

// The records outlive it.
Comparison compare_runs(const RunRecord& left, const RunRecord& right);

// In the unit that a metric's name ends with; nothing where either has no value, or both are 0.
Relation relation_of(std::string_view metric, const Figure& left, const Figure& right);

}  // namespace hearsay::cli
