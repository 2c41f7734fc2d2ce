// The expiring store alone: reads, writes, memory, and a million keys that all end at one time; beside it, in the same
// run, the usual way to do it: std::unordered_map with a heap of deadlines.
//
// Keys are "user:1234567" shuffled, values 32 bytes. "longest_call_us" is the longest single expire() with
// kExpireBudget, "gone_ms" the time spent in all of them from the deadline on, both in processor time. glibc's
// consolidation of small blocks is in the longest call; GLIBC_TUNABLES=glibc.malloc.mxfast=0 leaves it out.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "core/kv/store.hpp"

namespace hearsay {
namespace {

constexpr MonoTime kStart{Duration(1000s)};
constexpr Duration kTtl = 60s;
constexpr std::size_t kBudget = Store::kExpireBudget;
constexpr std::size_t kValueBytes = 32;

std::vector<std::string> keys(std::size_t n, std::string_view prefix) {
  std::vector<std::string> out;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) out.push_back(std::string(prefix).append(std::to_string(1'000'000 + i)));
  std::uint64_t draws = 0;
  Random random(stream_key(1, Purpose::kTest), 0, draws);
  for (std::size_t i = n; i > 1; --i) std::swap(out[i - 1], out[random.below(i)]);
  return out;
}

// The usual way. The heap keeps an entry for each put; one that an overwrite has made stale is skipped when it comes
// up.
class MapAndHeap {
 public:
  void put(const std::string& key, Bytes value, Version version, Duration ttl, MonoTime now) {
    Item& item = items_[key];
    item = {std::move(value), version, now + ttl};
    heap_.push({item.due, key});
  }
  Bytes get(const std::string& key, MonoTime now) const {
    const auto found = items_.find(key);
    return found == items_.end() || found->second.due <= now ? Bytes() : found->second.value;
  }
  bool expire(MonoTime now, std::size_t budget) {
    for (; budget > 0 && !heap_.empty() && heap_.top().first <= now; --budget) {
      const auto found = items_.find(heap_.top().second);
      if (found != items_.end() && found->second.due == heap_.top().first) items_.erase(found);
      heap_.pop();
    }
    return budget == 0;
  }

