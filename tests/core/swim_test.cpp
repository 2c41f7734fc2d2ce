// The protocol in a small cluster: joining, crashing, refuting, leaving, restarting.
#include <doctest/doctest.h>

#include "tests/core/swim_cluster.hpp"

namespace hearsay::test {

TEST_CASE("sixteen nodes that know one seed find each other") {
  SwimCluster c(SwimConfig{}, {.nodes = 16, .wire = true});
  c.start_all();
  CHECK(c.run_until([&] { return c.converged(); }, 5s));
  c.run_for(30s);
  CHECK(c.converged());
  CHECK(c.count(ObservationKind::kMemberSuspect) == 0);
  CHECK(c.count(ObservationKind::kOverflow) == 0);
}

TEST_CASE("a node whose seed comes up late joins it then") {
  SwimCluster c(SwimConfig{}, {.nodes = 3});
  c.start(n(1));
  c.start(n(2));
  c.run_for(12s);
  CHECK(c.view(n(1)).members() == 1);
  c.start(n(0));
  CHECK(c.run_until([&] { return c.converged(); }, 8s));
}

TEST_CASE("a crash is found, timed and told to everybody") {
  SwimCluster c(SwimConfig{}, {.nodes = 16});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  c.run_for(5s);
  c.crash(n(5));
  const TrueTime crashed = c.now();
  // Round-robin probing finds it within 2n - 1 intervals and one more for the probe; then the suspicion runs, and
  // gossip takes a few of its own intervals.
  const Duration least = swim::suspicion_min(4, 16, 1s);
  CHECK(c.run_until([&] { return c.all_believe(n(5), Status::kDead); }, 32s + 6 * least + 2s));
  const auto suspected = c.first(ObservationKind::kMemberSuspect, n(5));
  const auto dead = c.first(ObservationKind::kMemberDead, n(5));
  REQUIRE(suspected.has_value());
  REQUIRE(dead.has_value());
  CHECK(*suspected - crashed < 32s);
  CHECK(*dead - *suspected >= least);
  CHECK(*dead - *suspected <= 6 * least);
  CHECK(c.now() - *dead < 2s);  // disseminated
  c.run_for(20s);
  CHECK(c.converged());
  CHECK(c.count_about(ObservationKind::kMemberDead, n(5)) == 15);
}

TEST_CASE("a node behind loss is suspected, refutes, and is never declared dead") {
  SwimConfig config;
  config.disable_tcp_pings = true;
  SwimCluster c(config, {.nodes = 12});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  // Everything to and from n3 is lost, one second in three: probes fail, and its answers get through afterwards.
  c.drop = [&](NodeSlot from, NodeSlot to, const Message&) {
    const auto second = c.now().time_since_epoch() / 1s;
    return (from == n(3) || to == n(3)) && second % 6 < 2;
  };
  c.run_for(120s);
  c.drop = nullptr;
  c.run_for(20s);
  CHECK(c.count_about(ObservationKind::kMemberSuspect, n(3)) > 0);
  CHECK(c.count(ObservationKind::kRefuted, n(3)) > 0);
  CHECK(c.swim(n(3)).incarnation > 0);
  CHECK(c.count(ObservationKind::kMemberDead) == 0);
  CHECK(c.converged());
  for (std::uint32_t i = 0; i < 12; ++i) {
    CHECK(c.belief(n(i), n(3)).belief.incarnation == c.swim(n(3)).incarnation);
    CHECK(c.believes(n(i), n(3), Status::kAlive));
  }
}

TEST_CASE("ten percent loss kills nobody while others help to probe") {
  SwimConfig config;
  config.disable_tcp_pings = true;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SwimCluster c(config, {.nodes = 24, .seed = seed});
    c.start_all();
    REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
    RandomStream weather(seed, Purpose::kTest);
    const Ratio loss = Ratio::of(0.1).value();
    c.drop = [&](NodeSlot, NodeSlot, const Message&) { return weather.bernoulli(loss); };
    c.run_for(60s);
    CHECK(c.count(ObservationKind::kMemberDead) == 0);
    CHECK(c.counters("swim.PingReq").sent > 0);
  }
}

