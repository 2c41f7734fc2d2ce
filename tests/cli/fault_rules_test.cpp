// What a scenario's faults become in front of each node of a real run, and what of a scenario a real run cannot do.
#include "cli/fault_rules.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "cli/not_honoured.hpp"
#include "tests/world/world_plan.hpp"

namespace hearsay::cli {
namespace {

using transport::FaultRule;
using Names = std::set<std::string>;

constexpr const char* kNodes = R"(
duration = "60s"
[nodes]
count = 5
[membership]
strategy = "swim"
[network]
latency = "3ms"
loss = "2%"
)";

struct Scene {
  explicit Scene(const std::string& text)
      : plan(test::plan_of(kNodes + text)), timeline(*world::make_timeline(plan, 1)), rules(plan, timeline) {}

  Names peers(const FaultRule& rule) const {
    Names names;
    for (const NodeId id : rule.peers) names.emplace(plan.directory.name(plan.directory.find(id)));
    return names;
  }
  // The only rule of an event, and that it is the only one.
  const FaultRule* of_event(const std::vector<FaultRule>& among, std::uint32_t event) const {
    const FaultRule* found = nullptr;
    for (const FaultRule& rule : among) {
      if (rule.event != event) continue;
      CHECK(found == nullptr);
      found = &rule;
    }
    return found;
  }

