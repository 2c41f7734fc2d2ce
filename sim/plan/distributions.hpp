// Distributions as a scenario writes them: a quantity is a constant, a table names a kind and its parameters.
//
//   latency = "20ms"
//   latency = {distribution = "uniform", min = "10ms", max = "100ms"}
#pragma once

#include <string>

#include "core/base/distribution.hpp"
#include "sim/plan/section.hpp"

namespace hearsay::plan {

// Where a distribution's file is looked for.
struct FileAccess {
  std::string folder;   // paths are relative to it; empty: the working directory
  bool allowed = true;  // false: no file is read (what fuzzing wants)
};

DurationDistribution read_durations(const Section& section, std::string_view key, DurationDistribution fallback,
                                    const FileAccess& files);
// The same, of values that must not be 0: a latency's minimum is the length of a parallel window.
DurationDistribution read_positive_durations(const Section& section, std::string_view key,
                                             DurationDistribution fallback, const FileAccess& files);
// Of bytes; samples lie in [0, most].
IntDistribution read_sizes(const Section& section, std::string_view key, IntDistribution fallback, std::int64_t most,
                           const FileAccess& files);

}  // namespace hearsay::plan
