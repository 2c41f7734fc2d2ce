// Order statistics of samples, and of several runs. Deterministic: sums are exact integers or in sorted order, and no
// libm function but the exact square root is used. Values; any thread.
//
// A quantile is an observed value: the one of rank ceil(q n). A censored sample, which did not come to its end, ranks
// above every sample that is known; a statistic that its rank reaches was not observed and has no value, only at times
// a bound.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/base/wide.hpp"
#include "sim/measure/results.hpp"

namespace hearsay::measure {

// A quantile of fewer than this is not told: it would be the maximum under another name.
inline constexpr std::uint64_t kP90Population = 10;
inline constexpr std::uint64_t kP99Population = 100;
inline constexpr std::uint64_t kP999Population = 1000;

// Durations of one kind. Up to kMaxKept are kept; beyond that every second, then every fourth and so on in the order
// they came, so that quantiles become those of a systematic sample while count, mean, minimum and maximum stay exact.
class Samples {
 public:
  static constexpr std::size_t kMaxKept = std::size_t{1} << 20;

  void add(Duration value, bool censored = false);
  std::uint64_t count() const { return count_; }
  std::uint64_t censored() const { return censored_; }
  // Values times `per_second` (1 for seconds, 1000 for milliseconds).
  Distribution distribution(double per_second = 1.0) const;
  // What each statistic is at least, where some samples are censored: nothing where that is below a value that was
  // seen, and so tells nobody anything. O(kept log kept), as distribution().
  Distribution bounds(double per_second = 1.0) const;

 private:
  struct Sample {
    std::int64_t ns;
    bool censored;
  };
  struct Order {
    std::vector<Sample> samples;  // the censored ones last
    std::size_t known;
  };
  Order order() const;
  std::vector<Sample> kept_;
  std::uint64_t stride_ = 1;
  std::uint64_t count_ = 0;
  std::uint64_t censored_ = 0;
  Uint128 sum_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
};

// One metric over several runs. Runs without the metric are not counted in `runs`.
struct RunsSummary {
  std::string metric;
  std::uint64_t runs = 0;
  std::uint64_t censored = 0;  // of them
  // Of the runs that were not cut off, which is to say under the condition that the thing came about at all; nothing
  // without any. sd with n - 1; with 2 runs or more.
  double mean = 0, sd = 0, min = 0;
  // Of all runs, those that were cut off above the others: absent where such a run would be it. p90 with 10 runs or
  // more.
  std::optional<double> median, p90, max;
  // 95%, of the mean, by Student's t, cut off at 0 and for a share at 1; with 2 runs or more. Where all runs have one
  // value it has no width: it says nothing of what rarer runs would show.
  std::optional<double> ci_low, ci_high;
};

// Sorts the runs by seed: the summary does not depend on the order in which they finished. Sorted by metric.
std::vector<RunsSummary> summarise(std::vector<Results> runs);

}  // namespace hearsay::measure
