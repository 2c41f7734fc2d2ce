#include <doctest/doctest.h>

#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::plan;
using namespace hearsay::test;

namespace {

// The one event of that text, which must be fine.
template <class Action>
Action event(const std::string& keys, const std::string& before = "") {
  const auto plan = read(before + "\n[[event]]\nat = \"10s\"\n" + keys);
  if (!plan) FAIL(plan.error().message);
  REQUIRE(std::holds_alternative<Action>(plan->events[0].action));
  return std::get<Action>(plan->events[0].action);
}

std::string matrix(const Partition& partition) {
  std::string text;
  for (const auto& row : partition.allowed) {
    if (!text.empty()) text += '/';
    for (const bool reaches : row) text += reaches ? '1' : '0';
  }
  return text;
}

}  // namespace

TEST_CASE("events come in order of time, labelled by kind and time unless they say otherwise") {
  const auto plan = read(R"(
[[event]]
at = "20s"
kind = "heal"
[[event]]
at = "10s"
kind = "partition"
label = "split"
isolate = "n5"
[[event]]
at = "20s"
kind = "heal"
partition = "split"
)");
  REQUIRE(plan);
  REQUIRE(plan->events.size() == 3);
  CHECK(plan->events[0].label == "split");
  CHECK(plan->events[0].place.line == 6);
  CHECK(std::get<Partition>(plan->events[0].action).name == "split");
  CHECK(plan->events[1].label == "heal@20s");
  CHECK(std::get<Heal>(plan->events[1].action).partition.empty());
  CHECK(plan->events[2].label == "heal@20s#2");
  CHECK(std::get<Heal>(plan->events[2].action).partition == "split");
}

TEST_CASE("a partition for some time adds its heal") {
  const auto plan = read("[[event]]\nat = \"10s\"\nkind = \"partition\"\nisolate = \"n5\"\nfor = \"20s\"\n");
  REQUIRE(plan);
  REQUIRE(plan->events.size() == 2);
  CHECK(plan->events[1].at == 30s);
  CHECK(plan->events[1].label == "heal@30s");
  CHECK(std::get<Heal>(plan->events[1].action).partition == "partition@10s");
}

TEST_CASE("a complete partition reaches within its sides alone") {
  const auto two = event<Partition>("kind = \"partition\"\nsides = [\"n0..n31\", \"n32..n63\"]\n");
  CHECK(two.sides.size() == 2);
  CHECK(matrix(two) == "10/01");
  CHECK_FALSE(two.rest_is_side);
  const auto rest = event<Partition>("kind = \"partition\"\nsides = [\"n0..n9\", [\"n20\", \"n30\"]]\n");
  CHECK(rest.sides[1].nodes.size() == 2);
  CHECK(rest.rest_is_side);
  CHECK(matrix(rest) == "100/010/001");
  const auto named = event<Partition>("kind = \"partition\"\nsides = [\"rest\", \"n3\"]\n");
  CHECK(named.sides.size() == 1);
  CHECK(matrix(named) == "10/01");
}

TEST_CASE("nodes on no side stay connected where the scenario says so") {
  const auto partition = event<Partition>("kind = \"partition\"\nsides = [\"n0\", \"n1\"]\nothers = \"connected\"\n");
  CHECK_FALSE(partition.rest_is_side);
  CHECK(matrix(partition) == "10/01");
}

TEST_CASE("a random side is drawn from what the named ones leave") {
  const auto partition = event<Partition>("kind = \"partition\"\nsides = [\"n0..n31\", \"50% random\"]\n");
  CHECK(partition.sides[1].draw == 32);
  CHECK(partition.sides[1].nodes.size() == 32);
  CHECK(partition.sides[1].nodes.front() == NodeSlot{32});
  CHECK_FALSE(partition.rest_is_side);
  const auto share = event<Partition>("kind = \"partition\"\nsides = [\"30% random\", \"rest\"]\n");
  CHECK(share.sides[0].draw == 19);
  CHECK(share.rest_is_side);
}

