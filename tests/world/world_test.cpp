// Whole runs: the same seed is the same run however it is watched, and an interrupted run returns what it measured.
#include "sim/world/world.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using measure::Results;
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
  CHECK(partial.timeline.front().reached);
  // What never came is not without effect, and what was not held may yet have been.
  CHECK_FALSE(partial.timeline.back().reached);
  CHECK_FALSE(partial.was_idle(partial.timeline.back()));
  CHECK_FALSE(partial.failed());
  CHECK_FALSE(partial.passed());
  CHECK(test::value_of(partial, "messages_count") > 100);
  const Results whole = run(plan);
  CHECK_FALSE(whole.interrupted);
  CHECK(whole.duration_s == 40.0);
  CHECK(partial.events < whole.events);
  // The flag counts as it is when the run begins, too.
  const Results at_once = run(plan, 1, options);
  CHECK(at_once.interrupted);
  CHECK(at_once.duration_s < 0.2);
}

TEST_CASE("an interrupt does not wait for the next sample") {
  plan::Plan plan = plan_of(
      "duration = \"1000s\"\n[nodes]\ncount = 20\n[membership]\nstrategy = \"swim\"\n[dissemination]\nstrategy = "
      "\"push\"\n");
  plan.measure.sample_interval = 1000s;
  std::atomic<bool> interrupted = false;
  RunOptions options;
  options.interrupted = &interrupted;
  // The first observation there is.
  options.observations = [&](const Observation&) { interrupted = true; };
  const Results partial = run(plan, 1, options);
  CHECK(partial.interrupted);
  CHECK(partial.duration_s > 0.0);
  CHECK(partial.duration_s < 500.0);
  CHECK(partial.events <= 4096);
}

// n0 suspects the crashed n1 when its clock begins to run slower than the suspicion was armed by.
TEST_CASE("a clock that is slowed down loses no suspicion") {
  const Results results = run(plan_of(R"(
duration = "60s"
[nodes]
count = 2
[membership]
strategy = "swim"
[[event]]
at = "10s"
kind = "crash"
nodes = "n1"
[[event]]
at = "13500ms"
kind = "clock"
nodes = "n0"
drift = "-100ppm"
[[expect]]
invariant = "views_agree_at_end"
)"));
  CHECK(results.passed());
}

// How many gets miss of the one at 15 s, of a value that a node alone was given at 1 s, when the event was at 3 s.
double misses_after(std::string_view event) {
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
at = "15s"
node = "n0"
get = "k"
[[event]]
at = "3s"
nodes = "n0"
)" + std::string(event))),
                        "misses_count");
}

TEST_CASE("a rolling restart that leaves first keeps the state unless it says otherwise") {
  const std::string restart = "kind = \"rolling-restart\"\ndown = \"1s\"\nleave_first = true\n";
  CHECK(misses_after(restart) == 0.0);
  CHECK(misses_after(restart + "keep_state = false") == 1.0);
}

TEST_CASE("a crash for a while keeps or loses the state as it says") {
  const std::string crash = "kind = \"crash\"\nfor = \"3s\"\n";
  CHECK(misses_after(crash + "keep_state = true") == 0.0);
  CHECK(misses_after(crash + "keep_state = false") == 1.0);
}

}  // namespace
}  // namespace hearsay::world
