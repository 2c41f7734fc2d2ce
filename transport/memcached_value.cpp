// What is sent to memcached: names of keys, headers of values, times. Layout and reasons: kv_memcached.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/base/hash.hpp"
#include "core/kv/request.hpp"
#include "transport/kv_memcached.hpp"

namespace hearsay::transport {

namespace {

constexpr std::string_view kMagic("hs\x01", 3);
constexpr char kHasKey = 1;
constexpr std::size_t kHeader = 12;
constexpr char kHashedMark = '%';

tl::unexpected<Error> foreign() {
  return fail(ErrorCode::kCorrupt, "the key holds something that hearsay did not store there");
}

}  // namespace

MemcachedKey memcached_key(std::string_view key) {
  const bool plain = !key.starts_with(kHashedMark) && key.size() <= kMaxKeyBytes &&
                     std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (plain) return {std::string(key), false};
  Hasher hasher;
  hasher.add(key);
  return {kHashedMark + hasher.finish().hex(), true};
}

std::string pack_memcached(std::string_view key, bool hashed, std::string_view value, WallTime deadline) {
  const auto ns = static_cast<std::uint64_t>(deadline.time_since_epoch().count());
  std::string stored;
  stored.reserve(kHeader + 1 + key.size() + value.size());
  stored += kMagic;
  stored += hashed ? kHasKey : '\0';
  for (int shift = 0; shift < 64; shift += 8) {
    stored += static_cast<char>(static_cast<unsigned char>(ns >> shift));
  }
  if (hashed) {
    stored += static_cast<char>(static_cast<unsigned char>(key.size()));
    stored += key;
  }
  stored += value;
  return stored;
}

Result<std::optional<MemcachedValue>> unpack_memcached(std::string_view key, bool hashed, std::string_view stored) {
  if (stored.size() < kHeader || !stored.starts_with(kMagic) || stored[3] != (hashed ? kHasKey : '\0'))
    return foreign();
  std::uint64_t deadline = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    deadline |= static_cast<std::uint64_t>(static_cast<unsigned char>(stored[4 + i])) << (8 * i);
  }
  std::string_view value = stored.substr(kHeader);
  if (hashed) {
    if (value.empty()) return foreign();
    const std::size_t length = static_cast<unsigned char>(value[0]);
    if (value.size() < 1 + length) return foreign();
    if (value.substr(1, length) != key) return std::nullopt;
    value.remove_prefix(1 + length);
  }
  constexpr std::uint64_t kLatest = std::numeric_limits<std::int64_t>::max();
  if (value.size() > kMaxValueBytes || deadline > kLatest) return foreign();
  return MemcachedValue{value, WallTime(Duration(static_cast<std::int64_t>(deadline)))};
}

std::int64_t memcached_exptime(Duration ttl, WallTime now) {
  constexpr std::int64_t kRelative = 60 * 60 * 24 * 30;  // memcached's REALTIME_MAXDELTA
  if (ttl == Duration::zero()) return 0;
  const std::int64_t seconds = std::chrono::ceil<std::chrono::seconds>(ttl).count() + 1;
  if (seconds <= kRelative) return seconds;
  const std::int64_t absolute = std::chrono::ceil<std::chrono::seconds>(now.time_since_epoch()).count() + seconds;
  return absolute <= std::numeric_limits<std::int32_t>::max() ? absolute : 0;
}

}  // namespace hearsay::transport