TEST_CASE("isolated nodes are apart from everybody, and from each other") {
  CHECK(matrix(event<Partition>("kind = \"partition\"\nisolate = \"n5\"\n")) == "10/01");
  const auto two = event<Partition>("kind = \"partition\"\nisolate = \"n5, n7\"\n");
  CHECK(two.sides.size() == 2);
  CHECK(matrix(two) == "100/010/001");
  CHECK(event<Partition>("kind = \"partition\"\nisolate = \"1 random\"\n").sides[0].draw == 1);
}

TEST_CASE("a one-way partition cuts what goes one way") {
  const auto all = event<Partition>("kind = \"partition\"\nfrom = \"n0\"\n");
  CHECK(matrix(all) == "10/11");
  CHECK(all.rest_is_side);
  const auto some = event<Partition>("kind = \"partition\"\nfrom = \"n0\"\nto = \"n1..n9\"\n");
  CHECK(matrix(some) == "10/11");
  CHECK(some.sides.size() == 2);
  CHECK_FALSE(some.rest_is_side);
}

TEST_CASE("a bridge reaches both halves, which do not reach each other") {
  const auto halves = event<Partition>("kind = \"partition\"\nbridge = \"n3\"\n");
  REQUIRE(halves.sides.size() == 3);
  CHECK(halves.sides[0].nodes.size() == 31);
  CHECK(halves.sides[1].nodes.size() == 32);
  CHECK(halves.sides[2].nodes == std::vector<NodeSlot>{NodeSlot{3}});
  CHECK(matrix(halves) == "101/011/111");
  const auto sides = event<Partition>("kind = \"partition\"\nsides = [\"n0..n9\", \"n10..n19\"]\nbridge = \"n20\"\n");
  CHECK(matrix(sides) == "1010/0110/1111/0011");
}

TEST_CASE("in a ring of majorities every node sees one, and no two the same") {
  for (const std::uint32_t nodes : {4U, 5U, 6U, 7U, 64U}) {
    CAPTURE(nodes);
    const auto ring =
        event<Partition>("kind = \"partition\"\nmajorities = true\n", "[nodes]\ncount = " + std::to_string(nodes));
    REQUIRE(ring.sides.size() == nodes);
    for (std::uint32_t i = 0; i < nodes; ++i) {
      const auto seen = std::count(ring.allowed[i].begin(), ring.allowed[i].end(), true);
      CHECK(seen > static_cast<long>(nodes / 2));
      CHECK(seen < static_cast<long>(nodes));
      CHECK(ring.allowed[i][i]);
      for (std::uint32_t j = 0; j < i; ++j) {
        CHECK(ring.allowed[i] != ring.allowed[j]);
        CHECK(ring.allowed[i][j] == ring.allowed[j][i]);
      }
    }
  }
}

TEST_CASE("partitions drop, delay or hold") {
  CHECK(event<Partition>("kind = \"partition\"\nisolate = \"n5\"\n").mode == Partition::Mode::kDrop);
  CHECK(event<Partition>("kind = \"partition\"\nisolate = \"n5\"\nmode = \"hold\"\n").mode == Partition::Mode::kHold);
  const auto slow = event<Partition>("kind = \"partition\"\nisolate = \"n5\"\nmode = \"delay\"\ndelay = \"2s\"\n");
  CHECK(slow.mode == Partition::Mode::kDelay);
  CHECK(slow.delay == 2s);
}

TEST_CASE("a flap is a partition with a period") {
  const auto flap = event<Flap>("kind = \"flap\"\nfrom = \"n1\"\nperiod = \"2s\"\nduty = \"25%\"\nfor = \"20s\"\n");
  CHECK(matrix(flap.partition) == "10/11");
  CHECK(flap.period == 2s);
  CHECK(flap.duty == 0.25);
  CHECK(flap.until == 30s);
  CHECK(event<Flap>("kind = \"flap\"\nisolate = \"n1\"\nperiod = \"2s\"\n").until == 60s);
}

