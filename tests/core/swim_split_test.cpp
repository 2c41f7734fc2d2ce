// Splits, and who heals them.
#include <doctest/doctest.h>

#include "tests/core/swim_cluster.hpp"

namespace hearsay::test {
namespace {

// A cluster of 20 that was split 10 to 10 until both sides had buried each other and fallen silent.
std::unique_ptr<SwimCluster> after_split(const SwimConfig& config, std::uint64_t seed, Duration split) {
  auto c = std::make_unique<SwimCluster>(config, Loopback::Options{.nodes = 20, .seed = seed});
  c->start_all();
  REQUIRE(c->run_until([&] { return c->converged(); }, 5s));
  c->split(10);
  c->run_for(split);
  c->split(0);
  return c;
}

}  // namespace

TEST_CASE("a split heals by push-pull with the dead") {
  SwimConfig config;
  config.rejoin = static_cast<int>(SwimRejoin::kPushPull);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    auto c = after_split(config, seed, 60s);
    CHECK(c->view(n(0)).members() == 10);
    CHECK(c->view(n(19)).members() == 10);
    CHECK(c->run_until([&] { return c->converged(); }, 60s));
    c->run_for(30s);
    CHECK(c->converged());
  }
}

TEST_CASE("without rejoin nobody asks the dead, and the split stays") {
  SwimConfig config;
  config.rejoin = static_cast<int>(SwimRejoin::kNone);
  config.gossip_to_the_dead_time = 5s;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    auto c = after_split(config, seed, 60s);
    c->run_for(5min);
    CHECK(c->view(n(0)).members() == 10);
    CHECK(c->view(n(19)).members() == 10);
  }
}

TEST_CASE("a split of 20 s heals with rejoin") {
  SwimConfig config;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto c = after_split(config, seed, 20s);
    CHECK(c->run_until([&] { return c->converged(); }, 90s));
  }
}

TEST_CASE("gossip reaches the dead while they are fresh, and so may heal a split alone") {
  SwimConfig config;
  config.rejoin = static_cast<int>(SwimRejoin::kNone);
  config.push_pull_interval = 0ns;
  auto c = after_split(config, 1, 60s);
  // News on one side: a member that dies now is gossiped about. Only gossip_to_the_dead_time lets it cross.
  config.gossip_to_the_dead_time = 10min;
  auto reaching = after_split(config, 1, 60s);
  for (SwimCluster* cluster : {c.get(), reaching.get()}) {
    cluster->crash(n(9));
    cluster->run_for(3min);
  }
  CHECK_FALSE(c->converged());
  CHECK(reaching->converged());
}

TEST_CASE("one node cut off comes back") {
  SwimCluster c(SwimConfig{}, {.nodes = 16});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  c.split(1);
  c.run_for(5min);
  CHECK(c.view(n(0)).members() == 1);
  CHECK(c.view(n(5)).members() == 15);
  c.split(0);
  CHECK(c.run_until([&] { return c.converged(); }, 60s));
}

}  // namespace hearsay::test
