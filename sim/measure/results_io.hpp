// Results as JSON and as rows. Neither has a wall-clock time in it: two runs of one plan and seed give the same bytes.
// Pure.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "sim/measure/results.hpp"
#include "sim/measure/statistics.hpp"

namespace hearsay::measure {

// Keys in the order given here, so that a person and a diff can read it. A figure without a value is null, and so is a
// censored one, which has "at_least" (null where nothing is known) and of a distribution "censored_count" beside it.
nlohmann::ordered_json to_json(const Results& results);
// {"metrics": {name: {runs, censored, mean, sd, ...}}}
nlohmann::ordered_json to_json(std::span<const RunsSummary> summary);

// The header of rows.csv: "run,seed,metric,t,node,value,censored".
std::string csv_header();
// One line for each metric that has a value (t empty) and for each point of a series (t in simulated seconds).
// `node` is empty: no figure is of one node. `censored` is 1 for a figure that was cut off and is a lower bound, else
// 0. Fields are quoted (RFC 4180) where need be.
std::string csv_rows(std::string_view run, const Results& results);

}  // namespace hearsay::measure
