// The store as a whole: what survives a restart, its fingerprint, its memory.
#include <doctest/doctest.h>

#include <string>

#include "tests/core/store_helpers.hpp"

namespace hearsay {
namespace {

// A restarted process has a monotonic clock of its own.
constexpr MonoTime kReborn = MonoTime(5s);

StoreOptions with_grace(Duration grace) {
  StoreOptions options;
  options.tombstone_grace = grace;
  return options;
}

Hash128 fingerprint(const Store& store) {
  Hasher hasher;
  store.digest(hasher);
  return hasher.finish();
}

TEST_CASE("store: values and tombstones survive with the time they have left") {
  Store store(with_grace(100s));
  put(store, "value", "v", version(1), 10s, kNow);
  put(store, "always", "w", version(2), 0ns, kNow);
  erase(store, "gone", version(3), kNow);
  put(store, "over", "x", version(4), 1s, kNow);
  Persisted saved;
  store.save(kNow + 4s, saved);
  CHECK(saved.items.size() == 4);

  Store reborn(with_grace(100s));
  CHECK(reborn.restore(saved, kReborn, hash64) == 0);
  CHECK(reborn.get("value", kReborn).ttl_left == 6s);
  CHECK(reborn.get("value", kReborn).value.view() == "v");
  CHECK(reborn.get("always", kReborn).ttl_left == 0ns);
  CHECK(reborn.get("gone", kReborn).state == ItemState::kTombstone);
  CHECK(reborn.get("gone", kReborn).ttl_left == 96s);
  CHECK(reborn.get("over", kReborn).state == ItemState::kTombstone);
  CHECK(reborn.get("over", kReborn).version == version(4));
  CHECK(reborn.get("over", kReborn).ttl_left == 97s);
}

TEST_CASE("store: time goes on while a node is away") {
  Store store(with_grace(100s));
  put(store, "short", "v", version(1), 10s, kNow);
  put(store, "long", "v", version(2), 1h, kNow);
  erase(store, "gone", version(3), kNow);
  Persisted saved;
  store.save(kNow, saved);

  saved.away = 10s;
  Store soon(with_grace(100s));
  soon.restore(saved, kReborn, hash64);
  CHECK(soon.get("short", kReborn).state == ItemState::kTombstone);
  CHECK(soon.get("short", kReborn).ttl_left == 100s);
  CHECK(soon.get("long", kReborn).ttl_left == 1h - 10s);
  CHECK(soon.get("gone", kReborn).ttl_left == 90s);

  saved.away = 110s;
  Store late(with_grace(100s));
  late.restore(saved, kReborn, hash64);
  CHECK(late.size() == 1);
  CHECK(late.get("long", kReborn).live());
}

TEST_CASE("store: restore tells how many items did not fit") {
  Persisted saved;
  Store store;
  for (int i = 0; i < 5; ++i) put(store, std::to_string(i), "v", version(1), 0ns, kNow);
  store.save(kNow, saved);
  StoreOptions small;
  small.max_items = 3;
  Store reborn(small);
  CHECK(reborn.restore(saved, kReborn, hash64) == 2);
  CHECK(reborn.size() == 3);
}

TEST_CASE("store: a reaper's overdue values are not saved, others with what is left") {
  Store store(StoreOptions::go_os(), kNow);
  put(store, "over", "v", version(1), 2s, kNow);
  put(store, "value", "v", version(1), 8s, kNow);
  Persisted saved;
  store.save(kNow + 3s, saved);
  REQUIRE(saved.items.size() == 1);
  CHECK(saved.items[0].key == "value");
  CHECK(saved.items[0].ttl_left == 5s);
}

TEST_CASE("store: the fingerprint does not depend on the order of the writes, but on every field") {
  Store one;
  Store two;
  put(one, "a", "v", version(1), 1s, kNow);
  put(one, "b", "w", version(2), 0ns, kNow);
  put(two, "b", "old", version(1), 5s, kNow);
  put(two, "b", "w", version(2), 0ns, kNow);
  put(two, "c", "v", version(1), 1s, kNow);
  put(two, "a", "v", version(1), 1s, kNow);
  two.drop("c", version(1));
  CHECK(fingerprint(one) == fingerprint(two));
  const auto differs = [&](std::string_view value, Version v, Duration ttl) {
    Store other;
    put(other, "a", value, v, ttl, kNow);
    put(other, "b", "w", version(2), 0ns, kNow);
    return fingerprint(other) != fingerprint(one);
  };
  CHECK_FALSE(differs("v", version(1), 1s));
  CHECK(differs("u", version(1), 1s));
  CHECK(differs("v", version(3), 1s));
  CHECK(differs("v", version(1, 2), 1s));
  CHECK(differs("v", version(1), 2s));
  erase(two, "a", version(9), kNow);
  CHECK(fingerprint(one) != fingerprint(two));
}

TEST_CASE("store: clear forgets everything, gives the memory back and leaves the store usable") {
  Store store;
  const std::size_t fresh = store.memory_bytes();
  for (int i = 0; i < 3000; ++i) put(store, numbered("k", i), "v", version(1), 1s, kNow);
  store.clear();
  CHECK(store.size() == 0);
  CHECK(store.live() == 0);
  CHECK(store.bytes() == 0);
  CHECK(store.memory_bytes() == fresh);
  CHECK(store.get("k1", kNow).state == ItemState::kMissing);
  CHECK(store.next_due(kNow) == MonoTime::max());
  put(store, "k", "v", version(1), 1s, kNow);
  CHECK(store.get("k", kNow).live());
}

TEST_CASE("store: clear does not restart the reaper's clock") {
  Store store(StoreOptions::go_os(), mono(3s));
  store.clear();
  CHECK(store.next_due(mono(4s)) == mono(13s));
}

TEST_CASE("store: beside key and value an item takes less than 160 bytes, at any size") {
  for (const int items : {1000, 3000, 10'000, 30'000}) {
    Store store;
    for (int i = 0; i < items; ++i) {
      put(store, "user:" + std::to_string(1'000'000 + i), std::string(100, 'x'), version(1), 60s, kNow);
    }
    const std::size_t beside = store.memory_bytes() - store.bytes();
    CAPTURE(items);
    CAPTURE(beside / static_cast<std::size_t>(items));
    // At just over a power of two the first page of entries and the index are half empty.
    CHECK(beside <= 160 * static_cast<std::size_t>(items));
    CHECK(beside >= 100 * static_cast<std::size_t>(items));
  }
}

TEST_CASE("store: a small store is small, since a simulation has one at every node") {
  Store store;
  CHECK(store.memory_bytes() == 0);
  for (int i = 0; i < 10; ++i) put(store, numbered("k", i), "v", version(1), 60s, kNow);
  CHECK(store.memory_bytes() + sizeof(Store) <= 3072);
}

TEST_CASE("store: memory is used again, so steady replacement does not grow it") {
  StoreOptions options = with_grace(1s);
  Store store(options);
  std::size_t after_first = 0;
  for (int round = 0; round < 20; ++round) {
    const MonoTime now = kNow + round * 10s;
    for (int i = 0; i < 2000; ++i) {
      put(store, numbered(numbered("", round) + "/", i), "v", version(1), 2s, now);
    }
    drain(store, now + 4s);
    CHECK(store.size() == 0);
    if (round == 2) after_first = store.memory_bytes();
  }
  CHECK(store.memory_bytes() <= after_first + after_first / 10);
}

TEST_CASE("store: a store that is moved keeps everything") {
  Store store;
  put(store, "k", "v", version(1), 1s, kNow);
  Store other = std::move(store);
  CHECK(other.get("k", kNow).live());
  drain(other, kNow + 2s);
  CHECK(other.tombstones() == 1);
}

}  // namespace
}  // namespace hearsay
