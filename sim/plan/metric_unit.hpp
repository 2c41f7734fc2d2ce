// The unit that a metric's name ends with: the one place that reads it. Bounds in scenarios, verdicts, tables and the
// reference page all ask here. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::plan {

enum class MetricUnit : std::uint8_t {
  kPlain,               // a count
  kSeconds,             // ..._s
  kMilliseconds,        // ..._ms
  kShare,               // ..._share: 1 is all
  kBytes,               // bytes_... or ..._bytes
  kPerNodeSecond,       // ..._per_node_s: per live node and second
  kBytesPerNodeSecond,  // bytes_per_node_s
};

// Of "convergence_s[heal]" as of "convergence_s": what is in brackets says of whom, not in what.
MetricUnit unit_of(std::string_view metric);

// "s", "bytes/(node s)"; nothing for counts and shares.
std::string_view symbol(MetricUnit unit);

// A quantity as a scenario writes it ("500ms", "2kB/s", "5%"), in the metric's unit.
Result<double> parse_in(MetricUnit unit, std::string_view text);

}  // namespace hearsay::plan
