// Rings alone: lookups by independent and by dependent hashes, building, and applying one join or leave; ketama beside
// libmemcached's.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <libmemcached/memcached.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/wide.hpp"
#include "core/ring/anchor.hpp"
#include "core/ring/dx.hpp"
#include "core/ring/flip.hpp"
#include "core/ring/jump.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/ketama.hpp"
#include "core/ring/maglev.hpp"
#include "core/ring/memento.hpp"
#include "core/ring/multi_probe.hpp"
#include "core/ring/rendezvous.hpp"
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

// What a lookup takes, beside what is to be reached (docs/howto/benchmark.md).
void report(benchmark::State& state, std::size_t lookups, double aim_ns) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lookups));
  state.counters["lookup"] = benchmark::Counter(
      static_cast<double>(lookups), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  if (aim_ns > 0) state.counters["aim"] = aim_ns * 1e-9;
}

enum class Kind { kBatch, kDependent };

// Of `members` of whom half have left, one after another as far as the ring can tell.
std::shared_ptr<const Placement> placed(const Ring& ring, std::int64_t members, bool half_left) {
  const Members all(members);
  auto placement = ring.place(all.list);
  if (!half_left) return placement;
  RandomStream random(2, Purpose::kTest);
  std::vector<RingMember> left(all.list);
  for (std::size_t i = left.size(); i > 1; --i) std::swap(left[i - 1], left[random.below(i)]);
  left.resize(left.size() / 2);
  const auto by_id = [](const RingMember& a, const RingMember& b) { return a.id < b.id; };
  std::sort(left.begin(), left.end(), by_id);
  std::vector<RingMember> stay;
  std::set_difference(all.list.begin(), all.list.end(), left.begin(), left.end(), std::back_inserter(stay), by_id);
  return ring.apply(*placement, {{}, left}, stay);
}

void lookups(benchmark::State& state, const Placement& placement, Kind kind, double aim_ns) {
  const auto keys = hashes();
  std::vector<NodeSlot> owners(keys.size());
  std::uint64_t last = 0;
  for (auto _ : state) {
    if (kind == Kind::kBatch) {
      placement.lookup_batch(keys, owners);
      benchmark::DoNotOptimize(owners.data());
    } else {
      for (const std::uint64_t key : keys) last = raw(placement.lookup(key ^ last));
      benchmark::DoNotOptimize(last);
    }
  }
  report(state, keys.size(), aim_ns);
  state.counters["MiB"] = static_cast<double>(placement.memory_bytes()) / (1 << 20);
}

// The part of a lookup in `jump` that does not depend on how large a table of members' slots is.
void jump_to_bucket(benchmark::State& state, double aim_ns) {
  const auto keys = hashes();
  const auto buckets = static_cast<std::uint32_t>(state.range(0));
  std::uint64_t last = 0;
  for (auto _ : state) {
    for (const std::uint64_t key : keys) last = jump_hash(key ^ last, buckets);
    benchmark::DoNotOptimize(last);
  }
  report(state, keys.size(), aim_ns);
}

// What this machine takes to read a word anywhere in so many MiB when each read waits for the one before: no lookup in
// a table of that size takes less.
void memory(benchmark::State& state) {
  RandomStream random(3, Purpose::kTest);
  std::vector<std::uint32_t> table(static_cast<std::size_t>(state.range(0)) << 18);
  for (std::uint32_t& word : table) word = static_cast<std::uint32_t>(random.next());
  std::uint64_t hash = 1;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kHashes; ++i) {
      hash = (hash ^ table[scale_bits(hash, table.size())]) * 0x9e3779b97f4a7c15U;
    }
    benchmark::DoNotOptimize(hash);
  }
  report(state, kHashes, 0);
}

std::vector<std::string> texts() {
  std::vector<std::string> list;
  for (const std::uint64_t hash : hashes()) list.push_back(fmt::format("key-{:012x}", hash >> 16));
  return list;
}

constexpr std::int64_t kServers = 100;

// From a key to its server, hashing included: the same servers and keys, here and in libmemcached.
void ketama(benchmark::State& state) {
  const Members members(kServers);
  const Ketama ring;
  const auto placement = ring.place(members.list);
  const auto keys = texts();
  for (auto _ : state) {
    for (const std::string& key : keys) benchmark::DoNotOptimize(placement->lookup(ring.hash_key(key)));
  }
  report(state, keys.size(), 0);
}

struct FreeClient {
  void operator()(memcached_st* client) const { memcached_free(client); }
};
using Client = std::unique_ptr<memcached_st, FreeClient>;

Client libmemcached_client(const Members& members) {
  Client client(memcached_create(nullptr));
  memcached_behavior_set(client.get(), MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, 1);
  memcached_server_list_st servers = nullptr;
  memcached_return_t error = MEMCACHED_SUCCESS;
  for (const std::string& name : members.names) {
    servers = memcached_server_list_append_with_weight(servers, name.c_str(), 11211, 1, &error);
  }
  memcached_server_push(client.get(), servers);
  memcached_server_list_free(servers);
  return client;
}

void ketama_of_libmemcached(benchmark::State& state) {
  const Members members(kServers);
  const Client client = libmemcached_client(members);
  const auto keys = texts();
  for (auto _ : state) {
    for (const std::string& key : keys) {
      benchmark::DoNotOptimize(memcached_generate_hash(client.get(), key.data(), key.size()));
    }
  }
  report(state, keys.size(), 0);
}

void place_ketama(benchmark::State& state) {
  const Members members(kServers);
  for (auto _ : state) benchmark::DoNotOptimize(Ketama().place(members.list));
}