  plan::Plan plan;
  world::Timeline timeline;
  FaultRules rules;
};

TEST_CASE("the scenario's own network is a rule of no event, both ways") {
  const Scene scene("");
  const FaultRules::OfNode of = scene.rules.of(NodeSlot{2});
  for (const std::vector<FaultRule>* rules : {&of.sending, &of.news}) {
    REQUIRE(rules->size() == 1);
    const FaultRule& rule = rules->front();
    CHECK_FALSE(rule.event.has_value());
    CHECK(rule.cut == FaultRule::Cut::kNone);
    CHECK(scene.peers(rule) == Names{"n0", "n1", "n3", "n4"});
    REQUIRE(rule.latency.has_value());
    CHECK(rule.latency->mean() == 3ms);
    REQUIRE(rule.loss.has_value());
    CHECK_FALSE(rule.loss->never());
  }
}

TEST_CASE("a partition cuts each node from the other side, until it ends") {
  Scene scene(R"(
[[event]]
at = "1s"
kind = "partition"
label = "p"
sides = ["n0..n1", "n2..n4"]
[[event]]
at = "2s"
kind = "heal"
)");
  CHECK(scene.of_event(scene.rules.of(NodeSlot{0}).sending, 0) == nullptr);
  scene.rules.begin(0);
  scene.rules.begin(0);  // once more changes nothing
  const FaultRules::OfNode of = scene.rules.of(NodeSlot{0});
  const FaultRule* sending = scene.of_event(of.sending, 0);
  REQUIRE(sending != nullptr);
  CHECK(sending->cut == FaultRule::Cut::kDrop);
  CHECK(scene.peers(*sending) == Names{"n2", "n3", "n4"});
  const FaultRule* news = scene.of_event(of.news, 0);
  REQUIRE(news != nullptr);
  CHECK(scene.peers(*news) == Names{"n2", "n3", "n4"});

  scene.rules.heal("another");
  CHECK(scene.rules.in_force().size() == 1);
  scene.rules.heal("p");
  CHECK(scene.rules.in_force().empty());
  scene.rules.begin(0);
  scene.rules.heal("");
  CHECK(scene.rules.in_force().empty());
  scene.rules.begin(0);
  scene.rules.end(0);
  CHECK(scene.rules.in_force().empty());
}

TEST_CASE("a cut one way is a rule at the sender alone, and of the news at the receiver") {
  Scene scene(R"(
[[event]]
at = "1s"
kind = "partition"
from = "n0..n1"
to = "n2..n4"
mode = "hold"
)");
  scene.rules.begin(0);
  const FaultRules::OfNode sender = scene.rules.of(NodeSlot{0});
  const FaultRules::OfNode receiver = scene.rules.of(NodeSlot{3});
  const FaultRule* cut = scene.of_event(sender.sending, 0);
  REQUIRE(cut != nullptr);
  CHECK(cut->cut == FaultRule::Cut::kHold);
  CHECK(scene.peers(*cut) == Names{"n2", "n3", "n4"});
  CHECK(scene.of_event(sender.news, 0) == nullptr);
  CHECK(scene.of_event(receiver.sending, 0) == nullptr);
  REQUIRE(scene.of_event(receiver.news, 0) != nullptr);
  CHECK(scene.peers(*scene.of_event(receiver.news, 0)) == Names{"n0", "n1"});
}

TEST_CASE("link changes come after the network, in the order of their beginning") {
  Scene scene(R"(
[[event]]
at = "1s"
kind = "link"
from = "n0"
to = "n1"
one_way = true
loss = "50%"
[[event]]
at = "2s"
kind = "link"
from = "n0"
to = "n1..n2"
latency = "90ms"
)");
  scene.rules.begin(1);
  scene.rules.begin(0);
  const std::vector<FaultRule> sending = scene.rules.of(NodeSlot{0}).sending;
  REQUIRE(sending.size() == 3);
  CHECK_FALSE(sending[0].event.has_value());
  CHECK(sending[1].event == 1);
  CHECK(scene.peers(sending[1]) == Names{"n1", "n2"});
  CHECK(sending[1].latency->mean() == 90ms);
  CHECK_FALSE(sending[1].loss.has_value());
  CHECK(sending[2].event == 0);
  CHECK(scene.peers(sending[2]) == Names{"n1"});
  CHECK_FALSE(sending[2].latency.has_value());
  // Both ways, and one way.
  const std::vector<FaultRule> back = scene.rules.of(NodeSlot{1}).sending;
  CHECK(scene.of_event(back, 1) != nullptr);
  CHECK(scene.of_event(back, 0) == nullptr);
  // A heal is of partitions.
  scene.rules.heal("");
  CHECK(scene.rules.in_force().size() == 2);
}

TEST_CASE("rules by their numbers are the same, and numbers that mean nothing are left out") {
  Scene scene(R"(
[[event]]
at = "1s"
kind = "partition"
sides = ["n0", "n1..n4"]
[[event]]
at = "2s"
kind = "crash"
nodes = "n1"
)");
  const std::vector<std::uint32_t> numbers{1, 0, 77};
  scene.rules.set(numbers);
  REQUIRE(scene.rules.in_force().size() == 1);
  CHECK(scene.rules.in_force()[0] == 0);
}

TEST_CASE("regions have rules of their own, by direction") {
  const plan::Plan plan = test::plan_of(R"(
duration = "60s"
[[region]]
name = "west"
[[region]]
name = "east"
[nodes]
count = 2
region = "west"
[[group]]
name = "b"
count = 2
region = "east"
[network]
latency = "1ms"
[[network.link]]
from = "west"
to = "east"
one_way = true
latency = "20ms"
[[network.link]]
from = "east"
to = "west"
one_way = true
latency = "30ms"
)");
  const world::Timeline timeline = *world::make_timeline(plan, 1);
  const FaultRules::OfNode of = FaultRules(plan, timeline).of(NodeSlot{0});
  REQUIRE(of.sending.size() == 2);
  CHECK(of.sending[0].peers.size() == 1);
  CHECK(of.sending[0].latency->mean() == 1ms);
  CHECK(of.sending[1].peers.size() == 2);
  CHECK(of.sending[1].latency->mean() == 20ms);
  REQUIRE(of.news.size() == 2);
  CHECK(of.news[1].latency->mean() == 30ms);
}

TEST_CASE("what a real run cannot do is said, a line each") {
  const std::string events = R"(
[[clock]]
nodes = "n1"
offset = "2s"
[[event]]
at = "1s"
label = "jump"
kind = "clock"
nodes = "n0"
step = "5s"
[[event]]
at = "2s"
label = "sluggish"
kind = "slow"
nodes = "n1"
step = "5ms"
[[event]]
at = "3s"
label = "back"
kind = "crash"
nodes = "n2"
for = "1s"
keep_state = true
)";
  const plan::Plan plan = test::plan_of(kNodes + events);
  const std::vector<std::string> here = not_honoured(plan, false);
  REQUIRE(here.size() == 3);
  CHECK(here[0].find("[[clock]] of n1") != std::string::npos);
  CHECK(here[1].find("'jump'") != std::string::npos);
  CHECK(here[2].find("'sluggish'") != std::string::npos);
  const std::vector<std::string> apart = not_honoured(plan, true);
  REQUIRE(apart.size() == 4);
  CHECK(apart[3].find("'back': keep_state") != std::string::npos);
  CHECK(not_honoured(test::plan_of(kNodes), true).empty());
}

}  // namespace
}  // namespace hearsay::cli
