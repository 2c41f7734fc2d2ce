#include "core/ring/jump.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "core/base/check.hpp"

namespace hearsay {

namespace {

constexpr std::uint64_t kMultiplier = 2862933555777941757U;  // the paper's generator
constexpr double kScale = 0x1p31;
constexpr std::uint32_t kMaxBuckets = std::numeric_limits<std::int32_t>::max();

// Of 31 random bits: how many times farther the next jump goes.
double stride(std::uint64_t state) { return kScale / (static_cast<double>(state >> 33) + 1); }

// Keys under way, as arrays whose loops compilers turn into vector instructions. Places are the bits of doubles: none
// is negative, so they compare as integers, which GCC is willing to do without a branch.
struct Lanes {
  static constexpr std::size_t kCount = 128;

  alignas(64) std::array<std::uint64_t, kCount> state;
  alignas(64) std::array<std::int64_t, kCount> at;      // where the key has jumped to, at most the number of buckets
  alignas(64) std::array<std::int64_t, kCount> bucket;  // the last place before that
  std::array<std::uint32_t, kCount> index;              // which key it is
};

inline std::int64_t bits_of(double place) { return std::bit_cast<std::int64_t>(place); }

// Takes the first `count` lanes so many steps further. A lane that has arrived stays: from the number of buckets, where
// jumps are cut off, every jump leads there again. Without a branch, and without conversions between integers and
// doubles, which few instruction sets have for vectors: 2^52 + x has x in its low bits, and adding 2^52 rounds.
[[gnu::always_inline]] inline void advance_lanes(Lanes& lanes, std::size_t count, unsigned steps, double limit) {
  constexpr double kTwo52 = 0x1p52;
  std::uint64_t* const state = lanes.state.data();
  const std::int64_t end = bits_of(limit);
  std::int64_t* const at = lanes.at.data();
  std::int64_t* const bucket = lanes.bucket.data();
  for (unsigned step = 0; step < steps; ++step) {
    for (std::size_t k = 0; k < count; ++k) {
      const std::uint64_t next = state[k] * kMultiplier + 1;
      state[k] = next;
      const double drawn = std::bit_cast<double>(next >> 33 | std::bit_cast<std::uint64_t>(kTwo52)) - (kTwo52 - 1);
      const std::int64_t from = at[k];
      const std::int64_t former = bucket[k];
      bucket[k] = from < end ? from : former;
      const std::int64_t far = bits_of((std::bit_cast<double>(from) + 1) * (kScale / drawn));
      const std::int64_t to = far < end ? far : end;
      const double exact = std::bit_cast<double>(to);
      const double nearest = (exact + kTwo52) - kTwo52;
      const std::int64_t over = (bits_of(exact) - bits_of(nearest)) >> 63;
      at[k] = bits_of(nearest - std::bit_cast<double>(over & bits_of(1.0)));
    }
  }
}

void advance_portably(Lanes& lanes, std::size_t count, unsigned steps, double limit) {
  advance_lanes(lanes, count, steps, limit);
}

#if defined(__x86_64__)
// The same with four doubles an instruction; every operation is exact or rounded as IEEE 754 says, so the results are
// the same.
[[gnu::target("avx2")]] void advance_avx2(Lanes& lanes, std::size_t count, unsigned steps, double limit) {
  advance_lanes(lanes, count, steps, limit);
}
#endif

using Advance = void (*)(Lanes&, std::size_t, unsigned, double);

Advance best_advance() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return advance_avx2;
#endif
  return advance_portably;
}

// Steps before those that have arrived are looked for: about two thirds of ln(buckets), and few from then on.
void jump_lanes(Advance advance, std::span<const std::uint64_t> keys, std::uint32_t buckets, std::uint32_t* found) {
  constexpr std::size_t kWidest = 8;
  Lanes lanes;
  const auto limit = static_cast<double>(buckets);
  for (std::size_t k = 0; k < keys.size(); ++k) {
    lanes.state[k] = keys[k];
    lanes.at[k] = 0;
    lanes.bucket[k] = 0;
    lanes.index[k] = static_cast<std::uint32_t>(k);
  }
  std::size_t going = keys.size();
  unsigned steps = std::max(2U, static_cast<unsigned>(std::bit_width(buckets)) / 2);
  while (going > 0) {
    // Whole vectors only.
    const std::size_t count = (going + kWidest - 1) / kWidest * kWidest;
    for (std::size_t k = going; k < count; ++k) {
      lanes.state[k] = 0;
      lanes.at[k] = bits_of(limit);
      lanes.bucket[k] = 0;
    }
    advance(lanes, count, steps, limit);
    std::size_t left = 0;
    for (std::size_t k = 0; k < going; ++k) {
      const double at = std::bit_cast<double>(lanes.at[k]);
      const double bucket = std::bit_cast<double>(lanes.bucket[k]);
      const std::uint32_t index = lanes.index[k];
      found[index] = static_cast<std::uint32_t>(static_cast<std::int32_t>(bucket));  // final if it has arrived
      lanes.state[left] = lanes.state[k];
      lanes.at[left] = bits_of(at);
      lanes.bucket[left] = bits_of(bucket);
      lanes.index[left] = index;
      left += at < limit ? 1 : 0;
    }
    going = left;
    steps = 3;
  }
}

}  // namespace

