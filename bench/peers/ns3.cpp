// The load of bench/push_gossip.hpp on ns-3's event core, by each of its schedulers that can hold it: N nodes
// with a timer of period 1 s and a random phase; a tick sends the node's heartbeat counter to one uniformly random
// other node with a latency of 10 to 100 ms; the receiver merges it. Events are ticks and deliveries.
//
// Events derive from ns3::EventImpl, as MakeEvent's do, without its indirection: ns-3 as fast as it can be used.
#include <benchmark/benchmark.h>
#include <ns3/event-impl.h>
#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/memory.hpp"

namespace {

constexpr std::uint64_t kPeriodNs = 1'000'000'000;
constexpr std::uint64_t kMinLatencyNs = 10'000'000;
constexpr std::uint64_t kLatencyRangeNs = 90'000'000;
constexpr std::uint64_t kEventsAnIteration = 10'000;

// SplitMix64, the generator of bench/queue.cpp.
struct Random {
  std::uint64_t state = 1;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9E37'79B9'7F4A'7C15u;
    z = (z ^ z >> 30) * 0xBF58'476D'1CE4'E5B9u;
    z = (z ^ z >> 27) * 0x94D0'49BB'1331'11EBu;
    return z ^ z >> 31;
  }
};

struct World {
  std::vector<std::uint64_t> heartbeats;  // a node's own counter
  std::vector<std::uint64_t> merged;      // the largest counter a node received
  Random random;
  std::uint64_t events = 0;
  std::uint64_t stop_at = 0;

  void count_event() {
    if (++events == stop_at) ns3::Simulator::Stop();
  }
};

void schedule(std::uint64_t delay_ns, ns3::EventImpl* event) {
  ns3::Simulator::Schedule(ns3::NanoSeconds(delay_ns), ns3::Ptr<ns3::EventImpl>(event, false));
}

class Delivery : public ns3::EventImpl {
 public:
  Delivery(World& world, std::uint32_t to, std::uint64_t heartbeat) : world_(world), to_(to), heartbeat_(heartbeat) {}

 protected:
  void Notify() override {
    world_.merged[to_] = std::max(world_.merged[to_], heartbeat_);
    world_.count_event();
  }

 private:
  World& world_;
  std::uint32_t to_;
  std::uint64_t heartbeat_;
};

class Tick : public ns3::EventImpl {
 public:
  Tick(World& world, std::uint32_t node) : world_(world), node_(node) {}

 protected:
  void Notify() override {
    const std::uint64_t draw = world_.random.next();
    const std::uint64_t others = world_.heartbeats.size() - 1;
    auto to = static_cast<std::uint32_t>((draw >> 32) * others >> 32);
    if (to >= node_) ++to;
    const std::uint64_t latency = kMinLatencyNs + ((draw & 0xFFFF'FFFFu) * kLatencyRangeNs >> 32);
    schedule(latency, new Delivery(world_, to, ++world_.heartbeats[node_]));
    schedule(kPeriodNs, new Tick(world_, node_));
    world_.count_event();
  }

 private:
  World& world_;
  std::uint32_t node_;
};

void ns3_push_gossip(benchmark::State& state, const std::string& scheduler) {
  const auto nodes = static_cast<std::uint32_t>(state.range(0));
  static const hearsay::bench::PeakGrowth growth;
  ns3::ObjectFactory factory;
  factory.SetTypeId("ns3::" + scheduler);
  ns3::Simulator::SetScheduler(factory);
  World world;
  world.heartbeats.resize(nodes);
  world.merged.resize(nodes);
  for (std::uint32_t node = 0; node < nodes; ++node) {
    schedule(world.random.next() % kPeriodNs, new Tick(world, node));
  }
  const auto run = [&](std::uint64_t events) {
    world.stop_at = world.events + events;
    ns3::Simulator::Run();
  };
  run(std::uint64_t{2} * nodes);  // one period, until as many messages are under way as will be
  for (auto _ : state) run(kEventsAnIteration);
  state.SetItemsProcessed(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(state.iterations()) * kEventsAnIteration));
  state.counters["peak_bytes_per_node"] = growth.per_node(nodes);
  ns3::Simulator::Destroy();
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->RangeMultiplier(10)->Range(1000, 1'000'000)->Unit(benchmark::kMicrosecond);
}

BENCHMARK_CAPTURE(ns3_push_gossip, map, "MapScheduler")->Apply(sizes);
BENCHMARK_CAPTURE(ns3_push_gossip, heap, "HeapScheduler")->Apply(sizes);
BENCHMARK_CAPTURE(ns3_push_gossip, priority_queue, "PriorityQueueScheduler")->Apply(sizes);
// The calendar takes minutes to fill with a million.
BENCHMARK_CAPTURE(ns3_push_gossip, calendar, "CalendarScheduler")
    ->RangeMultiplier(10)
    ->Range(1000, 100'000)
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
