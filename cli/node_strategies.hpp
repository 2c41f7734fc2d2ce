// The strategies that a real node runs, from `--membership NAME`, `--replicas N` and `--set role.parameter=value`. What
// a scenario may say of a role can be said here, and is read by the scenario's own reader: the same presets, units,
// bounds and errors. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cli/verbs.hpp"
#include "core/base/result.hpp"
#include "core/protocol/node.hpp"

namespace hearsay::cli {

struct NodeStrategies {
  std::shared_ptr<const Composition> composition;
  std::uint32_t replicas = 0;  // copies of an item; 0: all members have one
  std::string text;            // for a log: "swim (wan), push, anti-entropy, karger"
};

// Replication is anti-entropy unless `--set replication.strategy=...` says another. A --set comes before the option
// that says the same. Errors (kInvalidArgument) are one line that begins with the option, and name the nearest valid
// word.
Result<NodeStrategies> choose_strategies(const NodeSettings& settings);

}  // namespace hearsay::cli
