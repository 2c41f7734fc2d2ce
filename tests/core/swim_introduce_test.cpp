// A joiner that introduces itself to everyone whom its seed's answer shows.
#include <doctest/doctest.h>

#include "tests/core/swim_cluster.hpp"

namespace hearsay::test {

namespace {

SwimConfig introducing(bool on = true) {
  SwimConfig config;
  config.introduce = on;
  return config;
}

constexpr Duration kLatencyMax = 5ms;
constexpr Loopback::Options kFifty{.nodes = 50, .latency_min = 1ms, .latency_max = kLatencyMax, .wire = true};

// Starts all at once through n0. When the last of them got its answer.
TrueTime start_and_see_answers(SwimCluster& c) {
  std::size_t answers = 0;
  c.drop = [&](NodeSlot, NodeSlot, const Message& m) {
    if (is<swim::Sync>(m) && as<swim::Sync>(m).reply) ++answers;
    return false;
  };
  c.start_all();
  REQUIRE(c.run_until([&] { return answers == c.size() - 1; }, kLatencyMax));
  c.run_for(kLatencyMax);
  return c.now();
}

}  // namespace

TEST_CASE("fifty that start at once know each other a one-way trip after the last answer when they introduce") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Loopback::Options options = kFifty;
    options.seed = seed;
    SwimCluster c(introducing(), options);
    const TrueTime answered = start_and_see_answers(c);
    CHECK(answered.time_since_epoch() <= 2 * kLatencyMax);
    CHECK(c.run_until([&] { return c.converged(); }, kLatencyMax));
    CHECK(c.count(ObservationKind::kOverflow) == 0);
  }
}

TEST_CASE("fifty that start at once and do not introduce take gossip rounds to know each other") {
  SwimCluster c(introducing(false), kFifty);
  start_and_see_answers(c);
  CHECK_FALSE(c.run_until([&] { return c.converged(); }, 2 * kLatencyMax));
  CHECK(c.run_until([&] { return c.converged(); }, 5s));
}

TEST_CASE("an introduction is one message a member, and none to the seed") {
  SwimConfig config = introducing();
  config.push_pull_interval = 0ns;
  SwimCluster c(config, {.nodes = 10});
  for (std::uint32_t i = 0; i < 9; ++i) c.start(n(i));
  REQUIRE(c.run_until([&] { return c.converged(); }, 1s));
  c.run_for(10s);  // until nothing is passed on any more
  std::vector<NodeSlot> told;
  c.drop = [&](NodeSlot from, NodeSlot to, const Message& m) {
    if (from == n(9) && is<swim::Gossip>(m)) {
      const auto& facts = as<swim::Gossip>(m).facts;
      CHECK(facts.gone.empty());
      REQUIRE(facts.alive.size() == 1);
      CHECK(facts.alive[0] == swim::AliveFact{Identity{n(9)}, 1, 0});
      told.push_back(to);
    }
    return false;
  };
  c.start(n(9));
  c.run_for(3ms);
  CHECK(told == std::vector<NodeSlot>{n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8)});
  CHECK(c.converged());
}

TEST_CASE("a joiner whose seed knows nobody else introduces itself to nobody and is joined later") {
  SwimCluster c(introducing(), {.nodes = 3});
  c.start(n(0));
  c.start(n(1));
  c.run_for(3ms);
  CHECK(c.converged());
  CHECK(c.counters("swim.Gossip").sent == 0);
  c.run_for(60s);
  CHECK(c.converged());
  c.start(n(2));
  c.run_for(3ms);
  CHECK(c.converged());
  CHECK(c.count(ObservationKind::kMemberSuspect) == 0);
}

TEST_CASE("a joiner introduces itself to a member of which it heard before its seed answered") {
  SwimCluster c(introducing(), {.nodes = 4});
  for (std::uint32_t i = 0; i < 3; ++i) c.start(n(i));
  REQUIRE(c.run_until([&] { return c.converged(); }, 1s));
  c.run_for(10s);
  auto news = c.pool().make<swim::Gossip>();
  news->facts.add({n(1), {1, 0, Status::kAlive}, kNoSlot}, c.directory());
  c.start(n(3));
  c.inject(n(2), n(3), std::move(news));
  c.run_for(1ms);
  REQUIRE(c.view(n(3)).is_member(n(1)));
  REQUIRE_FALSE(c.view(n(1)).is_member(n(3)));
  c.run_for(2ms);
  CHECK(c.converged());
}

TEST_CASE("of a second seed's answer only who is new is introduced to") {
  SwimConfig config = introducing();
  config.push_pull_interval = 0ns;
  SwimCluster c(config, {.nodes = 8});
  c.seeds = {n(0)};
  for (std::uint32_t i = 0; i < 4; ++i) c.start(n(i));
  c.seeds = {n(4)};
  for (std::uint32_t i = 4; i < 7; ++i) c.start(n(i));
  c.run_for(10s);
  REQUIRE(c.view(n(1)).members() == 4);
  REQUIRE(c.view(n(6)).members() == 3);
  std::vector<NodeSlot> told;
  c.drop = [&](NodeSlot from, NodeSlot to, const Message& m) {
    if (from == n(7) && is<swim::Gossip>(m)) told.push_back(to);
    return false;
  };
  c.seeds = {n(0), n(1), n(4)};
  c.start(n(7));
  c.run_for(3ms);
  // n0's answer: n1 (itself a seed), n2, n3. n1's: nobody new. n4's: n5, n6.
  CHECK(told == std::vector<NodeSlot>{n(1), n(2), n(3), n(5), n(6)});
  for (std::uint32_t i = 0; i < 7; ++i) CHECK(c.view(n(i)).is_member(n(7)));
}

TEST_CASE("only a seed's answer makes a node introduce itself") {
  SwimConfig config = introducing();
  config.push_pull_interval = 0ns;
  SwimCluster c(config, {.nodes = 5});
  for (std::uint32_t i = 0; i < 2; ++i) c.start(n(i));
  c.run_for(10s);
  std::size_t gossips = 0;
  c.drop = [&](NodeSlot from, NodeSlot to, const Message& m) {
    if (from == n(1) && raw(to) >= 3 && is<swim::Gossip>(m)) ++gossips;
    return false;
  };
  // n1's seed is n0: what n2 says is not an answer, and n0's request is none either.
  for (const bool reply : {true, false}) {
    auto state = c.pool().make<swim::Sync>();
    state->reply = reply;
    state->members.push_back({Identity{n(reply ? 3 : 4)}, 1, 0, Status::kAlive});
    c.inject(reply ? n(2) : n(0), n(1), std::move(state));
  }
  c.run_for(2ms);
  REQUIRE(c.view(n(1)).is_member(n(3)));
  REQUIRE(c.view(n(1)).is_member(n(4)));
  CHECK(gossips == 0);
}

TEST_CASE("introductions are part of a state's digest once they were made") {
  swim::SwimState a;
  swim::SwimState b;
  b.introduced = true;
  Hasher ha;
  Hasher hb;
  a.digest(ha);
  b.digest(hb);
  CHECK_FALSE(ha.finish() == hb.finish());
}

}  // namespace hearsay::test