TEST_CASE("links change for some nodes and some time") {
  const auto link = event<LinkChange>(
      "kind = \"link\"\nfrom = \"n1\"\nto = \"n2..n3\"\none_way = true\nloss = \"10%\"\nreorder = 0.5\nreorder_delay = "
      "\"1s\"\nuntil = \"15s\"\n");
  CHECK(link.from.nodes.size() == 1);
  CHECK(link.to.nodes.size() == 2);
  CHECK_FALSE(link.both_ways);
  CHECK(link.loss == *Ratio::of(0.1));
  CHECK(link.reorder == *Ratio::of(0.5));
  CHECK_FALSE(link.duplicate);
  CHECK_FALSE(link.latency);
  CHECK(link.until == 15s);
  const auto storm = event<LinkChange>("kind = \"loss\"\nloss = \"40%\"\n");
  CHECK(storm.from.nodes.size() == 64);
  CHECK(storm.both_ways);
  CHECK_FALSE(storm.until);
  const auto far = event<LinkChange>("kind = \"latency\"\nlatency = \"1s\"\nnodes = \"n1\"\nfor = \"5s\"\n");
  CHECK(far.latency->mean() == 1s);
  CHECK(far.from.nodes.size() == 1);
  CHECK(far.until == 15s);
}

TEST_CASE("nodes crash, restart, pause, join, leave and are slow") {
  const auto crash = event<Crash>("kind = \"crash\"\nnodes = \"3 random\"\nfor = \"5s\"\nkeep_state = true\n");
  CHECK(crash.nodes.draw == 3);
  CHECK(crash.restart_after == 5s);
  CHECK(crash.keep_state);
  CHECK_FALSE(event<Crash>("kind = \"crash\"\nnodes = \"n1\"\n").restart_after);
  CHECK_FALSE(event<Restart>("kind = \"restart\"\nnodes = \"n1\"\n").keep_state);
  const auto rolling =
      event<RollingRestart>("kind = \"rolling-restart\"\nnodes = \"n0..n9\"\ndown = \"2s\"\npause = \"3s\"\n");
  CHECK(rolling.down == 2s);
  CHECK(rolling.pause == 3s);
  CHECK(rolling.keep_state);
  CHECK_FALSE(rolling.leave_first);
  CHECK(event<Pause>("kind = \"pause\"\nnodes = \"n1\"\nuntil = \"15s\"\n").resume_after == 5s);
  CHECK(event<Resume>("kind = \"resume\"\nnodes = \"n1\"\n").nodes.nodes.size() == 1);
  CHECK(event<Join>("kind = \"join\"\nnodes = \"n1\"\nspread = \"2s\"\n").spread == 2s);
  CHECK(event<Leave>("kind = \"leave\"\nnodes = \"n1\"\n").grace == 1s);
  const auto slow = event<SlowNode>("kind = \"slow\"\nnodes = \"n1\"\nstep = \"50ms\"\nfor = \"5s\"\n");
  CHECK(slow.step == 50ms);
  CHECK(slow.until == 15s);
}

TEST_CASE("clocks jump, nodes churn, the load changes") {
  const auto clock = event<ClockChange>("kind = \"clock\"\nnodes = \"n1\"\nstep = \"-3s\"\ndrift = \"100ppm\"\n");
  CHECK(clock.step == -3s);
  CHECK(clock.drift_ppm == 100.0);
  const auto churn = event<Churn>("kind = \"churn\"\nnodes = \"all\"\nmean_up = \"20s\"\nmean_down = \"5s\"\n");
  CHECK(churn.mean_up == 20s);
  CHECK(churn.mean_down == 5s);
  CHECK(churn.until == 60s);
  const auto load = event<WorkloadChange>("kind = \"workload\"\nclient = \"load\"\nrate = \"5/s\"\nget = 3\n",
                                          "[[client]]\nname = \"load\"");
  CHECK(load.client == "load");
  CHECK(load.rate_hz == 5.0);
  CHECK(load.get_weight == 3);
  CHECK_FALSE(load.put_weight);
}
