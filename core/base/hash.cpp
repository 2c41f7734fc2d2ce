#include "core/base/hash.hpp"

// The complete type of the streaming state, to keep it inside the Hasher. We compile against the same headers as the
// library is from, and its size is checked below.
#define XXH_STATIC_LINKING_ONLY
#include <fmt/format.h>
#include <xxhash.h>

#include <bit>
#include <new>

namespace hearsay {
namespace {

// The state is plain data that lives in an array of bytes; copying the bytes copies it.
XXH3_state_t* state_of(std::byte* bytes) { return std::launder(reinterpret_cast<XXH3_state_t*>(bytes)); }
const XXH3_state_t* state_of(const std::byte* bytes) {
  return std::launder(reinterpret_cast<const XXH3_state_t*>(bytes));
}

}  // namespace

std::uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string Hash128::hex() const { return fmt::format("{:016x}{:016x}", hi, lo); }

Hasher::Hasher() {
  static_assert(sizeof(XXH3_state_t) <= kStateBytes && alignof(XXH3_state_t) <= 64);
  new (state_.data()) XXH3_state_t;
  XXH3_128bits_reset(state_of(state_.data()));
}

void Hasher::add(std::string_view bytes) {
  add_word(bytes.size());
  XXH3_128bits_update(state_of(state_.data()), bytes.data(), bytes.size());
}

void Hasher::add_word(std::uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) {
    word = __builtin_bswap64(word);
  }
  XXH3_128bits_update(state_of(state_.data()), &word, sizeof word);
}

Hash128 Hasher::finish() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_of(state_.data()));
  return Hash128{hash.low64, hash.high64};
}

}  // namespace hearsay