TEST_CASE("without helpers the same loss makes suspects") {
  SwimConfig config;
  config.disable_tcp_pings = true;
  config.indirect_checks = 0;
  SwimCluster c(config, {.nodes = 24});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  RandomStream weather(1, Purpose::kTest);
  const Ratio loss = Ratio::of(0.1).value();
  c.drop = [&](NodeSlot, NodeSlot, const Message&) { return weather.bernoulli(loss); };
  c.run_for(60s);
  CHECK(c.count(ObservationKind::kMemberSuspect) > 20);
}

TEST_CASE("a stream ping saves a member that datagrams do not reach") {
  for (const bool disabled : {false, true}) {
    SwimConfig config;
    config.disable_tcp_pings = disabled;
    SwimCluster c(config, {.nodes = 8});
    c.start_all();
    REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
    c.drop = [](NodeSlot from, NodeSlot to, const Message& m) {
      if (from != n(3) && to != n(3)) return false;
      return !(is<swim::Sync>(m) || (is<swim::Ping>(m) && as<swim::Ping>(m).stream) ||
               (is<swim::Ack>(m) && from == n(3)));
    };
    c.run_for(20s);
    CHECK((c.count_about(ObservationKind::kMemberSuspect, n(3)) > 0) == disabled);
  }
}

TEST_CASE("a member that leaves has left, and is not mourned") {
  SwimCluster c(SwimConfig{}, {.nodes = 16, .wire = true});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  c.run_for(3s);
  c.leave(n(7));
  // Long before a failure could be found.
  CHECK(c.run_until([&] { return c.all_believe(n(7), Status::kLeft); }, 1500ms));
  c.crash(n(7));
  c.run_for(60s);
  CHECK(c.count(ObservationKind::kMemberSuspect) == 0);
  CHECK(c.count(ObservationKind::kMemberDead) == 0);
  CHECK(c.all_believe(n(7), Status::kLeft));
}

TEST_CASE("nobody gossips to who has left, as to the dead") {
  for (const bool leaves : {true, false}) {
    SwimCluster c(SwimConfig{}, {.nodes = 16});
    c.start_all();
    REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
    c.run_for(3s);
    if (leaves) c.leave(n(7));
    if (!leaves) c.crash(n(7));
    REQUIRE(c.run_until([&] { return c.all_believe(n(7), leaves ? Status::kLeft : Status::kDead); }, 1min));
    if (leaves) c.crash(n(7));
    int gossips = 0;
    c.drop = [&](NodeSlot, NodeSlot to, const Message& m) {
      gossips += to == n(7) && is<swim::Gossip>(m) ? 1 : 0;
      return false;
    };
    c.leave(n(8));  // something to talk about
    c.run_for(5s);
    CHECK((gossips > 0) == !leaves);
  }
}

TEST_CASE("the last but one to leave says goodbye too") {
  SwimConfig config;
  config.gossip_nodes = 1;
  SwimCluster c(config, {.nodes = 2});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  // The goodbye that is said at once is lost, the next gossip is not.
  c.run_for(2s);
  const TrueTime left = c.now();
  c.drop = [&](NodeSlot from, NodeSlot, const Message& m) {
    return from == n(1) && (c.now() == left || !is<swim::Gossip>(m));
  };
  c.leave(n(1));
  CHECK(c.run_until([&] { return c.believes(n(0), n(1), Status::kLeft); }, 500ms));
}

TEST_CASE("a restarted node overrides the accusations of its former life") {
  for (const bool keep : {false, true}) {
    SwimCluster c(SwimConfig{}, {.nodes = 12});
    c.start_all();
    REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
    // Raise the incarnation first, so that losing it matters.
    auto accusation = c.pool().make<swim::Gossip>();
    accusation->facts.add({n(4), {1, 0, Status::kSuspect}, n(1)}, c.directory());
    c.inject(n(1), n(4), std::move(accusation));
    c.run_for(3s);
    CHECK(c.swim(n(4)).incarnation == 1);
    c.crash(n(4), keep);
    REQUIRE(c.run_until([&] { return c.all_believe(n(4), Status::kDead); }, 90s));
    c.start(n(4));
    CHECK(c.swim(n(4)).incarnation == (keep ? 1U : 0U));
    CHECK(c.run_until([&] { return c.converged(); }, 5s));
    for (std::uint32_t i = 0; i < 12; ++i) CHECK(c.belief(n(i), n(4)).belief.epoch == 2);
    c.run_for(30s);
    CHECK(c.converged());
  }
}

