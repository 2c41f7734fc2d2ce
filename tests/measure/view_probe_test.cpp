#include <doctest/doctest.h>

#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

plan::Crash crash() { return {}; }

TEST_CASE("the start converges when the last node knows the last one") {
  Scene s(3);
  s.begin();
  for (std::uint32_t i = 0; i < 3; ++i) s.up(i, i);
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (std::uint32_t j = 0; j < 3; ++j) s.alive(3.0 + i, i, j);
  }
  s.finish(10);
  CHECK(s.value("start_convergence_s") == doctest::Approx(3.0));  // from 2 s, when the last one started, to 5 s
}

TEST_CASE("right after a crash all agree, wrongly: convergence is not agreement") {
  Scene s(4);
  const std::size_t e = s.add_event(10, "crash", crash());
  s.begin_together();
  s.event(10, e);
  s.down(10, 3);
  s.dead(12, 0, 3);
  s.dead(13, 1, 3);
  s.dead(17, 2, 3);
  const Results& r = s.finish(30);
  CHECK(s.value("convergence_s[crash]") == doctest::Approx(7));
  CHECK(s.value("first_node_s[crash]") == doctest::Approx(2));
  CHECK(s.value("node_convergence_median_s[crash]") == doctest::Approx(3));
  CHECK(r.timeline[0].nodes == 3);
  // All three disagree for 2 s, two for one more, one for the last four.
  CHECK(s.value("disagreement_share[crash]") == doctest::Approx((2.0 * 1 + 1 * 2.0 / 3 + 4.0 / 3) / 7));
}

TEST_CASE("agreement that is lost again counts as an exit, and only the stable entry is convergence") {
  Scene s(3);
  const std::size_t e = s.add_event(10, "crash", crash());
  s.begin_together();
  s.event(10, e);
  s.down(10, 2);
  s.dead(11, 0, 2);
  s.dead(12, 1, 2);
  s.alive(15, 0, 2);
  s.dead(19, 0, 2);
  s.finish(30);
  CHECK(s.value("first_agreement_s[crash]") == doctest::Approx(2));
  CHECK(s.value("convergence_s[crash]") == doctest::Approx(9));
  CHECK(s.value("agreement_exits_count[crash]") == 1);
}

TEST_CASE("an event superseded by the next one is censored by it, and one at the end by the end") {
  Scene s(4);
  const std::size_t a = s.add_event(10, "first", crash());
  const std::size_t b = s.add_event(14, "second", crash());
  s.expect("convergence_s[first]", 100);
  s.begin_together();
  s.event(10, a);
  s.down(10, 3);
  s.dead(11, 0, 3);
  s.event(14, b);
  s.down(14, 2);
  const Results& r = s.finish(30);
  CHECK(s.censored("convergence_s[first]"));
  CHECK(s.value("convergence_s[first]") == doctest::Approx(4));
  CHECK(r.timeline[0].censored_by == "second");
  CHECK(r.timeline[0].node_convergence_s.censored == 2);
  CHECK(r.timeline[1].censored_by == "end of run");
  CHECK_FALSE(r.expectations[0].held);
  CHECK(r.expectations[0].measured == "censored at 4 s");
}

TEST_CASE("converged before the next event is converged, not censored") {
  Scene s(3);
  const std::size_t a = s.add_event(10, "first", crash());
  const std::size_t b = s.add_event(20, "second", crash());
  s.begin_together();
  s.event(10, a);
  s.down(10, 2);
  s.dead(11, 0, 2);
  s.dead(11, 1, 2);
  s.event(20, b);
  s.down(20, 1);
  s.finish(30);
  CHECK_FALSE(s.censored("convergence_s[first]"));
  CHECK(s.value("convergence_s[first]") == doctest::Approx(1));
}

TEST_CASE("a partition converges when each side has forgotten the other") {
  Scene s(4);
  const std::size_t e = s.add_event(10, "cut", plan::Partition{});
  s.expect("views_agree_at_end");
  s.begin_together();
  s.event(10, e);
  s.reach(10, {0, 0, 1, 1}, {1, 2});
  for (const std::uint32_t i : {0U, 1U}) {
    for (const std::uint32_t j : {2U, 3U}) {
      s.dead(12, i, j);
      s.dead(15, j, i);
    }
  }
  const Results& r = s.finish(30);
  CHECK(s.value("convergence_s[cut]") == doctest::Approx(5));
  CHECK(r.expectations[0].held);
}

