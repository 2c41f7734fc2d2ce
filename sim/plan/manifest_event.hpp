// The parts of a manifest that events need too. Internal to the manifest.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/plan/plan.hpp"

namespace hearsay::plan {

nlohmann::ordered_json json_of(const NodeSet& set);
nlohmann::ordered_json json_of(const DurationDistribution& distribution);
nlohmann::ordered_json json_of(const IntDistribution& distribution);
nlohmann::ordered_json json_of(const Event& event);

}  // namespace hearsay::plan
