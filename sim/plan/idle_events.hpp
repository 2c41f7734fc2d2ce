// Finds the events of a plan that cannot have an effect whatever the seed: a join of nodes that are there, a restart or
// resume of nodes that nothing took down, a heal of what is healed. The run would find that out too, at its end.
//
// What a seed decides (a random choice, the rounds of a churn) may have gone either way, so only what is certain is
// reported. Any thread.
#pragma once

#include "core/base/result.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::plan {

// kInvalidArgument for the first such event, as "file:line:column: ..."; on one line. O(nodes named by events).
Result<void> check_for_idle_events(const Plan& plan);

}  // namespace hearsay::plan
