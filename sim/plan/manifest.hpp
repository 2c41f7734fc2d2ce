// A plan as JSON, with everything resolved that the scenario left to a default: what the run folder keeps, so that a
// result can be read years later without the program that made it. Quantities are strings with units, as a scenario
// writes them.
//
// Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/plan/plan.hpp"

namespace hearsay::plan {

// Keys in a fixed order.
nlohmann::ordered_json manifest(const Plan& plan);

}  // namespace hearsay::plan
