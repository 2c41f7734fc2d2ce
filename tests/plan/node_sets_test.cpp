#include <doctest/doctest.h>

#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

// The seeds of a scenario with six nodes n0..n5, two eu0, eu1 in region "eu", and two that join later.
struct Resolved {
  std::string names;
  std::optional<std::uint32_t> draw;
};
Resolved seeds(const std::string& expression) {
  const auto plan = read("seeds = " + expression + R"(
[nodes]
count = 6
[[region]]
name = "home"
[[region]]
name = "eu"
[[group]]
name = "eu"
region = "eu"
count = 2
[[group]]
name = "late"
count = 2
present = false
)");
  if (!plan) return {plan.error().message, std::nullopt};
  Resolved resolved{"", plan->seeds.draw};
  for (const NodeSlot node : plan->seeds.nodes) {
    if (!resolved.names.empty()) resolved.names += ' ';
    resolved.names += plan->directory.name(node);
  }
  return resolved;
}

}  // namespace

TEST_CASE("node sets name nodes, ranges, groups, regions and all") {
  CHECK(seeds("\"n3\"").names == "n3");
  CHECK(seeds("\"n1..n3\"").names == "n1 n2 n3");
  CHECK(seeds("\"n4, n1 , eu0\"").names == "n1 n4 eu0");
  CHECK(seeds("[\"n4\", \"n0..n1\"]").names == "n0 n1 n4");
  CHECK(seeds("\"group:late\"").names == "late0 late1");
  CHECK(seeds("\"group:nodes\"").names == "n0 n1 n2 n3 n4 n5");
  CHECK(seeds("\"region:eu\"").names == "eu0 eu1");
  CHECK(seeds("\"all\"").names == "n0 n1 n2 n3 n4 n5 eu0 eu1 late0 late1");
}

TEST_CASE("what is taken away from a node set stays away") {
  CHECK(seeds("\"n0..n3, !n1\"").names == "n0 n2 n3");
  CHECK(seeds("[\"!n1..n5\", \"region:home\", \"!group:late\"]").names == "n0");
  CHECK(seeds("\"!group:nodes\"").names == "eu0 eu1 late0 late1");
}

TEST_CASE("a random choice keeps its pool, of the nodes present unless it says of whom") {
  const Resolved three = seeds("\"3 random\"");
  CHECK(three.names == "n0 n1 n2 n3 n4 n5 eu0 eu1");
  CHECK(three.draw == 3);
  CHECK(seeds("\"50% random\"").draw == 4);
  CHECK(seeds("\"10% random\"").draw == 1);
  const Resolved of = seeds("\"50% random of group:late\"");
  CHECK(of.names == "late0 late1");
  CHECK(of.draw == 1);
  const Resolved but = seeds("[\"2 random of n0..n3\", \"!n2\"]");
  CHECK(but.names == "n0 n1 n3");
  CHECK(but.draw == 2);
}

TEST_CASE("the first three nodes that are present are seeds unless the scenario says otherwise") {
  const auto plan =
      read("[[group]]\nname = \"late\"\npresent = false\ncount = 2\n[[group]]\nname = \"a\"\ncount = 5\n");
  REQUIRE(plan);
  CHECK(plan->seeds.text == "a0, a1, a2");
  CHECK(plan->seeds.nodes == std::vector<NodeSlot>{NodeSlot{2}, NodeSlot{3}, NodeSlot{4}});
}

TEST_CASE("node sets are bounded together") {
  // 4000 nodes named by 10,000 events are 40 million; with clients beside them they pass 64 million.
  std::string text = "[nodes]\ncount = 5000\n";
  for (int i = 0; i < 10'000; ++i) text += "[[event]]\nat = \"5s\"\nkind = \"loss\"\nloss = \"1%\"\n";
  CHECK(said(text) == "x.toml: the scenario's node sets name more than 64000000 nodes together");
}