void place_ketama_of_libmemcached(benchmark::State& state) {
  const Members members(kServers);
  for (auto _ : state) benchmark::DoNotOptimize(libmemcached_client(members));
}

const Karger kKarger(160);
const Stathat kStathat(20);
const Maglev kMaglev(65537);

BENCHMARK_CAPTURE(batch, karger, kKarger)->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_CAPTURE(dependent, karger, kKarger)->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_CAPTURE(batch, stathat, kStathat)->Arg(1000);
BENCHMARK(replicas)->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_CAPTURE(place, karger, kKarger)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(place, karger_1M_points, kKarger)->Arg(6250)->Unit(benchmark::kMillisecond);  // aim 30 ms
BENCHMARK_CAPTURE(place, maglev, kMaglev)->Arg(1000)->Unit(benchmark::kMillisecond);            // aim 2 ms
BENCHMARK_CAPTURE(place, stathat, kStathat)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(apply)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMicrosecond);
BENCHMARK(memory)->RangeMultiplier(2)->Range(1, 64);
BENCHMARK(ketama);
BENCHMARK(ketama_of_libmemcached);
BENCHMARK(place_ketama)->Unit(benchmark::kMillisecond);
BENCHMARK(place_ketama_of_libmemcached)->Unit(benchmark::kMillisecond);

// What was reached elsewhere by a core of this kind, or is aimed at: "row/NAME/members".
void add_rows() {
  struct Row {
    std::string name;
    std::function<std::shared_ptr<const Ring>(std::uint32_t members)> ring;
    Kind kind = Kind::kDependent;
    bool half_left = false;
    std::vector<std::pair<std::int64_t, double>> aims;  // by members, ns
  };
  const auto jump = [](std::uint32_t) { return std::make_shared<const Jump>(Numbering::kNames); };
  const auto flip = [](std::uint32_t) { return std::make_shared<const Flip>(Numbering::kNames); };
  const auto karger = [](std::uint32_t) { return std::make_shared<const Karger>(160); };
  const auto small_table = [](std::uint32_t) { return std::make_shared<const Maglev>(65537); };
  const auto large_table = [](std::uint32_t) { return std::make_shared<const Maglev>(655373); };
  // As many buckets as members.
  const auto anchor = [](std::uint32_t members) { return std::make_shared<const Anchor>(members); };
  const auto dx = [](std::uint32_t members) { return std::make_shared<const Dx>(members, DxIndex::kHistory); };
  const auto memento = [](std::uint32_t) { return std::make_shared<const Memento>(); };
  const auto multi_probe = [](std::uint32_t) { return std::make_shared<const MultiProbe>(21); };
  const auto rendezvous = [](std::uint32_t) { return std::make_shared<const Hrw>(false); };
  const std::vector<std::pair<std::int64_t, double>> none{{10, 0}, {1000, 0}, {1'000'000, 0}};
  const std::vector<std::pair<std::int64_t, double>> jumps{{10, 18},     {100, 44},     {1000, 57},
                                                           {10'000, 66}, {100'000, 81}, {1'000'000, 87}};
  for (const auto& [members, aim] : jumps) {
    benchmark::RegisterBenchmark("row/jump_to_bucket", jump_to_bucket, aim)->Arg(members);
  }
  const Row rows[] = {
      {"jump", jump, Kind::kDependent, false, jumps},
      {"jump_batch", jump, Kind::kBatch, false, {{10, 0}, {1000, 0}, {1'000'000, 25}}},
      {"flip", flip, Kind::kDependent, false, none},
      {"karger_batch", karger, Kind::kBatch, false, {{10, 4.3}, {100, 5.7}, {1000, 6.8}, {10'000, 33}}},
      {"karger", karger, Kind::kDependent, false, {{10, 6}, {100, 11}, {1000, 35}, {10'000, 126}}},
      {"maglev_65537_batch", small_table, Kind::kBatch, false, {{1000, 0.5}}},
      {"maglev_65537", small_table, Kind::kDependent, false, {{1000, 4.4}}},
      {"maglev_655373_batch", large_table, Kind::kBatch, false, {{1000, 0.8}}},
      {"maglev_655373", large_table, Kind::kDependent, false, {{1000, 8.1}}},
      {"anchor", anchor, Kind::kDependent, false, {{10, 5}, {1000, 5}, {1'000'000, 5}}},
      {"anchor_half", anchor, Kind::kDependent, true, {{10, 14}, {1000, 0}, {1'000'000, 42}}},
      {"dx", dx, Kind::kDependent, false, {{16, 4}, {1024, 4}, {1 << 20, 7}}},
      {"dx_half", dx, Kind::kDependent, true, {{16, 15}, {1024, 15}, {1 << 20, 17}}},
      {"memento", memento, Kind::kDependent, false, none},
      {"memento_half", memento, Kind::kDependent, true, none},
      {"multi_probe", multi_probe, Kind::kDependent, false, {{10, 105}, {1000, 0}, {1'000'000, 230}}},
      // 0.25 ns a member.
      {"rendezvous_batch", rendezvous, Kind::kBatch, false, {{10, 0}, {100, 25}, {1000, 250}}},
  };
  for (const Row& row : rows) {
    for (const auto& [members, aim] : row.aims) {
      const auto run = [row, members = members, aim = aim](benchmark::State& state) {
        const auto ring = row.ring(static_cast<std::uint32_t>(members));
        lookups(state, *placed(*ring, members, row.half_left), row.kind, aim);
      };
      benchmark::RegisterBenchmark(fmt::format("row/{}/{}", row.name, members).c_str(), run);
    }
  }
}

}  // namespace
}  // namespace hearsay

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  hearsay::add_rows();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
