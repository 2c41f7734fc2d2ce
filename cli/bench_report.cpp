#include "cli/bench_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/bytes_text.hpp"
#include "core/base/check.hpp"

namespace hearsay::cli {

namespace {

using Json = nlohmann::ordered_json;

double us(Duration value) { return std::chrono::duration<double, std::micro>(value).count(); }

}  // namespace

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? fmt::format("{:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  return text;
}

std::string number_text(double value) {
  const double size = std::abs(value);
  if (size >= 100 || size == 0) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

Json benchmark_json(const std::string& name, std::uint64_t iterations, double real_ns, double cpu_ns,
                    const Counters& counters) {
  Json json{{"name", name},          {"run_name", name}, {"run_type", "iteration"},  {"repetitions", 1},
            {"repetition_index", 0}, {"threads", 1},     {"iterations", iterations}, {"real_time", real_ns},
            {"cpu_time", cpu_ns},    {"time_unit", "ns"}};
  for (const auto& [counter, value] : counters) json[counter] = value;
  return json;
}

Json repeated_json(const std::string& name, const std::vector<double>& real_ns) {
  Json all = Json::array();
  for (std::size_t i = 0; i < real_ns.size(); ++i) {
    // The time is that of several threads and processes, which wait most of it: no processor time is told apart.
    Json one = benchmark_json(name, 1, real_ns[i], real_ns[i], {});
    one["repetitions"] = real_ns.size();
    one["repetition_index"] = i;
    all.push_back(std::move(one));
  }
  return all;
}

std::string document(Json benchmarks, const std::vector<std::pair<std::string, std::string>>& context) {
  char host[256] = "";
  (void)::gethostname(host, sizeof host - 1);
  Json about{{"date", fmt::format("{:%FT%T%z}", fmt::localtime(std::time(nullptr)))},
             {"host_name", host},
             {"executable", "hearsay"},
             {"num_cpus", std::thread::hardware_concurrency()}};
  for (const auto& [name, value] : context) about[name] = value;
  return json_text(Json{{"context", std::move(about)}, {"benchmarks", std::move(benchmarks)}}, 2);
}

std::vector<std::string> load_head() {
  return {"", "ops/s", "hits/s", "misses/s", "errors", "mean us", "p50 us", "p99 us", "p99.9 us", "max us", "KB/s"};
}

std::vector<std::string> load_row(const std::string& name, const LoadFigures& figures, double elapsed_s) {
  if (figures.items() == 0) return {name, "0", "-", "-", "0", "-", "-", "-", "-", "-", "-"};
  const auto rate = [&](std::uint64_t count) { return number_text(static_cast<double>(count) / elapsed_s); };
  const Histogram& latency = figures.latency;
  return {name,
          rate(figures.items()),
          rate(figures.hits),
          rate(figures.misses),
          fmt::format("{}", figures.errors),
          number_text(latency.mean_ns() / 1e3),
          number_text(us(latency.quantile(0.5))),
          number_text(us(latency.quantile(0.99))),
          number_text(us(latency.quantile(0.999))),
          number_text(us(latency.max())),
          number_text(static_cast<double>(figures.bytes) / elapsed_s / 1e3)};
}

Json load_json(const std::string& name, const LoadFigures& figures, const LoadResult& of, std::uint32_t threads) {
  const auto rate = [&](std::uint64_t count) { return static_cast<double>(count) / of.elapsed_s; };
  const auto ns = [&](double q) { return static_cast<double>(figures.latency.quantile(q).count()); };
  // Processor time is known of gets and puts together.
  const auto calls = static_cast<double>(std::max<std::uint64_t>(1, of.gets.latency.count() + of.puts.latency.count()));
  Json json = benchmark_json(name, figures.latency.count(), figures.latency.mean_ns(), of.cpu_s / calls * 1e9,
                             {{"items_per_second", rate(figures.items())},
                              {"bytes_per_second", rate(figures.bytes)},
                              {"items", static_cast<double>(figures.items())},
                              {"hits", static_cast<double>(figures.hits)},
                              {"misses", static_cast<double>(figures.misses)},
                              {"errors", static_cast<double>(figures.errors)},
                              {"p50_ns", ns(0.5)},
                              {"p99_ns", ns(0.99)},
                              {"p99_9_ns", ns(0.999)},
                              {"max_ns", static_cast<double>(figures.latency.max().count())}});
  json["threads"] = threads;
  return json;
}

}  // namespace hearsay::cli
