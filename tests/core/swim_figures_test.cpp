// The published figures of SWIM (Das, Gupta, Motivala 2002), measured.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/core/swim_cluster.hpp"

namespace hearsay::test {
namespace {

struct Estimate {
  double value = 0;
  double half_width = 0;  // of the 99.9% confidence interval
};

// Estimate number of protocol periods until some member probes a crashed one for the first time, counted from 1: the
// probe that fails begins one period before the accusation.
Estimate periods_to_detection(SwimProbeOrder order, std::uint32_t nodes, int runs) {
  SwimConfig config;
  config.warm_start = true;
  config.probe_order = static_cast<int>(order);
  config.probe_timeout = 100ms;
  config.push_pull_interval = 0ns;
  config.rejoin = static_cast<int>(SwimRejoin::kNone);
  config.gossip_nodes = 0;
  double sum = 0;
  double squares = 0;
  for (int run = 0; run < runs; ++run) {
    const auto seed = static_cast<std::uint64_t>(run + 1);
    SwimCluster c(config, {.nodes = nodes, .seed = seed, .latency_min = 100us, .latency_max = 200us});
    c.start_all();
    // Anywhere in a round.
    RandomStream random(seed, Purpose::kTest);
    const Duration rounds = order == SwimProbeOrder::kRandom ? Duration(2s) : Duration(2s) * (nodes - 1);
    c.run_for(Duration(random.between(1, rounds.count())));
    const NodeSlot victim = n(static_cast<std::uint32_t>(random.below(nodes)));
    c.crash(victim);
    const TrueTime crashed = c.now();
    const bool detected = c.run_until(
        [&] { return !c.observations().empty() && c.observations().back().kind == ObservationKind::kMemberSuspect; },
        2min);
    REQUIRE(detected);
    const Duration to_probe = c.now() - crashed - config.probe_interval;
    const auto periods = static_cast<double>(std::max(Duration(0), to_probe) / config.probe_interval + 1);
    sum += periods;
    squares += periods * periods;
  }
  const double mean = sum / runs;
  const double variance = (squares - sum * mean) / (runs - 1);
  return {mean, 3.3 * std::sqrt(variance / runs)};
}

// 1 / (1 - (1 - 1/(n-1))^(n-1)), which tends to e / (e - 1) = 1.582.
double law(std::uint32_t nodes) {
  const double peers = nodes - 1;
  return 1 / (1 - std::pow(1 - 1 / peers, peers));
}

}  // namespace

TEST_CASE("first detection under random probing takes as many periods as SWIM's analysis says") {
  for (const auto& [nodes, runs] : {std::pair{8U, 600}, std::pair{24U, 400}, std::pair{56U, 200}}) {
    CAPTURE(nodes);
    const Estimate mean = periods_to_detection(SwimProbeOrder::kRandom, nodes, runs);
    CAPTURE(mean.value);
    CAPTURE(mean.half_width);
    CHECK(std::abs(mean.value - law(nodes)) < mean.half_width);
    CHECK(mean.half_width < 0.25);
  }
}

TEST_CASE("round-robin probing detects a little sooner in a small cluster") {
  const Estimate mean = periods_to_detection(SwimProbeOrder::kRoundRobin, 8, 600);
  CAPTURE(mean.value);
  CAPTURE(mean.half_width);
  CHECK(std::abs(mean.value - 1.46) < mean.half_width + 0.02);
}

TEST_CASE("round-robin probing bounds the time between two probes of a member by 2n - 1 periods") {
  SwimConfig config;
  config.warm_start = true;
  constexpr std::uint32_t kNodes = 12;
  SwimCluster c(config, {.nodes = kNodes});
  std::vector<std::vector<TrueTime>> probes(kNodes);  // of n0, by target
  c.drop = [&](NodeSlot from, NodeSlot to, const Message& m) {
    if (from == n(0) && is<swim::Ping>(m)) probes[raw(to)].push_back(c.now());
    return false;
  };
  c.start_all();
  c.run_for(200s);
  Duration longest{0};
  for (std::uint32_t i = 1; i < kNodes; ++i) {
    REQUIRE(probes[i].size() > 10);
    for (std::size_t j = 1; j < probes[i].size(); ++j) longest = std::max(longest, probes[i][j] - probes[i][j - 1]);
  }
  CHECK(longest <= Duration(1s) * (2 * (kNodes - 1) - 1));
  CHECK(longest > Duration(1s) * (kNodes - 1));  // each round has an order of its own
}

TEST_CASE("a quiet cluster costs two messages a node and period") {
  SwimConfig config;
  config.warm_start = true;
  config.push_pull_interval = 0ns;
  constexpr std::uint32_t kNodes = 32;
  SwimCluster c(config, {.nodes = kNodes});
  c.start_all();
  c.run_for(100s);
  std::uint64_t sent = 0;
  for (const auto& [name, counters] : c.counters()) sent += counters.sent;
  const double per_node_and_period = static_cast<double>(sent) / (kNodes * 100.0);
  CHECK(per_node_and_period > 1.98);
  CHECK(per_node_and_period < 2.02);
  CHECK(c.counters("swim.Gossip").sent == 0);
}

}  // namespace hearsay::test
