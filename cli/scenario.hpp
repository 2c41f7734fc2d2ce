// Reads a scenario with everything this program knows: its strategies and what it can measure.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::cli {

Result<plan::Plan> read_scenario(const std::string& file, const std::vector<std::string>& overrides);

}  // namespace hearsay::cli
