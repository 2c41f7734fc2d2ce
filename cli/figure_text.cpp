#include "cli/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/quantity.hpp"

namespace hearsay::cli {

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
  std::string_view unit = metric.substr(0, metric.find('['));  // "convergence_s[heal]"
  if (unit.ends_with("_per_node_s")) {
    return (unit.starts_with("bytes") ? bytes_text(value) : human_count(value)) + "/s";
  }
  if (unit.ends_with("_share")) return share_text(value);
  if (unit.ends_with("_ms")) return time_text(value / 1000);
  if (unit.ends_with("_s")) return time_text(value);
  if (unit.ends_with("bytes_count") || unit.ends_with("_bytes")) return bytes_text(value);
  return human_count(value);
}

std::string cut(std::string_view text, std::size_t width) {
  std::size_t columns = 0;
  std::size_t keep = 0;  // bytes of the first width - 3 columns
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;  // goes on with the character before
    if (columns + 3 == width) keep = i;
    if (++columns > width) return std::string(text.substr(0, keep)) + "...";
  }
  return std::string(text);
}

}  // namespace hearsay::cli
