// 128-bit arithmetic, in one place because it is an extension of GCC and Clang (both targets have it).
// Values only; any thread.
#pragma once

#include <cstdint>

namespace hearsay {

__extension__ typedef unsigned __int128 Uint128;
__extension__ typedef __int128 Int128;

// High word of the full product.
constexpr std::uint64_t mul_high(std::uint64_t x, std::uint64_t y) {
  return static_cast<std::uint64_t>((static_cast<Uint128>(x) * y) >> 64);
}

// Maps 64 uniform bits to [0, n): floor(bits * n / 2^64). A value's probability is off by less than 2^-64, which no run
// can see (n below 2^40 would need 2^88 draws); where exactness matters use Random::below.
constexpr std::uint64_t scale_bits(std::uint64_t bits, std::uint64_t n) { return mul_high(bits, n); }

}  // namespace hearsay
