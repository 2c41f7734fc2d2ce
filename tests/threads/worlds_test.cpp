// Worlds on threads of their own, of one plan: they share nothing that any of them changes.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using measure::Results;

constexpr std::string_view kShared = R"(
duration = "20s"
[nodes]
count = 12
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
loss = "1%"
[[clock]]
nodes = "all"
drift_spread = "100ppm"
[[client]]
nodes = "all"
rate = "5/s"
keys = 50
popularity = "zipf"
ttl = { distribution = "exponential", mean = "4s" }
value_size = "500B"
[[event]]
at = "4s"
kind = "partition"
sides = ["4 random", "rest"]
for = "6s"
[[event]]
at = "12s"
kind = "loss"
loss = "30%"
for = "2s"
[[event]]
at = "15s"
kind = "crash"
nodes = "1 random"
)";

TEST_CASE("worlds that run at the same time are what they are alone") {
  constexpr std::uint64_t kWorlds = 4;
  const plan::Plan plan = test::plan_of(kShared);
  std::vector<Results> together(kWorlds);
  {
    std::atomic<int> waiting = kWorlds;
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < kWorlds; ++i) {
      threads.emplace_back([&, i] {
        // All at once, so that they do overlap.
        --waiting;
        while (waiting.load() > 0) std::this_thread::yield();
        RunOptions options;
        options.wire = i == 1;
        if (auto results = simulate(plan, 1 + i % 3, options)) together[i] = std::move(*results);
      });
    }
  }
  for (std::uint64_t i = 0; i < kWorlds; ++i) {
    const Results alone = test::run(plan, 1 + i % 3);
    CHECK(alone.events > 5000);
    CHECK(together[i].fingerprint == alone.fingerprint);
    CHECK(together[i].events == alone.events);
    REQUIRE(together[i].metrics.size() == alone.metrics.size());
    for (std::size_t m = 0; m < alone.metrics.size(); ++m)
      CHECK(together[i].metrics[m].value == alone.metrics[m].value);
  }
  // Two of them had the same seed.
  CHECK(together[0].fingerprint == together[3].fingerprint);
  CHECK_FALSE(together[0].fingerprint == together[1].fingerprint);
}

TEST_CASE("an interrupt from another thread ends a run that would be long") {
  plan::Plan plan = test::plan_of(kShared);
  plan.measure.sample_interval = 100ms;
  std::atomic<bool> interrupted = false;
  std::atomic<bool> under_way = false;
  RunOptions options;
  options.interrupted = &interrupted;
  options.progress = [&](const Progress&) { under_way = true; };
  std::jthread other([&] {
    while (!under_way.load()) std::this_thread::yield();
    interrupted = true;
  });
  // However late the interrupt comes, the results are those of a run.
  const Results results = test::run(plan, 1, options);
  CHECK(results.duration_s >= 0.1);
  CHECK((results.interrupted || results.duration_s == 20.0));
}

}  // namespace
}  // namespace hearsay::world
