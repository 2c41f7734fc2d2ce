#include "cli/ring_under_gossip.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/bench_report.hpp"
#include "cli/figure_text.hpp"
#include "cli/interrupt.hpp"
#include "cli/scenario.hpp"
#include "sim/world/world.hpp"

namespace hearsay::cli {

namespace {

struct GossipColumn {
  const char* metric;
  const char* head;
};

constexpr GossipColumn kGossipColumns[] = {
    {"ring_misrouted_share", "misrouted"}, {"ring_misrouted_max_share", "worst"},
    {"ring_misroute_mean_s", "an event"},  {"ring_misroute_max_s", "worst"},
    {"quorum_miss_share", "quorum miss"},  {"quorum_miss_across_share", "across"},
    {"availability_share", "available"},   {"stale_reads_share", "stale"},
};

// A ring that is there already, as a plan's configuration.
class ReadyRing final : public StrategyConfig {
 public:
  explicit ReadyRing(std::shared_ptr<const Ring> ring) : ring_(std::move(ring)) {}
  std::unique_ptr<StrategyConfig> clone() const override { return std::make_unique<ReadyRing>(ring_); }
  void visit(ParamVisitor&) override {}
  void use_preset(std::size_t) override {}
  Result<void> check() const override { return {}; }
  std::shared_ptr<const Component> build() const override { return ring_; }

 private:
  std::shared_ptr<const Ring> ring_;
};

}  // namespace

Result<std::vector<RingUnderGossip>> rings_under_gossip(const std::vector<ChosenRing>& rings, const std::string& file) {
  for (const ChosenRing& ring : rings) {
    if (!ring.text.ends_with(".py")) continue;
    return invalid(fmt::format("{}: a ring of Python is too slow for --scenario", ring.text));
  }
  auto plan = read_scenario(file, {});
  if (!plan) return invalid(plan.error().message);
  world::RunOptions options;
  options.interrupted = &interrupt_flag();
  std::vector<RingUnderGossip> rows;
  for (const ChosenRing& ring : rings) {
    plan->ring.config = std::make_shared<const ReadyRing>(ring.ring);
    const auto results = world::simulate(*plan, plan->seed, options);
    if (!results) return tl::unexpected(results.error());
    if (results->interrupted) break;
    RingUnderGossip row{ring.text, plan->nodes.size(), std::to_string(plan->nodes.size()), {}};
    if (const measure::Metric* metric = results->find(kGossipColumns[0].metric)) {
      row.followed = metric->population.substr(0, metric->population.find(" nodes"));
    }
    for (const GossipColumn& column : kGossipColumns) {
      const measure::Metric* metric = results->find(column.metric);
      row.figures.push_back(metric == nullptr ? std::nullopt : metric->value);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string under_gossip_text(const std::vector<RingUnderGossip>& rows) {
  if (rows.empty()) return "";
  std::vector<std::vector<std::string>> table{{"Under gossip", "nodes"}};
  for (const GossipColumn& column : kGossipColumns) table.front().emplace_back(column.head);
  for (const RingUnderGossip& row : rows) {
    std::vector<std::string> line{fmt::format("  {}", row.ring), row.followed};
    for (std::size_t i = 0; i < row.figures.size(); ++i) {
      line.push_back(row.figures[i] ? metric_text(kGossipColumns[i].metric, *row.figures[i]) : "-");
    }
    table.push_back(std::move(line));
  }
  return table_text(table);
}

void add_under_gossip(nlohmann::ordered_json& json, const std::vector<RingUnderGossip>& rows) {
  for (const RingUnderGossip& row : rows) {
    for (std::size_t i = 0; i < row.figures.size(); ++i) {
      if (!row.figures[i]) continue;
      json.push_back({{"ring", row.ring},
                      {"nodes", row.nodes},
                      {"figure", kGossipColumns[i].metric},
                      {"value", *row.figures[i]},
                      {"low", *row.figures[i]},
                      {"high", *row.figures[i]}});
    }
  }
}

}  // namespace hearsay::cli
