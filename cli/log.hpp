// The log of what serves: lines with a time and a level on stderr, by spdlog (which takes seconds to compile, and so is
// named in one file alone). Any thread.
#pragma once

#include <functional>
#include <string>

#include "cli/verbs.hpp"
#include "transport/live_node.hpp"

namespace hearsay::cli {

// Writes what is of this level or above; nothing when quiet.
std::function<void(transport::LogLevel, const std::string&)> make_log(LogLevel level, bool quiet);

}  // namespace hearsay::cli
