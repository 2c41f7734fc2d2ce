// Figures as a person reads them, in verdicts and tables alike, so that the two never show one value differently. Pure;
// any thread.
#pragma once

#include <string>
#include <string_view>

namespace hearsay::measure {

// "1.23 s", "20 ms"; "0 s".
std::string time_text(double seconds);

// Three significant digits: "94.1%", "100%", "0%". What is neither nothing nor all never reads as such: "99.98%",
// "<0.01%".
std::string share_text(double share);

// "83 B", "2.12 kB" (1000 bytes).
std::string bytes_text(double bytes);

// A metric's value in the unit that its name ends with (plan/metric_unit.hpp): three significant digits.
std::string metric_text(std::string_view metric, double value);

}  // namespace hearsay::measure
