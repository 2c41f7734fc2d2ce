// A probability as an exact integer ratio over 2^64, so that "did it happen" is one comparison of integers: zero never
// happens and one always does, which no comparison of doubles promises.
//
// Values only; any thread.
#pragma once

#include <cstdint>

#include "core/base/result.hpp"

namespace hearsay {

struct Ratio {
  std::uint64_t threshold = 0;  // hits when 64 uniform bits are below it
  bool always = false;          // probability one, which is not below 2^64

  // Rounds down to a multiple of 2^-64, so exact for every double of 2^-12 and up. Refuses NaN and values outside [0,
  // 1].
  static Result<Ratio> of(double probability);
  // Rounds down. Refuses a zero denominator and ratios above one.
  static Result<Ratio> of(std::uint64_t numerator, std::uint64_t denominator);

  constexpr bool hit(std::uint64_t bits) const { return always || bits < threshold; }
  constexpr bool never() const { return !always && threshold == 0; }
  double value() const;

  friend constexpr bool operator==(const Ratio&, const Ratio&) = default;
};

inline constexpr Ratio kNever{0, false};
inline constexpr Ratio kAlways{0, true};

}  // namespace hearsay
