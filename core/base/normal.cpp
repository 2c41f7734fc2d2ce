#include "core/base/normal.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/base/dmath.hpp"

namespace hearsay {
namespace {

using Coefficients = std::array<double, 8>;  // ascending powers

double evaluate(const Coefficients& c, double x) {
  double sum = c[7];
  for (std::size_t j = 7; j-- > 0;) {
    sum = sum * x + c[j];
  }
  return sum;
}

double quotient(const Coefficients& numerator, const Coefficients& denominator, double x) {
  return evaluate(numerator, x) / evaluate(denominator, x);
}

// The published coefficients: |p - 1/2| <= 0.425, then by r = sqrt(-ln min(p, 1-p)) up to 5 and beyond.
constexpr Coefficients kCentreA{3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                                13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                                33430.575583588128105, 2509.0809287301226727};
constexpr Coefficients kCentreB{1.0,
                                42.313330701600911252,
                                687.18700749205790830,
                                5394.1960214247511077,
                                21213.794301586595867,
                                39307.895800092710610,
                                28729.085735721942674,
                                5226.4952788528545610};
constexpr Coefficients kMiddleC{1.42343711074968357734,   4.63033784615654529590,    5.76949722146069140550,
                                3.64784832476320460504,   1.27045825245236838258,    0.241780725177450611770,
                                0.0227238449892691845833, 0.000774545014278341407640};
constexpr Coefficients kMiddleD{1.0,
                                2.05319162663775882187,
                                1.67638483018380384940,
                                0.689767334985100004550,
                                0.148103976427480074590,
                                0.0151986665636164571966,
                                0.000547593808499534494600,
                                1.05075007164441684324e-9};
constexpr Coefficients kTailE{6.65790464350110377720,    5.46378491116411436990,   1.78482653991729133580,
                              0.296560571828504891230,   0.0265321895265761230930, 0.00124266094738807843860,
                              2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients kTailF{1.0,
                              0.599832206555887937690,
                              0.136929880922735805310,
                              0.0148753612908506148525,
                              0.000786869131145613259100,
                              1.84631831751005468180e-5,
                              1.42151175831644588870e-7,
                              2.04426310338993978564e-15};

constexpr double kInverseSqrt2Pi = 0x1.9884533d43651p-2;

}  // namespace

double normal_quantile(double p) {
  if (!(p > 0.0 && p < 1.0)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    return q * quotient(kCentreA, kCentreB, 0.180625 - q * q);
  }
  // IEEE 754 asks for a correctly rounded square root, so this one function of <cmath> is portable.
  const double r = std::sqrt(-dlog(q < 0.0 ? p : 1.0 - p));
  const double z = r <= 5.0 ? quotient(kMiddleC, kMiddleD, r - 1.6) : quotient(kTailE, kTailF, r - 5.0);
  return q < 0.0 ? -z : z;
}

double normal_density(double x) { return kInverseSqrt2Pi * dexp(-0.5 * (x * x)); }

double normal_cdf(double x) {
  // Beyond, the distance to 0 or 1 is below what a double near 1 resolves, and the series would sum to noise.
  constexpr double kFar = 8.3;
  if (x != x) return x;
  if (x < -kFar) return 0.0;
  if (x > kFar) return 1.0;
  // x + x^3/3 + x^5/(3*5) + ..., until a term no longer changes the sum (about 100 terms at the far end).
  double sum = x;
  double term = x;
  double before = 0.0;
  for (double odd = 3.0; sum != before; odd += 2.0) {
    before = sum;
    term = term * (x * x / odd);
    sum = sum + term;
  }
  return 0.5 + sum * normal_density(x);
}

}  // namespace hearsay
