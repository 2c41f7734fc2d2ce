// Every event of the time line says what it did, and one that did nothing fails the run.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using measure::EventReport;
using measure::Results;
using test::event_of;
using test::plan_of;
using test::run;

TEST_CASE("every kind of event says what it did") {
  const plan::Plan plan = plan_of(R"(
duration = "120s"
[nodes]
count = 12
[[group]]
name = "late"
count = 2
present = false
[membership]
strategy = "swim"
rejoin = "push-pull"
[network]
latency = "5ms"
[[client]]
name = "load"
nodes = "n0..n3"
rate = "5/s"
[[event]]
at = "5s"
label = "drop"
kind = "partition"
sides = ["n0..n5", "n6..n11"]
[[event]]
at = "10s"
label = "heal"
kind = "heal"
partition = "drop"
[[event]]
at = "12s"
label = "delay"
kind = "partition"
sides = ["n0..n5", "n6..n11"]
mode = "delay"
delay = "20ms"
for = "3s"
[[event]]
at = "16s"
label = "hold"
kind = "partition"
isolate = "n1"
mode = "hold"
for = "2s"
[[event]]
at = "20s"
label = "flap"
kind = "flap"
isolate = "n2"
period = "1s"
until = "23s"
[[event]]
at = "25s"
label = "loss"
kind = "loss"
loss = "30%"
for = "3s"
[[event]]
at = "30s"
label = "latency"
kind = "latency"
latency = "30ms"
for = "3s"
[[event]]
at = "35s"
label = "link"
kind = "link"
duplicate = "20%"
reorder = "20%"
for = "3s"
[[event]]
at = "40s"
label = "crash"
kind = "crash"
nodes = "n4..n5"
[[event]]
at = "45s"
label = "restart"
kind = "restart"
nodes = "n4..n5"
[[event]]
at = "50s"
label = "pause"
kind = "pause"
nodes = "n6"
[[event]]
at = "53s"
label = "resume"
kind = "resume"
nodes = "n6"
[[event]]
at = "55s"
label = "join"
kind = "join"
nodes = "group:late"
[[event]]
at = "60s"
label = "leave"
kind = "leave"
nodes = "n7"
[[event]]
at = "65s"
label = "slow"
kind = "slow"
nodes = "n8"
step = "1ms"
for = "3s"
[[event]]
at = "70s"
label = "clock"
kind = "clock"
nodes = "n9..n10"
step = "5s"
drift = "100ppm"
[[event]]
at = "75s"
label = "rolling"
kind = "rolling-restart"
nodes = "n9..n11"
down = "1s"
[[event]]
at = "85s"
label = "churn"
kind = "churn"
nodes = "n8..n11"
mean_up = "5s"
mean_down = "1s"
for = "15s"
[[event]]
at = "105s"
label = "workload"
kind = "workload"
client = "load"
rate = "10/s"
)");
  const Results results = run(plan);
  for (const EventReport& event : results.timeline) CHECK_MESSAGE(event.has_effect, event.label);
  CHECK(results.passed());
  CHECK(event_of(results, "drop").effect.dropped > 50);
  CHECK(event_of(results, "heal").effect.healed == 1);
  CHECK(event_of(results, "delay").effect.delayed > 20);
  CHECK(event_of(results, "delay").effect.dropped == 0);
  CHECK(event_of(results, "hold").effect.held > 5);
  CHECK(event_of(results, "flap").effect.dropped > 5);
  CHECK(event_of(results, "flap").effect.healed == 0);
  CHECK(event_of(results, "loss").effect.dropped > 20);
  CHECK(event_of(results, "latency").effect.delayed > 50);
  CHECK(event_of(results, "link").effect.duplicated > 10);
  CHECK(event_of(results, "link").effect.reordered > 10);
  CHECK(event_of(results, "crash").effect.nodes == 2);
  CHECK(event_of(results, "restart").effect.nodes == 2);
  CHECK(event_of(results, "pause").effect.nodes == 1);
  CHECK(event_of(results, "pause").effect.deferred > 3);
  CHECK(event_of(results, "resume").effect.nodes == 1);
  CHECK(event_of(results, "join").effect.nodes == 2);
  CHECK(event_of(results, "leave").effect.nodes == 1);
  CHECK(event_of(results, "slow").effect.nodes == 1);
  CHECK(event_of(results, "slow").effect.deferred > 3);
  CHECK(event_of(results, "clock").effect.clocks == 4);  // a step and a drift each
  CHECK(event_of(results, "rolling").effect.nodes == 3);
  CHECK(event_of(results, "rolling").effect.returned == 3);
  // Four nodes at most, some of them several times.
  CHECK(event_of(results, "churn").effect.nodes <= 4);
  CHECK(event_of(results, "churn").effect.returned > event_of(results, "churn").effect.nodes);
  CHECK(event_of(results, "workload").effect.clients == 4);
}

