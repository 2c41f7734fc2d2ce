// Events a second and bytes a node of the push-gossip workload (push_gossip.hpp) through the whole framework: Node and
// roles, Step, pooled messages, the network's draws, cost counted by type, fingerprint on. bench/peers has the same
// workload on ns-3's event core.
#include "bench/push_gossip.hpp"

#include <benchmark/benchmark.h>

#include "bench/memory.hpp"
#include "sim/world/engine.hpp"

namespace {

using namespace hearsay;

// Nobody is asked for a view or a placement by this workload.
class NoViews final : public ViewStore {
 public:
  MaybeBelief get(NodeSlot, NodeSlot) const override { return {}; }
  bool merge(NodeSlot, NodeSlot, Belief) override { return false; }
  void forget(NodeSlot, NodeSlot) override {}
  void clear(NodeSlot) override {}
  std::uint32_t members(NodeSlot) const override { return 0; }
  std::uint32_t known(NodeSlot) const override { return 0; }
  Hash128 member_hash(NodeSlot) const override { return {}; }
  std::uint32_t domain() const override { return 0; }
};
class NoPlacements final : public PlacementSource {
 public:
  const Placement& placement(View) override { std::abort(); }
  std::uint64_t hash_key(std::string_view) const override { std::abort(); }
};
class Nobody final : public world::EngineListener {
 public:
  void on_observation(const Observation&) override {}
  void on_reply(NodeSlot, const Reply&) override {}
  void on_client_event(std::uint32_t, NodeSlot, std::uint32_t) override {}
};

plan::Plan make_plan(std::uint32_t nodes) {
  plan::Plan plan;
  plan.directory = Directory(nodes);
  for (std::uint32_t i = 0; i < nodes; ++i) (void)plan.directory.intern(std::string("n").append(std::to_string(i)));
  plan.nodes.resize(nodes);
  plan::LinkSpec link;
  link.latency = *DurationDistribution::uniform(10ms, 100ms);
  plan.network.links = {link};
  return plan;
}

void push_gossip(benchmark::State& state) {
  const auto nodes = static_cast<std::uint32_t>(state.range(0));
  static const bench::PeakGrowth growth;  // of the first of the rounds that Google Benchmark makes
  const plan::Plan plan = make_plan(nodes);
  const Composition composition = bench::push_gossip(nodes);
  NoViews views;
  NoPlacements placements;
  Nobody nobody;
  world::Network network(plan, 1);
  world::Engine engine(composition, plan.directory, views, placements, network, 1, nobody, {});
  for (std::uint32_t i = 0; i < nodes; ++i) engine.start(NodeSlot{i}, false, {});
  TrueTime now = TrueTime(3s);
  engine.run_before(now);                                   // the queue has tuned itself
  const Duration slice = Duration(1s) * 1'000'000 / nodes;  // two million events
  std::uint64_t events = 0;
  for (auto _ : state) {
    now += slice;
    events += engine.run_before(now);
  }
  state.counters["events"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["bytes_per_node"] = static_cast<double>(engine.memory_bytes()) / nodes;
  state.counters["peak_bytes_per_node"] = growth.per_node(nodes);
  benchmark::DoNotOptimize(engine.fingerprint());
}
BENCHMARK(push_gossip)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
