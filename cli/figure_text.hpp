// Figures as a person reads them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace hearsay::cli {

// "1.23 s", "20 ms"; "0 s".
std::string time_text(double seconds);

// Three significant digits: "94.1%", "100%", "0%". What is neither nothing nor all never reads as such: "99.98%",
// "<0.01%".
std::string share_text(double share);

// "83 B", "2.12 kB" (1000 bytes).
std::string bytes_text(double bytes);

// A metric's value in the unit that its name ends with: a time, a percentage, bytes or a count.
std::string metric_text(std::string_view metric, double value);

// A text of at most `width` columns: its beginning, with "..." where something was cut off. UTF-8.
std::string cut(std::string_view text, std::size_t width);

}  // namespace hearsay::cli
