#include "core/ring/flip.hpp"

#include <bit>

#include "core/base/check.hpp"

namespace hearsay {

namespace {

constexpr unsigned kMaxDraws = 64;  // the last of them falls short once in 2^64 at worst

// The family of hashes: which bit, which draw. The one that the paper's authors use for integers (their crate
// fliphash): P. Evensen's Moremur, into which two odd factors let bit and draw.
std::uint64_t family(std::uint64_t key, unsigned bit, unsigned draw) {
  std::uint64_t mixed = key * (2 * bit + 1);
  mixed = (mixed ^ (mixed >> 27)) * 0x3c79ac492ba7b653U;
  mixed *= 2 * draw + 1;
  mixed = (mixed ^ (mixed >> 33)) * 0x1c69b3f74ac4ae35U;
  return mixed ^ (mixed >> 27);
}

// Among `mask` + 1 buckets, a power of two, from the key's first hash.
std::uint64_t among_power(std::uint64_t key, std::uint64_t first, std::uint64_t mask) {
  const std::uint64_t cut = first & mask;
  if (cut == 0) return 0;
  const auto highest = static_cast<unsigned>(std::bit_width(cut)) - 1;
  return cut ^ (family(key, highest, 0) & ((std::uint64_t{1} << highest) - 1));
}

}  // namespace

std::uint32_t flip_hash(std::uint64_t key, std::uint32_t buckets) {
  HEARSAY_CHECK(buckets >= 1);
  const std::uint64_t last = buckets - 1;
  const auto bits = static_cast<unsigned>(std::bit_width(last));
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  const std::uint64_t first = family(key, 0, 0);
  const std::uint64_t whole = among_power(key, first, mask);
  if (whole <= last) return static_cast<std::uint32_t>(whole);
  for (unsigned draw = 1; draw <= kMaxDraws; ++draw) {
    const std::uint64_t drawn = family(key, bits - 1, draw) & mask;
    if (drawn <= mask >> 1) break;
    if (drawn <= last) return static_cast<std::uint32_t>(drawn);
  }
  return static_cast<std::uint32_t>(among_power(key, first, mask >> 1));
}

NodeSlot FlipPlacement::lookup(std::uint64_t hash) const {
  if (numbers().size() == 0) return kNoSlot;
  return numbers().slot(flip_hash(hash, static_cast<std::uint32_t>(numbers().size())));
}

CatalogueEntry flip_entry() { return entry_of<FlipConfig>(); }

}  // namespace hearsay
