// A node's clocks: what drift and steps do to each, and that a timer is never early.
#include "sim/world/clock.hpp"

#include <doctest/doctest.h>

#include "core/base/random.hpp"

namespace hearsay::world {
namespace {

TrueTime at(Duration time) { return TrueTime(time); }
Duration mono_at(const NodeClock& clock, Duration time) { return clock.mono(at(time)).time_since_epoch(); }

TEST_CASE("a clock that nobody touched shows true time") {
  const NodeClock clock;
  CHECK(mono_at(clock, 17s) == 17s);
  CHECK(clock.wall(at(17s)) == kWallStart + 17s);
  CHECK(clock.true_delay(3s) == 3s);
}

TEST_CASE("drift changes the rate of both clocks from then on") {
  NodeClock clock;
  clock.set_drift(at(10s), 1'000'000);  // 1000 ppm
  CHECK(mono_at(clock, 10s) == 10s);
  CHECK(mono_at(clock, 11s) == 11s + 1ms);
  CHECK(clock.wall(at(11s)) == kWallStart + 11s + 1ms);
  clock.set_drift(at(20s), -500'000);
  CHECK(mono_at(clock, 20s) == 20s + 10ms);
  CHECK(mono_at(clock, 40s) == 40s + 10ms - 10ms);
  clock.set_drift(at(40s), 0);
  CHECK(mono_at(clock, 50s) == 50s);
}

TEST_CASE("a step moves the wall clock alone, either way") {
  NodeClock clock;
  clock.step_wall(30s);
  CHECK(clock.wall(at(5s)) == kWallStart + 35s);
  clock.step_wall(-40s);
  CHECK(clock.wall(at(5s)) == kWallStart - 5s);
  CHECK(mono_at(clock, 5s) == 5s);
  CHECK(clock.true_delay(1s) == 1s);
}

TEST_CASE("a timer is never early, and late by no more than nanoseconds") {
  RandomStream random(1, Purpose::kTest);
  for (int round = 0; round < 200'000; ++round) {
    NodeClock clock;
    const Duration since(random.between(0, Duration(1h).count()));
    const std::int64_t ppb = random.between(-900'000'000, 900'000'000);
    clock.set_drift(at(since), ppb);
    const Duration armed = since + Duration(random.between(0, Duration(1h).count()));
    // Short delays are where rounding shows.
    const Duration delay(random.between(1, round % 2 == 0 ? 100 : Duration(24h).count()));
    const Duration elapsed = mono_at(clock, armed + clock.true_delay(delay)) - mono_at(clock, armed);
    REQUIRE(elapsed >= delay);
    REQUIRE(elapsed <= delay + 6ns);
  }
}

TEST_CASE("the monotonic clock never goes back, however the drift changes") {
  RandomStream random(2, Purpose::kTest);
  NodeClock clock;
  Duration now{0};
  Duration last{0};
  for (int round = 0; round < 50'000; ++round) {
    now += Duration(random.between(0, 1'000'000));
    if (random.below(3) == 0) clock.set_drift(at(now), random.between(-999'999'999, 999'999'999));
    if (random.below(3) == 0) clock.step_wall(Duration(random.between(-1'000'000'000, 1'000'000'000)));
    const Duration mono = mono_at(clock, now);
    REQUIRE(mono >= last);
    last = mono;
  }
}

}  // namespace
}  // namespace hearsay::world
