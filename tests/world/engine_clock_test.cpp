// Timers by a node's own clock, whatever becomes of its rate while they are pending.
#include "sim/world/engine.hpp"

#include <doctest/doctest.h>

#include "tests/world/engine_fixture.hpp"

namespace hearsay::world {
namespace {

using test::Bench;
using test::Log;

constexpr NodeSlot kDrifter{1};

TEST_CASE("a timer follows the node's own clock") {
  Bench bench;
  bench.engine.set_drift(kDrifter, 100'000'000);  // a tenth too fast
  bench.start_all();
  bench.arm(1s, 1, 1100ms, 1);  // 1.1 s of its own: one true second
  bench.until(1999ms);
  CHECK(bench.log.empty());
  bench.until(2001ms);
  REQUIRE(bench.log.size() == 1);
  CHECK(bench.log[0].starts_with("n1 timer 1 at 2.2"));
}

// Timer 1 is armed at 1 s for 10 s of the node's own, and the clock's rate changes at 6 s.
TEST_CASE("a pending timer follows a change of the clock's rate") {
  Bench bench;
  bench.engine.expect_drift(kDrifter);
  bench.start_all();
  bench.arm(1s, 1, 10s, 1);
  bench.until(6s);
  SUBCASE("slower: later by true time, never early by its own") {
    bench.engine.set_drift(kDrifter, -500'000'000);
    bench.until(15'999ms);
    CHECK(bench.log.empty());
    bench.until(16'001ms);
  }
  SUBCASE("faster: earlier") {
    bench.engine.set_drift(kDrifter, 1'000'000'000);
    bench.until(8'499ms);
    CHECK(bench.log.empty());
    bench.until(8'501ms);
  }
  SUBCASE("there and back, over the time that it was armed for at first") {
    bench.engine.set_drift(kDrifter, -500'000'000);
    bench.engine.set_drift(kDrifter, 0);
    bench.engine.set_drift(kDrifter, 1'000'000'000);
    bench.engine.set_drift(kDrifter, 0);
    bench.until(10'999ms);
    CHECK(bench.log.empty());
  }
  SUBCASE("in several steps") {
    bench.engine.set_drift(kDrifter, -500'000'000);
    bench.until(8s);
    bench.engine.set_drift(kDrifter, -900'000'000);
    bench.until(18s);
    bench.engine.set_drift(kDrifter, 0);  // 8 s by its own clock
    bench.until(20'999ms);
    CHECK(bench.log.empty());
    bench.until(21'001ms);
  }
  bench.until(60s);
  REQUIRE(bench.log.size() == 1);  // once
  CHECK((bench.log[0] == "n1 timer 1 at 11s" || bench.log[0].starts_with("n1 timer 1 at 11.00000000")));
}

TEST_CASE("however a clock's rate changes, no timer is early by it, and each comes once") {
  RandomStream random(3, Purpose::kTest);
  Bench bench;
  bench.engine.expect_drift(kDrifter);
  bench.start_all();
  constexpr std::uint32_t kTimers = 300;
  // Armed at a whole second of the node's own that the log's line can be compared with.
  for (std::uint32_t i = 0; i < kTimers; ++i) bench.arm(1s, 1, Duration(random.between(1, 50'000'000'000)), i);
  bench.until(1500ms);
  std::vector<Duration> delays;
  for (const Request& request : bench.requests) delays.push_back(request.ttl);
  for (int i = 1; i < 200; ++i) {
    bench.until(1500ms + i * 200ms);
    bench.engine.set_drift(kDrifter, random.between(-600'000'000, 600'000'000));
  }
  bench.until(1000s);
  REQUIRE(bench.log.size() == kTimers);
  for (const std::string& line : bench.log) {
    const std::size_t at = line.find(" at ");
    const auto number = static_cast<std::size_t>(std::stoul(line.substr(std::string_view("n1 timer ").size())));
    const auto fired = parse_duration(line.substr(at + 4));
    REQUIRE(fired.has_value());
    CHECK(*fired >= 1s + delays[number]);
    CHECK(*fired <= 1s + delays[number] + 5ns);
  }
}

TEST_CASE("a timer that was moved dies with its process, and its former time is nobody's") {
  Bench bench;
  bench.engine.expect_drift(kDrifter);
  bench.start_all();
  bench.arm(1s, 1, 10s, 1);
  bench.until(2s);
  bench.engine.set_drift(kDrifter, -500'000'000);
  REQUIRE(bench.engine.crash(kDrifter));
  REQUIRE(bench.engine.start(kDrifter, false, {}));
  bench.log.clear();
  bench.engine.set_drift(kDrifter, 0);
  bench.arm(3s, 1, 10s, 2);
  bench.until(60s);
  CHECK(bench.log == Log{"n1 timer 2 at 13s"});
}

}  // namespace
}  // namespace hearsay::world
