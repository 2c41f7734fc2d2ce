// Figures as the program prints them: the measurement's texts, so that a table and a verdict show one rounding, and
// what fits them into columns. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "sim/measure/figure_text.hpp"

namespace hearsay::cli {

using measure::bytes_text;
using measure::metric_text;
using measure::share_text;
using measure::time_text;

// A text of at most `width` columns: its beginning, with "..." where something was cut off. UTF-8.
std::string cut(std::string_view text, std::size_t width);

}  // namespace hearsay::cli
