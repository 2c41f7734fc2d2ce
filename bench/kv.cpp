// A key-value store over the nodes of this process: what a get and a put cost at the owner, what a get costs at another
// node beside the least that it can, a bare DEALER/ROUTER round trip, and how long a node takes to start.
//
// Keys are bench:0000000 and so on, 10,000 of them, values 100 bytes. To compare latencies, run it on one core
// (taskset -c 0): waking a thread on another one costs more than the rest.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/bench_cluster.hpp"
#include "cli/bench_load.hpp"
#include "cli/raw_round_trip.hpp"
#include "transport/kv_options.hpp"

namespace hearsay {
namespace {

using cli::BenchCluster;

constexpr std::uint64_t kKeys = 10'000;
constexpr std::uint64_t kValueBytes = 100;

// One of each size for all benchmarks and their threads; empty, and why, where it cannot be had.
struct Held {
  std::unique_ptr<BenchCluster> cluster;
  BenchCluster::Split keys;
  std::string error;

  explicit Held(std::uint32_t nodes) {
    const auto names = cli::bench_keys(kKeys);
    auto opened = BenchCluster::open({}, nodes);
    if (!opened) {
      error = opened.error().message;
      return;
    }
    cluster = std::make_unique<BenchCluster>(std::move(*opened));
    if (auto put = cli::put_all(cluster->kv(), names, kValueBytes, Duration::zero()); !put) error = put.error().message;
    auto split = cluster->split(names);
    if (split) keys = std::move(*split);
    if (!split) error = split.error().message;
  }
};

Held& alone() {
  static Held held(1);
  return held;
}
Held& pair() {
  static Held held(2);
  return held;
}

// False, and the benchmark ends, where there is nothing to measure.
bool usable(benchmark::State& state, const Held& held, const std::vector<std::string>& keys) {
  if (held.error.empty() && !keys.empty()) return true;
  state.SkipWithError(held.error.empty() ? "no keys" : held.error.c_str());
  return false;
}

void get(benchmark::State& state, Held& held, const std::vector<std::string>& keys) {
  if (!usable(state, held, keys)) return;
  Kv& kv = held.cluster->kv();
  // Far apart, so that two threads do not walk side by side.
  std::size_t i = static_cast<std::size_t>(state.thread_index()) * 4099 % keys.size();
  for (auto _ : state) {
    const auto item = kv.get(keys[i]);
    if (!item) return state.SkipWithError(item.error().message.c_str());
    if (++i == keys.size()) i = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

void get_own(benchmark::State& state) { get(state, alone(), alone().keys.own); }
void get_remote(benchmark::State& state) { get(state, pair(), pair().keys.remote); }

void put_own(benchmark::State& state) {
  Held& held = alone();
  if (!usable(state, held, held.keys.own)) return;
  Item item{{}, std::string(kValueBytes, 'w'), {}};
  std::size_t i = 0;
  for (auto _ : state) {
    item.key = held.keys.own[i];
    if (auto done = held.cluster->kv().put(item); !done) return state.SkipWithError(done.error().message.c_str());
    if (++i == held.keys.own.size()) i = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

// Of keys that another node has: the range's many a call.
void get_many_remote(benchmark::State& state) {
  Held& held = pair();
  const auto count = static_cast<std::size_t>(state.range(0));
  if (!usable(state, held, held.keys.remote)) return;
  if (held.keys.remote.size() < count) return state.SkipWithError("too few keys");
  const std::span<const std::string> keys = std::span(held.keys.remote).first(count);
  for (auto _ : state) {
    const auto items = held.cluster->kv().get_many(keys);
    if (!items.back()) return state.SkipWithError(items.back().error().message.c_str());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void bare_round_trip(benchmark::State& state) {
  auto raw = cli::RawRoundTrip::open(kValueBytes);
  if (!raw) return state.SkipWithError(raw.error().message.c_str());
  for (auto _ : state) {
    if (auto done = (*raw)->once(); !done) return state.SkipWithError(done.error().message.c_str());
  }
  state.SetItemsProcessed(state.iterations());
}

// Of a node that begins a cluster, until it is ready; stopping it is not counted.
void start_alone(benchmark::State& state) {
  for (auto _ : state) {
    auto kv = open_kv({});
    if (!kv) return state.SkipWithError(kv.error().message.c_str());
    state.PauseTiming();
    kv->reset();
    state.ResumeTiming();
  }
}

BENCHMARK(get_own)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(put_own)->UseRealTime();
// In turn, so that whatever slows the machine slows both.
BENCHMARK(bare_round_trip)->UseRealTime();
BENCHMARK(get_remote)->UseRealTime();
BENCHMARK(get_many_remote)->Arg(100)->Arg(1000)->UseRealTime();
BENCHMARK(start_alone)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(20);

}  // namespace
}  // namespace hearsay

BENCHMARK_MAIN();
