#include "sim/measure/report.hpp"

#include <fmt/format.h>

#include "sim/plan/metric_unit.hpp"

namespace hearsay::measure {

bool Findings::wants(std::string_view kind) const {
  const auto found = counts_.find(kind);
  return found == counts_.end() || found->second < kPerKind;
}

void Findings::add(std::string_view kind, TrueTime at, std::string_view text) {
  if (!wants(kind)) return;
  ++counts_[std::string(kind)];
  findings_.push_back({std::string(kind), fmt::format("{:.3f} s: {}", seconds(at), text)});
}

void Report::figure(std::string name, std::optional<double> value, std::string population, bool censored) {
  results_.metrics.push_back({std::move(name), value, censored, std::move(population)});
}

void Report::count(std::string name, std::uint64_t value, std::string population) {
  figure(std::move(name), static_cast<double>(value), std::move(population));
}

void Report::share(std::string name, std::uint64_t part, std::uint64_t whole, std::string_view population) {
  std::optional<double> value;
  if (whole > 0) value = static_cast<double>(part) / static_cast<double>(whole);
  figure(std::move(name), value, fmt::format("{} {}", whole, population));
}

void Report::distribution(std::string_view pattern, const Samples& samples, std::string_view population) {
  const bool ms = plan::unit_of(pattern) == plan::MetricUnit::kMilliseconds;
  const Distribution d = samples.distribution(ms ? 1000.0 : 1.0);
  const std::string of = d.censored == 0 ? fmt::format("{} {}", d.count, population)
                                         : fmt::format("{} {}, {} censored", d.count, population, d.censored);
  const std::size_t star = pattern.find('*');
  const auto put = [&](std::string_view statistic, std::optional<double> value, double q) {
    std::string name = fmt::format("{}{}{}", pattern.substr(0, star), statistic, pattern.substr(star + 1));
    if (d.count == 0) value.reset();
    figure(std::move(name), value, of, value.has_value() && is_bound(d, q));
  };
  put("min", d.min, 0.0);
  put("mean", d.mean, 1.0);
  put("median", d.median, 0.5);
  put("p90", d.p90, 0.9);
  put("p99", d.p99, 0.99);
  put("p999", d.p999, 0.999);
  put("max", d.max, 1.0);
}

}  // namespace hearsay::measure