std::uint32_t jump_hash(std::uint64_t key, std::uint32_t buckets) {
  HEARSAY_CHECK(buckets >= 1 && buckets <= kMaxBuckets);
  const auto limit = static_cast<double>(buckets);
  double bucket = 0;
  for (;;) {
    key = key * kMultiplier + 1;
    const double to = (bucket + 1) * stride(key);
    if (to >= limit) return static_cast<std::uint32_t>(bucket);
    bucket = static_cast<double>(static_cast<std::int32_t>(to));
  }
}

void jump_hashes(std::span<const std::uint64_t> keys, std::uint32_t buckets, std::span<std::uint32_t> out,
                 bool vectors) {
  HEARSAY_CHECK(buckets >= 1 && buckets <= kMaxBuckets && out.size() >= keys.size());
  static const Advance best = best_advance();
  const Advance advance = vectors ? best : advance_portably;
  constexpr std::size_t kFew = 8;  // for fewer, lanes are not worth their setting up
  std::size_t i = 0;
  while (keys.size() - i >= kFew) {
    const std::size_t count = std::min(keys.size() - i, Lanes::kCount);
    jump_lanes(advance, keys.subspan(i, count), buckets, out.data() + i);
    i += count;
  }
  for (; i < keys.size(); ++i) out[i] = jump_hash(keys[i], buckets);
}

JumpPlacement::JumpPlacement(std::span<const RingMember> members, MemberNumbers numbers)
    : NumberedPlacement(members, std::move(numbers)) {
  HEARSAY_CHECK(members.size() <= kMaxBuckets);
}

NodeSlot JumpPlacement::lookup(std::uint64_t hash) const {
  if (numbers().size() == 0) return kNoSlot;
  return numbers().slot(jump_hash(hash, static_cast<std::uint32_t>(numbers().size())));
}

void JumpPlacement::lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
  HEARSAY_CHECK(out.size() >= hashes.size());
  if (numbers().size() == 0) {
    std::fill_n(out.begin(), hashes.size(), kNoSlot);
    return;
  }
  std::array<std::uint32_t, Lanes::kCount> found;
  for (std::size_t i = 0; i < hashes.size(); i += found.size()) {
    const auto some = hashes.subspan(i, std::min(found.size(), hashes.size() - i));
    jump_hashes(some, static_cast<std::uint32_t>(numbers().size()), found);
    for (std::size_t k = 0; k < some.size(); ++k) out[i + k] = numbers().slot(found[k]);
  }
}

CatalogueEntry jump_entry() { return entry_of<JumpConfig>(); }

}  // namespace hearsay
