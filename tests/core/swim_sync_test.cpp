// The full state: pages, joins and periodic repair.
#include <doctest/doctest.h>

#include "tests/core/swim_cluster.hpp"

namespace hearsay::test {

TEST_CASE("a state of two thousand members travels in pages that a decoder takes") {
  SwimConfig config;
  config.push_pull_interval = 0ns;
  SwimCluster c(config, {.nodes = 2000, .wire = true});
  std::vector<std::size_t> pages;
  std::size_t last = 0;
  c.drop = [&](NodeSlot from, NodeSlot to, const Message& m) {
    if (is<swim::Sync>(m) && from == n(0)) {
      pages.push_back(as<swim::Sync>(m).members.size());
      if (as<swim::Sync>(m).last) ++last;
    }
    return raw(to) >= 2;  // who never ran
  };
  c.start(n(0));
  auto old = c.pool().make<swim::Gossip>();
  for (std::uint32_t i = 2; i < 1024; ++i) old->facts.add({n(i), {1, 0, Status::kAlive}, kNoSlot}, c.directory());
  c.inject(n(0), n(0), std::move(old));
  auto more = c.pool().make<swim::Gossip>();
  for (std::uint32_t i = 1024; i < 2000; ++i) more->facts.add({n(i), {1, 0, Status::kAlive}, kNoSlot}, c.directory());
  c.inject(n(0), n(0), std::move(more));
  c.run_for(10ms);
  REQUIRE(c.view(n(0)).known() == 1999);
  c.start(n(1));
  c.run_for(100ms);
  CHECK(c.view(n(1)).known() == 2000);
  CHECK(pages == std::vector<std::size_t>{1024, 976});
  CHECK(last == 1);
}

TEST_CASE("a node that is told of two clusters joins them") {
  SwimCluster c(SwimConfig{}, {.nodes = 9});
  c.seeds = {n(0)};
  for (std::uint32_t i = 0; i < 4; ++i) c.start(n(i));
  c.seeds = {n(4)};
  for (std::uint32_t i = 4; i < 8; ++i) c.start(n(i));
  c.run_for(45s);
  REQUIRE(c.view(n(0)).members() == 4);
  REQUIRE(c.view(n(7)).members() == 4);
  c.seeds = {n(0), n(4)};
  c.start(n(8));
  // By gossip, and the last ones by push-pull: nine members pass an update on four times each.
  CHECK(c.run_until([&] { return c.converged(); }, 45s));
}

TEST_CASE("push-pull repairs what gossip missed") {
  for (const bool repair : {true, false}) {
    SwimConfig config;
    config.push_pull_interval = repair ? Duration(10s) : Duration(0);
    config.gossip_nodes = 0;
    config.probe_interval = 1h;  // no news rides anywhere: only the seed learns of the others
    SwimCluster c(config, {.nodes = 6});
    c.start_all();
    c.run_for(15s);
    if (repair) {
      c.run_for(5s);
      CHECK(c.view(n(1)).known() == 6);
    } else {
      CHECK(c.view(n(1)).known() < 6);
    }
  }
}

TEST_CASE("who is dead in somebody's state is only suspected by whom still holds it to be a member") {
  SwimConfig config;
  config.push_pull_interval = 0ns;
  SwimCluster c(config, {.nodes = 4});
  c.start_all();
  REQUIRE(c.run_until([&] { return c.converged(); }, 5s));
  // Only n0 hears this, and only what n0 sends to n2 is lost.
  c.drop = [](NodeSlot from, NodeSlot to, const Message&) { return from == n(0) || to == n(2); };
  auto state = c.pool().make<swim::Sync>();
  state->reply = true;
  state->last = true;
  state->members.push_back({Identity{n(2)}, 1, 0, Status::kDead});
  state->members.push_back({Identity{n(3)}, 1, 0, Status::kLeft});
  c.inject(n(1), n(0), std::move(state));
  c.run_for(2ms);
  CHECK(c.believes(n(0), n(2), Status::kSuspect));
  CHECK(c.believes(n(0), n(3), Status::kLeft));
}

}  // namespace hearsay::test
