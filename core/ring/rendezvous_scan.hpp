// What the ring `rendezvous` does with every member at every lookup: scoring it. Kernels for AVX-512, for AVX2 and for
// any machine, which agree to the bit: a score is integer arithmetic, and what is done in floating point only decides
// who is looked at more closely.
//
// Members are scanned in blocks of kBlock; the last block is filled with copies of the last member. Pure functions; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hearsay {

// The score of a member for a hash; the least wins. For one hash it is a bijection of ids, so no two are equal.
constexpr std::uint64_t rendezvous_score(std::uint64_t id, std::uint64_t hash) {
  std::uint64_t x = (id ^ hash) * 0x9e3779b97f4a7c15U;
  x ^= x >> 32;
  return x * 0xbf58476d1ce4e5b9U;
}

struct RendezvousScan {
  static constexpr std::size_t kBlock = 8;
  static constexpr std::size_t kBatch = 4;

  // A block with members that may be the answer: the bits of `which`. `block` is the number of blocks if there is none.
  struct Hit {
    std::size_t block = 0;
    std::uint32_t which = 0;
  };

  // The index of the least score. `count` is a multiple of kBlock, at least one.
  std::size_t (*least)(const std::uint64_t* ids, std::size_t count, std::uint64_t hash) = nullptr;
  // For kBatch hashes at a time, so that ids are loaded once for all of them.
  void (*least_of_batch)(const std::uint64_t* ids, std::size_t count, const std::uint64_t* hashes,
                         std::size_t* indices) = nullptr;
  // The first block at or after `from` with scores up to `bound`, which are exactly the bits of `which`.
  Hit (*up_to)(const std::uint64_t* ids, std::size_t count, std::size_t from, std::uint64_t hash,
               std::uint64_t bound) = nullptr;
  // The same for s * factor <= bound, where s in [0, 1) is the score as a fraction, cut to 52 bits.
  Hit (*scaled_up_to)(const std::uint64_t* ids, const double* factors, std::size_t count, std::size_t from,
                      std::uint64_t hash, double bound) = nullptr;
};

enum class Simd { kNone, kAvx2, kAvx512 };

// The kernels of a kind; null where this machine or this build has them not. kNone is always there.
const RendezvousScan* rendezvous_scan(Simd simd);
// The fastest that there is.
const RendezvousScan& rendezvous_scan();

}  // namespace hearsay
