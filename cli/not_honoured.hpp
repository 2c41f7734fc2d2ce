// What of a scenario a real run cannot do: said before the run and with its figures, never skipped in silence. Pure.
#pragma once

#include <string>
#include <vector>

#include "sim/plan/plan.hpp"

namespace hearsay::cli {

// A line each: what is not done, and why. An event that is not done has no effect, and fails the run.
std::vector<std::string> not_honoured(const plan::Plan& plan, bool processes);

}  // namespace hearsay::cli
