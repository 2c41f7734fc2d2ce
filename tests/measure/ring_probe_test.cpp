#include <doctest/doctest.h>

#include <bit>
#include <vector>

#include "core/ring/karger.hpp"
#include "sim/measure/placing.hpp"
#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

TEST_CASE("agreeing views have no ring disagreement") {
  Scene s(4);
  s.begin_together();
  s.sample(1);
  s.finish(2);
  CHECK(s.value("ring_disagreement_share") == 0);
  CHECK(s.value("ring_disagreement_across_share") == -1);
}

TEST_CASE("disagreement is weighted by pairs of nodes, within and across components apart") {
  Scene s(4);
  s.begin_together();
  s.dead(1, 0, 3);  // of 6 pairs the 3 with node 0 differ; by modulo 3 and 4, owners of hashes agree in a quarter
  s.sample(2);
  s.finish(3);
  const double all = s.value("ring_disagreement_max_share");
  CHECK(all > 0.5);
  CHECK(all < 1.0);
  CHECK(s.value("ring_disagreement_share") == doctest::Approx(all / 2));

  Scene cut(4);
  cut.begin_together();
  cut.reach(1, {0, 0, 1, 1}, {1, 2});
  for (const std::uint32_t i : {0U, 1U}) {
    for (const std::uint32_t j : {2U, 3U}) {
      cut.dead(2, i, j);
      cut.dead(2, j, i);
    }
  }
  cut.sample(3);
  cut.finish(4);
  CHECK(cut.value("ring_disagreement_share") == 0);
  CHECK(cut.value("ring_disagreement_across_share") == 1);
}

TEST_CASE("arcs are swept exactly: a node that misses a member disagrees on what that one owns") {
  const Karger karger(64);
  Scene s(4);
  s.placing = &karger;
  s.begin_together();
  s.dead(1, 0, 3);
  s.sample(2);
  s.finish(3);

  SlotSet all(4);
  for (std::uint32_t i = 0; i < 4; ++i) all.set(i);
  const auto members = ring_members(s.plan.directory, all, 4);
  std::vector<Arc> arcs;
  REQUIRE(karger.place(members)->arcs(arcs));
  double owned = 0;
  std::uint64_t begin = 0;
  for (const Arc& arc : arcs) {
    if (arc.owner == NodeSlot{3}) owned += static_cast<double>(arc.last - begin) / 18446744073709551616.0;
    begin = arc.last;
  }
  CHECK(owned > 0.1);
  CHECK(s.value("ring_disagreement_max_share") == doctest::Approx(owned).epsilon(1e-9));
}

double last_disagreement(const Results& results) {
  for (const Series& series : results.series) {
    if (series.name == "ring_disagreement_share" && !series.points.empty()) return series.points.back().value;
  }
  return -1;
}

TEST_CASE("what is kept from sample to sample is what a first look at the same views finds") {
  constexpr std::uint32_t kNodes = 16;
  const Karger karger(64);
  // Node 0's view takes 150 values, more than are kept, most of them one member away from the one before; node 1 misses
  // another member. Each is seen again much later.
  std::vector<bool> missing(kNodes, false);
  Scene watched(kNodes);
  watched.placing = &karger;
  watched.begin_together();
  watched.dead(1, 1, 5);
  double at = 2;
  const auto flip = [&](std::uint32_t peer) {
    missing[peer] = !missing[peer];
    missing[peer] ? watched.dead(at, 0, peer) : watched.alive(at, 0, peer);
    watched.sample(at + 0.5);
    at += 1;
  };
  for (std::uint32_t i = 1; i <= 150; ++i) flip(8 + static_cast<std::uint32_t>(std::countr_zero(i)));  // a Gray code
  for (const std::uint32_t peer : {9U, 10U, 9U, 12U, 3U}) flip(peer);
  const double kept = last_disagreement(watched.finish(at));

  Scene fresh(kNodes);
  fresh.placing = &karger;
  fresh.begin_together();
  fresh.dead(1, 1, 5);
  for (std::uint32_t peer = 0; peer < kNodes; ++peer) {
    if (missing[peer]) fresh.dead(2, 0, peer);
  }
  fresh.sample(3);
  CHECK(kept > 0.01);
  CHECK(kept == last_disagreement(fresh.finish(4)));
}

}  // namespace
}  // namespace hearsay::measure
