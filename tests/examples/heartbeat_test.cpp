#include "docs/examples/heartbeat.hpp"

#include <doctest/doctest.h>

#include "core/dissemination/publish.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/stubs.hpp"

namespace hearsay {
namespace {

using test::Loopback;

std::shared_ptr<const Composition> heartbeat(const HeartbeatParams& params = {}) {
  return test::compose(std::make_shared<HeartbeatMembership>(params), std::make_shared<Publish>());
}

bool everybody_sees(Loopback& net, std::uint32_t members) {
  for (std::uint32_t i = 0; i < net.size(); ++i) {
    if (net.up(NodeSlot{i}) && net.view(NodeSlot{i}).members() != members) return false;
  }
  return true;
}

// n0 to n9 against n10 to n19.
bool between_halves(NodeSlot from, NodeSlot to, const Message&) { return (raw(from) < 10) != (raw(to) < 10); }

TEST_CASE("heartbeat: twenty nodes that know one seed come to know each other") {
  Loopback net(heartbeat(), {.nodes = 20, .wire = true});
  net.start_all();
  CHECK(net.run_until([&] { return everybody_sees(net, 20); }, 5s));
}

TEST_CASE("heartbeat: a crash is detected after fail_after and soon by everybody") {
  Loopback net(heartbeat({.fail_after = 3s}), {.nodes = 20});
  net.start_all();
  net.run_for(10s);
  net.crash(NodeSlot{7});
  net.run_for(2s);
  CHECK(everybody_sees(net, 20));
  net.run_for(4s);
  CHECK(everybody_sees(net, 19));
}

TEST_CASE("heartbeat: nobody is buried while a fifth of the messages is lost") {
  Loopback net(heartbeat(), {.nodes = 20});
  std::uint64_t sent = 0;
  net.drop = [&](NodeSlot, NodeSlot, const Message&) { return ++sent % 5 == 0; };
  net.start_all();
  net.run_for(5min);
  CHECK(net.count(ObservationKind::kMemberDead) == 0);
}

TEST_CASE("heartbeat: a restarted node is a member again at once, whatever was said of its former life") {
  Loopback net(heartbeat(), {.nodes = 20});
  net.start_all();
  net.run_for(10s);
  net.crash(NodeSlot{7}, false);
  net.run_for(20s);
  REQUIRE(everybody_sees(net, 19));
  net.start(NodeSlot{7});
  CHECK(net.run_until([&] { return everybody_sees(net, 20); }, 5s));
}

TEST_CASE("heartbeat: who says goodbye is gone at once and stays gone") {
  Loopback net(heartbeat(), {.nodes = 20});
  net.start_all();
  net.run_for(10s);
  net.leave(NodeSlot{7});
  net.run_for(10ms);
  for (std::uint32_t i = 0; i < 20; ++i) {
    if (i != 7) CHECK_FALSE(net.view(NodeSlot{i}).is_member(NodeSlot{7}));
  }
  net.crash(NodeSlot{7});
  net.run_for(1min);
  CHECK(everybody_sees(net, 19));
  CHECK(net.count(ObservationKind::kMemberDead) == 0);
}

TEST_CASE("heartbeat: a split heals when the dead are called, and only then") {
  for (const bool call_dead : {true, false}) {
    Loopback net(heartbeat({.call_dead = call_dead}), {.nodes = 20});
    net.start_all();
    net.run_for(10s);
    net.drop = between_halves;
    net.run_for(1min);
    REQUIRE(everybody_sees(net, 10));
    net.drop = nullptr;
    net.run_for(1min);
    CHECK(everybody_sees(net, call_dead ? 20 : 10));
  }
}

TEST_CASE("heartbeat: the same seed gives the same run, over the wire or not") {
  const auto digest = [](std::uint64_t seed, bool wire) {
    Loopback net(heartbeat(), {.nodes = 10, .seed = seed, .latency_max = 50ms, .wire = wire});
    net.start_all();
    net.run_for(10s);
    return net.digest();
  };
  CHECK(digest(1, false) == digest(1, false));
  CHECK(digest(1, false) == digest(1, true));
  CHECK(digest(1, false) != digest(2, false));
}

TEST_CASE("heartbeat: a count that stands still between two ticks is refused as a configuration") {
  HeartbeatConfig config;
  CHECK(config.check().has_value());
  config.fail_after = config.interval;
  CHECK_FALSE(config.check().has_value());
}

}  // namespace
}  // namespace hearsay