TEST_CASE("one-way reachability splits as a cut does, and a bridge holds together") {
  Scene one_way(4);
  const std::size_t e = one_way.add_event(10, "cut", plan::Partition{});
  one_way.begin_together();
  one_way.event(10, e);
  one_way.reach(10, {0, 0, 1, 1}, {3, 2});  // 0 reaches 1, not the other way round
  CHECK(one_way.finish(20).timeline[0].changes_views);

  Scene bridge(4);
  const std::size_t b = bridge.add_event(10, "cut", plan::Partition{});
  bridge.begin_together();
  bridge.event(10, b);
  bridge.reach(10, {0, 0, 1, 2}, {1 | 4, 2 | 4, 7});  // node 3 reaches and is reached by both sides
  CHECK_FALSE(bridge.finish(20).timeline[0].changes_views);
}

TEST_CASE("the death of the bridge splits what it held together") {
  Scene s(3);
  const std::size_t cut = s.add_event(10, "cut", plan::Partition{});
  const std::size_t e = s.add_event(20, "crash", crash());
  s.begin_together();
  s.event(10, cut);
  s.reach(10, {0, 1, 2}, {1 | 4, 2 | 4, 7});
  s.event(20, e);
  s.down(20, 2);
  s.dead(21, 0, 2);
  s.dead(21, 1, 2);
  s.dead(24, 0, 1);
  s.dead(25, 1, 0);
  s.finish(40);
  CHECK(s.value("convergence_s[crash]") == doctest::Approx(5));
}

TEST_CASE("a flapping partition is one episode, clocked from its last toggle") {
  Scene s(2);
  const std::size_t e = s.add_event(10, "flap", plan::Flap{});
  s.begin_together();
  for (int i = 0; i < 3; ++i) {
    s.event(10 + 4 * i, e);
    s.reach(10 + 4 * i, {0, 1}, {1, 2});
    s.event(12 + 4 * i, e);
    s.reach(12 + 4 * i, {0, 0}, {1});
  }
  s.dead(20.5, 0, 1);
  s.alive(23, 0, 1);
  s.finish(40);
  CHECK(s.value("convergence_s[flap]") == doctest::Approx(3));         // last toggle at 20 s
  CHECK(s.value("disagreement_share[flap]") == doctest::Approx(0.6));  // both wrong for 6 s of the 10 s that it flapped
  CHECK(s.value("agreement_exits_count[flap]") == 1);
}

TEST_CASE("a paused node must converge, and a leaving one is in no view from the moment it leaves") {
  Scene s(3);
  const std::size_t e = s.add_event(10, "leave", plan::Leave{});
  s.begin_together();
  s.state(5, 1, ProcessState::kPaused);
  s.event(10, e);
  s.state(10, 2, ProcessState::kLeaving);
  s.see(10.5, 0, 2, ObservationKind::kMemberLeft);
  s.state(11, 2, ProcessState::kAbsent);
  s.up(20, 1);
  s.see(21, 1, 2, ObservationKind::kMemberLeft);
  const Results& r = s.finish(40);
  CHECK(s.value("convergence_s[leave]") == doctest::Approx(11));
  CHECK(r.timeline[0].nodes == 2);
}

TEST_CASE("a process that comes back begins with an empty view") {
  Scene s(2);
  const std::size_t a = s.add_event(10, "crash", crash());
  const std::size_t b = s.add_event(20, "back", plan::Restart{});
  s.begin_together();
  s.event(10, a);
  s.down(10, 1);
  s.dead(12, 0, 1);
  s.event(20, b);
  s.up(20, 1);
  s.alive(20, 1, 1);
  s.alive(21, 0, 1);
  s.alive(26, 1, 0);
  s.finish(40);
  CHECK(s.value("convergence_s[back]") == doctest::Approx(6));
}

TEST_CASE("a node that believes in everybody needs one observation, and differs where not all are there") {
  Scene s(100);
  s.begin();
  for (std::uint32_t i = 0; i < 100; ++i) s.up(0, i);
  for (std::uint32_t i = 0; i < 100; ++i) {
    s.measure->observe({at_s(1), NodeSlot{i}, kNoSlot, ObservationKind::kMembersAll, 0, 100, {}});
  }
  s.down(5, 99);
  for (std::uint32_t i = 0; i < 99; ++i) s.dead(6 + 0.01 * i, i, 99);
  s.finish(10);
  CHECK(s.value("start_convergence_s") == doctest::Approx(1.98));
}

TEST_CASE("an event that changes no target closes the window of the one before it") {
  Scene s(3);
  const std::size_t e = s.add_event(5, "slow", plan::SlowNode{});
  s.begin();
  for (std::uint32_t i = 0; i < 3; ++i) s.up(0, i);
  s.event(5, e);
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (std::uint32_t j = 0; j < 3; ++j) s.alive(45, i, j);
  }
  const Results& r = s.finish(60);
  CHECK(s.censored("start_convergence_s"));
  CHECK(s.value("start_convergence_s") == doctest::Approx(5));
  CHECK(s.value("agreement_regained_s[slow]") == doctest::Approx(40));
  CHECK_FALSE(r.timeline[0].changes_views);
  CHECK(r.timeline[0].lost);
}

