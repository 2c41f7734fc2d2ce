// What the store's tests share: short ways to name times, versions and values.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "core/base/hash.hpp"
#include "core/kv/store.hpp"

namespace hearsay {

// Some time after the start, when most tests begin.
constexpr MonoTime kNow = MonoTime(std::chrono::seconds(1000));

inline MonoTime mono(Duration since_start) { return MonoTime(since_start); }
inline Version version(std::uint64_t time, std::uint64_t node = 1) { return Version{time, NodeId{node}}; }
inline Bytes bytes(std::string_view text) { return Bytes(text); }

inline WriteResult put(Store& store, std::string_view key, std::string_view value, Version v, Duration ttl,
                       MonoTime now) {
  return store.put(key, hash64(key), Bytes(value), v, ttl, now);
}
inline WriteResult erase(Store& store, std::string_view key, Version v, MonoTime now) {
  return store.erase(key, hash64(key), v, now);
}

// Not "k" + std::to_string(n), about which GCC 12 warns without a reason (its bug 105651).
inline std::string numbered(std::string_view prefix, std::integral auto n) {
  std::string out(prefix);
  out += std::to_string(n);
  return out;
}

// All work that is due, ignoring what is reported.
inline void drain(Store& store, MonoTime now) {
  while (store.expire(now, 1000, [](StoreChange, const StoreItem&) {})) {
  }
}

}  // namespace hearsay
