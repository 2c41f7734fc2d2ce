// Whole runs: the same seed is the same run however it is watched, every event says what it did, one that did nothing fails
// the run, and an interrupted run returns what it measured.
#include "sim/world/world.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using measure::EventReport;
using measure::Results;
using test::event_of;
using test::plan_of;
using test::run;

// A bit of everything.
constexpr std::string_view kBusy = R"(
duration = "40s"
start_spread = "1s"
[nodes]
count = 12
[[group]]
name = "late"
count = 2
present = false
[membership]
strategy = "swim"
rejoin = "push-pull"
[dissemination]
strategy = "push"
[replication]
strategy = "anti-entropy"
n = 3
[network]
latency = { distribution = "lognormal", median = "5ms", sigma = 0.5, min = "200us" }
loss = "2%"
duplicate = "1%"
reorder = "1%"
[[clock]]
nodes = "all"
offset = { distribution = "uniform", min = "0s", max = "1s" }
drift_spread = "200ppm"
[[client]]
nodes = "all"
rate = "4/s"
put = 2
get = 3
del = 1
keys = 60
popularity = "zipf"
ttl = { distribution = "exponential", mean = "6s" }
[[event]]
at = "5s"
kind = "partition"
sides = ["n0..n4", "rest"]
for = "10s"
[[event]]
at = "8s"
kind = "crash"
nodes = "2 random"
for = "8s"
keep_state = true
[[event]]
at = "18s"
kind = "pause"
nodes = "n3"
for = "3s"
[[event]]
at = "20s"
kind = "join"
nodes = "group:late"
[[event]]
at = "25s"
kind = "slow"
nodes = "n5"
step = "20ms"
for = "5s"
[[event]]
at = "30s"
kind = "leave"
nodes = "n6"
)";

// go-os's part of the catalogue.
constexpr std::string_view kAnnounced = R"(
duration = "30s"
[nodes]
count = 8
[membership]
strategy = "announce"
[dissemination]
strategy = "publish"
[replication]
strategy = "none"
preset = "go-os"
[ring]
strategy = "stathat"
[network]
kind = "zmq"
latency = { distribution = "uniform", min = "1ms", max = "30ms" }
loss = "1%"
[[client]]
nodes = "all"
rate = "4/s"
keys = 40
ttl = "3s"
[[event]]
at = "8s"
kind = "partition"
sides = ["n0..n3", "rest"]
for = "6s"
[[event]]
at = "20s"
kind = "crash"
nodes = "n2"
)";

void check_same(const Results& a, const Results& b) {
  CHECK(a.fingerprint == b.fingerprint);
  CHECK(a.events == b.events);
  REQUIRE(a.metrics.size() == b.metrics.size());
  for (std::size_t i = 0; i < a.metrics.size(); ++i) {
    CHECK(a.metrics[i].name == b.metrics[i].name);
    CHECK(a.metrics[i].value == b.metrics[i].value);
  }
}

void check_determined(std::string_view text) {
  const plan::Plan plan = plan_of(text);
  const Results first = run(plan, 1);
  CHECK(first.events > 5000);
  SUBCASE("the same seed twice") { check_same(first, run(plan, 1)); }
  SUBCASE("another seed") { CHECK_FALSE(first.fingerprint == run(plan, 2).fingerprint); }
  SUBCASE("every message packed and unpacked") {
    RunOptions options;
    options.wire = true;
    check_same(first, run(plan, 1, options));
  }
  SUBCASE("a view of its own for every node") {
    plan::Plan separate = plan_of(text);
    separate.shared_views = false;
    check_same(first, run(separate, 1));
  }
  SUBCASE("everybody watching") {
    RunOptions options;
    std::uint64_t seen = 0;
    options.observations = [&](const Observation&) { ++seen; };
    options.operations = [&](const measure::OpRecord&) { ++seen; };
    options.progress = [&](const Progress&) { ++seen; };
    check_same(first, run(plan, 1, options));
    CHECK(seen > 100);
  }
  SUBCASE("nobody measuring, and other samples") {
    plan::Plan blind = plan_of(text);
    blind.measure.views = blind.measure.ring = blind.measure.values = false;
    blind.measure.sample_interval = 700ms;
    CHECK(first.fingerprint == run(blind, 1).fingerprint);
  }
}