TEST_CASE("a crash or a pause for a while counts its nodes once") {
  const Results results = run(
      plan_of("duration = \"30s\"\n[nodes]\ncount = 6\n[[event]]\nat = \"5s\"\nlabel = \"crash\"\nkind = \"crash\"\n"
              "nodes = \"n1..n2\"\nfor = \"2s\"\n[[event]]\nat = \"15s\"\nlabel = \"pause\"\nkind = \"pause\"\n"
              "nodes = \"n3..n5\"\nfor = \"2s\"\n"));
  CHECK(event_of(results, "crash").effect.nodes == 2);
  CHECK(event_of(results, "crash").effect.returned == 2);
  CHECK(event_of(results, "pause").effect.nodes == 3);
  CHECK(event_of(results, "pause").effect.returned == 3);
}

TEST_CASE("a change of the network for the better has an effect, and one to what was there has none") {
  const auto effect_of = [](std::string_view change) {
    const Results results = run(plan_of(
        fmt::format("duration = \"20s\"\n[nodes]\ncount = 8\n[network]\nlatency = \"20ms\"\nloss = \"20%\"\n[[event]]\n"
                    "at = \"5s\"\nlabel = \"change\"\nkind = \"link\"\n{}\n",
                    change)));
    CHECK(results.passed() == event_of(results, "change").has_effect);
    return event_of(results, "change").effect;
  };
  const measure::EventEffect calm = effect_of("loss = \"0%\"");
  CHECK(calm.spared > 10);
  CHECK(calm.dropped == 0);
  CHECK(effect_of("latency = \"5ms\"").sooner > 50);
  CHECK(effect_of("latency = \"5ms\"").delayed == 0);
  CHECK(effect_of("loss = \"20%\"").total() == 0);
  CHECK(effect_of("latency = \"20ms\"").total() == 0);
}

// Whether the events of a quiet run of five nodes had effects, in their order.
std::vector<bool> effects_of(const std::string& events) {
  const Results results =
      run(plan_of("duration = \"10s\"\n[nodes]\ncount = 5\n[membership]\nstrategy = \"static\"\n" + events));
  std::vector<bool> effects;
  bool all = true;
  for (const EventReport& event : results.timeline) {
    effects.push_back(event.has_effect);
    all = all && event.has_effect;
  }
  CHECK(results.passed() == all);
  return effects;
}

std::string event(int at_s, const std::string& kind, const std::string& rest) {
  return fmt::format("[[event]]\nat = \"{}s\"\nkind = \"{}\"\n{}\n", at_s, kind, rest);
}

TEST_CASE("an event that could do nothing fails the run") {
  using Effects = std::vector<bool>;
  const std::string crash = event(2, "crash", "nodes = \"n1\"");
  CHECK(effects_of(crash) == Effects{true});
  CHECK(effects_of(crash + event(3, "crash", "nodes = \"n1\"")) == Effects{true, false});
  CHECK(effects_of(crash + event(3, "pause", "nodes = \"n1\"")) == Effects{true, false});
  CHECK(effects_of(crash + event(3, "slow", "nodes = \"n1\"\nstep = \"1ms\"")) == Effects{true, false});
  CHECK(effects_of(crash + event(3, "leave", "nodes = \"n1\"")) == Effects{true, false});
  CHECK(effects_of(event(2, "restart", "nodes = \"n1\"")) == Effects{false});
  CHECK(effects_of(event(2, "resume", "nodes = \"n1\"")) == Effects{false});
  CHECK(effects_of(event(2, "join", "nodes = \"n1\"")) == Effects{false});
  // Nobody sends anything in a static cluster without clients, so a cut drops nothing, and a storm neither.
  const std::string cut = event(2, "partition", "label = \"cut\"\nisolate = \"n1\"");
  CHECK(effects_of(cut) == Effects{false});
  CHECK(effects_of(cut + event(4, "heal", "")) == Effects{false, true});
  CHECK(effects_of(cut + event(4, "heal", "") + event(5, "heal", "")) == Effects{false, true, false});
  // That it takes back its own cuts does not count.
  CHECK(effects_of(event(2, "flap", "isolate = \"n1\"\nperiod = \"1s\"")) == Effects{false});
  CHECK(effects_of(event(2, "loss", "loss = \"50%\"")) == Effects{false});
  CHECK(effects_of(event(2, "latency", "latency = \"1s\"")) == Effects{false});
  CHECK(effects_of(event(2, "churn", "nodes = \"n1\"\nmean_up = \"1000h\"\nmean_down = \"1s\"")) == Effects{false});
}

}  // namespace
}  // namespace hearsay::world
