// What probes write their figures into at the end of a run. One thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sim/measure/results.hpp"
#include "sim/measure/statistics.hpp"

namespace hearsay::measure {

inline double seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }
inline double seconds(TrueTime t) { return seconds(t.time_since_epoch()); }

// Cases to look at, the first kPerKind of a kind; the rest is only counted by the probe's metric.
class Findings {
 public:
  static constexpr std::size_t kPerKind = 20;
  void add(std::string_view kind, TrueTime at, std::string_view text);
  // Whether another one of this kind would be kept: spares making its text.
  bool wants(std::string_view kind) const;
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  std::map<std::string, std::size_t, std::less<>> counts_;
  std::vector<Finding> findings_;
};

class Report {
 public:
  explicit Report(Results& results) : results_(results) {}

  void figure(std::string name, std::optional<double> value, std::string population, bool censored = false);
  void count(std::string name, std::uint64_t value, std::string population = {});
  // part / whole; nothing when the whole is nothing.
  void share(std::string name, std::uint64_t part, std::uint64_t whole, std::string_view population);
  // "get_latency_*_ms" gives each of kStatistics that the population is large enough for.
  void distribution(std::string_view pattern, const Samples& samples, std::string_view population);
  Results& results() { return results_; }

 private:
  Results& results_;
};

}  // namespace hearsay::measure
