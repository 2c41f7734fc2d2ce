// How the events of a plan become steps: who, when, in which order, and what chance decides.
#include "sim/world/timeline.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using Kind = TimelineStep::Kind;

Timeline timeline_of(const plan::Plan& plan, std::uint64_t seed = 1) {
  auto timeline = make_timeline(plan, seed);
  REQUIRE(timeline.has_value());
  return std::move(*timeline);
}

plan::Plan plan_with(std::string_view text, int nodes = 10) {
  return test::plan_of(fmt::format("duration = \"100s\"\n[nodes]\ncount = {}\n{}\n", nodes, text));
}

// The steps of events, without the marks.
std::vector<TimelineStep> deeds(const Timeline& timeline) {
  std::vector<TimelineStep> steps;
  for (const TimelineStep& step : timeline.steps) {
    if (step.event != kNoEvent && step.kind != Kind::kMark) steps.push_back(step);
  }
  return steps;
}

void check_step(const TimelineStep& step, Duration at, Kind kind, std::uint32_t node) {
  CHECK(Duration(step.at_ns) == at);
  CHECK(step.kind == kind);
  CHECK(step.node == node);
}

TEST_CASE("nodes that are present come up evenly over the start's spread, the others do not") {
  const plan::Plan plan = test::plan_of(R"(
duration = "10s"
start_spread = "4s"
[[group]]
name = "a"
count = 4
[[group]]
name = "later"
count = 3
present = false
)");
  const Timeline timeline = timeline_of(plan);
  REQUIRE(timeline.steps.size() == 4);
  for (std::uint32_t i = 0; i < 4; ++i) check_step(timeline.steps[i], i * 1s, Kind::kStart, i);
}

TEST_CASE("a start and a join of many nodes over years keep their order and their end") {
  const plan::Plan plan = test::plan_of(R"(
duration = "80000h"
start_spread = "40000h"
[nodes]
count = 1000
[[group]]
name = "late"
count = 1000
present = false
[[event]]
at = "40000h"
kind = "join"
nodes = "group:late"
spread = "39000h"
)");
  std::vector<std::int64_t> starts;
  std::vector<std::int64_t> joins;
  for (const TimelineStep& step : timeline_of(plan).steps) {
    if (step.kind == Kind::kStart) starts.push_back(step.at_ns);
    if (step.kind == Kind::kJoin) joins.push_back(step.at_ns);
  }
  REQUIRE(starts.size() == 1000);
  REQUIRE(joins.size() == 1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    REQUIRE(Duration(starts[i]) == static_cast<int>(i) * Duration(40h));
    REQUIRE(Duration(joins[i]) == Duration(40000h) + static_cast<int>(i) * Duration(39h));
  }
}

TEST_CASE("shares of a spread that does not divide are rounded down, each for itself") {
  const plan::Plan plan = test::plan_of("duration = \"10s\"\nstart_spread = \"1s\"\n[nodes]\ncount = 3\n");
  const Timeline timeline = timeline_of(plan);
  CHECK(timeline.steps[1].at_ns == 333'333'333);
  CHECK(timeline.steps[2].at_ns == 666'666'666);
}

TEST_CASE("a churn or a flap that goes on to the end of the run does nothing at the end") {
  for (const std::string_view text : {"kind = \"churn\"\nnodes = \"n0..n7\"\nmean_up = \"5s\"\nmean_down = \"20s\"",
                                      "kind = \"flap\"\nisolate = \"n0\"\nperiod = \"40s\"\nduty = 0.9"}) {
    const Timeline timeline = timeline_of(plan_with("[[event]]\nat = \"10s\"\n" + std::string(text)));
    CHECK(timeline.steps.size() > 10);
    CHECK(timeline.steps.back().at_ns < Duration(100s).count());
    // Somebody is down, and the link is cut, when the run ends.
    const std::vector<TimelineStep> steps = deeds(timeline);
    const auto is = [&](Kind kind) { return std::ranges::count(steps, kind, &TimelineStep::kind); };
    CHECK(is(Kind::kCrash) + is(Kind::kCut) > is(Kind::kRestart) + is(Kind::kUncut));
  }
}