TEST_CASE("a quick restart is a new life, not a failure") {
  SwimCluster c(SwimConfig{}, {.nodes = 8});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  c.crash(n(2), false);
  c.run_for(100ms);
  c.start(n(2));
  c.run_for(20s);
  CHECK(c.converged());
  CHECK(c.count_about(ObservationKind::kMemberDead, n(2)) == 0);
  for (std::uint32_t i = 0; i < 8; ++i) CHECK(c.belief(n(i), n(2)).belief.epoch == 2);
}

TEST_CASE("stale accusations and accusations of strangers change nothing") {
  SwimCluster c(SwimConfig{}, {.nodes = 6, .spare_slots = 1});
  REQUIRE(c.directory().intern("stranger").has_value());
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  c.run_for(5s);
  const auto tell = [&](NodeSlot to, const swim::Update& update) {
    auto gossip = c.pool().make<swim::Gossip>();
    gossip->facts.add(update, c.directory());
    c.inject(n(5), to, std::move(gossip));
    c.run_for(50ms);
  };
  tell(n(0), {n(2), {1, 3, Status::kAlive}, kNoSlot});
  REQUIRE(c.belief(n(0), n(2)).belief == Belief{1, 3, Status::kAlive});
  tell(n(0), {n(2), {1, 2, Status::kSuspect}, n(5)});
  tell(n(0), {n(2), {1, 2, Status::kDead}, kNoSlot});
  tell(n(0), {n(2), {0, 9, Status::kDead}, kNoSlot});
  CHECK(c.belief(n(0), n(2)).belief == Belief{1, 3, Status::kAlive});
  // Of a former life of its own, or below its incarnation: not worth a refutation.
  tell(n(0), {n(0), {0, 7, Status::kDead}, kNoSlot});
  CHECK(c.swim(n(0)).incarnation == 0);
  tell(n(0), {n(0), {1, 0, Status::kSuspect}, n(5)});
  CHECK(c.swim(n(0)).incarnation == 1);
  tell(n(0), {n(0), {1, 0, Status::kSuspect}, n(5)});
  CHECK(c.swim(n(0)).incarnation == 1);
  // Somebody nobody ever heard of.
  tell(n(0), {n(6), {1, 0, Status::kDead}, kNoSlot});
  CHECK_FALSE(c.belief(n(0), n(6)).known);
  // An id that the directory does not even know.
  auto gossip = c.pool().make<swim::Gossip>();
  gossip->facts.gone.push_back({NodeId{12345}, 1, 0, Status::kSuspect, NodeId{777}});
  c.inject(n(5), n(0), std::move(gossip));
  c.run_for(1s);
  CHECK(c.view(n(0)).known() == 6);
}

TEST_CASE("independent accusers shorten a suspicion, the same one does not") {
  for (const bool independent : {false, true}) {
    SwimCluster c(SwimConfig{}, {.nodes = 12});
    c.start_all();
    REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
    // Cut n0 off from everybody, and accuse n1 to it by hand.
    c.split(1);
    const TrueTime start = c.now();
    for (std::uint32_t i = 0; i < 3; ++i) {
      auto gossip = c.pool().make<swim::Gossip>();
      gossip->facts.add({n(1), {1, 0, Status::kSuspect}, n(independent ? 2 + i : 2)}, c.directory());
      seal(*gossip, c.directory());
      MessageRef message = std::move(gossip).take();
      auto former = std::move(c.drop);
      c.drop = nullptr;
      c.inject(n(5), n(0), std::move(message));
      c.drop = std::move(former);
    }
    const Duration least = swim::suspicion_min(4, 12, 1s);
    REQUIRE(c.run_until([&] { return c.believes(n(0), n(1), Status::kDead); }, 6 * least + 1s));
    if (independent) {
      CHECK(c.now() - start < least + 10ms);
    } else {
      // Its own probe may have added one accuser, but not two.
      CHECK(c.now() - start > 2 * least);
    }
  }
}

