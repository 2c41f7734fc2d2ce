#include <doctest/doctest.h>

#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

TEST_CASE("a death is detected by the first and disseminated by the last of its component") {
  Scene s(4);
  const std::size_t e = s.add_event(10, "crash", plan::Crash{});
  s.begin_together();
  s.event(10, e);
  s.down(10, 3);
  s.see(11, 0, 3, ObservationKind::kMemberSuspect);
  s.dead(12, 0, 3);
  s.dead(13, 1, 3);
  s.dead(16, 2, 3);
  s.finish(30);
  CHECK(s.value("first_detection_s[crash]") == doctest::Approx(2));
  CHECK(s.value("full_detection_s[crash]") == doctest::Approx(6));
  CHECK(s.value("false_positives_count") == 0);
  CHECK(s.value("suspicions_count") == 1);
  CHECK(s.value("false_suspicions_count") == 0);
}

TEST_CASE("an undetected death is censored by the return of its node") {
  Scene s(3);
  const std::size_t e = s.add_event(10, "crash", plan::Crash{});
  s.begin_together();
  s.event(10, e);
  s.down(10, 2);
  s.dead(13, 0, 2);
  s.up(18, 2);
  s.finish(30);
  CHECK_FALSE(s.censored("first_detection_s[crash]"));
  CHECK(s.censored("full_detection_s[crash]"));
  CHECK(s.value("full_detection_s[crash]") == doctest::Approx(8));
}

TEST_CASE("nodes across a partition neither detect a death nor make false positives") {
  Scene s(4);
  const std::size_t e = s.add_event(20, "crash", plan::Crash{});
  s.begin_together();
  s.reach(10, {0, 0, 1, 1}, {1, 2});
  s.dead(12, 0, 2);
  s.event(20, e);
  s.down(20, 3);
  s.dead(21, 0, 3);
  s.dead(25, 2, 3);
  s.finish(30);
  CHECK(s.value("first_detection_s[crash]") == doctest::Approx(5));
  CHECK(s.value("false_positives_count") == 0);
}

TEST_CASE("a suspicion that everybody adopts is one, and another incarnation's is another") {
  Scene s(4);
  s.begin_together();
  const auto suspect = [&](double at, std::uint32_t node, std::uint64_t incarnation) {
    s.measure->observe({at_s(at), NodeSlot{node}, NodeSlot{3}, ObservationKind::kMemberSuspect, 0, incarnation, {}});
  };
  for (const std::uint32_t node : {0U, 1U, 2U}) suspect(5 + node, node, 4);
  suspect(10, 1, 6);
  suspect(11, 2, 4);  // hears of the old one late
  s.down(20, 3);
  suspect(22, 0, 7);
  s.up(30, 3);
  suspect(35, 0, 0);  // of its new life
  s.finish(40);
  CHECK(s.value("suspicions_count") == 4);
  CHECK(s.value("false_suspicions_count") == 3);
}

TEST_CASE("a mistake lasts until it is taken back, and is censored by a death") {
  Scene s(4);
  s.expect("no_false_positive");
  s.begin_together();
  s.dead(10, 0, 1);
  s.alive(13, 0, 1);
  s.see(20, 0, 2, ObservationKind::kMemberForgotten);
  s.down(25, 2);
  const Results& r = s.finish(30);
  CHECK(s.value("false_positives_count") == 2);
  CHECK(s.value("mistake_duration_min_s") == doctest::Approx(3));
  CHECK(s.value("mistake_duration_max_s") == doctest::Approx(5));
  CHECK(s.censored("mistake_duration_max_s"));
  CHECK(s.value("mistake_rate_per_node_s") == doctest::Approx(2.0 / (4 * 30 - 5)));
  CHECK_FALSE(r.expectations[0].held);
  CHECK(r.findings.size() == 2);
}

TEST_CASE("false positives of a node that was paused, slowed or had its clock set are not those of a healthy one") {
  Scene s(5);
  plan::SlowNode slow;
  slow.nodes.nodes = {NodeSlot{2}};
  const std::size_t e = s.add_event(5, "slow", slow);
  plan::ClockChange clock;
  clock.nodes.nodes = {NodeSlot{4}};
  const std::size_t c = s.add_event(5.5, "skew", clock);
  s.begin_together();
  s.event(5, e);
  s.event(5.5, c);
  s.state(6, 1, ProcessState::kPaused);
  s.up(7, 1);
  s.dead(10, 1, 3);
  s.dead(10, 2, 3);
  s.dead(10, 0, 3);
  s.dead(10, 4, 3);
  s.finish(30);
  CHECK(s.value("false_positives_count") == 4);
  CHECK(s.value("false_positives_healthy_count") == 1);
}

TEST_CASE("accusers and accused are counted apart") {
  Scene s(4);
  s.expect("no_false_positive");
  s.begin_together();
  for (const std::uint32_t accuser : {0U, 1U, 2U}) {
    s.see(9, accuser, 3, ObservationKind::kMemberSuspect);
    s.dead(10.0 + accuser, accuser, 3);
  }
  s.alive(14, 0, 3);
  s.dead(15, 0, 3);
  const Results& r = s.finish(30);
  CHECK(s.value("false_positives_count") == 4);
  CHECK(s.value("false_positive_members_count") == 1);
  CHECK(s.value("false_suspicion_members_count") == 1);
  CHECK(r.expectations[0].measured == "4 wrong declarations about 1 member");
}

TEST_CASE("a death that nobody noticed before its node was back is no measurement") {
  Scene s(3);
  const std::size_t e = s.add_event(10, "crash", plan::Crash{});
  s.expect("first_detection_median_s", 100);
  s.begin_together();
  s.event(10, e);
  s.down(10, 2);
  s.event(12, e);
  s.up(12, 2);
  const Results& r = s.finish(30);
  const Metric* median = r.find("first_detection_median_s");
  REQUIRE(median != nullptr);
  CHECK(median->censored);
  CHECK(median->members == 1);
  CHECK(median->censored_members == 1);
  CHECK_FALSE(r.expectations[0].held);
  CHECK(r.expectations[0].measured == "censored at 2 s");
}

}  // namespace
}  // namespace hearsay::measure
