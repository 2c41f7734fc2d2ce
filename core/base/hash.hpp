// Hashes that mean the same on every machine: xxHash's XXH3 over bytes and canonical encodings, and a small specified
// mix for the one hot case (an event's fingerprint). Nothing here is keyed or cryptographic.
//
// Threading: free functions are pure; a Hasher belongs to one thread at a time.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/wide.hpp"

namespace hearsay {

// XXH3_64bits, seed 0.
std::uint64_t hash64(std::string_view bytes);

// 128 bits with addition modulo 2^128. Fingerprints are sums: addition commutes, so parts from several threads combine
// in any order, and unlike XOR the same event seen twice does not vanish.
struct Hash128 {
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;

  friend constexpr bool operator==(const Hash128&, const Hash128&) = default;

  constexpr Hash128& operator+=(const Hash128& other) {
    const std::uint64_t sum = lo + other.lo;
    hi += other.hi + (sum < lo ? 1U : 0U);
    lo = sum;
    return *this;
  }
  constexpr Hash128& operator-=(const Hash128& other) {
    const std::uint64_t borrow = lo < other.lo ? 1U : 0U;
    lo -= other.lo;
    hi -= other.hi + borrow;
    return *this;
  }

  // 32 lower-case hexadecimal digits, most significant first.
  std::string hex() const;
};

// Streaming XXH3-128 (seed 0) over a canonical encoding: every integer, bool, enum and time is eight little-endian
// bytes (sign extended when signed), so the width of a field's type does not matter; a string is its length, then its
// bytes. 640 bytes and no allocation; an add costs a few nanoseconds.
class Hasher {
 public:
  Hasher();

  template <std::integral T>
  void add(T value) {
    add_word(static_cast<std::uint64_t>(value));
  }
  template <class E>
    requires std::is_enum_v<E>
  void add(E value) {
    add(static_cast<std::underlying_type_t<E>>(value));
  }
  template <class Rep, class Period>
  void add(std::chrono::duration<Rep, Period> value) {
    add(std::chrono::duration_cast<std::chrono::nanoseconds>(value).count());
  }
  template <class Clock, class D>
  void add(std::chrono::time_point<Clock, D> value) {
    add(value.time_since_epoch());
  }
  void add(std::string_view bytes);
  void add(const char* text) { add(std::string_view(text)); }
  void add(Hash128 value) {
    add_word(value.lo);
    add_word(value.hi);
  }
  // A double has several encodings of equal values (0.0 and -0.0, NaNs): whoever means its bits says so.
  void add(double) = delete;

  // The hash of everything added so far; adding may go on afterwards.
  Hash128 finish() const;

 private:
  void add_word(std::uint64_t word);

  static constexpr std::size_t kStateBytes = 576;
  alignas(64) std::array<std::byte, kStateBytes> state_;
};

// The fingerprint of one event: six integers to 128 well mixed bits, in about as long as four multiplications take.
//
// Specified, so that a fingerprint can be reproduced elsewhere: with the constants below,
//   A = (time ^ K0) * (dst + 2^32 src ^ K1)       full 128-bit products
//   B = (seq + 2^32 type ^ K2) * (index ^ K3)
//   lo = fold((A.lo ^ B.hi ^ K4) * (A.hi + B.lo ^ K5)),  hi = fold((A.lo + B.hi ^ K6) * (A.hi ^ B.lo ^ K7))
// where fold(P) = P.lo ^ P.hi. The constants are the first 64-bit words of pi's fraction, made odd. No product is by
// zero for a time, a slot or an index that can occur: the high halves of K0, K1 and K3 are far outside their ranges.
constexpr Hash128 hash_event(std::int64_t time_ns, std::uint32_t dst, std::uint32_t src, std::uint32_t seq,
                             std::uint32_t type, std::uint32_t index) {
  const auto fold = [](std::uint64_t x, std::uint64_t y) {
    const Uint128 product = static_cast<Uint128>(x) * y;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  const std::uint64_t ends = dst | static_cast<std::uint64_t>(src) << 32;
  const std::uint64_t what = seq | static_cast<std::uint64_t>(type) << 32;
  const Uint128 a =
      static_cast<Uint128>(static_cast<std::uint64_t>(time_ns) ^ 0x243f6a8885a308d3U) * (ends ^ 0x13198a2e03707345U);
  const Uint128 b = static_cast<Uint128>(what ^ 0xa4093822299f31d1U) * (index ^ 0x082efa98ec4e6c89U);
  const auto a_lo = static_cast<std::uint64_t>(a);
  const auto a_hi = static_cast<std::uint64_t>(a >> 64);
  const auto b_lo = static_cast<std::uint64_t>(b);
  const auto b_hi = static_cast<std::uint64_t>(b >> 64);
  return Hash128{fold(a_lo ^ b_hi ^ 0x452821e638d01377U, (a_hi + b_lo) ^ 0xbe5466cf34e90c6dU),
                 fold((a_lo + b_hi) ^ 0xc0ac29b7c97c50ddU, a_hi ^ b_lo ^ 0x3f84d5b5b5470917U)};
}

}  // namespace hearsay
