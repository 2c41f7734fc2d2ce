// A strategy's parameters as plain values, in the order it declares them: what `hearsay list` prints, what a manifest
// holds, and how code that must know one parameter reads it without knowing the strategy.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"

namespace hearsay::plan {

struct ParameterDescription {
  std::string name;
  std::string type;   // "duration", "integer", "number", "share", "size", "boolean", "choice"
  std::string unit;   // of an integer or a number ("members"); empty where the value carries its own
  std::string value;  // as a scenario would write it, without quotes
  std::string range;  // "1ms..1h", "none | push-pull", "true | false"
  std::string doc;
};

// Of configure(): the defaults; of a plan's configuration: what holds.
std::vector<ParameterDescription> describe(const StrategyConfig& config);

// What a preset sets to something else than the default, by its index.
std::vector<ParameterDescription> changed_by_preset(const CatalogueEntry& entry, std::size_t preset);

// The strategy of a role in a scenario that names none.
std::string_view default_strategy(Role role);

// The value of an integer parameter; nothing when the strategy has none of that name.
std::optional<std::int64_t> integer_parameter(const StrategyConfig& config, std::string_view name);

}  // namespace hearsay::plan
