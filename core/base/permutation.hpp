// A random order of [0, n) that nobody stores: a keyed Feistel network over the next power of two, walking the cycle
// until it is back inside the range. A node keeps 8 bytes (the key of its round) and its position; a round-robin prober
// walks the whole domain and skips who is not a member, so joins and leaves need no bookkeeping.
// J. Black, P. Rogaway, Ciphers with Arbitrary Finite Domains (2002).
//
// Pure values; any thread. Not a cipher.
#pragma once

#include <bit>
#include <cstdint>

#include "core/base/check.hpp"

namespace hearsay {

class Permutation {
 public:
  // n >= 1.
  Permutation(std::uint64_t key, std::uint32_t n) : key_(key), n_(n) {
    HEARSAY_CHECK(n >= 1);
    // At least two bits, so that both halves have one.
    const int bits = n <= 4 ? 2 : static_cast<int>(std::bit_width(n - 1));
    left_bits_ = static_cast<std::uint8_t>(bits / 2);
    right_bits_ = static_cast<std::uint8_t>(bits - bits / 2);
    // Six rounds mix domains of 2^8 and up; below, four fail a chi-square test and twelve pass it.
    rounds_ = bits >= 8 ? 6 : 12;
  }

  // The i-th element of the order; i < n. A bijection of [0, n). Two evaluations at most on average, 20 to 30 ns.
  std::uint32_t at(std::uint32_t i) const {
    HEARSAY_CHECK(i < n_);
    if (n_ == 1) return 0;
    // Ends: the walk follows a cycle that contains i, which is inside.
    do {
      i = step(i);
    } while (i >= n_);
    return i;
  }

  std::uint32_t size() const { return n_; }

 private:
  static constexpr std::uint32_t mask(int bits) { return static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1); }

  std::uint32_t step(std::uint32_t i) const {
    std::uint32_t left = i >> right_bits_;
    std::uint32_t right = i & mask(right_bits_);
    std::uint64_t round_key = key_;
    for (int round = 0; round < rounds_; round += 2) {
      round_key += 0x9e3779b97f4a7c15U;
      left ^= scramble(round_key, right) & mask(left_bits_);
      round_key += 0x9e3779b97f4a7c15U;
      right ^= scramble(round_key, left) & mask(right_bits_);
    }
    return left << right_bits_ | right;
  }

  // The round function: the middle of two multiplications (David Stafford's mix 13 constants).
  static constexpr std::uint32_t scramble(std::uint64_t round_key, std::uint32_t half) {
    std::uint64_t x = (round_key ^ half) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 32) * 0x94d049bb133111ebU;
    return static_cast<std::uint32_t>(x >> 32);
  }

  std::uint64_t key_;
  std::uint32_t n_;
  std::uint8_t left_bits_;
  std::uint8_t right_bits_;
  std::uint8_t rounds_;
};

}  // namespace hearsay
