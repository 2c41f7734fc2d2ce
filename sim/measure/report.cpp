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
  const Distribution least = samples.bounds(ms ? 1000.0 : 1.0);
  const std::string of = d.censored == 0 ? fmt::format("{} {}", d.count, population)
                                         : fmt::format("{} {}, {} censored", d.count, population, d.censored);
  const std::size_t star = pattern.find('*');
  const auto put = [&](std::string_view statistic, std::optional<double> Distribution::* member,
                       std::uint64_t population_of_it) {
    std::string name = fmt::format("{}{}{}", pattern.substr(0, star), statistic, pattern.substr(star + 1));
    const bool censored = d.count >= population_of_it && !(d.*member);
    results_.metrics.push_back(
        {std::move(name), d.*member ? d.*member : least.*member, censored, of, d.count, d.censored});
  };
  put("min", &Distribution::min, 1);
  put("mean", &Distribution::mean, 1);
  put("median", &Distribution::median, 1);
  put("p90", &Distribution::p90, kP90Population);
  put("p99", &Distribution::p99, kP99Population);
  put("p999", &Distribution::p999, kP999Population);
  put("max", &Distribution::max, 1);
}

}  // namespace hearsay::measure
