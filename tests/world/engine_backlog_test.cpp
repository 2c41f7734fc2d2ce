// Paused and slow nodes: what waits, in which order, for how long, and whose effect it is.
#include "sim/world/engine.hpp"

#include <doctest/doctest.h>

#include "tests/world/engine_fixture.hpp"

namespace hearsay::world {
namespace {

using test::Bench;
using test::Log;

constexpr NodeSlot kLate{1};

TEST_CASE("a paused node handles nothing, and everything in order when it resumes") {
  Bench bench;
  bench.start_all();
  measure::EventEffect effect;
  bench.arm(500ms, 1, 1s, 9);
  bench.until(1s);
  REQUIRE(bench.engine.pause(kLate, &effect));
  bench.send(1s, 0, 1, 1);
  bench.send(1200ms, 2, 1, 2);
  bench.send(1700ms, 0, 1, 3);
  bench.send(1800ms, 1, 0, 4);  // asked of the paused node itself
  bench.until(5s);
  CHECK(bench.log.empty());
  CHECK(effect.deferred == 5);
  REQUIRE(bench.engine.resume(kLate));
  CHECK(bench.log == Log{"n1 message 1 at 5s", "n1 message 2 at 5s", "n1 timer 9 at 5s", "n1 message 3 at 5s"});
  bench.log.clear();
  bench.send(6s, 0, 1, 5);
  bench.until(7s);
  CHECK(bench.log == Log{"n0 message 4 at 5.01s", "n1 message 5 at 6.01s"});
  CHECK(effect.deferred == 5);
}

TEST_CASE("a node that dies while it is paused loses what waited") {
  Bench bench;
  bench.start_all();
  REQUIRE(bench.engine.pause(kLate, nullptr));
  bench.send(1s, 0, 1, 1);
  bench.until(2s);
  REQUIRE(bench.engine.crash(kLate));
  CHECK_FALSE(bench.engine.resume(kLate));
  REQUIRE(bench.engine.start(kLate, false, {}));
  bench.log.clear();
  bench.send(3s, 0, 1, 2);
  bench.until(4s);
  CHECK(bench.log == Log{"n1 message 2 at 3.01s"});
}

TEST_CASE("a slow node serves one input after the other") {
  Bench bench;
  bench.start_all();
  measure::EventEffect effect;
  REQUIRE(bench.engine.slow(kLate, 1, 100ms, &effect));
  for (std::uint32_t i = 0; i < 3; ++i) bench.send(1s, 0, 1, i);
  bench.send(5s, 0, 1, 3);
  bench.until(6s);
  CHECK(bench.log ==
        Log{"n1 message 0 at 1.11s", "n1 message 1 at 1.21s", "n1 message 2 at 1.31s", "n1 message 3 at 5.11s"});
  CHECK(effect.deferred == 4);
  bench.log.clear();
  for (std::uint32_t i = 4; i < 8; ++i) bench.send(7s, 0, 1, i);
  bench.until(7150ms);
  REQUIRE(bench.engine.end_slow(kLate, 1));  // recovers at the end of the service in hand
  bench.send(8s, 0, 1, 9);
  bench.until(9s);
  CHECK(bench.log == Log{"n1 message 4 at 7.11s", "n1 message 5 at 7.21s", "n1 message 6 at 7.21s",
                         "n1 message 7 at 7.21s", "n1 message 9 at 8.01s"});
}

TEST_CASE("of two events that slow a node the later sets the pace, and the end of one is not the end of both") {
  Bench bench;
  bench.start_all();
  measure::EventEffect first;
  measure::EventEffect second;
  REQUIRE(bench.engine.slow(kLate, 1, 100ms, &first));
  REQUIRE(bench.engine.slow(kLate, 2, 300ms, &second));
  bench.send(1s, 0, 1, 1);
  bench.until(2s);
  REQUIRE(bench.engine.end_slow(kLate, 2));
  bench.send(3s, 0, 1, 2);
  bench.until(4s);
  REQUIRE(bench.engine.slow(kLate, 2, 300ms, &second));
  REQUIRE(bench.engine.end_slow(kLate, 1));
  bench.send(5s, 0, 1, 3);
  bench.until(6s);
  REQUIRE(bench.engine.end_slow(kLate, 2));
  bench.send(7s, 0, 1, 4);
  bench.until(8s);
  CHECK(bench.log ==
        Log{"n1 message 1 at 1.31s", "n1 message 2 at 3.11s", "n1 message 3 at 5.31s", "n1 message 4 at 7.01s"});
  CHECK(first.deferred == 1);
  CHECK(second.deferred == 2);
}

TEST_CASE("a slow machine stays slow over a restart, and one that was down comes up slow") {
  Bench bench;
  bench.start_all();
  REQUIRE(bench.engine.slow(kLate, 1, 100ms, nullptr));
  REQUIRE(bench.engine.crash(kLate));
  REQUIRE(bench.engine.start(kLate, false, {}));
  REQUIRE(bench.engine.crash(NodeSlot{2}));
  CHECK_FALSE(bench.engine.slow(NodeSlot{2}, 2, 200ms, nullptr));
  REQUIRE(bench.engine.start(NodeSlot{2}, false, {}));
  bench.log.clear();
  bench.send(1s, 0, 1, 1);
  bench.send(1s, 0, 2, 2);
  bench.until(2s);
  REQUIRE(bench.engine.end_slow(kLate, 1));
  bench.send(3s, 0, 1, 3);
  bench.until(4s);
  CHECK(bench.log == Log{"n1 message 1 at 1.11s", "n2 message 2 at 1.21s", "n1 message 3 at 3.01s"});
}

TEST_CASE("what waits is the doing of the pause while a slow node is paused, and of the slowness else") {
  Bench bench;
  bench.start_all();
  measure::EventEffect slow;
  measure::EventEffect pause;
  REQUIRE(bench.engine.slow(kLate, 1, 10ms, &slow));
  REQUIRE(bench.engine.pause(kLate, &pause));
  bench.send(1s, 0, 1, 1);
  bench.until(2s);
  REQUIRE(bench.engine.resume(kLate));
  bench.send(3s, 0, 1, 2);
  bench.send(3s, 0, 1, 3);
  bench.until(4s);
  CHECK(pause.deferred == 1);
  CHECK(slow.deferred == 2);
}

TEST_CASE("a slow node that is paused and resumed still serves one input at a time") {
  Bench bench;
  bench.start_all();
  REQUIRE(bench.engine.slow(kLate, 1, 100ms, nullptr));
  for (std::uint32_t i = 0; i < 4; ++i) bench.send(1s, 0, 1, i);
  bench.until(1050ms);
  REQUIRE(bench.engine.pause(kLate, nullptr));
  bench.until(1060ms);
  REQUIRE(bench.engine.resume(kLate));
  bench.until(3s);
  CHECK(bench.log ==
        Log{"n1 message 0 at 1.11s", "n1 message 1 at 1.21s", "n1 message 2 at 1.31s", "n1 message 3 at 1.41s"});
}

TEST_CASE("the backlog of a paused node is bounded: the newest messages are dropped and counted") {
  Bench bench;
  bench.start_all();
  measure::EventEffect effect;
  REQUIRE(bench.engine.pause(kLate, &effect));
  constexpr std::uint32_t kSent = Engine::kMaxBacklog + 1000;
  for (std::uint32_t i = 0; i < kSent; ++i) bench.send(1s + Duration(i), 0, 1, i);
  bench.until(2s);
  CHECK(effect.deferred == Engine::kMaxBacklog);
  CHECK(effect.dropped == 1000);
  CHECK(bench.traffic().dropped_queue == 1000);
  REQUIRE(bench.engine.resume(kLate));
  REQUIRE(bench.log.size() == Engine::kMaxBacklog);
  CHECK(bench.log.back() == "n1 message 65535 at 2s");
}

TEST_CASE("the requests that wait at a paused node are bounded: the newest are refused") {
  Bench bench;
  bench.start_all();
  REQUIRE(bench.engine.pause(kLate, nullptr));
  constexpr std::uint32_t kAsked = Engine::kMaxQueuedRequests + 1000;
  for (std::uint32_t i = 0; i < kAsked; ++i) bench.arm(1s + Duration(i), 1, 1h, i);
  bench.until(2s);
  CHECK(bench.refused == 1000);
  CHECK(bench.replies == 0);
  REQUIRE(bench.engine.resume(kLate));
  CHECK(bench.replies == Engine::kMaxQueuedRequests);
  // There is room again.
  REQUIRE(bench.engine.pause(kLate, nullptr));
  bench.arm(3s, 1, 1h, 1);
  bench.until(4s);
  CHECK(bench.refused == 1000);
}

}  // namespace
}  // namespace hearsay::world
