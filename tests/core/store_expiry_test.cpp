// The expiry rules of the KV interface, one case each, in deadline mode.
#include <doctest/doctest.h>

#include <vector>

#include "tests/core/store_helpers.hpp"

namespace hearsay {
namespace {

constexpr MonoTime kStart = MonoTime(1000s);

TEST_CASE("store: a value lives right up to its deadline and not a nanosecond longer") {
  for (const Duration ttl :
       {Duration(1ms), Duration(999ms), Duration(1s), Duration(24h * 30), Duration(24h * 30 + 1s), kTenYears}) {
    CAPTURE(ttl.count());
    // Once with nobody calling expire, once with all the calls that next_due asks for.
    for (const bool driven : {false, true}) {
      Store store;
      REQUIRE(put(store, "k", "v", version(1), ttl, kStart) == WriteResult::kApplied);
      std::vector<MonoTime> expired;
      const auto drive_to = [&](MonoTime until) {
        if (!driven) return;
        for (MonoTime at = store.next_due(kStart); at <= until; at = store.next_due(at)) {
          store.expire(at, 100, [&](StoreChange, const StoreItem&) { expired.push_back(at); });
        }
      };
      drive_to(kStart + ttl - 1ns);
      const Lookup before = store.get("k", kStart + ttl - 1ns);
      CHECK(before.live());
      CHECK(before.value.view() == "v");
      CHECK(before.ttl_left == 1ns);
      CHECK(expired.empty());
      const Lookup after = store.get("k", kStart + ttl);
      CHECK(after.state == ItemState::kTombstone);
      CHECK(after.value.empty());
      drive_to(kStart + ttl + StoreWheel::kTick);
      REQUIRE(expired.size() == (driven ? 1 : 0));
      if (driven) CHECK(expired[0] >= kStart + ttl);
      CHECK(store.live() == (driven ? 0 : 1));
    }
  }
}

TEST_CASE("store: a TTL of 0 is for ever") {
  Store store;
  put(store, "k", "v", version(1), 0ns, kStart);
  CHECK(store.next_due(kStart) == MonoTime::max());
  drain(store, kStart + kTenYears);
  const Lookup found = store.get("k", kStart + kTenYears);
  CHECK(found.live());
  CHECK(found.ttl_left == 0ns);
}

TEST_CASE("store: TTLs below zero and over ten years are refused and change nothing") {
  Store store;
  put(store, "k", "v", version(1), 1s, kStart);
  CHECK(put(store, "k", "w", version(2), -1ns, kStart) == WriteResult::kInvalid);
  CHECK(put(store, "k", "w", version(2), kTenYears + 1ns, kStart) == WriteResult::kInvalid);
  CHECK(store.get("k", kStart).value.view() == "v");
}

TEST_CASE("store: a get tells what is left and does not extend it") {
  Store store;
  put(store, "k", "v", version(1), 1s, kStart);
  CHECK(store.get("k", kStart + 400ms).ttl_left == 600ms);
  CHECK(store.get("k", kStart + 999ms).ttl_left == 1ms);
  CHECK_FALSE(store.get("k", kStart + 1s).live());
}

TEST_CASE("store: an overwrite replaces the value and its TTL, longer or shorter") {
  Store store;
  put(store, "k", "a", version(1), 1s, kStart);
  CHECK(put(store, "k", "b", version(2), 10s, kStart) == WriteResult::kApplied);
  drain(store, kStart + 2s);
  CHECK(store.get("k", kStart + 2s).value.view() == "b");
  CHECK(put(store, "k", "c", version(3), 1s, kStart + 2s) == WriteResult::kApplied);
  CHECK_FALSE(store.get("k", kStart + 3s).live());
}

TEST_CASE("store: an overwrite with TTL 0 clears the deadline") {
  Store store;
  put(store, "k", "a", version(1), 1s, kStart);
  put(store, "k", "b", version(2), 0ns, kStart);
  drain(store, kStart + 1h);
  CHECK(store.get("k", kStart + 1h).live());
}

TEST_CASE("store: a shorter-lived value that expired does not let an older, longer-lived one back in") {
  for (const bool driven : {false, true}) {
    Store store;
    put(store, "k", "new", version(2), 1s, kStart);
    if (driven) drain(store, kStart + 5s);
    CHECK(put(store, "k", "old", version(1), 1h, kStart + 5s) == WriteResult::kOlder);
    CHECK(store.get("k", kStart + 5s).state == ItemState::kTombstone);
    CHECK(store.get("k", kStart + 5s).version == version(2));
    // Nor does a late copy of the very version that expired.
    CHECK(put(store, "k", "new", version(2), 1h, kStart + 5s) == WriteResult::kSame);
    CHECK_FALSE(store.get("k", kStart + 5s).live());
  }
}

TEST_CASE("store: an expired value's tombstone is kept for the grace, counted from the deadline") {
  StoreOptions options;
  options.tombstone_grace = 10s;
  for (const bool driven : {false, true}) {
    Store store(options);
    put(store, "k", "v", version(2), 1s, kStart);
    if (driven) drain(store, kStart + 4s);
    CHECK(store.get("k", kStart + 4s).ttl_left == 7s);
    CHECK(store.get("k", kStart + 11s - 1ns).state == ItemState::kTombstone);
    CHECK(store.get("k", kStart + 11s).state == ItemState::kMissing);
    if (driven) {
      drain(store, kStart + 11s + StoreWheel::kTick);
      CHECK(store.size() == 0);
    }
    // What a write is answered does not depend on whether expire came by.
    CHECK(put(store, "k", "old", version(1), 0ns, kStart + 11s + StoreWheel::kTick) == WriteResult::kApplied);
  }
}

TEST_CASE("store: without a grace an expired value leaves nothing") {
  StoreOptions options;
  options.tombstone_grace = 0s;
  Store store(options);
  put(store, "k", "v", version(2), 1s, kStart);
  CHECK(store.get("k", kStart + 1s).state == ItemState::kMissing);
  int expired = 0;
  store.expire(kStart + 2s, 100, [&](StoreChange change, const StoreItem&) {
    CHECK(change == StoreChange::kExpired);
    ++expired;
  });
  CHECK(expired == 1);
  CHECK(store.size() == 0);
  CHECK(store.bytes() == 0);
}

TEST_CASE("store: expiry is reported once, with hash and version, then forgetting") {
  StoreOptions options;
  options.tombstone_grace = 10s;
  Store store(options);
  store.put("k", 77, bytes("v"), version(5, 9), 1s, kStart);
  std::vector<StoreChange> seen;
  const auto note = [&](StoreChange change, const StoreItem& item) {
    CHECK(item.key == "k");
    CHECK(item.hash == 77);
    CHECK(item.version == version(5, 9));
    CHECK(item.state == ItemState::kTombstone);
    seen.push_back(change);
  };
  for (Duration t = 0s; t < 20s; t += 100ms) store.expire(kStart + t, 100, note);
  CHECK(seen == std::vector{StoreChange::kExpired, StoreChange::kForgotten});
}

TEST_CASE("store: the expired value's bytes are freed while its version stays") {
  Store store;
  put(store, "key", std::string(1000, 'x'), version(1), 1s, kStart);
  CHECK(store.bytes() == 1003);
  drain(store, kStart + 2s);
  CHECK(store.bytes() == 3);
  CHECK(store.tombstones() == 1);
}

TEST_CASE("store: of one version the earlier deadline is taken, in whatever order copies arrive") {
  Store store;
  put(store, "k", "v", version(1), 10s, kStart);
  CHECK(put(store, "k", "v", version(1), 12s, kStart) == WriteResult::kSame);
  CHECK(put(store, "k", "v", version(1), 0ns, kStart) == WriteResult::kSame);
  CHECK(store.get("k", kStart).ttl_left == 10s);
  CHECK(put(store, "k", "v", version(1), 4s, kStart) == WriteResult::kShortened);
  CHECK(store.get("k", kStart).ttl_left == 4s);
  drain(store, kStart + 5s);
  CHECK(store.live() == 0);
}

TEST_CASE("store: expire keeps to its budget and says that there is more") {
  Store store;
  for (int i = 0; i < 1000; ++i) put(store, numbered("k", i), "v", version(1), 10s, kStart);
  int expired = 0;
  int calls = 0;
  bool more = true;
  while (more) {
    int in_call = 0;
    more = store.expire(kStart + 11s, 64, [&](StoreChange, const StoreItem&) { ++in_call; });
    CHECK(in_call <= 64);
    expired += in_call;
    ++calls;
    CHECK((store.next_due(kStart + 11s) == kStart + 11s) == more);
  }
  CHECK(expired == 1000);
  CHECK(calls >= 1000 / 64);
}

TEST_CASE("store: many keys of one deadline read as gone at once, before expire has reached any") {
  Store store;
  for (int i = 0; i < 20'000; ++i) put(store, numbered("k", i), "v", version(1), 60s, kStart);
  int live = 0;
  for (int i = 0; i < 20'000; ++i) live += store.get(numbered("k", i), kStart + 60s).live() ? 1 : 0;
  CHECK(live == 0);
  CHECK(store.live() == 20'000);
}

}  // namespace
}  // namespace hearsay
