#include "sim/plan/metric_unit.hpp"

#include <fmt/format.h>

#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::plan {

MetricUnit unit_of(std::string_view metric) {
  const std::string_view name = metric.substr(0, metric.find('['));
  const bool bytes = name.starts_with("bytes_") || name.ends_with("_bytes");
  if (name.ends_with("_per_node_s")) return bytes ? MetricUnit::kBytesPerNodeSecond : MetricUnit::kPerNodeSecond;
  if (bytes) return MetricUnit::kBytes;
  if (name.ends_with("_ms")) return MetricUnit::kMilliseconds;
  if (name.ends_with("_s")) return MetricUnit::kSeconds;
  if (name.ends_with("_share")) return MetricUnit::kShare;
  return MetricUnit::kPlain;
}

std::string_view symbol(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::kSeconds: return "s";
    case MetricUnit::kMilliseconds: return "ms";
    case MetricUnit::kBytes: return "bytes";
    case MetricUnit::kPerNodeSecond: return "1/(node s)";
    case MetricUnit::kBytesPerNodeSecond: return "bytes/(node s)";
    case MetricUnit::kPlain:
    case MetricUnit::kShare: break;
  }
  return "";
}

Result<double> parse_in(MetricUnit unit, std::string_view text) {
  const auto bytes = [](std::string_view size) {
    return parse_size(size).map([](std::int64_t b) { return static_cast<double>(b); });
  };
  const auto time = [text](double per_ns) {
    return parse_duration(text).map([per_ns](Duration d) { return static_cast<double>(d.count()) / per_ns; });
  };
  switch (unit) {
    case MetricUnit::kSeconds: return time(1e9);
    case MetricUnit::kMilliseconds: return time(1e6);
    case MetricUnit::kShare: return parse_share(text);
    case MetricUnit::kBytes: return bytes(text);
    case MetricUnit::kBytesPerNodeSecond: return bytes(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
    case MetricUnit::kPlain:
    case MetricUnit::kPerNodeSecond: break;
  }
  return invalid(fmt::format("{} is a string; expected a plain number", quote(text)));
}

}  // namespace hearsay::plan
