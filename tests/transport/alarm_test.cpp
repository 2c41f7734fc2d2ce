// The timer that ends a poll.
#include "transport/alarm.hpp"

#include <doctest/doctest.h>

#include <array>

#include "transport/node_core.hpp"
#include "transport/socket.hpp"

namespace hearsay::transport {
namespace {

bool rings_within(const Alarm& alarm, Duration limit) {
  std::array<zmq::pollitem_t, 1> items{alarm.item()};
  return poll(items, limit).value_or(0) == 1;
}

TEST_CASE("an alarm rings at its time, not before, and goes on ringing until it is set anew") {
  auto alarm = Alarm::make();
  REQUIRE(alarm.has_value());
  CHECK_FALSE(rings_within(*alarm, 0ns));
  const MonoTime when = Now::read_mono() + 3ms;
  alarm->set(when);
  CHECK(rings_within(*alarm, 10s));
  CHECK(Now::read_mono() >= when);
  CHECK(rings_within(*alarm, 0ns));
  alarm->set(when);
  CHECK(rings_within(*alarm, 0ns));
  alarm->set(Now::read_mono() + 1h);
  CHECK_FALSE(rings_within(*alarm, 0ns));
  alarm->set(MonoTime{});  // long ago
  CHECK(rings_within(*alarm, 10s));
}

TEST_CASE("an alarm may move") {
  auto alarm = Alarm::make();
  REQUIRE(alarm.has_value());
  alarm->set(MonoTime{});
  Alarm moved = std::move(*alarm);
  CHECK(rings_within(moved, 10s));
  auto other = Alarm::make();
  REQUIRE(other.has_value());
  *other = std::move(moved);
  CHECK(rings_within(*other, 10s));
}

}  // namespace
}  // namespace hearsay::transport
