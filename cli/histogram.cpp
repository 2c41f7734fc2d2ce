#include "cli/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/check.hpp"

namespace hearsay::cli {

namespace {

// Below twice this a bucket is a nanosecond wide; then the width doubles every so many buckets.
constexpr std::uint64_t kHalf = 1024;
constexpr unsigned kBits = 11;  // of 2 * kHalf - 1

std::size_t bucket_of(std::uint64_t ns) {
  const auto width = static_cast<unsigned>(std::bit_width(ns));
  const unsigned shift = width > kBits ? width - kBits : 0;
  return shift * kHalf + (ns >> shift);
}

// The greatest value of a bucket.
std::uint64_t end_of(std::size_t bucket) {
  if (bucket < 2 * kHalf) return bucket;
  const std::size_t shift = bucket / kHalf - 1;
  return ((bucket - shift * kHalf + 1) << shift) - 1;
}

std::uint64_t clamped(Duration value) {
  return static_cast<std::uint64_t>(std::clamp(value, Duration::zero(), Histogram::kMost).count());
}

}  // namespace

Histogram::Histogram() : counts_(bucket_of(clamped(kMost)) + 1) {}

void Histogram::record(Duration value, std::uint64_t times) {
  if (times == 0) return;
  const std::uint64_t ns = clamped(value);
  counts_[bucket_of(ns)] += times;
  count_ += times;
  sum_ns_ += static_cast<double>(ns) * static_cast<double>(times);
  value = std::max(value, Duration::zero());
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Histogram Histogram::corrected(Duration interval) const {
  HEARSAY_CHECK(interval > Duration::zero());
  Histogram all = *this;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const Duration value = std::min(Duration(static_cast<std::int64_t>(end_of(i))), max_);
    for (Duration missed = value - interval; missed >= interval; missed -= interval) all.record(missed, counts_[i]);
  }
  return all;
}

Duration Histogram::quantile(double q) const {
  if (count_ == 0) return Duration::zero();
  const double share = std::clamp(q, 0.0, 1.0) * static_cast<double>(count_);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(share)), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(Duration(static_cast<std::int64_t>(end_of(i))), max_);
  }
  return max_;
}

}  // namespace hearsay::cli
