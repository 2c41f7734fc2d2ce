// Order statistics of samples, and of several runs. Deterministic: sums are exact integers or in sorted order, and no
// libm function but the exact square root is used. Values; any thread.
//
// A quantile is an observed value: the one of rank ceil(q n). A censored sample is known to be at least its value, and
// ranks above every sample that is known.
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

 private:
  struct Sample {
    std::int64_t ns;
    bool censored;
  };
  std::vector<Sample> kept_;
  std::uint64_t stride_ = 1;
  std::uint64_t count_ = 0;
  std::uint64_t censored_ = 0;
  Uint128 sum_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
};

// Whether a quantile (or, with q = 1, the maximum and the mean) of a distribution is only a lower bound.
bool is_bound(const Distribution& distribution, double q);

// The value x with P(T <= x) = 0.975 for Student's t with so many degrees of freedom: half the width of a 95%
// confidence interval in standard errors. A table to 30, then interpolated in 1/degrees; within 0.001. 0 degrees:
// infinity.
double student_t975(std::uint64_t degrees);

// One metric over several runs. Runs without the metric are not counted in `runs`.
struct RunsSummary {
  std::string metric;
  std::uint64_t runs = 0;
  std::uint64_t censored = 0;  // of them; the others alone are in the figures below, which mean nothing without any
  double mean = 0, sd = 0;     // sd with n - 1; with 2 runs or more
  double min = 0, median = 0, max = 0;
  std::optional<double> p90;  // with 10 runs or more
  // 95%, of the mean, by Student's t, cut off at 0 and for a share at 1; with 2 runs or more. Where all runs have one
  // value it has no width: it says nothing of what rarer runs would show.
  std::optional<double> ci_low, ci_high;
};

// Sorts the runs by seed: the summary does not depend on the order in which they finished. Sorted by metric.
std::vector<RunsSummary> summarise(std::vector<Results> runs);

}  // namespace hearsay::measure
