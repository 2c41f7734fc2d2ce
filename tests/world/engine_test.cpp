// The engine: the life of a process, what becomes of its messages and timers, and the fingerprint of it all.
#include "sim/world/engine.hpp"

#include <doctest/doctest.h>

#include "tests/world/engine_fixture.hpp"

namespace hearsay::world {
namespace {

using test::Bench;
using test::Log;

constexpr NodeSlot kOne{1};

TEST_CASE("a message arrives after its latency, a publish at everybody but the sender") {
  Bench bench;
  bench.start_all();
  bench.send(1s, 0, 1, 5);
  bench.publish(2s, 3, 6);
  bench.publish(3s, 0, 7);
  bench.until(4s);
  CHECK(bench.log == Log{"n1 message 5 at 1.01s", "n0 message 6 at 2.01s", "n1 message 6 at 2.01s",
                         "n2 message 6 at 2.01s", "n1 message 7 at 3.01s", "n2 message 7 at 3.01s",
                         "n3 message 7 at 3.01s"});
  CHECK(bench.replies == 3);
  CHECK(bench.traffic().delivered == 7);
}

TEST_CASE("what is on its way to a node that dies is dropped") {
  Bench bench;
  bench.start_all();
  bench.send(1s, 0, 1, 5);
  bench.until(1005ms);
  CHECK(bench.engine.crash(kOne));
  bench.until(2s);
  CHECK(bench.log.empty());
  CHECK(bench.traffic().dropped_down == 1);
  CHECK(bench.engine.state(kOne) == measure::ProcessState::kDown);
}

TEST_CASE("a timer of a former life never fires") {
  Bench bench;
  bench.start_all();
  bench.arm(1s, 1, 2s, 7);
  bench.until(1500ms);
  REQUIRE(bench.engine.crash(kOne));
  REQUIRE(bench.engine.start(kOne, true, {}));
  CHECK(bench.engine.epoch(kOne) == 2);
  bench.log.clear();
  bench.arm(2s, 1, 2s, 8);
  bench.until(10s);
  CHECK(bench.log == Log{"n1 timer 8 at 4s"});
}

TEST_CASE("state is kept or lost as the restart says, and the time away counted") {
  Bench bench;
  bench.start_all();
  bench.arm(1s, 1, 1h, 1);
  bench.arm(1s, 1, 1h, 2);
  bench.until(2s);
  REQUIRE(bench.engine.crash(kOne));
  bench.until(5s);
  REQUIRE(bench.engine.start(kOne, true, {}));
  CHECK(bench.log == Log{"n1 starts with 2 after 3s at 5s"});
  bench.log.clear();
  REQUIRE(bench.engine.crash(kOne));
  bench.until(6s);
  REQUIRE(bench.engine.start(kOne, false, {}));
  CHECK(bench.log == Log{"n1 starts empty at 6s"});
  bench.log.clear();
  // What was lost stays lost.
  REQUIRE(bench.engine.crash(kOne));
  REQUIRE(bench.engine.start(kOne, true, {}));
  CHECK(bench.log == Log{"n1 starts with 0 after 0s at 6s"});
}

TEST_CASE("the engine stops after as many events as it is told, and goes on from there") {
  Bench bench;
  bench.start_all();
  for (std::uint32_t i = 0; i < 10; ++i) bench.send(1s + i * 1s, 0, 1, i);  // an event each to ask and to arrive
  CHECK(bench.engine.run_before(TrueTime(20s), 5) == 5);
  CHECK(bench.engine.now() < TrueTime(4s));
  CHECK(bench.log.size() == 2);
  bench.engine.run_before(TrueTime(20s), 1000);
  CHECK(bench.engine.now() == TrueTime(20s));
  CHECK(bench.log.size() == 10);
}

TEST_CASE("a leaver tells the others, goes on receiving until it is stopped, and may come back") {
  Bench bench;
  bench.start_all();
  bench.until(1s);
  REQUIRE(bench.engine.leave(kOne));
  CHECK(bench.engine.state(kOne) == measure::ProcessState::kLeaving);
  bench.send(1s, 0, 1, 1);
  bench.send(3s, 0, 1, 2);
  bench.until(2s);
  REQUIRE(bench.engine.stop(kOne));
  CHECK(bench.engine.state(kOne) == measure::ProcessState::kAbsent);
  bench.until(4s);
  CHECK(bench.log == Log{"n1 leaves at 1s", "n1 message 1 at 1.01s"});
  CHECK(bench.engine.start(kOne, false, {}));
  CHECK(bench.engine.epoch(kOne) == 2);
}

TEST_CASE("a leaver's state survives its stop as it survives a crash") {
  Bench bench;
  bench.start_all();
  bench.arm(1s, 1, 1h, 1);
  bench.until(2s);
  REQUIRE(bench.engine.leave(kOne));
  bench.until(3s);
  REQUIRE(bench.engine.stop(kOne));
  bench.until(5s);
  bench.log.clear();
  REQUIRE(bench.engine.start(kOne, true, {}));
  CHECK(bench.log == Log{"n1 starts with 1 after 2s at 5s"});
}

TEST_CASE("what cannot happen to a process says so") {
  Bench bench;
  CHECK_FALSE(bench.engine.crash(kOne));
  CHECK_FALSE(bench.engine.leave(kOne));
  CHECK_FALSE(bench.engine.stop(kOne));
  CHECK_FALSE(bench.engine.pause(kOne, nullptr));
  CHECK_FALSE(bench.engine.end_slow(kOne, 1));
  CHECK_FALSE(bench.engine.slow(kOne, 1, 1s, nullptr));
  CHECK(bench.engine.end_slow(kOne, 1));
  REQUIRE(bench.engine.start(kOne, false, {}));
  CHECK_FALSE(bench.engine.start(kOne, false, {}));
  CHECK_FALSE(bench.engine.resume(kOne));
  CHECK_FALSE(bench.engine.stop(kOne));
  CHECK_FALSE(bench.engine.end_slow(kOne, 1));
  REQUIRE(bench.engine.pause(kOne, nullptr));
  CHECK_FALSE(bench.engine.pause(kOne, nullptr));
  CHECK_FALSE(bench.engine.leave(kOne));
}

TEST_CASE("after a heal the engine delivers what the cut held") {
  Bench bench("kind = \"zmq\"\nlatency = \"10ms\"");
  bench.start_all();
  ActivePartition partition;
  partition.name = "cut";
  partition.side = {0, 1, 1, 1};
  partition.allowed = {{true, false}, {false, true}};
  bench.net.effects.resize(1);
  REQUIRE(bench.net.add(partition).has_value());
  bench.send(1s, 0, 1, 1);
  bench.send(1100ms, 0, 1, 2);
  bench.until(1300ms);
  bench.net.remove_named("cut");
  bench.engine.release_held();
  bench.until(2s);
  // Sent again after 200 and 600 ms.
  CHECK(bench.log == Log{"n1 message 1 at 1.61s", "n1 message 2 at 1.610000001s"});
}

// A minute of traffic with a crash and a pause in it.
Hash128 busy_fingerprint(EngineOptions options, bool other = false) {
  Bench bench(
      "latency = {distribution = \"uniform\", min = \"1ms\", max = \"90ms\"}\nloss = \"10%\"\nduplicate = \"10%\"", 8,
      options);
  bench.start_all();
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const Duration at = i * 20ms;
    if (i % 50 == 0) {
      bench.publish(at, i % 8, i);
    } else {
      bench.send(at, i % 8, (i * 5 + 3) % 8, i);
    }
  }
  if (other) bench.arm(39s, 5, 1h, 1);
  bench.until(10s);
  bench.engine.pause(NodeSlot{2}, nullptr);
  bench.engine.crash(NodeSlot{3});
  bench.until(20s);
  bench.engine.resume(NodeSlot{2});
  bench.engine.start(NodeSlot{3}, true, {});
  bench.until(60s);
  CHECK(bench.observations == (options.observed ? 8 * 8 + 8 : 0));
  return bench.engine.fingerprint();
}

TEST_CASE("the fingerprint is that of the run, watched or not, packed or not") {
  const Hash128 fingerprint = busy_fingerprint({});
  CHECK(fingerprint == busy_fingerprint({}));
  CHECK(fingerprint == busy_fingerprint({.wire = true, .observed = true}));
  CHECK(fingerprint == busy_fingerprint({.wire = false, .observed = false}));
  CHECK_FALSE(fingerprint == busy_fingerprint({}, true));
}

// Of two messages that n0 and n2 send to a paused node, one is late. Both are handled when it resumes, in order.
Hash128 fingerprint_when_late(std::uint8_t late, Duration by) {
  Bench bench;
  bench.start_all();
  ActivePartition delay;
  delay.mode = plan::Partition::Mode::kDelay;
  delay.delay_ns = by.count();
  delay.side = {2, 1, 2, 2};
  delay.side[late] = 0;
  delay.allowed = {{true, false, true}, {false, true, true}, {true, true, true}};
  bench.net.effects.resize(1);
  REQUIRE(bench.net.add(delay).has_value());
  REQUIRE(bench.engine.pause(kOne, nullptr));
  bench.send(1s, 0, 1, 7);
  bench.send(1s, 2, 1, 8);
  bench.until(5s);
  REQUIRE(bench.engine.resume(kOne));
  REQUIRE(bench.log.size() == 2);
  REQUIRE(bench.log[0] == (late == 0 ? "n1 message 8 at 5s" : "n1 message 7 at 5s"));
  return bench.engine.fingerprint();
}

TEST_CASE("the fingerprint sees the order in which a node met what it met") {
  CHECK(fingerprint_when_late(0, 5ms) == fingerprint_when_late(0, 7ms));
  CHECK_FALSE(fingerprint_when_late(0, 5ms) == fingerprint_when_late(2, 5ms));
}

TEST_CASE("the fingerprint sees the states that the events left behind") {
  const auto fingerprint_when_told = [](std::uint32_t number) {
    Bench bench;
    bench.start_all();
    bench.send(1s, 0, 1, number);
    bench.until(2s);
    return bench.engine.fingerprint();
  };
  CHECK(fingerprint_when_told(7) == fingerprint_when_told(7));
  CHECK_FALSE(fingerprint_when_told(7) == fingerprint_when_told(8));
}

TEST_CASE("an engine that is taken down in the middle lets go of every message") {
  // Checked by the address sanitizer: messages in flight, in a backlog and held by a cut.
  Bench bench("kind = \"zmq\"\nlatency = \"1s\"");
  bench.start_all();
  ActivePartition partition;
  partition.side = {0, 1, 0, 0};
  partition.allowed = {{true, false}, {false, true}};
  bench.net.effects.resize(1);
  REQUIRE(bench.net.add(partition).has_value());
  REQUIRE(bench.engine.pause(NodeSlot{2}, nullptr));
  for (std::uint32_t to = 1; to < 4; ++to) {
    bench.send(1s, 0, to, to);
    bench.send(3s, 0, to, to);
  }
  bench.until(3500ms);
  CHECK(bench.traffic().held == 2);
  CHECK(bench.engine.pending_events() == 2);
}

}  // namespace
}  // namespace hearsay::world
