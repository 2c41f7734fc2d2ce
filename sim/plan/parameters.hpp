// Reads single parameters of a strategy's configuration by name, for code that must know one without knowing the strategy.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/protocol/catalogue.hpp"

namespace hearsay::plan {

// The value of an integer parameter; nothing when the strategy has none of that name.
std::optional<std::int64_t> integer_parameter(const StrategyConfig& config, std::string_view name);

}  // namespace hearsay::plan
