#include "sim/measure/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>

#include "core/base/student.hpp"

namespace hearsay::measure {

namespace {

// Of the value with rank ceil(q n), from 0.
std::size_t rank_of(double q, std::uint64_t n) {
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(n) - 1e-9));
  return std::clamp<std::size_t>(rank, 1, n) - 1;
}

bool is_share(std::string_view metric) { return metric.substr(0, metric.find('[')).ends_with("_share"); }

}  // namespace

void Samples::add(Duration value, bool censored) {
  const std::int64_t ns = std::max<std::int64_t>(0, value.count());
  min_ = count_ == 0 ? ns : std::min(min_, ns);
  max_ = std::max(max_, ns);
  sum_ += static_cast<std::uint64_t>(ns);
  censored_ += censored ? 1U : 0U;
  if (count_++ % stride_ != 0) return;
  if (kept_.size() == kMaxKept) {
    for (std::size_t i = 0; 2 * i < kept_.size(); ++i) kept_[i] = kept_[2 * i];
    kept_.resize(kept_.size() / 2);
    stride_ *= 2;
    if ((count_ - 1) % stride_ != 0) return;
  }
  kept_.push_back({ns, censored});
}

Samples::Order Samples::order() const {
  Order order{kept_, 0};
  std::ranges::sort(order.samples, [](const Sample& a, const Sample& b) {
    return a.censored != b.censored ? b.censored : a.ns < b.ns;
  });
  for (const Sample& sample : order.samples) order.known += sample.censored ? 0U : 1U;
  return order;
}

Distribution Samples::distribution(double per_second) const {
  Distribution d;
  d.count = count_;
  d.censored = censored_;
  if (count_ == 0) return d;
  const Order sorted = order();
  const double scale = per_second / 1e9;
  const auto at = [&](double q, std::uint64_t least) -> std::optional<double> {
    const std::size_t rank = rank_of(q, sorted.samples.size());
    if (count_ < least || rank >= sorted.known) return std::nullopt;
    return static_cast<double>(sorted.samples[rank].ns) * scale;
  };
  if (censored_ == 0) {
    d.min = static_cast<double>(min_) * scale;
    d.mean = static_cast<double>(sum_) / static_cast<double>(count_) * scale;
    d.max = static_cast<double>(max_) * scale;
  } else if (sorted.known > 0) {
    d.min = static_cast<double>(sorted.samples.front().ns) * scale;
  }
  d.median = at(0.5, 1);
  d.p90 = at(0.9, kP90Population);
  d.p99 = at(0.99, kP99Population);
  d.p999 = at(0.999, kP999Population);
  return d;
}

Distribution Samples::bounds(double per_second) const {
  Distribution d;
  d.count = count_;
  d.censored = censored_;
  if (censored_ == 0) return d;
  // Each censored sample at its bound: what it would have been is at least that, so each statistic is too.
  std::vector<Sample> sorted = kept_;
  std::ranges::sort(sorted, {}, &Sample::ns);
  const double scale = per_second / 1e9;
  const std::optional<double> least = distribution(per_second).min;
  const auto bound = [&](double value, std::uint64_t population) -> std::optional<double> {
    if (count_ < population || (least && value < *least)) return std::nullopt;
    return value;
  };
  const auto at = [&](double q) { return static_cast<double>(sorted[rank_of(q, sorted.size())].ns) * scale; };
  d.min = bound(static_cast<double>(min_) * scale, 1);
  d.mean = bound(static_cast<double>(sum_) / static_cast<double>(count_) * scale, 1);
  d.median = bound(at(0.5), 1);
  d.p90 = bound(at(0.9), kP90Population);
  d.p99 = bound(at(0.99), kP99Population);
  d.p999 = bound(at(0.999), kP999Population);
  d.max = bound(static_cast<double>(max_) * scale, 1);
  return d;
}

std::vector<RunsSummary> summarise(std::vector<Results> runs) {
  std::ranges::stable_sort(runs, {}, &Results::seed);
  struct Values {
    std::vector<double> known;
    std::uint64_t censored = 0;
  };
  std::map<std::string, Values> by_metric;
  for (const Results& run : runs) {
    for (const Metric& metric : run.metrics) {
      if (!metric.value && !metric.censored) continue;
      Values& values = by_metric[metric.name];
      if (metric.censored) {
        ++values.censored;
      } else {
        values.known.push_back(*metric.value);
      }
    }
  }
  std::vector<RunsSummary> summaries;
  for (auto& [name, values] : by_metric) {
    RunsSummary s;
    s.metric = name;
    s.censored = values.censored;
    const std::uint64_t n = values.known.size();
    s.runs = n + values.censored;
    if (n > 0) {
      std::ranges::sort(values.known);
      double sum = 0;
      for (const double v : values.known) sum += v;
      s.mean = sum / static_cast<double>(n);
      s.min = values.known.front();
      // A run that was cut off has a value above all others.
      if (const std::size_t rank = rank_of(0.5, s.runs); rank < n) s.median = values.known[rank];
      if (const std::size_t rank = rank_of(0.9, s.runs); rank < n && s.runs >= kP90Population) {
        s.p90 = values.known[rank];
      }
      if (values.censored == 0) s.max = values.known.back();
    }
    if (n > 1) {
      double squares = 0;
      for (const double v : values.known) squares += (v - s.mean) * (v - s.mean);
      s.sd = std::sqrt(squares / static_cast<double>(n - 1));
      const double half = student_t975(n - 1) * s.sd / std::sqrt(static_cast<double>(n));
      // No metric is below zero, and no share above one: what Student's t puts there is no value that could be.
      s.ci_low = std::max(0.0, s.mean - half);
      s.ci_high = is_share(name) ? std::min(1.0, s.mean + half) : s.mean + half;
    }
    summaries.push_back(std::move(s));
  }
  return summaries;
}

}  // namespace hearsay::measure
