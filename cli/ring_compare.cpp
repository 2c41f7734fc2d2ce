// `hearsay ring compare`: rings side by side, as tables for a person or rows for a program.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "cli/bench_report.hpp"
#include "cli/chosen_ring.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/ring_under_gossip.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "sim/rings/measure.hpp"

namespace hearsay::cli {

namespace {

using rings::Estimate;
using rings::Figures;

struct Column {
  const char* table;
  const char* figure;  // in rows; "" where another column's row has it
  const char* head;
  bool time;  // depends on the machine
  std::function<std::optional<Estimate>(const Figures&)> value;
};

std::optional<Estimate> single(double value) { return Estimate{.mean = value}; }
std::optional<Estimate> theory_of(const Estimate& found) {
  return found.expected ? single(*found.expected) : std::nullopt;
}

const std::vector<Column>& columns() {
  static const std::vector<Column> all{
      {"Balance: shares over the mean", "share_max", "max", false,
       [](const Figures& f) { return std::optional(f.balance.max); }},
      {"Balance: shares over the mean", "share_p99", "p99", false,
       [](const Figures& f) { return std::optional(f.balance.p99); }},
      {"Balance: shares over the mean", "share_min", "min", false,
       [](const Figures& f) { return std::optional(f.balance.min); }},
      {"Balance: shares over the mean", "share_cv", "CV", false,
       [](const Figures& f) { return std::optional(f.balance.cv); }},
      {"Balance: shares over the mean", "", "theory", false, [](const Figures& f) { return theory_of(f.balance.cv); }},
      {"Balance: shares over the mean", "noise_cv", "noise", false,
       [](const Figures& f) { return single(f.balance.noise_cv); }},
      {"Balance: shares over the mean", "weight_error", "weight error", false,
       [](const Figures& f) { return f.weight_error; }},
      {"When one leaves or joins", "leave_moved", "leave", false,
       [](const Figures& f) { return std::optional(f.disruption.leave); }},
      {"When one leaves or joins", "join_moved", "join", false,
       [](const Figures& f) { return std::optional(f.disruption.join); }},
      {"When one leaves or joins", "collateral_share", "collateral", false,
       [](const Figures& f) { return std::optional(f.disruption.collateral); }},
      {"When one leaves or joins", "concentration_share", "largest heir", false,
       [](const Figures& f) { return std::optional(f.disruption.concentration); }},
      {"When one leaves or joins", "replica_churn", "replica sets", false,
       [](const Figures& f) { return std::optional(f.disruption.replica_churn); }},
      {"When one leaves or joins", "order_disagreement_share", "disagreement", false,
       [](const Figures& f) { return std::optional(f.disagreement); }},
      {"When one leaves or joins", "view_disagreement_share", "views", false,
       [](const Figures& f) { return std::optional(f.views); }},
      {"When one leaves or joins", "", "theory", false, [](const Figures& f) { return theory_of(f.views); }},
      {"Three replicas", "copysets_per_member", "copysets", false,
       [](const Figures& f) { return std::optional(f.spread.copysets); }},
      {"Three replicas", "scatter_width", "scatter", false,
       [](const Figures& f) { return std::optional(f.spread.scatter_width); }},
      {"Three replicas", "too_few_zones_share", "too few zones", false,
       [](const Figures& f) { return single(f.spread.one_zone); }},
      {"Keys that are not random: the busiest member over the mean", "sequential_max", "sequential", false,
       [](const Figures& f) { return std::optional(f.hostile.sequential); }},
      {"Keys that are not random: the busiest member over the mean", "zipf_max", "Zipf", false,
       [](const Figures& f) { return std::optional(f.hostile.zipf); }},
      {"Keys that are not random: the busiest member over the mean", "crc16_max", "one CRC-16", false,
       [](const Figures& f) { return std::optional(f.hostile.crc16); }},
      {"Keys that are not random: the busiest member over the mean", "crc32_max", "one CRC-32", false,
       [](const Figures& f) { return std::optional(f.hostile.crc32); }},
      {"Time and memory, here", "hot_ns", "hot ns", true, [](const Figures& f) { return single(f.speed.hot_ns); }},
      {"Time and memory, here", "batch_ns", "batch ns", true,
       [](const Figures& f) { return single(f.speed.batch_ns); }},
      {"Time and memory, here", "dependent_ns", "dep. ns", true,
       [](const Figures& f) { return single(f.speed.dependent_ns); }},
      {"Time and memory, here", "cold_ns", "cold ns", true, [](const Figures& f) { return single(f.speed.cold_ns); }},
      {"Time and memory, here", "cold_p99_ns", "p99 ns", true,
       [](const Figures& f) { return single(f.speed.cold_p99_ns); }},
      {"Time and memory, here", "hash_ns", "hash ns", true, [](const Figures& f) { return single(f.speed.hash_ns); }},
      {"Time and memory, here", "build_ms", "build ms", true,
       [](const Figures& f) { return single(f.speed.build_ms); }},
      {"Time and memory, here", "join_us", "join us", true, [](const Figures& f) { return single(f.speed.join_us); }},
      {"Time and memory, here", "leave_us", "leave us", true,
       [](const Figures& f) { return single(f.speed.leave_us); }},
      {"Time and memory, here", "member_bytes", "bytes", true,
       [](const Figures& f) { return single(f.speed.bytes_a_member); }},
      {"Time and memory, here", "peak_member_bytes", "peak", true,
       [](const Figures& f) {
         return f.speed.peak_bytes_a_member ? single(*f.speed.peak_bytes_a_member) : std::nullopt;
       }},
  };
  return all;
}

struct ComparedRing {
  std::string ring;
  Figures figures;
};

std::string cell(const std::optional<Estimate>& estimate) {
  if (!estimate || std::isnan(estimate->mean)) return "-";
  const std::string_view mark = estimate->far_off() ? " !" : "";
  if (estimate->half_width < 0.005 * std::max(1e-9, std::abs(estimate->mean))) {
    return fmt::format("{}{}", number_text(estimate->mean), mark);
  }
  return fmt::format("{} ±{:.2g}{}", number_text(estimate->mean), estimate->half_width, mark);
}

bool any_far_off(const std::vector<ComparedRing>& rows) {
  return std::ranges::any_of(rows, [](const ComparedRing& row) {
    return std::ranges::any_of(columns(), [&](const Column& column) {
      const auto estimate = column.value(row.figures);
      return estimate && estimate->far_off();
    });
  });
}

std::string text_of(const std::vector<ComparedRing>& rows, const RingCompareSettings& settings) {
  std::string out;
  for (std::size_t c = 0; c < columns().size();) {
    const std::string_view title = columns()[c].table;
    std::size_t end = c;
    while (end < columns().size() && title == columns()[end].table) ++end;
    if (!(columns()[c].time && settings.no_times)) {
      std::vector<std::vector<std::string>> table{{std::string(title), "members"}};
      for (std::size_t i = c; i < end; ++i) table.front().emplace_back(columns()[i].head);
      for (const ComparedRing& row : rows) {
        std::vector<std::string> line{fmt::format("  {}", row.ring), std::to_string(row.figures.nodes)};
        for (std::size_t i = c; i < end; ++i) line.push_back(cell(columns()[i].value(row.figures)));
        table.push_back(std::move(line));
      }
      out += fmt::format("{}{}", out.empty() ? "" : "\n", table_text(table));
    }
    c = end;
  }
  if (any_far_off(rows)) {
    out += fmt::format("\n  ! more than {} standard errors from what theory or the ring's promise says\n",
                       Estimate::kFarOff);
  }
  return out;
}

std::string json_of(const std::vector<ComparedRing>& rows, const std::vector<RingUnderGossip>& gossip,
                    const RingCompareSettings& settings) {
  using Json = nlohmann::ordered_json;
  Json json = Json::array();
  for (const ComparedRing& row : rows) {
    for (const Column& column : columns()) {
      if (*column.figure == '\0' || (column.time && settings.no_times)) continue;
      const auto estimate = column.value(row.figures);
      if (!estimate || std::isnan(estimate->mean)) continue;
      Json one{{"ring", row.ring},        {"nodes", row.figures.nodes}, {"figure", column.figure},
               {"value", estimate->mean}, {"low", estimate->low()},     {"high", estimate->high()}};
      if (estimate->expected) {
        one["expected"] = *estimate->expected;
        one["standard_errors_off"] = estimate->off;
      }
      json.push_back(std::move(one));
    }
  }
  add_under_gossip(json, gossip);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::uint32_t> nodes_of(const std::string& text) {
  std::uint32_t nodes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), nodes);
  if (error == std::errc() && end == text.data() + text.size() && nodes >= 1 && nodes <= kMostMembers) return nodes;
  return invalid(fmt::format("--nodes: '{}' is not a whole number from 1 to {}", text, kMostMembers));
}

// As far as it came before it was interrupted.
std::vector<ComparedRing> measured(const std::vector<ChosenRing>& chosen, const std::vector<std::uint32_t>& sizes,
                                   const RingCompareSettings& settings) {
  rings::MeasureOptions options;
  options.keys = settings.keys;
  options.sets = settings.sets;
  options.seed = settings.seed;
  options.times = !settings.no_times;
  options.interrupted = &interrupt_flag();
  ProgressLine progress(true);
  std::vector<ComparedRing> rows;
  for (const ChosenRing& one : chosen) {
    for (const std::uint32_t nodes : sizes) {
      progress.clear();  // of a step that took no time
      progress.show(
          fmt::format("{} of {}: {}, {} members", rows.size() + 1, chosen.size() * sizes.size(), one.text, nodes));
      options.nodes = nodes;
      auto figures = rings::measure(*one.ring, options);
      if (!figures) return rows;
      rows.push_back({one.text, *figures});
    }
  }
  return rows;
}

}  // namespace

