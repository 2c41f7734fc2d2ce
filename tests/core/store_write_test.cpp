// Last writer wins, tombstones, and the bounds.
#include <doctest/doctest.h>

#include <string>

#include "core/kv/request.hpp"
#include "tests/core/store_helpers.hpp"

namespace hearsay {
namespace {

TEST_CASE("store: keys and values come back byte for byte, at the limits too") {
  Store store;
  const std::string odd("\0\xff k", 4);
  for (const std::string& key :
       {std::string(), odd, std::string(22, 'a'), std::string(23, 'b'), std::string(kMaxKeyBytes, 'c')}) {
    for (const std::string& value : {std::string(), odd, std::string(kMaxValueBytes, 'v')}) {
      Store one;
      REQUIRE(put(one, key, value, version(1), 0ns, kNow) == WriteResult::kApplied);
      CHECK(one.get(key, kNow).live());
      CHECK(one.get(key, kNow).value.view() == value);
    }
    put(store, key, key, version(1), 0ns, kNow);
  }
  CHECK(store.get(odd, kNow).value.view() == odd);
  CHECK(store.get(std::string("\0\xff", 2), kNow).state == ItemState::kMissing);
}

TEST_CASE("store: over the limits is refused, and what was held stays") {
  Store store;
  put(store, "k", "v", version(1), 0ns, kNow);
  CHECK(put(store, "k", std::string(kMaxValueBytes + 1, 'v'), version(2), 0ns, kNow) == WriteResult::kInvalid);
  CHECK(put(store, std::string(kMaxKeyBytes + 1, 'k'), "v", version(2), 0ns, kNow) == WriteResult::kInvalid);
  CHECK(erase(store, std::string(kMaxKeyBytes + 1, 'k'), version(2), kNow) == WriteResult::kInvalid);
  CHECK(put(store, "k", "w", Version{}, 0ns, kNow) == WriteResult::kInvalid);
  CHECK(store.get("k", kNow).value.view() == "v");
  CHECK(store.size() == 1);
}

TEST_CASE("store: the greater version wins in either order, the node's id breaks ties") {
  Store store;
  CHECK(put(store, "k", "b", version(5, 2), 0ns, kNow) == WriteResult::kApplied);
  CHECK(put(store, "k", "a", version(5, 1), 0ns, kNow) == WriteResult::kOlder);
  CHECK(store.get("k", kNow).value.view() == "b");
  CHECK(put(store, "k", "c", version(6, 1), 0ns, kNow) == WriteResult::kApplied);
  CHECK(store.get("k", kNow).version == version(6, 1));
}

TEST_CASE("store: a delete is a tombstone with its own version") {
  Store store;
  put(store, "k", "v", version(1), 0ns, kNow);
  CHECK(erase(store, "k", version(2), kNow) == WriteResult::kApplied);
  const Lookup found = store.get("k", kNow);
  CHECK(found.state == ItemState::kTombstone);
  CHECK(found.version == version(2));
  CHECK(found.ttl_left == store.options().tombstone_grace);
  CHECK(store.live() == 0);
  CHECK(store.tombstones() == 1);
}

TEST_CASE("store: deleting again is the same, a later put brings the key back") {
  Store store;
  erase(store, "k", version(2), kNow);
  CHECK(erase(store, "k", version(2), kNow + 1s) == WriteResult::kSame);
  CHECK(erase(store, "k", version(1), kNow + 1s) == WriteResult::kOlder);
  CHECK(put(store, "k", "v", version(3), 0ns, kNow + 1s) == WriteResult::kApplied);
  CHECK(store.get("k", kNow + 1s).live());
  drain(store, kNow + 48h);
  CHECK(store.get("k", kNow + 48h).live());
}

TEST_CASE("store: a delete that arrives before the value it deletes still wins") {
  Store store;
  CHECK(erase(store, "k", version(2), kNow) == WriteResult::kApplied);
  CHECK(put(store, "k", "late", version(1), 0ns, kNow) == WriteResult::kOlder);
  CHECK_FALSE(store.get("k", kNow).live());
}

TEST_CASE("store: a tombstone of the version held ends the value, and the value does not undo it") {
  Store store;
  put(store, "k", "v", version(1), 1h, kNow);
  CHECK(erase(store, "k", version(1), kNow) == WriteResult::kShortened);
  CHECK(put(store, "k", "v", version(1), 1h, kNow) == WriteResult::kSame);
  CHECK_FALSE(store.get("k", kNow).live());
}

TEST_CASE("store: a tombstone ends with its grace, after which nothing is known") {
  StoreOptions options;
  options.tombstone_grace = 10s;
  Store store(options);
  erase(store, "k", version(2), kNow);
  CHECK(store.get("k", kNow + 10s - 1ns).state == ItemState::kTombstone);
  CHECK(store.get("k", kNow + 10s).state == ItemState::kMissing);
  drain(store, kNow + 11s);
  CHECK(store.size() == 0);
  CHECK(store.bytes() == 0);
}

TEST_CASE("store: a tombstone from elsewhere keeps the grace it has left, at most this store's own") {
  StoreOptions options;
  options.tombstone_grace = 10s;
  Store store(options);
  CHECK(store.erase("a", 1, version(1), kNow, 3s) == WriteResult::kApplied);
  CHECK(store.get("a", kNow).ttl_left == 3s);
  CHECK(store.erase("b", 2, version(1), kNow, 30s) == WriteResult::kApplied);
  CHECK(store.get("b", kNow).ttl_left == 10s);
  // Two replicas that hand it to and fro do not keep it alive.
  CHECK(store.erase("a", 1, version(1), kNow + 2s, 10s) == WriteResult::kSame);
  CHECK(store.get("a", kNow + 2s).ttl_left == 1s);
  CHECK(store.erase("c", 3, version(1), kNow, 0s) == WriteResult::kInvalid);
}

TEST_CASE("store: without a grace a delete leaves nothing") {
  StoreOptions options;
  options.tombstone_grace = 0s;
  Store store(options);
  put(store, "k", "v", version(1), 1h, kNow);
  CHECK(erase(store, "k", version(2), kNow) == WriteResult::kApplied);
  CHECK(erase(store, "other", version(2), kNow) == WriteResult::kApplied);
  CHECK(store.size() == 0);
  CHECK(store.next_due(kNow) == MonoTime::max());
}

TEST_CASE("store: drop forgets the version it names and no other") {
  Store store;
  put(store, "k", "v", version(2), 1h, kNow);
  CHECK_FALSE(store.drop("k", version(1)));
  CHECK_FALSE(store.drop("other", version(2)));
  CHECK(store.drop("k", version(2)));
  CHECK(store.get("k", kNow).state == ItemState::kMissing);
  CHECK(store.size() == 0);
  CHECK(store.next_due(kNow) == MonoTime::max());
}

TEST_CASE("store: max_items bounds entries, tombstones among them, overwrites go on") {
  StoreOptions options;
  options.max_items = 2;
  options.tombstone_grace = 10s;
  Store store(options);
  CHECK(put(store, "a", "v", version(1), 0ns, kNow) == WriteResult::kApplied);
  CHECK(erase(store, "b", version(1), kNow) == WriteResult::kApplied);
  CHECK(put(store, "c", "v", version(1), 0ns, kNow) == WriteResult::kFull);
  CHECK(erase(store, "c", version(1), kNow) == WriteResult::kFull);
  CHECK(store.get("c", kNow).state == ItemState::kMissing);
  CHECK(put(store, "a", "w", version(2), 0ns, kNow) == WriteResult::kApplied);
  CHECK(erase(store, "a", version(3), kNow) == WriteResult::kApplied);
  drain(store, kNow + 11s);
  CHECK(put(store, "c", "v", version(1), 0ns, kNow + 11s) == WriteResult::kApplied);
}

TEST_CASE("store: max_bytes bounds keys and values, a refused overwrite leaves the old value") {
  StoreOptions options;
  options.max_bytes = 10;
  Store store(options);
  CHECK(put(store, "a", "123456789", version(1), 0ns, kNow) == WriteResult::kApplied);
  CHECK(store.bytes() == 10);
  CHECK(put(store, "b", "", version(1), 0ns, kNow) == WriteResult::kFull);
  CHECK(erase(store, "b", version(1), kNow) == WriteResult::kFull);
  CHECK(put(store, "a", "1234567890", version(2), 0ns, kNow) == WriteResult::kFull);
  CHECK(store.get("a", kNow).value.view() == "123456789");
  CHECK(put(store, "a", "1234", version(2), 0ns, kNow) == WriteResult::kApplied);
  CHECK(put(store, "b", "1234", version(1), 0ns, kNow) == WriteResult::kApplied);
  CHECK(store.bytes() == 10);
}

TEST_CASE("store: two stores in one process share nothing") {
  Store one;
  Store two;
  put(one, "k", "v", version(1), 0ns, kNow);
  CHECK(two.get("k", kNow).state == ItemState::kMissing);
}

TEST_CASE("store: every result has a name") {
  CHECK(to_string(WriteResult::kApplied) == "applied");
  CHECK(to_string(WriteResult::kInvalid) == "invalid");
  CHECK(changed(WriteResult::kShortened));
  CHECK_FALSE(changed(WriteResult::kSame));
}

}  // namespace
}  // namespace hearsay
