#include "sim/measure/cost_probe.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hearsay::measure {

namespace {

TypeCost total(const Traffic& traffic) {
  TypeCost sum;
  for (const TypeTraffic& type : traffic.by_type) {
    sum.messages += type.messages;
    sum.bytes += type.bytes;
  }
  return sum;
}

std::uint64_t dropped(const Traffic& t) { return t.dropped_loss + t.dropped_cut + t.dropped_down + t.dropped_queue; }

}  // namespace

void CostProbe::advance(TrueTime at, std::uint32_t live) {
  node_seconds_ += seconds(at - now_) * live;
  now_ = at;
}

void CostProbe::sample(TrueTime at, const Traffic& traffic) {
  const TypeCost sum = total(traffic);
  const double span = node_seconds_ - sampled_node_seconds_;
  const auto rate = [span](std::uint64_t now, std::uint64_t before) {
    return span > 0 ? static_cast<double>(now - before) / span : 0.0;
  };
  message_rate_.points.push_back({seconds(at), rate(sum.messages, messages_)});
  byte_rate_.points.push_back({seconds(at), rate(sum.bytes, bytes_)});
  drops_.points.push_back({seconds(at), static_cast<double>(dropped(traffic) - dropped_)});
  messages_ = sum.messages;
  bytes_ = sum.bytes;
  dropped_ = dropped(traffic);
  sampled_node_seconds_ = node_seconds_;
}

void CostProbe::finish(const Traffic& traffic, Report& report) {
  const TypeCost sum = total(traffic);
  const std::string population = fmt::format("{:.6g} node seconds", node_seconds_);
  const auto rate = [this](std::uint64_t n) -> std::optional<double> {
    if (node_seconds_ <= 0) return std::nullopt;
    return static_cast<double>(n) / node_seconds_;
  };
  report.count("messages_count", sum.messages);
  report.count("bytes_count", sum.bytes);
  report.figure("messages_per_node_s", rate(sum.messages), population);
  report.figure("bytes_per_node_s", rate(sum.bytes), population);
  const std::string of = fmt::format("{} messages", sum.messages);
  report.count("delivered_count", traffic.delivered, of);
  report.count("dropped_count", dropped(traffic), of);
  report.count("dropped_loss_count", traffic.dropped_loss, of);
  report.count("dropped_cut_count", traffic.dropped_cut, of);
  report.count("dropped_down_count", traffic.dropped_down, of);
  report.count("dropped_queue_count", traffic.dropped_queue, of);
  report.count("overflows_count", overflows_);
  report.count("repaired_count", repaired_);
  Results& results = report.results();
  for (Series* series : {&message_rate_, &byte_rate_, &drops_}) results.series.push_back(std::move(*series));
  for (const TypeTraffic& type : traffic.by_type) {
    report.figure(fmt::format("messages_per_node_s[{}]", type.type->name), rate(type.messages), population);
    report.figure(fmt::format("bytes_per_node_s[{}]", type.type->name), rate(type.bytes), population);
    results.cost.push_back({std::string(type.type->name), type.messages, type.bytes});
  }
  std::ranges::stable_sort(results.cost, [](const TypeCost& a, const TypeCost& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.type < b.type;
  });
}

}  // namespace hearsay::measure