int ring_compare(const RingCompareSettings& settings) {
  const auto chosen = choose_rings(settings.rings);
  if (!chosen) return failed(chosen.error());
  std::vector<std::uint32_t> sizes;
  for (const std::string& text : settings.nodes) {
    auto nodes = nodes_of(text);
    if (!nodes) return failed(nodes.error());
    sizes.push_back(*nodes);
  }
  if (sizes.empty()) return failed(Error{ErrorCode::kInvalidArgument, "--nodes: expected at least one number"});
  const SignalGuard guard;
  std::vector<RingUnderGossip> gossip;
  if (!settings.scenario.empty()) {
    auto ran = rings_under_gossip(*chosen, settings.scenario);
    if (!ran) return failed(ran.error());
    if (was_interrupted()) return kInterrupted;
    gossip = std::move(*ran);
  }
  const std::vector<ComparedRing> rows = measured(*chosen, sizes, settings);
  const std::size_t all = chosen->size() * sizes.size();
  if (rows.size() < all) std::fprintf(stderr, "hearsay: interrupted: %zu of %zu measured\n", rows.size(), all);
  if (rows.empty()) return kInterrupted;
  const std::string under_gossip = settings.json ? "" : under_gossip_text(gossip);
  const int code = print_or_fail(
      settings.json ? json_of(rows, gossip, settings)
                    : fmt::format("{}{}{}", text_of(rows, settings), under_gossip.empty() ? "" : "\n", under_gossip));
  return code == kOk && was_interrupted() ? kInterrupted : code;
}

}  // namespace hearsay::cli
