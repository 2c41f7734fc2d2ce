// Misrouting, from views and targets that are known by heart; and that orders of keys say what placements do.
#include "sim/measure/misroute_probe.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "core/ring/karger.hpp"
#include "sim/measure/placing.hpp"
#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

constexpr std::size_t kMisrouteKeys = MisrouteProbe::kKeys;

std::vector<std::uint64_t> spread_keys() {
  std::vector<std::uint64_t> keys(kMisrouteKeys);
  const std::uint64_t step = std::numeric_limits<std::uint64_t>::max() / kMisrouteKeys + 1;
  for (std::size_t i = 0; i < kMisrouteKeys; ++i) keys[i] = i * step + step / 2;
  return keys;
}

std::shared_ptr<const Placement> placed(const Ring& ring, const Scene& s, const std::vector<std::uint32_t>& slots) {
  SlotSet set(static_cast<std::uint32_t>(s.plan.nodes.size()));
  for (const std::uint32_t slot : slots) set.set(slot);
  return ring.place(ring_members(s.plan.directory, set, static_cast<std::uint32_t>(s.plan.nodes.size())));
}

// Of the keys, those on which two placements differ.
double differing(const Placement& a, const Placement& b) {
  double count = 0;
  for (const std::uint64_t key : spread_keys()) count += a.lookup(key) != b.lookup(key) ? 1 : 0;
  return count / kMisrouteKeys;
}

// What a member owns, by the lengths of its arcs.
double arc_share(const Placement& placement, NodeSlot owner) {
  std::vector<Arc> arcs;
  REQUIRE(placement.arcs(arcs));
  double share = 0;
  std::uint64_t before = 0;
  for (const Arc& arc : arcs) {
    if (arc.owner == owner) share += static_cast<double>(arc.last - before) / 18446744073709551616.0;
    before = arc.last;
  }
  return share;
}

TEST_CASE("nobody is misrouted whose view is the target") {
  Scene s(4);
  s.begin_together();
  s.sample(1);
  s.finish(10);
  CHECK(s.value("ring_misrouted_share") == 0);
  CHECK(s.value("ring_misrouted_max_share") == 0);
  CHECK(s.value("ring_misroute_mean_s") == -1);
}

TEST_CASE("who has not heard of a death misroutes the dead one's keys, for as long") {
  const Karger karger(64);
  Scene s(4);
  s.placing = &karger;
  const std::size_t crash = s.add_event(10, "crash", plan::Crash{});
  s.begin_together();
  s.event(10, crash);
  s.down(10, 3);
  s.dead(12, 0, 3);
  s.dead(12.5, 1, 3);
  s.sample(13);
  s.dead(14, 2, 3);
  const Results results = s.finish(20);

  const auto all = placed(karger, s, {0, 1, 2, 3});
  const double owned = differing(*all, *placed(karger, s, {0, 1, 2}));
  CHECK(owned == doctest::Approx(arc_share(*all, NodeSlot{3})).epsilon(0.05));
  // Node-seconds of three nodes: 2, 2.5 and 4.
  CHECK(s.value("ring_misroute_s[crash]") == doctest::Approx(owned * 8.5 / 3));
  CHECK(s.value("ring_misroute_mean_s") == doctest::Approx(owned * 8.5 / 3));
  CHECK(s.value("ring_misrouted_share") == doctest::Approx(owned * 8.5 / 3 / 20));
  CHECK(s.value("ring_misrouted_max_share") == doctest::Approx(owned));
  const auto series = std::ranges::find(results.series, "ring_misrouted_share", &Series::name);
  REQUIRE(series != results.series.end());
  REQUIRE(series->points.size() == 1);
  CHECK(series->points[0].value == doctest::Approx(owned / 3));
}

