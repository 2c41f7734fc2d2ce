// From the strategies that a plan chose to the composition that its nodes run, simulated or behind sockets. Pure; any
// thread.
#pragma once

#include "core/protocol/node.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::plan {

// The plan's four roles, each with a configuration that passed its check, as every plan of a reader has them.
Composition compose(const Plan& plan);

}  // namespace hearsay::plan
