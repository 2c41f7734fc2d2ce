// Distributions as values a scenario can name: of durations (latencies, gaps, TTLs) and of integers (value sizes,
// keys). A draw is a pure function of uniform bits, so the network can key it statelessly.
//
// Threading: values; any thread (an empirical table is shared and immutable).
// Invariant: every sample lies in [minimum(), maximum()], and the mean is that of the clamped samples.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/base/samplers.hpp"
#include "core/base/time.hpp"
#include "core/base/wide.hpp"

namespace hearsay {

// Beyond these a shape says nothing a scenario could mean: sigma 5 puts one sample in a hundred above 100,000 medians.
inline constexpr double kMaxSigma = 5;
inline constexpr double kMaxParetoShape = 1000;

// One named parameter of a distribution as a scenario would write it ("min", "10ms").
struct DistributionParameter {
  std::string name;
  std::string value;
  friend bool operator==(const DistributionParameter&, const DistributionParameter&) = default;
};

// Samples below the minimum become the minimum, samples above the maximum (ten years, or Pareto's cap) the maximum.
// For latencies the minimum must be at least 1 ns (`positive()`), since it is the length of a parallel window.
class DurationDistribution {
 public:
  enum class Kind : unsigned char { kConstant, kUniform, kExponential, kNormal, kLognormal, kPareto, kEmpirical };

  // Constant zero.
  DurationDistribution() = default;

  // All refuse negative durations, durations over kTenYears, a mean, median or sd of zero where it scales, and shapes
  // out of range. A minimum above the mean is allowed and clamps; whether a minimum of zero makes sense is the caller's
  // question (a latency's must be positive()).
  static Result<DurationDistribution> constant(Duration value);
  static Result<DurationDistribution> uniform(Duration min, Duration max);  // both included
  static Result<DurationDistribution> exponential(Duration mean, Duration min);
  static Result<DurationDistribution> normal(Duration mean, Duration sd, Duration min);
  static Result<DurationDistribution> lognormal(Duration median, double sigma, Duration min);
  static Result<DurationDistribution> pareto(Duration min, double shape, Duration cap = kTenYears);
  static Result<DurationDistribution> empirical(EmpiricalTable table);  // values in ns

  // Uses one word of uniform bits; a Block's word b is left to the caller (the network takes the loss from it).
  // Uniform and constant: one multiplication, inline; the others 20 to 60 ns.
  Duration sample(std::uint64_t bits) const {
    if (kind_ <= Kind::kUniform) [[likely]] {
      return Duration{low_ + static_cast<std::int64_t>(scale_bits(bits, count_))};
    }
    return sample_other(bits);
  }
  Duration sample(Block block) const { return sample(block.a); }

  Kind kind() const { return kind_; }
  std::string_view kind_name() const;  // "uniform"
  Duration minimum() const { return Duration{low_}; }
  Duration maximum() const { return Duration{high_}; }
  Duration mean() const;  // of the clamped samples, rounded to a nanosecond
  bool positive() const { return low_ >= 1; }

  // "uniform 10ms..100ms", "lognormal median 20ms sigma 0.5 min 1ms".
  std::string describe() const;
  // For manifests: the factory's arguments by name, in order. Of an empirical table: "entries", its length.
  std::vector<DistributionParameter> parameters() const;
  const EmpiricalTable* table() const { return table_.get(); }  // null unless empirical

  friend bool operator==(const DurationDistribution& x, const DurationDistribution& y);

 private:
  static DurationDistribution clamped(Kind kind, Duration min, Duration max, double scale, double shape);
  Duration sample_other(std::uint64_t bits) const;

  Kind kind_ = Kind::kConstant;
  std::int64_t low_ = 0;     // ns
  std::uint64_t count_ = 1;  // constant and uniform: how many values there are from low_ on
  std::int64_t high_ = 0;    // ns
  double scale_ = 0;         // exponential, normal: the mean in ns; lognormal: the median; Pareto: the minimum
  double shape_ = 0;         // normal: sd in ns; lognormal: sigma; Pareto: shape
  std::shared_ptr<const EmpiricalTable> table_;
};

// Integers of 0 and up, for sizes and popularity. Samples are clamped to [minimum(), maximum()].
class IntDistribution {
 public:
  enum class Kind : unsigned char { kConstant, kUniform, kLognormal, kPareto, kZipf, kEmpirical };

  // Constant zero.
  IntDistribution() = default;

  // All refuse negative values, values above kMax, an inverted range, and shapes out of range.
  static constexpr std::int64_t kMax = std::int64_t{1} << 48;
  static Result<IntDistribution> constant(std::int64_t value);
  static Result<IntDistribution> uniform(std::int64_t min, std::int64_t max);  // both included
  static Result<IntDistribution> lognormal(double median, double sigma, std::int64_t min, std::int64_t max);
  static Result<IntDistribution> pareto(std::int64_t min, double shape, std::int64_t cap);
  static Result<IntDistribution> zipf(std::uint64_t n, double s);  // 1..n
  static Result<IntDistribution> empirical(EmpiricalTable table);

  std::int64_t sample(Block block) const {
    if (kind_ <= Kind::kUniform) [[likely]] {
      return low_ + static_cast<std::int64_t>(scale_bits(block.a, count_));
    }
    return sample_other(block);
  }

  Kind kind() const { return kind_; }
  std::string_view kind_name() const;
  std::int64_t minimum() const { return low_; }
  std::int64_t maximum() const { return high_; }
  double mean() const;  // of the clamped samples; that of a rounded continuous one before rounding
  std::string describe() const;
  std::vector<DistributionParameter> parameters() const;
  const EmpiricalTable* table() const { return table_.get(); }

  friend bool operator==(const IntDistribution& x, const IntDistribution& y);

 private:
  static IntDistribution clamped(Kind kind, std::int64_t min, std::int64_t max, double scale, double shape);
  std::int64_t sample_other(Block block) const;

  Kind kind_ = Kind::kConstant;
  std::int64_t low_ = 0;
  std::uint64_t count_ = 1;
  std::int64_t high_ = 0;
  double scale_ = 0;  // lognormal: median; Pareto: minimum
  double shape_ = 0;  // lognormal: sigma; Pareto: shape; Zipf: exponent
  std::shared_ptr<const Zipf> zipf_;
  std::shared_ptr<const EmpiricalTable> table_;
};

}  // namespace hearsay
