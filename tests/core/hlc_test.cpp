#include "core/kv/hlc.hpp"

#include <doctest/doctest.h>

#include "core/base/ids.hpp"

namespace hearsay {
namespace {

constexpr NodeId kSelf{7};

WallTime wall(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }
std::uint64_t at(std::uint64_t ms, std::uint64_t counter) { return ms << 16 | counter; }

TEST_CASE("hlc: a tick is the wall clock's millisecond while the wall clock leads") {
  Hlc clock;
  CHECK(clock.tick(wall(1000), kSelf) == Version{at(1000, 0), kSelf});
  CHECK(clock.tick(wall(1001), kSelf) == Version{at(1001, 0), kSelf});
}

TEST_CASE("hlc: ticks within one millisecond count up") {
  Hlc clock;
  CHECK(clock.tick(wall(1000), kSelf).time == at(1000, 0));
  CHECK(clock.tick(wall(1000) + 999us, kSelf).time == at(1000, 1));
  CHECK(clock.tick(wall(1000), kSelf).time == at(1000, 2));
}

TEST_CASE("hlc: a counter that overflows carries into the milliseconds") {
  Hlc clock;
  Version last = clock.tick(wall(5), kSelf);
  for (int i = 0; i < 70'000; ++i) {
    const Version next = clock.tick(wall(5), kSelf);
    REQUIRE(next > last);
    last = next;
  }
  CHECK(last.time == at(6, 70'000 - 65'536));
}

TEST_CASE("hlc: versions rise while the wall clock steps back") {
  Hlc clock;
  const Version before = clock.tick(wall(100'000), kSelf);
  const Version after = clock.tick(wall(1), kSelf);
  CHECK(after > before);
  CHECK(after.time == at(100'000, 1));
}

TEST_CASE("hlc: a tick after an observation is greater than what was observed") {
  Hlc clock;
  CHECK(clock.observe(Version{at(1300, 9), NodeId{1}}, wall(1000)) == Duration::zero());
  CHECK(clock.tick(wall(1000), kSelf).time == at(1300, 10));
}

TEST_CASE("hlc: an older version that is observed changes nothing") {
  Hlc clock;
  clock.tick(wall(1000), kSelf);
  clock.observe(Version{at(400, 9), NodeId{1}}, wall(1000));
  CHECK(clock.last() == at(1000, 0));
}

TEST_CASE("hlc: a received clock pushes by at most max_offset, and the excess is reported") {
  Hlc clock(250ms);
  CHECK(clock.observe(Version{at(1250, 0xffff), NodeId{1}}, wall(1000)) == Duration::zero());
  CHECK(clock.last() == at(1250, 0xffff));
  CHECK(clock.observe(Version{at(5250, 3), NodeId{1}}, wall(1000)) == Duration(4s));
  CHECK(clock.last() == at(1250, 0xffff));
  CHECK(clock.observe(Version{at(9000, 0), NodeId{1}}, wall(2000)) == Duration(6750ms));
  CHECK(clock.tick(wall(2000), kSelf).time == at(2250, 1));
}

TEST_CASE("hlc: the largest version a peer can send does no harm") {
  Hlc clock(250ms);
  CHECK(clock.observe(Version{~std::uint64_t{0}, NodeId{1}}, wall(1000)) > Duration(kTenYears));
  CHECK(clock.tick(wall(1000), kSelf).time == at(1250, 1));
}

TEST_CASE("hlc: going on from its former life needs no bound") {
  Hlc clock(250ms);
  clock.resume(at(9'000'000, 4));
  CHECK(clock.tick(wall(1000), kSelf).time == at(9'000'000, 5));
}

TEST_CASE("hlc: a wall clock before 1970 still gives versions") {
  Hlc clock;
  CHECK(clock.tick(wall(-5000), kSelf).time == 1);
  CHECK(static_cast<bool>(clock.tick(wall(-5000), kSelf)));
}

TEST_CASE("hlc: two nodes that exchange versions agree on the order of cause and effect") {
  // The second node's wall clock is 200 ms behind all the time.
  Hlc first;
  Hlc second;
  Version last;
  for (int i = 0; i < 1000; ++i) {
    const Version cause = first.tick(wall(10'000 + i), NodeId{1});
    REQUIRE(cause > last);
    second.observe(cause, wall(9'800 + i));
    last = second.tick(wall(9'800 + i), NodeId{2});
    REQUIRE(last > cause);
    first.observe(last, wall(10'000 + i));
  }
}

}  // namespace
}  // namespace hearsay
