// What a person is told at the end of a run, and the same as one JSON object.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/real_run.hpp"
#include "cli/terminal.hpp"
#include "sim/measure/results.hpp"
#include "sim/measure/statistics.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::cli {

inline constexpr std::size_t kDefaultWidth = 110;

struct RunReport {
  const plan::Plan& plan;
  const std::vector<measure::Results>& results;  // in the order of the seeds; may be empty when interrupted
  const std::vector<measure::RunsSummary>& summary;
  double elapsed_s = 0;  // wall time of all runs
  std::string folder;    // empty: it could not be written
  std::string repeat;
  std::uint32_t asked = 1;            // runs; more than there are results when interrupted
  const RealFacts* real = nullptr;    // of a run on real sockets
  std::size_t width = kDefaultWidth;  // columns to write within
};

// The time line and what each event cost, expiry, clients, cost, expectations, the fingerprint and how to repeat the
// run. Of several runs: the mean and its interval of what a person asks first, and how many runs met each expectation.
std::string summary_text(const RunReport& report, const Palette& palette);

// Nothing in it depends on the machine, but of a real run: two simulated runs of one seed print the same bytes.
nlohmann::ordered_json results_json(const RunReport& report);
// What a real run ran on.
nlohmann::ordered_json machine_json(const RealFacts& facts);

}  // namespace hearsay::cli
