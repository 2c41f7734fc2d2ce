// What an event is called when the scenario gives it no label: its kind and time, "partition@10s".
#pragma once

#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::plan {

std::string default_label(std::string_view kind, Duration at);
// The same of an [[event]] that nobody has checked yet; empty when it has no kind or no time.
std::string default_label(const Input& event);

}  // namespace hearsay::plan
