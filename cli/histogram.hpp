// A histogram of durations with three significant digits, from a nanosecond to over an hour, in 264 KiB whatever it
// counts: an HDR histogram (G. Tene, HdrHistogram), with the bucket widths that its own default of 3 digits has. Exact
// below 2048 ns; above, a bucket is at most 1/1024 of its value wide.
//
// One thread; merge() what several threads counted.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/time.hpp"

namespace hearsay::cli {

class Histogram {
 public:
  // What is longer counts as this long; the greatest is kept as it was.
  static constexpr Duration kMost{(std::int64_t{1} << 42) - 1};  // 73 minutes

  Histogram();

  // Negative durations count as 0. O(1).
  void record(Duration value, std::uint64_t times = 1);
  void merge(const Histogram& other);
  // The same with what a caller would have met who came every `interval` and did not wait: beside a value that is
  // longer, value - interval, value - 2 interval, ... (Tene's correction of coordinated omission). interval > 0.
  Histogram corrected(Duration interval) const;

  std::uint64_t count() const { return count_; }
  // Of nothing, all of them are 0.
  Duration min() const { return count_ == 0 ? Duration::zero() : min_; }
  Duration max() const { return max_; }
  double mean_ns() const { return count_ == 0 ? 0 : sum_ns_ / static_cast<double>(count_); }
  // The least duration that a share q of all are not above, to three digits, and never above max(). O(buckets).
  Duration quantile(double q) const;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ns_ = 0;
  Duration min_ = Duration::max();
  Duration max_{0};
};

}  // namespace hearsay::cli