TEST_CASE("a run of swim, push and anti-entropy depends on its seed alone") { check_determined(kBusy); }
TEST_CASE("a run of announce, publish and stathat depends on its seed alone") { check_determined(kAnnounced); }

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
  CHECK(event_of(results, "flap").effect.healed == 3);
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
  CHECK(event_of(results, "rolling").effect.nodes == 6);
  CHECK(event_of(results, "churn").effect.nodes > 4);
  CHECK(event_of(results, "workload").effect.clients == 4);
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
  CHECK(effects_of(event(2, "loss", "loss = \"50%\"")) == Effects{false});
  CHECK(effects_of(event(2, "latency", "latency = \"1s\"")) == Effects{false});
  CHECK(effects_of(event(2, "churn", "nodes = \"n1\"\nmean_up = \"1000h\"\nmean_down = \"1s\"")) == Effects{false});
}

TEST_CASE("an interrupted run returns what it measured until then") {
  const plan::Plan plan = plan_of(kBusy);
  std::atomic<bool> interrupted = false;
  RunOptions options;
  options.interrupted = &interrupted;
  options.progress = [&](const Progress& progress) {
    CHECK(progress.duration_s == 40.0);
    if (progress.simulated_s >= 10.0) interrupted = true;
  };
  const Results partial = run(plan, 1, options);
  CHECK(partial.interrupted);
  CHECK(partial.duration_s == 10.0);
  CHECK(partial.events > 1000);
  CHECK(partial.timeline.front().has_effect);
  CHECK_FALSE(partial.timeline.back().has_effect);
  CHECK(test::value_of(partial, "messages_count") > 100);
  const Results whole = run(plan);
  CHECK_FALSE(whole.interrupted);
  CHECK(whole.duration_s == 40.0);
  CHECK(partial.events < whole.events);
  // The flag counts as it is when the run begins, too.
  CHECK(run(plan, 1, options).duration_s == 1.0);
}

TEST_CASE("a crash for a while keeps or loses the state as it says") {
  const auto misses = [](std::string_view keep) {
    return test::value_of(run(plan_of(R"(
duration = "20s"
[nodes]
count = 1
[membership]
strategy = "static"
[replication]
strategy = "none"
n = 1
r = "one"
w = "one"
[[op]]
at = "1s"
node = "n0"
put = "k"
value = "v"
[[op]]
at = "10s"
node = "n0"
get = "k"
[[event]]
at = "3s"
kind = "crash"
nodes = "n0"
for = "3s"
keep_state = )" + std::string(keep))), "misses_count");
  };
  CHECK(misses("true") == 0.0);
  CHECK(misses("false") == 1.0);
}

// ---- what a split does ------------------------------------------------------------------------------------------------

std::string split(std::string_view rejoin, std::string_view network = "latency = \"5ms\"") {
  return "duration = \"150s\"\n[nodes]\ncount = 10\n[membership]\nstrategy = \"swim\"\nrejoin = \"" + std::string(rejoin) +
         "\"\n[network]\n" + std::string(network) +
         "\n[[event]]\nat = \"5s\"\nlabel = \"split\"\nkind = \"partition\"\nsides = [\"n0..n4\", \"n5..n9\"]\n"
         "[[event]]\nat = \"80s\"\nlabel = \"heal\"\nkind = \"heal\"\n[[expect]]\ninvariant = \"views_agree_at_end\"\n";
}

TEST_CASE("a split of swim is seen by everybody and mended by the rejoin healer alone") {
  const Results healed = run(plan_of(split("push-pull")));
  CHECK(healed.passed());
  CHECK(event_of(healed, "split").converged_s.has_value());
  CHECK(event_of(healed, "heal").converged_s.has_value());
  const Results apart = run(plan_of(split("none")));
  CHECK_FALSE(apart.passed());
  CHECK(event_of(apart, "split").converged_s.has_value());
  CHECK_FALSE(event_of(apart, "heal").converged_s.has_value());
}

TEST_CASE("while nothing heals, nothing of the other side is heard") {
  const plan::Plan plan = plan_of(R"(
duration = "60s"
[nodes]
count = 6
[membership]
strategy = "static"
[replication]
strategy = "anti-entropy"
n = 6
r = "one"
w = "one"
[[op]]
at = "10s"
node = "n0"
put = "k"
value = "v"
[[op]]
at = "29s"
node = "n5"
get = "k"
[[op]]
at = "31s"
node = "n2"
get = "k"
[[op]]
at = "55s"
node = "n5"
get = "k"
[[event]]
at = "5s"
kind = "partition"
sides = ["n0..n2", "n3..n5"]
for = "35s"
)");
  std::vector<bool> found;
  RunOptions options;
  options.operations = [&](const measure::OpRecord& op) {
    if (op.op == OpKind::kGet) found.push_back(op.reply.ok);
  };
  CHECK(run(plan, 1, options).passed());
  CHECK(found == std::vector<bool>{false, true, true});
}

}  // namespace
}  // namespace hearsay::world
