#include "cli/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/base/quantity.hpp"
#include "sim/measure/results_io.hpp"

namespace hearsay::cli {

namespace {

using measure::EventReport;
using measure::Results;

constexpr std::size_t kSparkWidth = 60;
constexpr std::size_t kMaxTypes = 6;

// "1.23 s" of a value in seconds.
std::string time_text(double seconds) { return human_duration(Duration(static_cast<std::int64_t>(seconds * 1e9 + 0.5))); }

std::string optional_time(const std::optional<double>& seconds) { return seconds ? time_text(*seconds) : "-"; }

// The effects that are not zero, largest kinds of damage first.
std::string effect_text(const measure::EventEffect& effect) {
  const std::pair<std::uint64_t, const char*> parts[] = {
      {effect.nodes, "nodes"},         {effect.healed, "healed"},       {effect.dropped, "dropped"},
      {effect.held, "held"},           {effect.delayed, "delayed"},     {effect.duplicated, "duplicated"},
      {effect.reordered, "reordered"}, {effect.deferred, "deferred"},   {effect.clocks, "clocks moved"},
      {effect.clients, "clients"},
  };
  std::string text;
  for (const auto& [count, name] : parts) {
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", human_count(static_cast<double>(count)), name);
  }
  return text.empty() ? "no effect" : text;
}

class Writer {
 public:
  Writer(const RunReport& report, const Palette& palette) : report_(report), palette_(palette) {}

  std::string text() {
    head();
    if (report_.results.empty()) {
      line("No run finished a sample before it was interrupted.");
    } else if (report_.results.size() == 1) {
      one_run(report_.results.front());
    } else {
      several_runs();
    }
    return std::move(out_);
  }

 private:
  template <class... T>
  void line(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    out_ += '\n';
  }
  void title(std::string_view text) { line("\n{}", palette_.bold(text)); }

  void head() {
    const plan::Plan& plan = report_.plan;
    line("{}  {}", palette_.bold(plan.name), palette_.dim(plan.question));
    const auto strategy = [](const plan::StrategyChoice& choice) {
      return std::string(choice.entry->name) + (choice.preset.empty() ? "" : " (" + choice.preset + ")");
    };
    line("{} nodes, {} simulated; {}, {}, {}, {}; {} link", plan.nodes.size(), format_duration(plan.duration),
         strategy(plan.membership), strategy(plan.dissemination), strategy(plan.replication), strategy(plan.ring),
         plan.network.kind == plan::LinkKind::kUdp ? "udp" : "zmq");
  }

  void one_run(const Results& results) {
    timeline(results);
    series(results);
    values(results);
    detection(results);
    cost(results);
    findings(results);
    expectations(results);
    tail(results);
  }

  // ---- the time line ----

  void timeline(const Results& results) {
    title("Time line, and how long until every view is right again");
    line("{:>9}  {:<22} {:<34} {:>8} {:>8} {:>8} {:>8}", "at", "event", "what it did", "first", "median", "p99", "last");
    const auto start = metric(results, "start_convergence_s");
    line("{:>9}  {:<22} {:<34} {:>8} {:>8} {:>8} {:>8}", "0 s", "start", fmt::format("{} nodes", present()), "", "", "",
         start ? time_text(*start) : "-");
    for (const EventReport& event : results.timeline) event_line(event);
  }

  std::size_t present() const {
    return static_cast<std::size_t>(std::count_if(report_.plan.nodes.begin(), report_.plan.nodes.end(),
                                                  [](const plan::NodeSpec& node) { return node.present; }));
  }

  void event_line(const EventReport& event) {
    const std::string effect = effect_text(event.effect);
    std::string text = fmt::format("{:>9}  {:<22} ", time_text(event.at_s), event.label);
    text += event.has_effect ? fmt::format("{:<34}", effect) : palette_.bad(fmt::format("{:<34}", effect));
    if (event.changes_views) {
      const measure::Distribution& nodes = event.node_convergence_s;
      const bool median_known = nodes.count > 2 * nodes.censored;
      text += fmt::format(" {:>8} {:>8} {:>8}", optional_time(event.first_s), median_known ? time_text(nodes.median) : "-",
                          nodes.censored == 0 ? optional_time(nodes.p99) : "-");
      text += event.converged_s ? fmt::format(" {:>8}", time_text(*event.converged_s))
                                : palette_.warn(fmt::format("    never; cut off by {}", event.censored_by));
      if (event.exits > 0) text += palette_.dim(fmt::format("  (lost again {}x)", event.exits));
    }
    line("{}", text);
  }