TEST_CASE("of one instant the plan's order holds, and each event is marked before its steps") {
  const Timeline timeline = timeline_of(plan_with(R"(
[[event]]
at = "5s"
kind = "crash"
nodes = "n3"
[[event]]
at = "5s"
kind = "pause"
nodes = "n1,n2"
)"));
  std::vector<TimelineStep> steps;
  for (const TimelineStep& step : timeline.steps) {
    if (step.event != kNoEvent) steps.push_back(step);
  }
  REQUIRE(steps.size() == 5);
  CHECK(steps[0].kind == Kind::kMark);
  check_step(steps[1], 5s, Kind::kCrash, 3);
  CHECK(steps[2].kind == Kind::kMark);
  check_step(steps[3], 5s, Kind::kPause, 1);
  check_step(steps[4], 5s, Kind::kPause, 2);
}

TEST_CASE("a crash for a while restarts the nodes that it drew") {
  const plan::Plan plan =
      plan_with("[[event]]\nat = \"5s\"\nkind = \"crash\"\nnodes = \"3 random\"\nfor = \"10s\"\nkeep_state = true");
  std::set<std::vector<std::uint32_t>> drawn;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto steps = deeds(timeline_of(plan, seed));
    REQUIRE(steps.size() == 6);
    std::vector<std::uint32_t> nodes;
    for (std::size_t i = 0; i < 3; ++i) {
      nodes.push_back(steps[i].node);
      check_step(steps[i], 5s, Kind::kCrash, nodes[i]);
      check_step(steps[i + 3], 15s, Kind::kRestart, nodes[i]);
      CHECK(steps[i + 3].flag);
    }
    drawn.insert(nodes);
    const auto again = deeds(timeline_of(plan, seed));
    CHECK(std::ranges::equal(steps, again, {}, &TimelineStep::node, &TimelineStep::node));
  }
  CHECK(drawn.size() > 1);  // seeds differ
}

TEST_CASE("a rolling restart takes one node after the other") {
  const auto steps = deeds(timeline_of(plan_with(
      "[[event]]\nat = \"10s\"\nkind = \"rolling-restart\"\nnodes = \"n2..n3\"\ndown = \"2s\"\npause = \"5s\"")));
  REQUIRE(steps.size() == 4);
  check_step(steps[0], 10s, Kind::kCrash, 2);
  check_step(steps[1], 12s, Kind::kRestart, 2);
  CHECK(steps[1].flag);
  check_step(steps[2], 17s, Kind::kCrash, 3);
  check_step(steps[3], 19s, Kind::kRestart, 3);
}

TEST_CASE("a rolling restart that leaves first stops a second later and joins") {
  const auto steps = deeds(timeline_of(plan_with(
      "[[event]]\nat = \"10s\"\nkind = \"rolling-restart\"\nnodes = \"n2\"\ndown = \"2s\"\nleave_first = true")));
  REQUIRE(steps.size() == 3);
  check_step(steps[0], 10s, Kind::kLeave, 2);
  check_step(steps[1], 11s, Kind::kStop, 2);
  check_step(steps[2], 13s, Kind::kJoin, 2);
}

TEST_CASE("a flap cuts for its share of each period and ends whole") {
  const auto steps = deeds(timeline_of(plan_with(
      "[[event]]\nat = \"10s\"\nkind = \"flap\"\nisolate = \"n0\"\nperiod = \"4s\"\nduty = 0.75\nuntil = \"21s\"")));
  const std::vector<Duration> at{10s, 13s, 14s, 17s, 18s, 21s};
  REQUIRE(steps.size() == at.size());
  for (std::size_t i = 0; i < at.size(); ++i) check_step(steps[i], at[i], i % 2 == 0 ? Kind::kCut : Kind::kUncut, 0);
}

