// Judges a scenario's [[expect]]s by what was measured. A bound on a censored value fails, and so does one on a metric
// that the run has no value of: what was not seen is not promised. In an interrupted run what does not hold is open,
// unless it is an invariant whose violation was seen. Pure; any thread. O(expectations log metrics).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sim/measure/results.hpp"

namespace hearsay::measure {

// An invariant's outcome; an empty `violation` says that it held.
struct InvariantResult {
  std::string name;
  bool measured = false;  // false: nothing in the run could have told
  std::string violation;  // "3 violations; first at ..."; of what was not measured: why
};

// `metrics` sorted by name. An invariant's name wins over a metric's. `tolerance` as Measure::finish() has it.
std::vector<ExpectationReport> judge(std::span<const plan::Expectation> expectations, const Results& results,
                                     std::span<const InvariantResult> invariants, std::optional<double> tolerance = {});

}  // namespace hearsay::measure
