#include "core/base/samplers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/dmath.hpp"
#include "core/base/normal.hpp"

namespace hearsay {
namespace {

// (e^t - 1) / t and ln(1 + t) / t, smooth through t = 0, where the plain quotients cancel. Inside |t| < 1/16 the
// Taylor series, cut below 2^-53.
double exp_quotient(double t) {
  if (t > -0.0625 && t < 0.0625) {
    double sum = 1.0;
    for (double j = 11.0; j >= 2.0; j -= 1.0) {
      sum = 1.0 + sum * t / j;
    }
    return sum;
  }
  return (dexp(t) - 1.0) / t;
}

double log_quotient(double t) {
  if (t > -0.0625 && t < 0.0625) {
    double sum = 0.0;
    for (double j = 14.0; j >= 1.0; j -= 1.0) {
      sum = 1.0 / j - t * sum;
    }
    return sum;
  }
  return dlog(1.0 + t) / t;
}

}  // namespace

double sample_exponential(std::uint64_t bits, double mean) { return -mean * dlog(unit_from_bits(bits)); }

double sample_normal(std::uint64_t bits, double mean, double sd) {
  return mean + sd * normal_quantile(unit_from_bits(bits));
}

double sample_lognormal(std::uint64_t bits, double median, double sigma) {
  return median * dexp(sigma * normal_quantile(unit_from_bits(bits)));
}

double sample_pareto(std::uint64_t bits, double minimum, double shape) {
  return minimum * dexp(-dlog(unit_from_bits(bits)) / shape);
}

LognormalShape lognormal_from_mean_sd(double mean, double sd) {
  const double spread = 1.0 + (sd / mean) * (sd / mean);
  return LognormalShape{mean / std::sqrt(spread), std::sqrt(dlog(spread))};
}

double power_integral(double x, double s) {
  const double log = dlog(x);
  return log * exp_quotient((1.0 - s) * log);
}

double clamped_normal_mean(double mean, double sd, double low, double high) {
  const double a = (low - mean) / sd;
  const double b = (high - mean) / sd;
  return low * normal_cdf(a) + mean * (normal_cdf(b) - normal_cdf(a)) + sd * (normal_density(a) - normal_density(b)) +
         high * normal_cdf(-b);
}

double clamped_lognormal_mean(double median, double sigma, double low, double high) {
  const double a = dlog(low / median) / sigma;
  const double b = dlog(high / median) / sigma;
  const double mean = median * dexp(0.5 * sigma * sigma);
  return low * normal_cdf(a) + mean * (normal_cdf(b - sigma) - normal_cdf(a - sigma)) + high * normal_cdf(-b);
}

double clamped_exponential_mean(double mean, double low, double high) {
  return low + mean * (dexp(-low / mean) - dexp(-high / mean));
}

double capped_pareto_mean(double minimum, double shape, double cap) {
  return minimum + minimum * power_integral(cap / minimum, shape);
}

Result<Zipf> Zipf::of(std::uint64_t n, double s) {
  if (n < 1 || n > kMaxN) {
    return invalid(fmt::format("a Zipf distribution needs 1 to 2^48 values, not {}", n));
  }
  if (!(s >= 0.0 && s <= kMaxExponent)) {
    return invalid(fmt::format("a Zipf exponent must lie in 0..{}, not {}", kMaxExponent, s));
  }
  return Zipf(n, s);
}

// The area under t^-s from 1/2 to n + 1/2 covers every bar of the histogram except the first, whose bar of area 1 is
// put in front: hence the lower end. A point of the bar at k that lies within accept_ of k is under the curve whatever
// k is, since that distance grows with k.
Zipf::Zipf(std::uint64_t n, double s)
    : n_(n),
      s_(s),
      low_(power_integral(1.5, s) - 1.0),
      high_(power_integral(static_cast<double>(n) + 0.5, s)),
      accept_(2.0 - inverse(power_integral(2.5, s) - dpow(2.0, -s))) {}

double Zipf::inverse(double area) const {
  // The area approaches 1/(s-1) from below when s > 1; rounding may touch it, where the inverse is infinite.
  const double t = std::max((1.0 - s_) * area, -1.0 + 0x1p-53);
  return dexp(area * log_quotient(t));
}

std::uint64_t Zipf::sample(Block block) const {
  std::uint64_t bits = block.a;
  for (std::uint64_t attempt = 1;; ++attempt) {
    const double area = high_ + unit_from_bits(bits) * (low_ - high_);
    const double x = std::clamp(inverse(area), 1.0, static_cast<double>(n_));
    const double k = static_cast<double>(static_cast<std::uint64_t>(x + 0.5));
    if (k - x <= accept_ || area >= power_integral(k + 0.5, s_) - dpow(k, -s_)) {
      return static_cast<std::uint64_t>(k);
    }
    bits = philox(block.a, block.b, attempt).a;
  }
}

double Zipf::mean() const {
  // The first terms one by one, the rest by the midpoint rule.
  const std::uint64_t exact = std::min<std::uint64_t>(n_, 10'000);
  double weights = 0.0;
  double total = 0.0;
  for (std::uint64_t k = exact; k >= 1; --k) {
    const double weight = dpow(static_cast<double>(k), -s_);
    weights += weight;
    total += weight * static_cast<double>(k);
  }
  if (n_ > exact) {
    const double from = static_cast<double>(exact) + 0.5;
    const double to = static_cast<double>(n_) + 0.5;
    weights += power_integral(to, s_) - power_integral(from, s_);
    total += power_integral(to, s_ - 1.0) - power_integral(from, s_ - 1.0);
  }
  return total / weights;
}

Result<EmpiricalTable> EmpiricalTable::of(std::vector<Entry> entries) {
  if (entries.empty() || entries.size() > kMaxEntries) {
    return invalid(fmt::format("an empirical table needs 1 to {} entries, not {}", kMaxEntries, entries.size()));
  }
  // Equal values merge into one, so their order does not matter.
  std::sort(entries.begin(), entries.end(), [](const Entry& x, const Entry& y) { return x.value < y.value; });
  EmpiricalTable table;
  std::uint64_t total = 0;
  for (const Entry& entry : entries) {
    constexpr std::uint64_t kMaxTotal = std::uint64_t{1} << 63;
    if (entry.weight > kMaxTotal - total) {
      return invalid("the weights of an empirical table sum to more than 2^63");
    }
    if (entry.weight == 0) {
      continue;
    }
    total += entry.weight;
    if (!table.entries_.empty() && table.entries_.back().value == entry.value) {
      table.entries_.back().weight += entry.weight;
      table.cumulative_.back() = total;
    } else {
      table.entries_.push_back(entry);
      table.cumulative_.push_back(total);
    }
  }
  if (total == 0) {
    return invalid("an empirical table needs a weight above zero");
  }
  return table;
}

std::int64_t EmpiricalTable::sample(std::uint64_t bits) const {
  const std::uint64_t at = scale_bits(bits, cumulative_.back());
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
  return entries_[static_cast<std::size_t>(found - cumulative_.begin())].value;
}

double EmpiricalTable::mean() const {
  double sum = 0.0;
  for (const Entry& entry : entries_) {
    sum += static_cast<double>(entry.value) * static_cast<double>(entry.weight);
  }
  return sum / static_cast<double>(cumulative_.back());
}

}  // namespace hearsay
