// One logarithm and one exponential, both carried as an unevaluated sum of two doubles where a single one would lose
// bits; the public functions are thin over them. Every constant is either exact or a correctly rounded quotient of
// exact integers, so the compiler may fold it without changing a bit.
#include "core/base/dmath.hpp"

#include <array>
#include <cfloat>
#include <cstddef>
#include <limits>

namespace hearsay {
namespace {

static_assert(std::numeric_limits<double>::is_iec559 && FLT_EVAL_METHOD == 0,
              "doubles must be IEEE 754 binary64, evaluated without extra precision");

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The sum hi + lo, with |lo| at most half a unit in the last place of hi.
struct Pair {
  double hi;
  double lo;
};

// ln 2 in two parts: the first has 32 significant bits, so its product with an exponent is exact.
constexpr Pair kLn2{0x1.62e42fee00000p-1, 0x1.a39ef35793c76p-33};
constexpr Pair kInverseLn2{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
constexpr Pair kInverseLn10{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
constexpr double kSqrt2 = 0x1.6a09e667f3bcdp+0;

// Exact sum; needs |x| >= |y| or x = 0 (T. J. Dekker, 1971).
Pair quick_sum(double x, double y) {
  const double sum = x + y;
  return Pair{sum, y - (sum - x)};
}

// Exact sum (D. E. Knuth, TAOCP 2, 4.2.2).
Pair exact_sum(double x, double y) {
  const double sum = x + y;
  const double y_part = sum - x;
  const double x_part = sum - y_part;
  return Pair{sum, (x - x_part) + (y - y_part)};
}

// Exact product without a fused multiply-add: each factor is split into halves of 26 bits (G. W. Veltkamp).
Pair exact_product(double x, double y) {
  constexpr double kSplit = 0x1p27 + 1.0;
  const double cx = kSplit * x;
  const double x_hi = cx - (cx - x);
  const double x_lo = x - x_hi;
  const double cy = kSplit * y;
  const double y_hi = cy - (cy - y);
  const double y_lo = y - y_hi;
  const double product = x * y;
  return Pair{product, ((x_hi * y_hi - product) + x_hi * y_lo + x_lo * y_hi) + x_lo * y_lo};
}

Pair multiply(Pair x, Pair y) {
  const Pair product = exact_product(x.hi, y.hi);
  return quick_sum(product.hi, product.lo + (x.hi * y.lo + x.lo * y.hi));
}

// 1/3, 1/5, ... 1/25: the tail of atanh.
constexpr auto kOddReciprocals = [] {
  std::array<double, 12> table{};
  for (std::size_t j = 0; j < table.size(); ++j) {
    table[j] = 1.0 / static_cast<double>(2 * j + 3);
  }
  return table;
}();

// 1/2!, 1/3!, ... 1/15!: the tail of the exponential. The factorials are exact (15! < 2^41).
constexpr auto kFactorialReciprocals = [] {
  std::array<double, 14> table{};
  double factorial = 1.0;
  for (std::size_t j = 0; j < table.size(); ++j) {
    factorial *= static_cast<double>(j + 2);
    table[j] = 1.0 / factorial;
  }
  return table;
}();

// Sum of table[j] x^j, even and odd powers apart: two short chains of dependent operations instead of a long one.
template <std::size_t N>
double polynomial(const std::array<double, N>& table, double x) {
  static_assert(N % 2 == 0);
  const double square = x * x;
  double even = table[N - 2];
  double odd = table[N - 1];
  for (std::size_t j = N - 2; j >= 2; j -= 2) {
    even = even * square + table[j - 2];
    odd = odd * square + table[j - 1];
  }
  return even + odd * x;
}

struct Logarithm {
  Pair mantissa;    // ln m, m in [sqrt(1/2), sqrt(2))
  double exponent;  // x = m 2^exponent
};

// x positive, finite. With s = (m-1)/(m+1): ln m = 2 atanh s = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172, where the
// series is cut below 2^-64 of its value. Relative error about 2^-60.
Logarithm logarithm(double x) {
  int exponent = 0;
  if (x < DBL_MIN) {
    x *= 0x1p54;
    exponent = -54;
  }
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000fffffffffffffU) | 0x3ff0000000000000U);
  if (m > kSqrt2) {
    m *= 0.5;
    exponent += 1;
  }
  const double numerator = m - 1.0;  // exact: m lies within a factor two of one
  const Pair denominator = exact_sum(m, 1.0);
  const double s = numerator / denominator.hi;
  const Pair back = exact_product(s, denominator.hi);
  const double s_error = (((numerator - back.hi) - back.lo) - s * denominator.lo) / denominator.hi;
  const double square = s * s;
  const double tail = s * (square * polynomial(kOddReciprocals, square)) + s_error * (1.0 + square);
  return Logarithm{quick_sum(2.0 * s, 2.0 * tail), static_cast<double>(exponent)};
}

// ln x in full.
Pair natural(const Logarithm& log) {
  const Pair sum = exact_sum(log.exponent * kLn2.hi, log.mantissa.hi);
  return quick_sum(sum.hi, sum.lo + (log.exponent * kLn2.lo + log.mantissa.lo));
}

// e^(x + tail), |tail| far below |x| or both small. e^r for |r| <= ln(2)/2 by its Taylor series, times a power of two.
double exponential(double x, double tail) {
  if (x > 710.0) return kInfinity;
  if (x < -746.0) return 0.0;
  const double steps = x * kInverseLn2.hi;
  const int k = static_cast<int>(steps + (steps < 0.0 ? -0.5 : 0.5));
  const double scale = static_cast<double>(k);
  const Pair r = exact_sum(x - scale * kLn2.hi, tail - scale * kLn2.lo);
  const double rest = r.lo + r.hi * r.lo + r.hi * r.hi * polynomial(kFactorialReciprocals, r.hi);
  const double result = 1.0 + (r.hi + rest);
  const auto power_of_two = [](int n) { return std::bit_cast<double>(static_cast<std::uint64_t>(n + 1023) << 52); };
  // At the ends of the range in two factors, of which only the last can round.
  if (k > 1023) return result * 0x1p1023 * power_of_two(k - 1023);
  if (k < -1021) return result * power_of_two(k + 1000) * 0x1p-1000;
  return result * power_of_two(k);
}

// What a logarithm is when its argument is not positive and finite; anything else for the others.
bool special_logarithm(double x, double& result) {
  if (x > 0.0 && x < kInfinity) return false;
  if (x == 0.0) {
    result = -kInfinity;
  } else {
    result = x < 0.0 ? kNaN : x;  // infinity and NaN pass
  }
  return true;
}

enum class Parity { kFraction, kEven, kOdd };

Parity parity(double y) {
  const double magnitude = y < 0.0 ? -y : y;
  if (magnitude >= 0x1p53) return Parity::kEven;
  const auto whole = static_cast<std::int64_t>(magnitude);
  if (static_cast<double>(whole) != magnitude) return Parity::kFraction;
  return whole % 2 == 0 ? Parity::kEven : Parity::kOdd;
}

}  // namespace

double dlog(double x) {
  double special = 0.0;
  if (special_logarithm(x, special)) return special;
  const Pair log = natural(logarithm(x));
  return log.hi + log.lo;
}

double dlog2(double x) {
  double special = 0.0;
  if (special_logarithm(x, special)) return special;
  const Logarithm log = logarithm(x);
  const Pair fraction = multiply(log.mantissa, kInverseLn2);
  const Pair sum = exact_sum(log.exponent, fraction.hi);
  return sum.hi + (sum.lo + fraction.lo);
}

double dlog10(double x) {
  double special = 0.0;
  if (special_logarithm(x, special)) return special;
  const Pair log = multiply(natural(logarithm(x)), kInverseLn10);
  return log.hi + log.lo;
}

double dexp(double x) {
  if (x != x) return x;
  return exponential(x, 0.0);
}

double dpow(double x, double y) {
  if (y == 0.0 || x == 1.0) return 1.0;
  if (x != x || y != y) return kNaN;
  const double base = x < 0.0 ? -x : x;
  if (y == kInfinity || y == -kInfinity) {
    if (base == 1.0) return 1.0;
    return (base > 1.0) == (y > 0.0) ? kInfinity : 0.0;
  }
  const bool below_zero = (std::bit_cast<std::uint64_t>(x) >> 63) != 0;  // minus zero too
  const double sign = below_zero && parity(y) == Parity::kOdd ? -1.0 : 1.0;
  if (base == 0.0) return sign * (y > 0.0 ? 0.0 : kInfinity);
  if (base == kInfinity) return sign * (y > 0.0 ? kInfinity : 0.0);
  if (below_zero && parity(y) == Parity::kFraction) return kNaN;

  const Pair log = natural(logarithm(base));
  // Before the exact product, whose splitting overflows for a huge exponent.
  const double rough = y * log.hi;
  if (rough > 800.0) return sign * kInfinity;
  if (rough < -800.0) return sign * 0.0;
  const Pair product = exact_product(y, log.hi);
  return sign * exponential(product.hi, product.lo + y * log.lo);
}

}  // namespace hearsay
