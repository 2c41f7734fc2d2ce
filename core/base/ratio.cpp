#include "core/base/ratio.hpp"

#include <fmt/format.h>

#include "core/base/wide.hpp"

namespace hearsay {

Result<Ratio> Ratio::of(double probability) {
  if (!(probability >= 0.0 && probability <= 1.0)) {  // so that NaN is refused too
    return invalid(fmt::format("a probability must lie in 0..1, not {}", probability));
  }
  if (probability == 1.0) {
    return kAlways;
  }
  // Exact: scaling by a power of two only moves the exponent, and below 2^64 the conversion truncates.
  return Ratio{static_cast<std::uint64_t>(probability * 0x1p64), false};
}

Result<Ratio> Ratio::of(std::uint64_t numerator, std::uint64_t denominator) {
  if (denominator == 0 || numerator > denominator) {
    return invalid(fmt::format("a probability must lie in 0..1, not {}/{}", numerator, denominator));
  }
  if (numerator == denominator) {
    return kAlways;
  }
  return Ratio{static_cast<std::uint64_t>((static_cast<Uint128>(numerator) << 64) / denominator), false};
}

double Ratio::value() const { return always ? 1.0 : static_cast<double>(threshold) * 0x1p-64; }

}  // namespace hearsay