TEST_CASE("churn crashes and restarts each node in turn, and everybody is back at its end") {
  const auto steps =
      deeds(timeline_of(plan_with("[[event]]\nat = \"10s\"\nkind = \"churn\"\nnodes = \"n0..n7\"\nmean_up = "
                                  "\"10s\"\nmean_down = \"3s\"\nuntil = \"90s\"")));
  CHECK(steps.size() > 40);
  for (std::uint32_t node = 0; node < 8; ++node) {
    bool up = true;
    for (const TimelineStep& step : steps) {
      if (step.node != node) continue;
      REQUIRE(step.kind == (up ? Kind::kCrash : Kind::kRestart));
      REQUIRE(step.at_ns > Duration(10s).count());
      REQUIRE(step.at_ns <= Duration(90s).count());
      up = !up;
    }
    CHECK(up);
  }
}

TEST_CASE("joins are spread, leavers stop after their grace, a slow node recovers") {
  const auto steps = deeds(timeline_of(test::plan_of(R"(
duration = "100s"
[nodes]
count = 4
[[group]]
name = "new"
count = 3
present = false
[[event]]
at = "10s"
kind = "join"
nodes = "group:new"
spread = "3s"
[[event]]
at = "20s"
kind = "leave"
nodes = "n1"
grace = "2s"
[[event]]
at = "30s"
kind = "slow"
nodes = "n2"
step = "10ms"
for = "5s"
)")));
  REQUIRE(steps.size() == 7);
  for (std::uint32_t i = 0; i < 3; ++i) check_step(steps[i], 10s + i * 1s, Kind::kJoin, 4 + i);
  check_step(steps[3], 20s, Kind::kLeave, 1);
  check_step(steps[4], 22s, Kind::kStop, 1);
  check_step(steps[5], 30s, Kind::kSlowBegin, 2);
  CHECK(Duration(steps[5].value) == 10ms);
  check_step(steps[6], 35s, Kind::kSlowEnd, 2);
}

TEST_CASE("clock changes are steps in nanoseconds and drifts in parts per billion") {
  const auto steps = deeds(timeline_of(
      plan_with("[[event]]\nat = \"10s\"\nkind = \"clock\"\nnodes = \"n1\"\nstep = \"-30s\"\ndrift = \"200ppm\"")));
  REQUIRE(steps.size() == 2);
  check_step(steps[0], 10s, Kind::kClockStep, 1);
  CHECK(Duration(steps[0].value) == -30s);
  check_step(steps[1], 10s, Kind::kClockDrift, 1);
  CHECK(steps[1].value == 200'000);
}

TEST_CASE("random sides are drawn for each seed, from what the named ones leave") {
  const plan::Plan plan =
      plan_with("[[event]]\nat = \"5s\"\nkind = \"partition\"\nsides = [\"n0..n4\", \"3 random\", \"rest\"]");
  std::set<std::vector<std::uint8_t>> drawn;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const std::vector<std::uint8_t> side = timeline_of(plan, seed).partitions[0].side;
    for (std::size_t i = 0; i < 5; ++i) CHECK(side[i] == 0);
    CHECK(std::ranges::count(side, 1) == 3);
    CHECK(std::ranges::count(side, 2) == 2);
    drawn.insert(side);
  }
  CHECK(drawn.size() > 1);
}

TEST_CASE("a link change knows its nodes") {
  const Timeline timeline =
      timeline_of(plan_with("[[event]]\nat = \"5s\"\nkind = \"loss\"\nfrom = \"n0..n1\"\nto = \"n2\"\none_way = "
                            "true\nloss = \"50%\"\nfor = \"3s\""));
  const auto steps = deeds(timeline);
  REQUIRE(steps.size() == 2);
  check_step(steps[0], 5s, Kind::kLinkBegin, 0);
  check_step(steps[1], 8s, Kind::kLinkEnd, 0);
  const ActiveLinkChange& change = timeline.link_changes[0];
  CHECK(change.applies(0, 2));
  CHECK(change.applies(1, 2));
  CHECK_FALSE(change.applies(2, 0));
  CHECK_FALSE(change.applies(0, 1));
}

}  // namespace
}  // namespace hearsay::world