TEST_CASE("accusers who come after the least time still end a suspicion") {
  SwimCluster c(SwimConfig{}, {.nodes = 12});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  // All of n0's messages are lost but these.
  bool telling = false;
  c.drop = [&telling](NodeSlot from, NodeSlot to, const Message&) { return !telling && (from == n(0) || to == n(0)); };
  const auto accuse = [&](NodeSlot accuser) {
    auto gossip = c.pool().make<swim::Gossip>();
    gossip->facts.add({n(1), {1, 0, Status::kSuspect}, accuser}, c.directory());
    telling = true;
    c.inject(n(5), n(0), std::move(gossip));
    telling = false;
  };
  accuse(n(2));
  c.run_for(swim::suspicion_min(4, 12, 1s) + 1s);
  REQUIRE(c.believes(n(0), n(1), Status::kSuspect));
  accuse(n(3));
  accuse(n(4));
  c.run_for(100ms);
  CHECK(c.believes(n(0), n(1), Status::kDead));
}

TEST_CASE("a member cut off blames itself first") {
  SwimConfig config;
  SwimCluster c(config, {.nodes = 8});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  CHECK(c.swim(n(0)).awareness == 0);
  c.split(1);
  c.run_for(12s);
  CHECK(c.swim(n(0)).awareness > 2);
  CHECK(c.swim(n(3)).awareness < 2);
}

TEST_CASE("nacks in time tell a healthy member that it is not to blame") {
  for (const double share : {0.8, 1.0}) {
    SwimConfig config;
    config.nack_share = share;
    SwimCluster c(config, {.nodes = 12});
    c.start_all();
    REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
    c.crash(n(5));
    int worst = 0;
    c.drop = [&](NodeSlot from, NodeSlot, const Message&) {
      worst = std::max<int>(worst, c.swim(from).awareness);
      return false;
    };
    c.run_for(6s);  // nobody is dead yet: every helper is alive, and answers
    CHECK(c.count(ObservationKind::kMemberSuspect) > 0);
    CHECK((worst > 0) == (share == 1.0));
  }
}

TEST_CASE("the dead are forgotten after reconnect_timeout, the departed after tombstone_timeout") {
  SwimConfig config;
  config.reconnect_timeout = 20s;
  config.tombstone_timeout = 40s;
  SwimCluster c(config, {.nodes = 6});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  c.leave(n(4));
  c.run_for(2s);
  c.crash(n(4));
  c.crash(n(5));
  REQUIRE(c.run_until([&] { return c.all_believe(n(5), Status::kDead); }, 60s));
  c.run_for(25s);
  CHECK_FALSE(c.belief(n(0), n(5)).known);
  c.run_for(20s);
  CHECK_FALSE(c.belief(n(0), n(4)).known);
  CHECK(c.count(ObservationKind::kMemberForgotten) == 8);
  CHECK(c.converged());
}

TEST_CASE("more suspects than the limit are declared dead in the end") {
  SwimConfig config;
  config.suspicion_limit = 2;
  SwimCluster c(config, {.nodes = 10});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  for (std::uint32_t i = 5; i < 10; ++i) c.crash(n(i));
  CHECK(c.run_until([&] { return c.converged(); }, 5min));
  CHECK(c.count(ObservationKind::kOverflow) > 0);
}

TEST_CASE("a gossip fits the datagram") {
  SwimConfig config;
  config.udp_buffer_size = 300;
  SwimCluster c(config, {.nodes = 40});
  std::uint32_t largest = 0;
  c.drop = [&](NodeSlot, NodeSlot, const Message& m) {
    if (!is<swim::Sync>(m)) largest = std::max(largest, m.wire_bytes);
    return false;
  };
  c.start_all();
  c.run_for(10s);
  CHECK(largest <= 300);
  CHECK(largest > 200);
}

TEST_CASE("two runs with one seed are equal, and another seed differs") {
  const auto run = [](std::uint64_t seed, bool wire) {
    SwimCluster c(SwimConfig{}, {.nodes = 10, .seed = seed, .latency_max = 20ms, .wire = wire});
    c.start_all();
    c.run_for(10s);
    c.crash(n(3));
    c.run_for(10s);
    return c.digest();
  };
  CHECK(run(1, false) == run(1, true));
  CHECK_FALSE(run(1, false) == run(2, false));
}

}  // namespace hearsay::test
