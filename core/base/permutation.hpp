// A random order of [0, n) that nobody stores: a keyed Feistel network over the next power of two, walking the cycle
// until it is back inside the range. A node keeps 8 bytes (the key of its round) and its position; a round-robin prober
// walks the whole domain and skips who is not a member, so joins and leaves need no bookkeeping.
// J. Black, P. Rogaway, Ciphers with Arbitrary Finite Domains (2002).
//
// Up to 16 elements the order is a true shuffle packed into one word: there a Feistel network's halves have one or two
// bits, and even twelve rounds favour some orders measurably.
//
// Pure values; any thread. Not a cipher.
#pragma once

#include <bit>
#include <cstdint>

#include "core/base/check.hpp"
#include "core/base/wide.hpp"

namespace hearsay {

class Permutation {
 public:
  // n >= 1.
  Permutation(std::uint64_t key, std::uint32_t n) : n_(n) {
    HEARSAY_CHECK(n >= 1);
    if (n <= kPacked) {
      word_ = packed_shuffle(key, n);
      return;
    }
    word_ = key;
    const int bits = static_cast<int>(std::bit_width(n - 1));
    left_bits_ = static_cast<std::uint8_t>(bits / 2);
    right_bits_ = static_cast<std::uint8_t>(bits - bits / 2);
    // Six rounds mix domains of 2^8 and up; below, four fail a chi-square test and twelve pass it.
    rounds_ = bits >= 8 ? 6 : 12;
  }

  // The i-th element of the order; i < n. A bijection of [0, n). At most two walks on average, each 10 to 20 ns.
  std::uint32_t at(std::uint32_t i) const {
    HEARSAY_CHECK(i < n_);
    if (n_ <= kPacked) {
      return static_cast<std::uint32_t>(word_ >> (4 * i)) & 15U;
    }
    // Ends: the walk follows a cycle that contains i, which is inside.
    do {
      i = walk(i);
    } while (i >= n_);
    return i;
  }

  std::uint32_t size() const { return n_; }

 private:
  static constexpr std::uint32_t kPacked = 16;

  static constexpr std::uint32_t mask(int bits) { return static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1); }

  // David Stafford's variant 13 of the 64-bit finaliser.
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
  }

  // Fisher-Yates over 16 fields of four bits. The indices are the digits of one mixed word, read as a fraction in mixed
  // radix; there are 16! = 2^44 orders, so no order is likelier than another by more than 2^-20.
  static constexpr std::uint64_t packed_shuffle(std::uint64_t key, std::uint32_t n) {
    std::uint64_t order = 0xfedcba9876543210U;
    std::uint64_t fraction = mix(key + 0x9e3779b97f4a7c15U);
    for (std::uint32_t i = n - 1; i >= 1; --i) {
      const Uint128 product = static_cast<Uint128>(fraction) * (i + 1);
      const auto j = static_cast<std::uint32_t>(product >> 64);
      fraction = static_cast<std::uint64_t>(product);
      const std::uint64_t different = (order >> (4 * i) ^ order >> (4 * j)) & 15U;
      order ^= different << (4 * i);
      if (i != j) {
        order ^= different << (4 * j);
      }
    }
    return order;
  }

  std::uint32_t walk(std::uint32_t i) const {
    std::uint32_t left = i >> right_bits_;
    std::uint32_t right = i & mask(right_bits_);
    std::uint64_t round_key = word_;
    for (int round = 0; round < rounds_; round += 2) {
      round_key += 0x9e3779b97f4a7c15U;
      left ^= scramble(round_key, right) & mask(left_bits_);
      round_key += 0x9e3779b97f4a7c15U;
      right ^= scramble(round_key, left) & mask(right_bits_);
    }
    return left << right_bits_ | right;
  }

  // The round function: the middle of two multiplications. One is 10 ns a walk faster and fails every test.
  static constexpr std::uint32_t scramble(std::uint64_t round_key, std::uint32_t half) {
    std::uint64_t x = (round_key ^ half) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 32) * 0x94d049bb133111ebU;
    return static_cast<std::uint32_t>(x >> 32);
  }

  std::uint64_t word_;  // the key, or the packed order
  std::uint32_t n_;
  std::uint8_t left_bits_ = 0;
  std::uint8_t right_bits_ = 0;
  std::uint8_t rounds_ = 0;
};

}  // namespace hearsay
