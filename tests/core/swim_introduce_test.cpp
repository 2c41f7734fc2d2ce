// A seed that introduces whoever joins through it.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

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

TEST_CASE("fifty that start at once know each other a one-way trip and a moment after their seed heard of the last") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Loopback::Options options = kFifty;
    options.seed = seed;
    SwimCluster c(introducing(), options);
    const TrueTime answered = start_and_see_answers(c);
    CHECK(answered.time_since_epoch() <= 2 * kLatencyMax);
    CHECK(c.run_until([&] { return c.converged(); }, swim::kIntroduceDelay + 1ms));
    CHECK(c.count(ObservationKind::kOverflow) == 0);
  }
}

TEST_CASE("fifty that start at once and do not introduce take gossip rounds to know each other") {
  SwimCluster c(introducing(false), kFifty);
  start_and_see_answers(c);
  CHECK_FALSE(c.run_until([&] { return c.converged(); }, 2 * kLatencyMax));
  CHECK(c.run_until([&] { return c.converged(); }, 5s));
}

// Introductions are the only gossip, and a trip takes as long as any other.
SwimConfig alone() {
  SwimConfig config = introducing();
  config.push_pull_interval = 0ns;
  config.gossip_nodes = 0;
  return config;
}

Loopback::Options steady(std::uint32_t nodes) { return {.nodes = nodes, .latency_min = 300us, .latency_max = 300us}; }

// Who is told of whom by n0, between now and a few milliseconds later.
using Told = std::vector<std::pair<NodeSlot, std::vector<NodeSlot>>>;

void note_introductions(SwimCluster& c, Told& told) {
  c.drop = [&](NodeSlot from, NodeSlot to, const Message& m) {
    if (from == n(0) && is<swim::Gossip>(m)) {
      const auto& facts = as<swim::Gossip>(m).facts;
      CHECK(facts.gone.empty());
      std::vector<NodeSlot> subjects;
      for (const swim::AliveFact& fact : facts.alive) subjects.push_back(fact.subject.slot);
      told.emplace_back(to, std::move(subjects));
    }
    return false;
  };
}

TEST_CASE("an introduction is one message a member, and none to the joiner") {
  SwimCluster c(alone(), steady(6));
  for (std::uint32_t i = 0; i < 5; ++i) c.start(n(i));
  REQUIRE(c.run_until([&] { return c.converged(); }, 1s));
  c.run_for(10ms);
  Told told;
  note_introductions(c, told);
  c.start(n(5));
  c.run_for(4ms);
  CHECK(told == Told{{n(1), {n(5)}}, {n(2), {n(5)}}, {n(3), {n(5)}}, {n(4), {n(5)}}});
  CHECK(c.converged());
}

TEST_CASE("joiners of one moment are introduced together, to each other, too") {
  SwimCluster c(alone(), steady(4));
  for (std::uint32_t i = 0; i < 2; ++i) c.start(n(i));
  REQUIRE(c.run_until([&] { return c.converged(); }, 1s));
  c.run_for(10ms);
  Told told;
  note_introductions(c, told);
  c.start(n(2));
  c.start(n(3));
  c.run_for(4ms);
  const std::vector<NodeSlot> both{n(2), n(3)};
  CHECK(told == Told{{n(1), both}, {n(2), both}, {n(3), both}});
  CHECK(c.converged());
}

TEST_CASE("so many joiners that they need several messages are all introduced") {
  SwimConfig config = alone();
  config.udp_buffer_size = 256;
  SwimCluster c(config, steady(40));
  Told told;
  note_introductions(c, told);
  c.start_all();
  c.run_for(5ms);
  CHECK(told.size() > 2 * 38);
  CHECK(c.converged());
}

TEST_CASE("a joiner whose seed knows nobody else is introduced to nobody") {
  SwimCluster c(alone(), steady(3));
  c.start(n(0));
  c.start(n(1));
  c.run_for(4ms);
  CHECK(c.converged());
  CHECK(c.counters("swim.Gossip").sent == 0);
  c.run_for(60s);
  CHECK(c.converged());
  c.start(n(2));
  c.run_for(4ms);
  CHECK(c.converged());
  CHECK(c.count(ObservationKind::kMemberSuspect) == 0);
}

TEST_CASE("each seed introduces a joiner to those it knows") {
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
  c.seeds = {n(0), n(4)};
  c.start(n(7));
  c.run_for(4ms);
  for (std::uint32_t i = 0; i < 7; ++i) CHECK(c.view(n(i)).is_member(n(7)));
}

TEST_CASE("only a stranger's request makes a node introduce: no member's, and no answer") {
  SwimCluster c(alone(), steady(5));
  for (std::uint32_t i = 0; i < 3; ++i) c.start(n(i));
  c.run_for(10s);
  Told told;
  note_introductions(c, told);
  for (const bool reply : {true, false}) {
    auto state = c.pool().make<swim::Sync>();
    state->reply = reply;
    state->members.push_back({Identity{n(reply ? 3 : 4)}, 1, 0, Status::kAlive});
    c.inject(reply ? n(3) : n(1), n(0), std::move(state));
  }
  c.run_for(4ms);
  REQUIRE(c.view(n(0)).is_member(n(3)));
  REQUIRE(c.view(n(0)).is_member(n(4)));
  CHECK(told.empty());
}

TEST_CASE("who left before it was introduced is not") {
  SwimCluster c(alone(), steady(4));
  for (std::uint32_t i = 0; i < 3; ++i) c.start(n(i));
  c.run_for(10s);
  Told told;
  note_introductions(c, told);
  auto state = c.pool().make<swim::Sync>();
  state->members.push_back({Identity{n(3)}, 1, 0, Status::kAlive});
  c.inject(n(3), n(0), std::move(state));
  c.run_for(100us);
  auto news = c.pool().make<swim::Gossip>();
  news->facts.add({n(3), {1, 1, Status::kLeft}, kNoSlot}, c.directory());
  c.inject(n(1), n(0), std::move(news));
  c.run_for(4ms);
  REQUIRE_FALSE(c.view(n(0)).is_member(n(3)));
  CHECK(told.empty());
}

TEST_CASE("who is to be introduced is part of a state's digest") {
  swim::SwimState a;
  swim::SwimState b;
  b.joiners.push_back(n(1));
  Hasher ha;
  Hasher hb;
  a.digest(ha);
  b.digest(hb);
  CHECK_FALSE(ha.finish() == hb.finish());
}

}  // namespace hearsay::test
