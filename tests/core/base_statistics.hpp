// Goodness-of-fit statistics for tests with fixed seeds. The critical values belong to a level of 10^-4: a correct
// sampler misses them for one seed in ten thousand, and the seed is fixed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace hearsay::test {

// Sum of (observed - expected)^2 / expected.
inline double chi_square(std::span<const double> observed, std::span<const double> expected) {
  double sum = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    sum += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
  }
  return sum;
}

// Upper 10^-4 point of chi-square (E. B. Wilson and M. M. Hilferty; z = 3.719).
inline double chi_square_critical(std::size_t degrees) {
  const double k = static_cast<double>(degrees);
  const double root = 1 - 2 / (9 * k) + 3.719 * std::sqrt(2 / (9 * k));
  return k * root * root * root;
}

// Kolmogorov-Smirnov: sqrt(n) times the largest gap to the distribution function. Critical at 10^-4: 2.225.
template <class Cdf>
double kolmogorov_smirnov(std::vector<double> samples, Cdf cdf) {
  std::sort(samples.begin(), samples.end());
  const double n = static_cast<double>(samples.size());
  double gap = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double p = cdf(samples[i]);
    gap = std::max({gap, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return gap * std::sqrt(n);
}

inline constexpr double kKolmogorovCritical = 2.225;

}  // namespace hearsay::test
