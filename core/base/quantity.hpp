// Quantities with units, as scenarios and the command line write them. Parsing is exact: decimal digits become integers
// with no floating point in between, and what does not fit (half a nanosecond, half a bit) is an error, never rounded.
// Errors are kInvalidArgument, quote the text and say what would be right.
//
// Grammar: digits [ "." digits ] [ " " ] unit, at most 18 digits; no sign unless said, no exponent.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace hearsay {

// Units ns us µs ms s min h d: "500ms", "1.5s", "2min", "0s". At most ten years (kTenYears).
Result<Duration> parse_duration(std::string_view text);
// The same with an optional leading "-" or "+", for offsets and clock steps.
Result<Duration> parse_signed_duration(std::string_view text);
// Bytes: B kB KB MB GB TB (powers of 1000), KiB MiB GiB TiB (powers of 1024): "1400B", "64KiB".
Result<std::int64_t> parse_size(std::string_view text);
// Bits a second: bit/s kbit/s Mbit/s Gbit/s, also written bps kbps Mbps Gbps, and B/s kB/s MB/s GB/s (8 bits each).
Result<std::int64_t> parse_rate_bits(std::string_view text);
// Events a second: "100/s", "5/min", "2/h", "10/d", "3/ms". The nearest double of the exact quotient.
Result<double> parse_rate_hz(std::string_view text);
// A share of a whole in [0, 1]: "5%" or "0.05" (the same double).
Result<double> parse_share(std::string_view text);

// Exact and short: whole days, hours or minutes as such ("2min", "1d"), else a decimal of s, ms, us or ns ("1.5s",
// "20ms"). parse_signed_duration of it gives the value back.
std::string format_duration(Duration value);
// Exact: whole TiB, GiB, MiB or KiB as such, else bytes ("64KiB", "1400B").
std::string format_size(std::int64_t bytes);
// Exact: "10Mbit/s", "1500bit/s".
std::string format_rate_bits(std::int64_t bits_per_second);

// For people: three significant digits, "1.23 s", "20 ms", "13.2 min". Seconds up to ten minutes: "70 s" is what was
// set and what is compared. Integer rounding, half up; exact below 1 us.
std::string human_duration(Duration value);
// "12.3k", "999", "1.5M"; three significant digits.
std::string human_count(double value);

}  // namespace hearsay
