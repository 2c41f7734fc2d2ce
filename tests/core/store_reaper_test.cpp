// The reaper is go-os's store. Each of its defects is shown here, beside the default, which is free of it.
#include <doctest/doctest.h>

#include "tests/core/store_helpers.hpp"

namespace hearsay {
namespace {

// A reaper that scans every second shows the comparison without the wait for the scan.
StoreOptions every_second() {
  StoreOptions options = StoreOptions::go_os();
  options.reap_interval = 1s;
  return options;
}

// Calls expire whenever the store asks for it, up to a time.
void drive(Store& store, MonoTime from, MonoTime until) {
  for (MonoTime at = store.next_due(from); at <= until; at = store.next_due(at)) drain(store, at);
}

TEST_CASE("store: go-os serves a value until the next scan, the default does not") {
  Store defect(StoreOptions::go_os(), mono(0s));
  Store store;
  for (Store* each : {&defect, &store}) put(*each, "k", "v", version(1), 2s, mono(1s));
  for (Store* each : {&defect, &store}) drive(*each, mono(1s), mono(9999ms));
  CHECK(defect.get("k", mono(9999ms)).live());
  CHECK_FALSE(store.get("k", mono(3s)).live());
  drive(defect, mono(9999ms), mono(10s));
  CHECK(defect.get("k", mono(10s)).state == ItemState::kMissing);
}

TEST_CASE("store: go-os lets a value live up to a second too long, the default does not") {
  Store defect(every_second(), mono(0s));
  put(defect, "k", "v", version(1), 2s, mono(0s));
  // Whole seconds: 2 - 0 > 2 is false during all of the third second.
  drain(defect, mono(2999ms));
  CHECK(defect.get("k", mono(2999ms)).live());
  drain(defect, mono(3s));
  CHECK_FALSE(defect.get("k", mono(3s)).live());
  Store store;
  put(store, "k", "v", version(1), 2s, mono(0s));
  CHECK_FALSE(store.get("k", mono(2s)).live());
}

TEST_CASE("store: go-os is never early, wherever in a second the value was stored") {
  for (Duration offset = 0ms; offset < 1s; offset += 100ms) {
    Store store(every_second(), mono(0s));
    const MonoTime stored = mono(5s + offset);
    put(store, "k", "v", version(1), 2500ms, stored);
    // 2.5 s truncate to 2, so it is the truncation of the difference that saves it.
    MonoTime gone = mono(0s);
    for (MonoTime at = stored; gone == mono(0s); at += 50ms) {
      drain(store, at);
      if (!store.get("k", at).live()) gone = at;
    }
    CAPTURE(offset.count());
    CHECK(gone - stored > 2s);
    CHECK(gone - stored <= 4s);
  }
}

TEST_CASE("store: go-os keeps a value with a TTL under a second for ever, the default does not") {
  Store defect(every_second(), mono(0s));
  put(defect, "k", "v", version(1), 999ms, mono(0s));
  drain(defect, mono(24h));
  CHECK(defect.get("k", mono(24h)).live());
  Store store;
  put(store, "k", "v", version(1), 999ms, mono(0s));
  CHECK_FALSE(store.get("k", mono(999ms)).live());
}

TEST_CASE("store: go-os tells the original TTL, so that a copy starts anew, the default tells what is left") {
  Store defect(StoreOptions::go_os(), mono(0s));
  Store store;
  for (Store* each : {&defect, &store}) put(*each, "k", "v", version(1), 8s, mono(0s));
  CHECK(defect.get("k", mono(6s)).ttl_left == 8s);
  CHECK(store.get("k", mono(6s)).ttl_left == 2s);
}

TEST_CASE("store: a reaper can tell what is left, which is never taken for for-ever") {
  StoreOptions options = StoreOptions::go_os();
  options.original_ttl = false;
  Store store(options, mono(0s));
  put(store, "k", "v", version(1), 2s, mono(0s));
  put(store, "always", "v", version(1), 0s, mono(0s));
  CHECK(store.get("k", mono(500ms)).ttl_left == 1500ms);
  CHECK(store.get("k", mono(9s)).ttl_left == 1ns);
  CHECK(store.get("always", mono(9s)).ttl_left == 0ns);
}

TEST_CASE("store: go-os forgets the version with the value, so an older write comes back, the default keeps it") {
  Store defect(StoreOptions::go_os(), mono(0s));
  Store store;
  for (Store* each : {&defect, &store}) put(*each, "k", "new", version(2), 2s, mono(0s));
  for (Store* each : {&defect, &store}) drain(*each, mono(10s));
  CHECK(put(defect, "k", "old", version(1), 0s, mono(10s)) == WriteResult::kApplied);
  CHECK(put(store, "k", "old", version(1), 0s, mono(10s)) == WriteResult::kOlder);
}

TEST_CASE("store: a reaper scans at its interval, and leaves out scans that were missed") {
  Store store(StoreOptions::go_os(), mono(3s));
  CHECK(store.next_due(mono(3s)) == mono(13s));
  drain(store, mono(12s));
  CHECK(store.next_due(mono(12s)) == mono(13s));
  drain(store, mono(13s));
  CHECK(store.next_due(mono(13s)) == mono(23s));
  drain(store, mono(45s));
  CHECK(store.next_due(mono(45s)) == mono(53s));
}

TEST_CASE("store: a reaper's scan keeps to its budget and goes on where it was") {
  Store store(every_second(), mono(0s));
  for (int i = 0; i < 1000; ++i) put(store, numbered("k", i), "v", version(1), 1s, mono(0s));
  int calls = 1;
  int reaped = 0;
  while (store.expire(mono(2s), 10, [&](StoreChange, const StoreItem&) { ++reaped; })) {
    CHECK(reaped <= 10 * calls);
    CHECK(store.next_due(mono(2s)) == mono(2s));
    ++calls;
  }
  CHECK(reaped == 1000);
  CHECK(calls >= 100);
  CHECK(store.size() == 0);
}

TEST_CASE("store: a reaper may leave tombstones, and scans them away") {
  StoreOptions options = every_second();
  options.tombstone_grace = 5s;
  Store store(options, mono(0s));
  put(store, "k", "v", version(2), 1s, mono(0s));
  drain(store, mono(2s));
  CHECK(store.get("k", mono(2s)).state == ItemState::kTombstone);
  CHECK(store.get("k", mono(2s)).ttl_left == 5s);
  CHECK(put(store, "k", "old", version(1), 0s, mono(2s)) == WriteResult::kOlder);
  drain(store, mono(7s));
  CHECK(store.size() == 0);
}

}  // namespace
}  // namespace hearsay
