// Rings alone: lookups by independent and by dependent hashes, building, and applying one join or leave.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/stathat.hpp"

namespace hearsay {
namespace {

struct Members {
  std::vector<std::string> names;
  std::vector<RingMember> list;
  explicit Members(std::int64_t count) {
    names.reserve(static_cast<std::size_t>(count));
    for (std::uint32_t i = 0; i < count; ++i) {
      names.push_back(std::string("node-").append(std::to_string(i)));
      list.push_back({NodeSlot{i}, node_id(names.back()), names.back(), 1.0, 0});
    }
    std::sort(list.begin(), list.end(), [](const RingMember& a, const RingMember& b) { return a.id < b.id; });
  }
};

constexpr std::size_t kHashes = 1 << 16;

std::vector<std::uint64_t> hashes() {
  RandomStream random(1, Purpose::kTest);
  std::vector<std::uint64_t> list(kHashes);
  for (std::uint64_t& hash : list) hash = random.next();
  return list;
}

template <class R>
void batch(benchmark::State& state, const R& ring) {
  const Members members(state.range(0));
  const auto placement = ring.place(members.list);
  const auto keys = hashes();
  std::vector<NodeSlot> owners(keys.size());
  for (auto _ : state) {
    placement->lookup_batch(keys, owners);
    benchmark::DoNotOptimize(owners.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kHashes));
  state.counters["MiB"] = static_cast<double>(placement->memory_bytes()) / (1 << 20);
}

// Each hash depends on the owner found before it: the latency of a lookup.
template <class R>
void dependent(benchmark::State& state, const R& ring) {
  const Members members(state.range(0));
  const auto placement = ring.place(members.list);
  const auto keys = hashes();
  std::uint64_t last = 0;
  for (auto _ : state) {
    for (const std::uint64_t key : keys) last = raw(placement->lookup(key ^ last));
  }
  benchmark::DoNotOptimize(last);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kHashes));
}

void replicas(benchmark::State& state) {
  const Members members(state.range(0));
  const auto placement = Karger(160).place(members.list);
  const auto keys = hashes();
  NodeSlot out[3];
  for (auto _ : state) {
    for (const std::uint64_t key : keys) benchmark::DoNotOptimize(placement->replicas(key, out));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kHashes));
}

template <class R>
void place(benchmark::State& state, const R& ring) {
  const Members members(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(ring.place(members.list));
}

void apply(benchmark::State& state) {
  const Members members(state.range(0));
  const Karger ring(160);
  auto without = members.list;
  without.erase(without.begin() + static_cast<std::ptrdiff_t>(without.size() / 2));
  const RingMember& one = members.list[members.list.size() / 2];
  const auto full = ring.place(members.list);
  for (auto _ : state) {
    const auto smaller = ring.apply(*full, {{}, {one}}, without);
    benchmark::DoNotOptimize(ring.apply(*smaller, {{one}, {}}, members.list));
  }
  state.SetItemsProcessed(2 * state.iterations());
}

const Karger kKarger(160);
const Stathat kStathat(20);

BENCHMARK_CAPTURE(batch, karger, kKarger)->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_CAPTURE(dependent, karger, kKarger)->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_CAPTURE(batch, stathat, kStathat)->Arg(1000);
BENCHMARK(replicas)->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_CAPTURE(place, karger, kKarger)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(place, stathat, kStathat)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(apply)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hearsay

BENCHMARK_MAIN();
