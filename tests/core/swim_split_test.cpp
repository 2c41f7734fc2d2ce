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

TEST_CASE("news crosses a healed split by gossip to the dead, as long as they are gossiped to") {
  for (const Duration time : {Duration(5s), Duration(10min)}) {
    SwimConfig config;
    config.rejoin = static_cast<int>(SwimRejoin::kNone);
    config.gossip_to_the_dead_time = time;
    auto c = after_split(config, 1, 60s);
    c->seeds = {n(0)};
    c->crash(n(9));
    c->start(n(9));
    c->run_for(20s);
    CHECK(c->view(n(3)).is_member(n(9)));
    CHECK(c->view(n(15)).is_member(n(9)) == (time == 10min));
  }
}

TEST_CASE("the healer asks the dead, and leaves in peace who left") {
  SwimCluster c(SwimConfig{}, {.nodes = 8});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  c.leave(n(3));
  c.run_for(5s);
  c.crash(n(3));
  c.crash(n(6));
  REQUIRE(c.run_until([&] { return c.all_believe(n(6), Status::kDead); }, 60s));
  std::size_t asked_left = 0, asked_dead = 0;
  c.drop = [&](NodeSlot, NodeSlot to, const Message& message) {
    if (is<swim::Sync>(message) && to == n(3)) ++asked_left;
    if (is<swim::Sync>(message) && to == n(6)) ++asked_dead;
    return false;
  };
  c.run_for(10min);
  CHECK(asked_dead > 5);
  CHECK(asked_left == 0);
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
