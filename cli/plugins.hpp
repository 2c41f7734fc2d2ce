// The catalogue of this process: what hearsay ships, and what plug-ins add (core/protocol/plugin.hpp).
//
// Load before anybody asks for the catalogue; then any thread may.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/catalogue.hpp"

namespace hearsay::cli {

// Paths of plug-ins in the environment, for this program and those it starts: parted by ':'.
inline constexpr const char* kPluginVariable = "HEARSAY_PLUGIN";

// Takes `--plugin FILE` and `--plugin=FILE` from the front of the words, loads those files behind the variable's, and
// puts all of them into the variable. kInvalidArgument: no library, none of hearsay's, of another interface, or a name
// that there is already; each with the file.
Result<void> load_plugins(std::vector<std::string>& words);

const Catalogue& catalogue();

}  // namespace hearsay::cli