TEST_CASE("a second of misrouting is that of the last event that changed a target") {
  const Karger karger(64);
  Scene s(4);
  s.placing = &karger;
  const std::size_t first = s.add_event(10, "first", plan::Crash{});
  const std::size_t clock = s.add_event(11, "clock", plan::Crash{});
  const std::size_t second = s.add_event(12, "second", plan::Crash{});
  s.begin_together();
  s.event(10, first);
  s.down(10, 3);
  s.event(11, clock);  // changes no target
  s.event(12, second);
  s.down(12, 2);
  s.finish(15);
  const auto all = placed(karger, s, {0, 1, 2, 3});
  const double one = differing(*all, *placed(karger, s, {0, 1, 2}));
  const double both = differing(*all, *placed(karger, s, {0, 1}));
  CHECK(s.value("ring_misroute_s[first]") == doctest::Approx(2 * one));
  CHECK(s.value("ring_misroute_s[clock]") == -2);
  CHECK(s.value("ring_misroute_s[second]") == doctest::Approx(3 * both));
  CHECK(s.value("ring_misroute_mean_s") == doctest::Approx(one + 1.5 * both));
  CHECK(s.value("ring_misroute_max_s") == doctest::Approx(3 * both));
}

TEST_CASE("a ring without orders is placed, view by view") {
  Scene s(3);  // the modulo ring moves other keys than a leaver's, too
  const std::size_t crash = s.add_event(10, "crash", plan::Crash{});
  s.begin_together();
  s.event(10, crash);
  s.down(10, 2);
  s.dead(11, 0, 2);
  s.dead(13, 1, 2);
  s.finish(20);
  const double moved = differing(*placed(*s.placing, s, {0, 1, 2}), *placed(*s.placing, s, {0, 1}));
  CHECK(moved > 0.3);
  CHECK(s.value("ring_misroute_s[crash]") == doctest::Approx(moved * 4 / 2));
}

TEST_CASE("each side of a cut is measured by its own target") {
  const Karger karger(64);
  Scene s(4);
  s.placing = &karger;
  const std::size_t cut = s.add_event(10, "cut", plan::Crash{});
  s.begin_together();
  s.event(10, cut);
  s.reach(10, {0, 0, 1, 1}, {1, 2});
  for (const std::uint32_t i : {0U, 1U}) {
    for (const std::uint32_t j : {2U, 3U}) s.dead(12, i, j);
  }
  s.finish(14);
  const auto all = placed(karger, s, {0, 1, 2, 3});
  const double left = differing(*all, *placed(karger, s, {0, 1}));
  const double right = differing(*all, *placed(karger, s, {2, 3}));
  CHECK(s.value("ring_misroute_s[cut]") == doctest::Approx(left + 2 * right));
}

// Rings of the catalogue that have such orders are asked by them and by placing.
TEST_CASE("orders of keys say what placements do") {
  constexpr std::uint32_t kNodes = 12;
  Directory directory(kNodes);
  for (std::uint32_t i = 0; i < kNodes; ++i) REQUIRE(directory.intern(fmt::format("n{}", i)).has_value());
  const std::vector<std::uint64_t> keys = spread_keys();
  int ordered = 0;
  for (const CatalogueEntry* entry : Catalogue::builtin().list(Role::kRing)) {
    const auto ring = std::dynamic_pointer_cast<const Ring>(entry->configure()->build());
    if (!KeyOrder::exists(*ring, directory, kNodes)) continue;
    CAPTURE(entry->name);
    ++ordered;
    const KeyOrder order(*ring, directory, kNodes, keys);
    SlotSet all(kNodes);
    for (std::uint32_t i = 0; i < kNodes; ++i) all.set(i);
    SlotSet view = all;
    Answers followed = order.answers(all);
    std::vector<NodeSlot> replicas(kNodes);
    const auto whole = ring->place(ring_members(directory, all, kNodes));
    for (std::uint32_t step = 1; step < 40; ++step) {
      const std::uint32_t node = step * step * 7 % kNodes;
      const bool member = !view.test(node);
      if (!member && view.count() == 1) continue;
      member ? view.set(node) : view.reset(node);
      order.change(followed, view, NodeSlot{node}, member);
      CHECK(followed == order.answers(view));
      const auto placement = ring->place(ring_members(directory, view, kNodes));
      std::size_t wrong = 0;
      for (std::size_t k = 0; k < keys.size(); ++k) {
        whole->replicas(keys[k], replicas);
        wrong += placement->lookup(keys[k]) != replicas[followed[k]] ? 1U : 0U;
      }
      CHECK(wrong == 0);
    }
  }
  CHECK(ordered >= 2);  // karger and rendezvous
}

}  // namespace
}  // namespace hearsay::measure