  // ---- over time ----

  void series(const Results& results) {
    bool titled = false;
    for (const measure::Series& series : results.series) {
      if (series.points.size() < 2) continue;
      std::vector<double> values;
      values.reserve(series.points.size());
      for (const measure::SeriesPoint& point : series.points) values.push_back(point.value);
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      if (*low == *high) continue;  // a flat line says nothing
      if (!titled) title("Over time");
      titled = true;
      const bool share = series.name.ends_with("_share");
      line("{:<28} {} {}", series.name, sparkline(values, kSparkWidth, share ? 0.0 : *low, share ? 1.0 : *high),
           palette_.dim(fmt::format("{:.3g} .. {:.3g}", *low, *high)));
    }
  }

  // ---- figures ----

  static std::optional<double> metric(const Results& results, std::string_view name) {
    const measure::Metric* found = results.find(name);
    return found == nullptr ? std::nullopt : found->value;
  }

  // "name value, name value" of those that have one.
  struct Figure {
    const char* name;
    const char* metric;
    enum class Unit : std::uint8_t { kCount, kShare, kSeconds, kMilliseconds } unit;
  };
  void figures(const Results& results, std::string_view heading, std::initializer_list<Figure> figures) {
    std::string text;
    for (const Figure& figure : figures) {
      const std::optional<double> value = metric(results, figure.metric);
      if (!value) continue;
      if (!text.empty()) text += ", ";
      switch (figure.unit) {
        case Figure::Unit::kCount: text += fmt::format("{} {}", human_count(*value), figure.name); break;
        case Figure::Unit::kShare: text += fmt::format("{:.4g}% {}", 100 * *value, figure.name); break;
        case Figure::Unit::kSeconds: text += fmt::format("{} {}", figure.name, time_text(*value)); break;
        case Figure::Unit::kMilliseconds: text += fmt::format("{} {}", figure.name, time_text(*value / 1000)); break;
      }
    }
    if (!text.empty()) line("{:<12} {}", heading, text);
  }

  void values(const Results& results) {
    using enum Figure::Unit;
    if (metric(results, "requests_count").value_or(0) == 0) return;
    title("Clients and values");
    figures(results, "Requests", {{"made", "requests_count", kCount}, {"available", "availability_share", kShare},
                                  {"failed", "errors_count", kCount}});
    figures(results, "Gets", {{"median", "get_latency_median_ms", kMilliseconds}, {"p99", "get_latency_p99_ms", kMilliseconds},
                              {"stale", "stale_reads_count", kCount}, {"missing wrongly", "false_misses_count", kCount}});
    figures(results, "Puts", {{"median", "put_latency_median_ms", kMilliseconds}, {"p99", "put_latency_p99_ms", kMilliseconds},
                              {"acknowledged and lost", "lost_acknowledged_writes_count", kCount}});
    figures(results, "Copies", {{"all there after (median)", "value_convergence_median_s", kSeconds},
                                {"p99", "value_convergence_p99_s", kSeconds}, {"last", "value_convergence_max_s", kSeconds}});
    figures(results, "Expiry", {{"early", "early_expiries_count", kCount}, {"read late", "late_reads_count", kCount},
                                {"came back", "resurrections_count", kCount},
                                {"gone everywhere after (median)", "gone_everywhere_median_s", kSeconds},
                                {"last", "gone_everywhere_max_s", kSeconds}});
  }

  void detection(const Results& results) {
    using enum Figure::Unit;
    if (!metric(results, "first_detection_median_s") && metric(results, "false_positives_count").value_or(0) == 0 &&
        metric(results, "suspicions_count").value_or(0) == 0) {
      return;
    }
    title("Failure detection");
    figures(results, "Deaths", {{"noticed after (median)", "first_detection_median_s", kSeconds},
                                {"by all after (median)", "full_detection_median_s", kSeconds},
                                {"last", "full_detection_max_s", kSeconds}});
    figures(results, "Mistakes", {{"live members declared dead", "false_positives_count", kCount},
                                  {"suspected", "false_suspicions_count", kCount}, {"refutations", "refutations_count", kCount}});
  }

