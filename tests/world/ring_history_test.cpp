// Rings under gossip: a node's placement is that of its own history, whoever else asks, and when.
#include <doctest/doctest.h>

#include <algorithm>

#include <fmt/format.h>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using measure::Results;
using test::plan_of;
using test::run;
using test::value_of;

// Two sides bury each other and meet again: all are of one mind in the end, and have come to it by other ways.
std::string split_and_heal(std::string_view ring) {
  return fmt::format(R"(
duration = "80s"
[nodes]
count = 12
[membership]
strategy = "swim"
rejoin = "push-pull"
warm_start = true
[replication]
strategy = "anti-entropy"
n = 3
[ring]
strategy = "{}"
[network]
latency = {{ distribution = "uniform", min = "1ms", max = "9ms" }}
[[client]]
nodes = "n0..n5"
rate = "2/s"
put = 1
get = 1
keys = 50
[[event]]
at = "5s"
label = "cut"
kind = "partition"
sides = ["n0..n4", "rest"]
[[event]]
at = "25s"
label = "heal"
kind = "heal"
)",
                     ring);
}

double last_of(const Results& results, std::string_view series) {
  const auto found = std::ranges::find(results.series, series, &measure::Series::name);
  REQUIRE(found != results.series.end());
  REQUIRE(!found->points.empty());
  return found->points.back().value;
}

bool views_agree(const Results& results) { return test::event_of(results, "heal").converged_s.has_value(); }

TEST_CASE("nodes that saw departures in another order go on disagreeing where a ring depends on it") {
  for (const std::string_view ring : {"memento", "anchor"}) {
    CAPTURE(ring);
    const Results results = run(plan_of(split_and_heal(ring)));
    CHECK(views_agree(results));
    CHECK(last_of(results, "ring_disagreement_share") > 0.001);
    CHECK(last_of(results, "ring_misrouted_share") > 0.001);
  }
  const Results pure = run(plan_of(split_and_heal("karger")));
  CHECK(views_agree(pure));
  CHECK(last_of(pure, "ring_disagreement_share") == 0);
  CHECK(last_of(pure, "ring_misrouted_share") == 0);
}

TEST_CASE("who looks, and how often, changes no placement") {
  for (const std::string_view ring : {"memento", "slots"}) {
    CAPTURE(ring);
    std::vector<std::string> set;
    if (ring == "slots") set.emplace_back("ring.index=history");
    const auto with = [&](std::string_view option) {
      std::vector<std::string> all = set;
      if (!option.empty()) all.emplace_back(option);
      return run(plan_of(split_and_heal(ring), all));
    };
    const Results results = with("");
    CHECK(with("measure.ring=false").fingerprint == results.fingerprint);
    const Results often = with("measure.sample_interval=50ms");
    CHECK(often.fingerprint == results.fingerprint);
    CHECK(last_of(often, "ring_disagreement_share") == last_of(results, "ring_disagreement_share"));
    CHECK(value_of(often, "ring_misrouted_share") == doctest::Approx(value_of(results, "ring_misrouted_share")));
  }
}

}  // namespace
}  // namespace hearsay::world
