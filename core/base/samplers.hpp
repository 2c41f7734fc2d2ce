// Samplers: pure functions from uniform bits to a distribution, specified and portable (dmath.hpp), so that a
// scenario's weather is the same on every machine. The continuous ones invert the distribution function and take
// exactly one word.
//
// Values only; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/result.hpp"

namespace hearsay {

double sample_exponential(std::uint64_t bits, double mean);
double sample_normal(std::uint64_t bits, double mean, double sd);
// exp(N(ln median, sigma)).
double sample_lognormal(std::uint64_t bits, double median, double sigma);
// P(X > x) = (minimum / x)^shape for x >= minimum.
double sample_pareto(std::uint64_t bits, double minimum, double shape);

// The lognormal of a given mean and standard deviation, both above zero.
struct LognormalShape {
  double median = 0;
  double sigma = 0;
};
LognormalShape lognormal_from_mean_sd(double mean, double sd);

// The integral of t^-s from 1 to x, x > 0; smooth through s = 1, where it is ln x.
double power_integral(double x, double s);

// Rounds half up into [low, high], 0 <= low <= high; infinity becomes high.
constexpr std::int64_t clamp_round(double value, std::int64_t low, std::int64_t high) {
  // Negated, so that a NaN too stays in range.
  if (!(value > static_cast<double>(low))) return low;
  if (value >= static_cast<double>(high)) return high;
  return static_cast<std::int64_t>(value + 0.5);
}

// Means of samples clamped to [low, high] (Pareto: to at most cap); shapes positive, low < high.
double clamped_normal_mean(double mean, double sd, double low, double high);
double clamped_lognormal_mean(double median, double sigma, double low, double high);
double clamped_exponential_mean(double mean, double low, double high);
double capped_pareto_mean(double minimum, double shape, double cap);

// Zipf over 1..n: P(k) proportional to k^-s; s = 0 is uniform. O(1) to build and to draw.
// W. Hörmann, G. Derflinger, Rejection-Inversion to Generate Variates from Monotone Discrete Distributions (1996).
class Zipf {
 public:
  static constexpr std::uint64_t kMaxN = std::uint64_t{1} << 48;
  static constexpr double kMaxExponent = 20;

  // Refuses n outside [1, kMaxN] and s outside [0, kMaxExponent].
  static Result<Zipf> of(std::uint64_t n, double s);

  // One block in: the rare second and later tries are derived from it.
  std::uint64_t sample(Block block) const;

  std::uint64_t n() const { return n_; }
  double exponent() const { return s_; }
  double mean() const;  // O(min(n, 10^4)), not for hot paths

 private:
  Zipf(std::uint64_t n, double s);
  double inverse(double area) const;  // x with power_integral(x, s) = area

  std::uint64_t n_;
  double s_;
  double low_;     // the areas to draw from: power_integral(1.5) - 1
  double high_;    // ... to power_integral(n + 0.5)
  double accept_;  // how far below k a try may lie and be taken without a test
};

// A table of values with integer weights: draws value i with probability weight_i / sum exactly (to 2^-64).
// O(log n) to draw; the values come out as they went in, nothing is interpolated.
class EmpiricalTable {
 public:
  static constexpr std::size_t kMaxEntries = std::size_t{1} << 20;

  struct Entry {
    std::int64_t value = 0;
    std::uint64_t weight = 0;
    friend constexpr bool operator==(const Entry&, const Entry&) = default;
  };

  // Sorts by value and merges equal ones. Refuses an empty table, more than kMaxEntries, and weights that sum to zero
  // or overflow 2^63.
  static Result<EmpiricalTable> of(std::vector<Entry> entries);

  std::int64_t sample(std::uint64_t bits) const;

  std::int64_t minimum() const { return entries_.front().value; }
  std::int64_t maximum() const { return entries_.back().value; }
  double mean() const;
  const std::vector<Entry>& entries() const { return entries_; }

  friend bool operator==(const EmpiricalTable&, const EmpiricalTable&) = default;

 private:
  EmpiricalTable() = default;

  std::vector<Entry> entries_;             // ascending values, each weight above zero
  std::vector<std::uint64_t> cumulative_;  // cumulative_[i] = weights of entries 0..i
};

}  // namespace hearsay