  void cost(const Results& results) {
    title("Cost");
    line("{:<12} {:.3g} messages and {:.4g} bytes a node and second", "All", metric(results, "messages_per_node_s").value_or(0),
         metric(results, "bytes_per_node_s").value_or(0));
    double total = 0;
    for (const measure::TypeCost& type : results.cost) total += static_cast<double>(type.bytes);
    for (std::size_t i = 0; i < std::min(kMaxTypes, results.cost.size()); ++i) {
      const measure::TypeCost& type = results.cost[i];
      const double share = total > 0 ? static_cast<double>(type.bytes) / total : 0;
      line("  {:<22} {} {:>5.1f}% of bytes, {:>7} messages", type.type, bar(share, 20), 100 * share,
           human_count(static_cast<double>(type.messages)));
    }
  }

  void findings(const Results& results) {
    if (results.findings.empty()) return;
    title("Look at");
    for (std::size_t i = 0; i < std::min<std::size_t>(8, results.findings.size()); ++i) {
      line("  {:<16} {}", results.findings[i].kind, results.findings[i].text);
    }
    if (results.findings.size() > 8) line("  and {} more in results.json", results.findings.size() - 8);
  }

  void expectations(const Results& results) {
    if (results.expectations.empty()) return;
    title("Expectations");
    for (const measure::ExpectationReport& expectation : results.expectations) {
      line("  {} {:<44} {}", expectation.held ? palette_.good("held  ") : palette_.bad("failed"), expectation.text,
           expectation.measured);
    }
    for (const EventReport& event : results.timeline) {
      if (!event.has_effect) line("  {} {:<44} {}", palette_.bad("failed"), event.label, "the event had no effect");
    }
  }

  void tail(const Results& results) {
    line("");
    line("{:<12} {}", "Fingerprint", results.fingerprint.hex());
    line("{:<12} {}", "Repeat", report_.repeat);
    line("{:<12} {}", "Run folder", report_.folder);
    const double elapsed = std::max(1e-9, report_.elapsed_s);
    line("{}", palette_.dim(fmt::format("{} events in {:.2f} s, {} events/s", human_count(static_cast<double>(results.events)),
                                        report_.elapsed_s, human_count(static_cast<double>(results.events) / elapsed))));
  }

  // ---- several runs ----

  void several_runs() {
    const std::size_t runs = report_.results.size();
    title(fmt::format("{} runs, seeds {} to {}", runs, report_.results.front().seed, report_.results.back().seed));
    line("{:<40} {:>10} {:>23} {:>10} {:>10} {:>10}  {}", "metric", "mean", "95% interval", "min", "median", "max", "runs");
    for (const measure::RunsSummary& row : report_.summary) {
      const std::string interval =
          row.ci_low && row.ci_high ? fmt::format("{:.4g} .. {:.4g}", *row.ci_low, *row.ci_high) : std::string("-");
      line("{:<40} {:>10.4g} {:>23} {:>10.4g} {:>10.4g} {:>10.4g}  {}{}", row.metric, row.mean, interval, row.min, row.median,
           row.max, row.runs, row.censored > 0 ? fmt::format(" ({} censored)", row.censored) : "");
    }
    title("Expectations");
    const auto& first = report_.results.front().expectations;
    for (std::size_t i = 0; i < first.size(); ++i) {
      std::size_t held = 0;
      std::string failed;
      for (const Results& results : report_.results) {
        if (results.expectations[i].held) {
          ++held;
        } else if (failed.size() < 60) {
          failed += fmt::format(" {}", results.seed);
        }
      }
      line("  {} {:<44} in {} of {} runs{}", held == runs ? palette_.good("held  ") : palette_.bad("failed"), first[i].text, held,
           runs, failed.empty() ? "" : "; not with seed" + failed);
    }
    Hash128 sum;
    for (const Results& results : report_.results) sum += results.fingerprint;
    line("");
    line("{:<12} {} (the sum of all runs')", "Fingerprint", sum.hex());
    line("{:<12} {}", "Repeat", report_.repeat);
    line("{:<12} {}", "Run folder", report_.folder);
  }

  const RunReport& report_;
  const Palette& palette_;
  std::string out_;
};

}  // namespace

std::string summary_text(const RunReport& report, const Palette& palette) { return Writer(report, palette).text(); }

nlohmann::ordered_json results_json(const RunReport& report) {
  if (report.results.size() == 1) return measure::to_json(report.results.front());
  nlohmann::ordered_json json;
  json["scenario"] = report.plan.name;
  Hash128 sum;
  for (const Results& results : report.results) sum += results.fingerprint;
  json["fingerprint"] = sum.hex();
  json["summary"] = measure::to_json(report.summary);
  json["runs"] = nlohmann::ordered_json::array();
  for (const Results& results : report.results) json["runs"].push_back(measure::to_json(results));
  return json;
}

}  // namespace hearsay::cli