TEST_CASE("what a later event does to the views is not the start's") {
  Scene s(3);
  const std::size_t e = s.add_event(20, "slow", plan::SlowNode{});
  s.begin_together();
  s.event(20, e);
  s.dead(30, 0, 1);
  s.alive(33, 0, 1);
  const Results& r = s.finish(60);
  CHECK(s.value("start_convergence_s") == doctest::Approx(0));
  CHECK_FALSE(s.censored("start_convergence_s"));
  CHECK(s.value("agreement_regained_s[slow]") == doctest::Approx(13));
  CHECK(s.value("agreement_exits_count[slow]") == 1);
  CHECK(s.value("disagreement_share[slow]") == doctest::Approx(3.0 / 3 / 40));
  CHECK(r.timeline[0].lost);
  CHECK(s.value("convergence_s[slow]") == -2);
}

TEST_CASE("agreement is regained from an event's last step, and what was never lost at once") {
  Scene s(3);
  const std::size_t a = s.add_event(10, "storm", plan::LinkChange{});
  const std::size_t b = s.add_event(60, "clock", plan::ClockChange{});
  const std::size_t c = s.add_event(70, "slow", plan::SlowNode{});
  s.begin_together();
  s.event(10, a);
  s.dead(20, 0, 1);
  s.event(40, a);
  s.alive(44, 0, 1);
  s.event(60, b);
  s.event(70, c);
  s.dead(75, 0, 1);
  const Results& r = s.finish(80);
  CHECK(s.value("agreement_regained_s[storm]") == doctest::Approx(4));
  CHECK(s.value("agreement_regained_s[clock]") == doctest::Approx(0));
  CHECK_FALSE(r.timeline[1].lost);
  CHECK(s.censored("agreement_regained_s[slow]"));
  CHECK(s.value("agreement_regained_s[slow]") == doctest::Approx(10));
  CHECK(r.timeline[2].censored_by == "end of run");
}

TEST_CASE("two events of one instant are one change: the first is superseded at once") {
  Scene s(4);
  const std::size_t a = s.add_event(10, "first", crash());
  const std::size_t b = s.add_event(10, "second", crash());
  s.begin_together();
  s.event(10, a);
  s.down(10, 3);
  s.event(10, b);
  s.down(10, 2);
  for (const std::uint32_t i : {0U, 1U}) {
    for (const std::uint32_t j : {2U, 3U}) s.dead(12.0 + i, i, j);
  }
  const Results& r = s.finish(30);
  CHECK(s.censored("convergence_s[first]"));
  CHECK(r.timeline[0].censored_by == "second");
  CHECK_FALSE(r.timeline[0].converged_s);
  CHECK_FALSE(r.timeline[0].first_s);
  CHECK(r.timeline[0].node_convergence_s.censored == r.timeline[0].node_convergence_s.count);
  CHECK(s.value("convergence_s[second]") == doctest::Approx(3));
}

TEST_CASE("the last event of an instant has the change of all") {
  Scene s(3);
  const std::size_t a = s.add_event(10, "crash", crash());
  const std::size_t b = s.add_event(10, "clock", plan::ClockChange{});
  s.begin_together();
  s.event(10, a);
  s.down(10, 2);
  s.event(10, b);
  s.dead(14, 0, 2);
  s.dead(15, 1, 2);
  const Results& r = s.finish(30);
  CHECK(s.censored("convergence_s[crash]"));
  CHECK(r.timeline[1].changes_views);
  CHECK(s.value("convergence_s[clock]") == doctest::Approx(5));
}

TEST_CASE("nobody is not of one mind: where no node lives nothing is measured") {
  Scene s(2);
  const std::size_t a = s.add_event(10, "all", crash());
  for (const char* bound : {"convergence_s[all]", "first_agreement_s[all]", "disagreement_share[all]"}) {
    s.expect(bound, 100);
  }
  s.expect("views_agree_at_end");
  s.begin_together();
  s.event(10, a);
  s.down(10, 0);
  s.down(10, 1);
  const Results& r = s.finish(30);
  for (const ExpectationReport& expectation : r.expectations) CHECK_FALSE_MESSAGE(expectation.held, expectation.text);
  CHECK(r.expectations[0].measured == "no value (no live node)");
  CHECK(r.expectations[3].measured == "no live node: not measured");
  CHECK(s.value("view_disagreement_share") == doctest::Approx(0));
}

}  // namespace
}  // namespace hearsay::measure
