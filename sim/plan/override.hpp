// `--set key=value`: a value of the scenario put in from outside. The key is a dotted path of the file; an entry of a
// list is named by its number from 0 or by its label or name (`event.split.at=5s`), a part with dots is quoted
// (`event."partition@1.5s".at=5s`). The value is TOML, and a string where it is not (`membership.rejoin=none`).
//
// Pure; any thread.
#pragma once

#include <string_view>

#include "core/base/result.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::plan {

inline constexpr std::size_t kMaxOverrideBytes = 64 << 10;

// Errors (kInvalidArgument) begin with "--set key: ".
Result<void> apply_override(Input& root, std::string_view assignment);

}  // namespace hearsay::plan
