// Iteration in the order of (hash, key).
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "tests/core/store_helpers.hpp"

namespace hearsay {
namespace {

using Keys = std::vector<std::string>;

Keys scan_all(const Store& store, std::size_t at_once, MonoTime now = kNow) {
  Keys keys;
  StoreCursor cursor;
  while (store.scan(cursor, at_once, now, [&](const StoreItem& item) {
    keys.emplace_back(item.key);
    return true;
  })) {
  }
  return keys;
}

TEST_CASE("store: a scan goes by hash, then by key, whatever the order of the writes") {
  Store store;
  store.put("c", 5, bytes("v"), version(1), 0ns, kNow);
  store.put("a", 9, bytes("v"), version(1), 0ns, kNow);
  store.put("b", 5, bytes("v"), version(1), 0ns, kNow);
  store.put("d", ~std::uint64_t{0}, bytes("v"), version(1), 0ns, kNow);
  store.put("e", 0, bytes("v"), version(1), 0ns, kNow);
  CHECK(scan_all(store, 100) == Keys{"e", "b", "c", "a", "d"});
  CHECK(scan_all(store, 1) == Keys{"e", "b", "c", "a", "d"});
}

TEST_CASE("store: a scan shows tombstones, and what has expired as one") {
  Store store;
  store.put("a", 1, bytes("va"), version(1), 10s, kNow);
  store.put("b", 2, bytes("vb"), version(2), 1s, kNow);
  store.erase("c", 3, version(3), kNow);
  std::vector<std::pair<ItemState, std::string>> seen;
  StoreCursor cursor;
  CHECK_FALSE(store.scan(cursor, 10, kNow + 2s, [&](const StoreItem& item) {
    seen.emplace_back(item.state, std::string(item.value->view()));
    CHECK(item.hash == item.version.time);
    if (item.state == ItemState::kLive) CHECK(item.ttl_left == 8s);
    return true;
  }));
  CHECK(seen == std::vector<std::pair<ItemState, std::string>>{
                    {ItemState::kLive, "va"}, {ItemState::kTombstone, ""}, {ItemState::kTombstone, ""}});
}

TEST_CASE("store: a scan leaves out tombstones whose grace has ended") {
  Store store;
  store.erase("a", 1, version(1), kNow);
  store.put("b", 2, bytes("v"), version(1), 0ns, kNow);
  CHECK(scan_all(store, 1, kNow + 2h) == Keys{"b"});
}

TEST_CASE("store: a scan starts at the cursor and ends where the visitor says so") {
  Store store;
  for (std::uint64_t i = 0; i < 10; ++i) store.put(std::to_string(i), i, bytes("v"), version(1), 0ns, kNow);
  StoreCursor cursor{3, ""};
  Keys keys;
  // An arc: everything up to hash 6.
  CHECK(store.scan(cursor, 100, kNow, [&](const StoreItem& item) {
    if (item.hash > 6) return false;
    keys.emplace_back(item.key);
    return true;
  }));
  CHECK(keys == Keys{"3", "4", "5", "6"});
  CHECK(cursor.hash == 7);
  CHECK(cursor.key == "7");
}

TEST_CASE("store: a scan in pieces meets each item that stays once, while others come and go") {
  Store store;
  for (int i = 0; i < 2000; ++i) put(store, numbered("k", i), "v", version(1), 0ns, kNow);
  std::vector<int> met(2000, 0);
  StoreCursor cursor;
  int round = 0;
  bool more = true;
  while (more) {
    more = store.scan(cursor, 7, kNow, [&](const StoreItem& item) {
      if (item.key[0] == 'k') ++met[static_cast<std::size_t>(std::stoi(std::string(item.key.substr(1))))];
      return true;
    });
    // Every third key goes at some time, and new ones come everywhere.
    if (round % 3 == 0) store.drop(numbered("k", round), version(1));
    put(store, numbered("new", round), "v", version(1), 0ns, kNow);
    ++round;
  }
  for (int i = 0; i < 2000; ++i) {
    if (i % 3 != 0 || i >= round) CHECK(met[static_cast<std::size_t>(i)] == 1);
  }
}

TEST_CASE("store: a ring that gives all keys one hash still iterates them in order") {
  Store store;
  Keys expected;
  for (int i = 0; i < 1500; ++i) expected.push_back(numbered("k", 10'000 + i));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    store.put(expected[i * 7 % expected.size()], 42, bytes("v"), version(1), 0ns, kNow);
  }
  CHECK(scan_all(store, 11) == expected);
  for (std::size_t i = 0; i < expected.size(); i += 2) store.drop(expected[i], version(1));
  Keys rest;
  for (std::size_t i = 1; i < expected.size(); i += 2) rest.push_back(expected[i]);
  CHECK(scan_all(store, 11) == rest);
}

TEST_CASE("store: an empty store has nothing to scan") {
  const Store store;
  StoreCursor cursor;
  CHECK_FALSE(store.scan(cursor, 10, kNow, [](const StoreItem&) { return true; }));
}

}  // namespace
}  // namespace hearsay
