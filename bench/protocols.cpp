// Whole protocols in the simulator, with everything on: SWIM with full views through a crash and a partition of 1% of
// the nodes, and go-os's announcements, where everybody tells everybody.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/memory.hpp"
#include "core/protocol/catalogue.hpp"
#include "sim/plan/reader.hpp"
#include "sim/world/world.hpp"

namespace {

using namespace hearsay;

plan::Plan read(const std::string& text) {
  auto plan = plan::read_text(text, "bench", {}, Catalogue::builtin());
  if (!plan) {
    fmt::print(stderr, "{}\n", plan.error().message);
    std::abort();
  }
  return std::move(*plan);
}

void simulate(benchmark::State& state, const plan::Plan& plan) {
  std::uint64_t events = 0;
  for (auto _ : state) {
    const auto results = world::simulate(plan, 1);
    events += results->events;
    benchmark::DoNotOptimize(results->fingerprint);
  }
  state.counters["events"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["simulated_s"] =
      benchmark::Counter(std::chrono::duration<double>(plan.duration).count() * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
  state.counters["process_peak_bytes"] = bench::peak_resident_bytes();
}

// 60 simulated seconds; the nodes know each other from the start.
void swim(benchmark::State& state) {
  const auto nodes = state.range(0);
  simulate(state, read(fmt::format(R"(
name = "swim"
duration = "60s"
[nodes]
count = {}
[membership]
strategy = "swim"
rejoin = "push-pull"
warm_start = true
[replication]
strategy = "none"
[network]
latency = {{ distribution = "uniform", min = "1ms", max = "5ms" }}
[[event]]
at = "10s"
kind = "crash"
nodes = "n0"
[[event]]
at = "15s"
kind = "partition"
sides = ["1% random"]
for = "20s"
[measure]
ring = false
)",
                                   nodes)));
}
BENCHMARK(swim)->Arg(100)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

// 10 simulated seconds of N^2 announcements a second.
void announce(benchmark::State& state) {
  simulate(state, read(fmt::format(R"(
name = "announce"
duration = "10s"
[nodes]
count = {}
[membership]
strategy = "announce"
[dissemination]
strategy = "publish"
[replication]
strategy = "none"
[network]
latency = {{ distribution = "uniform", min = "10ms", max = "100ms" }}
[measure]
ring = false
)",
                                   state.range(0))));
}
BENCHMARK(announce)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
