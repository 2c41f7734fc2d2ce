#include "sim/measure/quorum.hpp"

#include <doctest/doctest.h>

#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

TEST_CASE("quorums of what two nodes know: by hand") {
  // Both know the same three.
  CHECK(miss_probability(3, 3, 3, 2, 2) == 0);
  CHECK(miss_probability(3, 3, 3, 1, 1) == doctest::Approx(2.0 / 3));
  CHECK(miss_probability(5, 5, 5, 2, 2) == doctest::Approx(3.0 / 10));  // C(3, 2) / C(5, 2)
  // Two in common: of nine pairs of quorums the two miss where each takes its own third and another of the two.
  CHECK(miss_probability(3, 3, 2, 2, 2) == doctest::Approx(2.0 / 9));
  CHECK(miss_probability(3, 3, 1, 2, 2) == doctest::Approx(5.0 / 9));
  CHECK(miss_probability(3, 3, 0, 2, 2) == doctest::Approx(1));
  CHECK(miss_probability(2, 3, 2, 1, 2) == doctest::Approx(1.0 / 3));
  // What fails misses nothing.
  CHECK(miss_probability(1, 3, 1, 2, 2) == 0);
  CHECK(miss_probability(3, 1, 1, 2, 2) == 0);
}

TEST_CASE("a table says what the formula does, by the plan's r and w") {
  ReplicationParams params;
  params.n = 4;  // quorum: 3
  params.r = static_cast<int>(Quorum::kOne);
  const QuorumTable table(params);
  CHECK(table.copies() == 4);
  CHECK(table.miss(4, 4, 4) == doctest::Approx(1.0 / 4));
  CHECK(table.miss(4, 4, 2) == doctest::Approx(miss_probability(4, 4, 2, 3, 1)));
  CHECK(table.miss(2, 4, 2) == 0);  // no quorum of 4
  params.count_present = true;
  CHECK(QuorumTable(params).miss(2, 4, 2) == doctest::Approx(1.0 / 2));  // both of 2 were written; 1 of 4 is read
  params.n = 0;
  CHECK(QuorumTable(params).copies() == 0);
}

TEST_CASE("quorums miss by pairs of nodes, within and across components apart") {
  Scene s(4);
  s.begin_together();
  // All sampled keys are 0 modulo 4: those of the first three members in the order of ids. Without the first of them a
  // node knows two of those and one more.
  std::uint32_t first = 0;
  for (std::uint32_t i = 1; i < 4; ++i) {
    if (s.plan.directory.id(NodeSlot{i}) < s.plan.directory.id(NodeSlot{first})) first = i;
  }
  s.dead(1, (first + 1) % 4, first);
  s.sample(2);
  s.finish(3);
  CHECK(s.value("quorum_miss_max_share") == doctest::Approx(2.0 / 9));
  CHECK(s.value("quorum_miss_share") == doctest::Approx(2.0 / 9 / 2));  // 3 of 6 pairs
  CHECK(s.value("quorum_miss_across_share") == -1);

  Scene cut(6);
  cut.begin_together();
  cut.reach(1, {0, 0, 0, 1, 1, 1}, {1, 2});
  cut.sample(2);
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (std::uint32_t j = 3; j < 6; ++j) {
      cut.dead(3, i, j);
      cut.dead(3, j, i);
    }
  }
  cut.sample(4);
  cut.finish(5);
  CHECK(cut.value("quorum_miss_share") == 0);
  CHECK(cut.value("quorum_miss_across_share") == doctest::Approx(0.5));  // none at first, all then
  CHECK(cut.value("quorum_miss_across_max_share") == doctest::Approx(1));
}

}  // namespace
}  // namespace hearsay::measure
