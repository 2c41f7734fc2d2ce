// Nothing expires early, and late by no more than declared. On every backend, by its own clock.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/transport/kv_fixtures.hpp"

namespace hearsay::test {

namespace {

constexpr Duration kMonth = 24h * 30;

// One item, watched by reads: each proves or refutes something, however long it took.
class Watched {
 public:
  Watched(KvFixture& f, Kv& kv, std::string key, Duration ttl)
      : f_(f), kv_(kv), key_(std::move(key)), ttl_(ttl), left_(ttl) {
    put_ = f.now();
    const Result<void> done = kv.put({key_, "value", ttl});
    acknowledged_ = f.now();
    REQUIRE_MESSAGE(done, done.error().message);
  }

  // Whether it is still there.
  bool read() {
    CAPTURE(key_);
    const MonoTime before = f_.now();
    const Result<Item> item = kv_.get(key_);
    const MonoTime after = f_.now();
    if (!item) {
      CHECK(item.error().code == ErrorCode::kNotFound);
      CHECK(after >= put_ + ttl_);  // not early
      gone_ = true;
      return false;
    }
    CHECK_FALSE(gone_);
    CHECK(item->value == "value");
    CHECK(before <= acknowledged_ + ttl_ + kv_.capabilities().late_by + f_.resolution());  // not late
    CHECK(item->expiration > 0s);
    CHECK(item->expiration <= left_ + f_.resolution());  // only falls
    CHECK(item->expiration >= ttl_ - (after - put_) - f_.resolution());
    CHECK(item->expiration <=
          std::max(Duration(0), ttl_ - (before - acknowledged_)) + kv_.capabilities().late_by + f_.resolution());
    left_ = std::min(left_, item->expiration);
    return true;
  }

  bool gone() const { return gone_; }

 private:
  KvFixture& f_;
  Kv& kv_;
  std::string key_;
  Duration ttl_;
  Duration left_;
  MonoTime put_{};
  MonoTime acknowledged_{};
  bool gone_ = false;
};

}  // namespace

HEARSAY_KV_CASE(ttls, "TTLs from a nanosecond to a month and a second: never early, late within what is declared",
                EveryKv) {
  const auto kv = f.open();
  std::vector<Watched> brief;
  for (const Duration ttl :
       {Duration(1ns), Duration(1ms), Duration(1500us), Duration(50ms), Duration(999ms), Duration(1s)}) {
    brief.emplace_back(f, *kv, "brief " + std::to_string(ttl.count()), ttl);
  }
  std::vector<Watched> long_ones;
  for (const Duration ttl : {kMonth - 1s, kMonth, kMonth + 1s, kMonth + 1500ms, kTenYears}) {
    long_ones.emplace_back(f, *kv, "long " + std::to_string(ttl.count()), ttl);
  }
  const auto step = [&](std::vector<Watched>& all) {
    std::size_t there = 0;
    for (Watched& each : all) {
      if (!each.gone() && each.read()) ++there;
    }
    return there;
  };
  const MonoTime limit = f.now() + 1s + kv->capabilities().late_by + 10s;
  while (step(brief) > 0) {
    REQUIRE(f.now() < limit);
    CHECK(step(long_ones) == long_ones.size());
    f.pass(5ms);
  }
  CHECK(step(long_ones) == long_ones.size());
  if (!f.own_clock()) return;
  f.pass(kMonth - 3s);
  CHECK(step(long_ones) == long_ones.size());
  for (int i = 0; i < 60; ++i) {
    step(long_ones);
    f.pass(100ms);
  }
  CHECK(step(long_ones) == 1);  // ten years
}

HEARSAY_KV_CASE(get_extends_nothing, "a get extends nothing: asked all the time, an item still goes", EveryKv) {
  const auto kv = f.open();
  Watched item(f, *kv, "key", 100ms);
  const MonoTime limit = f.now() + 100ms + kv->capabilities().late_by + 10s;
  while (item.read()) {
    REQUIRE(f.now() < limit);
    f.pass(1ms);
  }
}

HEARSAY_KV_CASE(put_restarts_time, "a put restarts the time, and what has expired does not come back", EveryKv) {
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "old", 1h}));
  Watched item(f, *kv, "key", 30ms);
  const MonoTime limit = f.now() + 30ms + kv->capabilities().late_by + 10s;
  while (item.read()) {
    REQUIRE(f.now() < limit);
    f.pass(1ms);
  }
  for (int i = 0; i < 10; ++i) {
    CHECK(kv->get("key").error().code == ErrorCode::kNotFound);
    f.pass(1ms);
  }
  if (kv->capabilities().list) CHECK(kv->list().value().empty());
  REQUIRE(kv->put({"key", "new", 0s}));
  f.pass(f.own_clock() ? Duration(1h) : Duration(50ms));
  CHECK(kv->get("key").value().value == "new");
}

HEARSAY_KV_CASE(wall_clock, "a step of the wall clock moves no expiry, and writes after it win", WallClockKv) {
  const auto kv = f.open();
  for (const Duration step : {Duration(2h), Duration(-2h), Duration(0h)}) {
    CAPTURE(step.count());
    Watched before(f, *kv, "before", 10min);
    REQUIRE(kv->put({"key", "old", 0s}));
    have<WithWallClock>(f).step_wall_clock(step);
    CHECK(before.read());
    Watched after(f, *kv, "after", 10min);
    REQUIRE(kv->put({"key", "new", 0s}));
    CHECK(kv->get("key").value().value == "new");
    f.pass(9min);
    CHECK(before.read());
    CHECK(after.read());
    f.pass(1min + kv->capabilities().late_by);
    CHECK_FALSE(before.read());
    CHECK_FALSE(after.read());
  }
}

HEARSAY_KV_CASE(no_resurrection, "what was deleted, expired or overwritten does not come back by a late replica",
                ReplicatedKv) {
  auto& replicas = have<WithReplicas>(f);
  const auto kv = f.open();
  const auto late = replicas.open_at_the_one();
  for (const char* key : {"deleted", "shortened", "overwritten"}) REQUIRE(kv->put({key, "old", 0s}));
  f.pass(1s);  // everywhere
  replicas.cut_off_one();
  REQUIRE(kv->del("deleted"));
  REQUIRE(kv->put({"shortened", "brief", 1s}));
  REQUIRE(kv->put({"overwritten", "new", 0s}));
  CHECK(late->get("deleted").error().code != ErrorCode::kNotFound);  // no quorum, which is no answer
  f.pass(1min);
  replicas.heal();
  for (int round = 0; round < 2; ++round) {
    for (Kv* each : {kv.get(), late.get()}) {
      CHECK(each->get("deleted").error().code == ErrorCode::kNotFound);
      CHECK(each->get("shortened").error().code == ErrorCode::kNotFound);
      CHECK(each->get("overwritten").value().value == "new");
    }
    f.pass(replicas.repair());
  }
}

HEARSAY_KV_CASE(unavailable, "too few replicas are unavailable, never a miss", ReplicatedKv) {
  auto& replicas = have<WithReplicas>(f);
  const auto kv = f.open();
  const auto alone = replicas.open_at_the_one();
  REQUIRE(kv->put({"key", "value", 0s}));
  replicas.cut_off_one();
  for (const ErrorCode code : {alone->get("key").error().code, alone->put({"key", "x", 0s}).error().code}) {
    CHECK((code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout));
  }
  CHECK(kv->get("key").value().value == "value");
  replicas.heal();
  CHECK(alone->get("key"));
}

}  // namespace hearsay::test
