// Reads a scenario with everything this program knows: its strategies and what it can measure.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::cli {

// "-" is standard input. What the plan itself shows to have no effect is an error here.
Result<plan::Plan> read_scenario(const std::string& file, const std::vector<std::string>& overrides);

// Whether the scenario is read from where it cannot be read again: "-", a pipe, a terminal.
bool is_read_once(const std::string& file);

}  // namespace hearsay::cli
