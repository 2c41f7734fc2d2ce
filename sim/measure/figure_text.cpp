#include "sim/measure/figure_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/quantity.hpp"
#include "sim/plan/metric_unit.hpp"

namespace hearsay::measure {

std::string time_text(double seconds) {
  if (seconds < 0) return fmt::format("-{}", time_text(-seconds));
  const auto ns = static_cast<std::int64_t>(seconds * 1e9 + 0.5);
  return ns == 0 ? "0 s" : human_duration(Duration(ns));
}

std::string share_text(double share) {
  const double percent = 100 * share;
  if (percent > 0 && percent < 0.01) return "<0.01%";
  if (percent > 99.95 && percent < 100) return percent >= 99.995 ? ">99.99%" : fmt::format("{:.2f}%", percent);
  return fmt::format("{:.3g}%", percent);
}

std::string bytes_text(double bytes) {
  const std::string count = human_count(bytes);
  const std::size_t digits = std::min(count.find_first_of("kMGTP"), count.size());
  return fmt::format("{} {}B", std::string_view(count).substr(0, digits), std::string_view(count).substr(digits));
}

std::string metric_text(std::string_view metric, double value) {
  using plan::MetricUnit;
  switch (plan::unit_of(metric)) {
    case MetricUnit::kSeconds: return time_text(value);
    case MetricUnit::kMilliseconds: return time_text(value / 1000);
    case MetricUnit::kShare: return share_text(value);
    case MetricUnit::kBytes: return bytes_text(value);
    case MetricUnit::kPerNodeSecond: return human_count(value) + "/s";
    case MetricUnit::kBytesPerNodeSecond: return bytes_text(value) + "/s";
    case MetricUnit::kPlain: break;
  }
  return human_count(value);
}

}  // namespace hearsay::measure
