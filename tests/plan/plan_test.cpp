#include <doctest/doctest.h>

#include "sim/plan/plan.hpp"

using namespace hearsay;
using namespace hearsay::plan;

namespace {

NodeSet pool_of(std::uint32_t nodes, std::uint32_t draw) {
  NodeSet set;
  for (std::uint32_t i = 0; i < nodes; ++i) set.nodes.push_back(NodeSlot{i * 3});
  set.draw = draw;
  return set;
}

}  // namespace

TEST_CASE("a named node set resolves to itself, whatever the seed") {
  NodeSet set;
  set.nodes = {NodeSlot{1}, NodeSlot{4}};
  CHECK(resolve(set, 1, 0) == set.nodes);
  CHECK(resolve(set, 2, 7) == set.nodes);
}

TEST_CASE("a random node set resolves to the same nodes for the same seed and stream") {
  const NodeSet set = pool_of(1000, 20);
  CHECK(resolve(set, 7, 3) == resolve(set, 7, 3));
  CHECK(resolve(set, 7, 3) != resolve(set, 8, 3));
  CHECK(resolve(set, 7, 3) != resolve(set, 7, 4));
}

TEST_CASE("a random node set resolves to that many of the pool, ascending, each once") {
  for (const std::uint32_t draw : {0U, 1U, 10U, 99U, 100U}) {
    const NodeSet set = pool_of(100, draw);
    const std::vector<NodeSlot> chosen = resolve(set, 5, 1);
    REQUIRE(chosen.size() == draw);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      CHECK(raw(chosen[i]) % 3 == 0);
      CHECK(raw(chosen[i]) < 300);
      if (i > 0) CHECK(raw(chosen[i - 1]) < raw(chosen[i]));
    }
  }
}

TEST_CASE("every node of a pool is drawn about equally often") {
  const NodeSet set = pool_of(10, 3);
  std::vector<int> drawn(10, 0);
  constexpr int kSeeds = 10'000;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const NodeSlot node : resolve(set, seed, 0)) ++drawn[raw(node) / 3];
  }
  // Binomial: mean 3000, standard deviation 46; five of them either way.
  for (const int count : drawn) {
    CHECK(count > 2770);
    CHECK(count < 3230);
  }
}

TEST_CASE("golden draw: the choice of a seed is part of every fingerprint") {
  const std::vector<NodeSlot> chosen = resolve(pool_of(20, 5), 42, 256);
  std::vector<std::uint32_t> slots;
  for (const NodeSlot node : chosen) slots.push_back(raw(node) / 3);
  CHECK(slots == std::vector<std::uint32_t>{2, 3, 9, 10, 12});
}

TEST_CASE("every action has the name that scenarios use") {
  CHECK(kind_of(Partition{}) == "partition");
  CHECK(kind_of(Heal{}) == "heal");
  CHECK(kind_of(Flap{}) == "flap");
  CHECK(kind_of(LinkChange{}) == "link");
  CHECK(kind_of(Crash{}) == "crash");
  CHECK(kind_of(Restart{}) == "restart");
  CHECK(kind_of(RollingRestart{}) == "rolling-restart");
  CHECK(kind_of(Pause{}) == "pause");
  CHECK(kind_of(Resume{}) == "resume");
  CHECK(kind_of(Join{}) == "join");
  CHECK(kind_of(Leave{}) == "leave");
  CHECK(kind_of(SlowNode{}) == "slow");
  CHECK(kind_of(ClockChange{}) == "clock");
  CHECK(kind_of(Churn{}) == "churn");
  CHECK(kind_of(WorkloadChange{}) == "workload");
}