 private:
  struct Item {
    Bytes value;
    Version version;
    MonoTime due;
  };
  using Due = std::pair<MonoTime, std::string>;
  std::unordered_map<std::string, Item> items_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> heap_;
};

void fill(Store& store, const std::vector<std::string>& names) {
  const std::string value(kValueBytes, 'v');
  for (const std::string& key : names) store.put(key, hash64(key), Bytes(value), Version{1, {}}, kTtl, kStart);
}
void fill(MapAndHeap& store, const std::vector<std::string>& names) {
  const std::string value(kValueBytes, 'v');
  for (const std::string& key : names) store.put(key, Bytes(value), Version{1, {}}, kTtl, kStart);
}

template <class Held>
void get(benchmark::State& state, bool hit) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  // Put in one random order and asked for in another (that of the names, which the store's places know nothing of).
  auto asked = hit ? names : keys(names.size(), "none:");
  std::sort(asked.begin(), asked.end());
  Held store;
  fill(store, names);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(store.get(asked[i], kStart + 1s));
    if (++i == asked.size()) i = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

void store_get_hit(benchmark::State& state) { get<Store>(state, true); }
void store_get_miss(benchmark::State& state) { get<Store>(state, false); }
void map_get_hit(benchmark::State& state) { get<MapAndHeap>(state, true); }
void map_get_miss(benchmark::State& state) { get<MapAndHeap>(state, false); }

// All keys, from an empty store.
void store_put_new(benchmark::State& state) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  for (auto _ : state) {
    Store store;
    fill(store, names);
    state.PauseTiming();
    store.clear();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void map_put_new(benchmark::State& state) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  for (auto _ : state) {
    auto* store = new MapAndHeap;
    fill(*store, names);
    state.PauseTiming();
    delete store;
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void store_overwrite(benchmark::State& state) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  Store store;
  fill(store, names);
  const std::string value(kValueBytes, 'w');
  std::uint64_t time = 2;
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& key = names[i];
    store.put(key, hash64(key), Bytes(value), Version{time++, {}}, kTtl, kStart);
    if (++i == names.size()) i = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

// Of this thread's own time: the longest of hundreds of calls by wall time is the scheduler's, not the store's.
double cpu_seconds() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

// As a driver does it: a call when one is due, another at once while there is more. Calls before the deadline sort the
// wheel more finely, those after it free.
void store_expire(benchmark::State& state, Duration grace) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  double longest = 0;
  double all = 0;
  double after = 0;
  for (auto _ : state) {
    StoreOptions options;
    options.tombstone_grace = grace;
    Store store(options);
    fill(store, names);
    double run = 0;
    // What a real driver would find on the clock: the time at hand moves on with the time the calls take.
    MonoTime now = kStart;
    while (store.live() > 0) {
      const double begin = cpu_seconds();
      store.expire(now, kBudget, [](StoreChange, const StoreItem&) {});
      const double took = cpu_seconds() - begin;
      longest = std::max(longest, took);
      run += took;
      if (now >= kStart + kTtl) after += took;
      now = std::max(store.next_due(now), now + Duration(static_cast<std::int64_t>(took * 1e9)));
    }
    state.SetIterationTime(run);
    all += run;
  }
  const double runs = static_cast<double>(state.iterations());
  const double n = static_cast<double>(state.range(0));
  state.counters["ns_per_key"] = all / runs / n * 1e9;
  state.counters["gone_ms"] = after / runs * 1e3;
  state.counters["longest_call_us"] = longest * 1e6;
}

void store_expire_to_tombstones(benchmark::State& state) { store_expire(state, 1h); }
void store_expire_to_nothing(benchmark::State& state) { store_expire(state, 0h); }

void map_expire(benchmark::State& state) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  double longest = 0;
  double all = 0;
  for (auto _ : state) {
    MapAndHeap store;
    fill(store, names);
    double run = 0;
    for (bool more = true; more;) {
      const double begin = cpu_seconds();
      more = store.expire(kStart + kTtl, kBudget);
      const double took = cpu_seconds() - begin;
      longest = std::max(longest, took);
      run += took;
    }
    state.SetIterationTime(run);
    all += run;
  }
  const double runs = static_cast<double>(state.iterations());
  state.counters["ns_per_key"] = all / runs / static_cast<double>(state.range(0)) * 1e9;
  state.counters["gone_ms"] = all / runs * 1e3;
  state.counters["longest_call_us"] = longest * 1e6;
}

// Bytes a key beside key and value, by the allocator's own account (its rounding and headers included).
template <class Held>
void bytes(benchmark::State& state) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  std::size_t payload = 0;
  for (const std::string& key : names) payload += key.size() + kValueBytes;
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  double beside = 0;
  for (auto _ : state) {
    const std::size_t before = in_use();
    Held store;
    fill(store, names);
    benchmark::DoNotOptimize(store);
    beside = static_cast<double>(in_use() - before) - static_cast<double>(payload);
  }
  state.counters["bytes_beside_a_key"] = beside / static_cast<double>(names.size());
}

void store_bytes(benchmark::State& state) { bytes<Store>(state); }
void map_bytes(benchmark::State& state) { bytes<MapAndHeap>(state); }

// A whole iteration in pieces of 256, as anti-entropy does it.
void store_scan(benchmark::State& state) {
  const auto names = keys(static_cast<std::size_t>(state.range(0)), "user:");
  Store store;
  fill(store, names);
  for (auto _ : state) {
    StoreCursor cursor;
    std::uint64_t sum = 0;
    while (store.scan(cursor, 256, kStart, [&](const StoreItem& item) {
      sum += item.version.time;
      return true;
    })) {
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

constexpr std::int64_t kTenThousand = 10'000;
constexpr std::int64_t kMillion = 1'000'000;

BENCHMARK(store_get_hit)->Arg(kTenThousand)->Arg(kMillion);
BENCHMARK(map_get_hit)->Arg(kTenThousand)->Arg(kMillion);
BENCHMARK(store_get_miss)->Arg(kTenThousand)->Arg(kMillion);
BENCHMARK(map_get_miss)->Arg(kTenThousand)->Arg(kMillion);
BENCHMARK(store_put_new)->Arg(kTenThousand)->Arg(kMillion)->Unit(benchmark::kMillisecond);
BENCHMARK(map_put_new)->Arg(kTenThousand)->Arg(kMillion)->Unit(benchmark::kMillisecond);
BENCHMARK(store_overwrite)->Arg(kTenThousand)->Arg(kMillion);
BENCHMARK(store_expire_to_tombstones)->Arg(kMillion)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(store_expire_to_nothing)->Arg(kMillion)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(map_expire)->Arg(kMillion)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(store_bytes)->Arg(kTenThousand)->Arg(kMillion)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(map_bytes)->Arg(kTenThousand)->Arg(kMillion)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(store_scan)->Arg(kTenThousand)->Arg(kMillion)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hearsay

BENCHMARK_MAIN();
