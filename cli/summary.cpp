#include "cli/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <set>

#include "cli/figure_text.hpp"
#include "core/base/quantity.hpp"
#include "sim/measure/results_io.hpp"

namespace hearsay::cli {

namespace {

using measure::EventReport;
using measure::Results;

constexpr std::size_t kMaxSparkWidth = 72;
constexpr std::size_t kMaxTypes = 6;
constexpr std::size_t kMaxLabel = 28;  // longer ones are cut: the columns after them matter more

// Of several runs, what a person asks first, in this order; "[" stands for one row for each event. What an expectation
// names is shown, too. The others are in results.json.
constexpr std::string_view kChosenMetrics[] = {
    "start_convergence_s",        "convergence_s[",          "view_disagreement_share", "ring_disagreement_share",
    "availability_share",         "get_latency_median_ms",   "get_latency_p99_ms",      "put_latency_p99_ms",
    "stale_reads_share",          "false_misses_count",      "lost_acknowledged_writes_count",
    "value_convergence_median_s", "value_convergence_p99_s", "early_expiries_count",    "late_reads_count",
    "resurrections_count",        "gone_everywhere_max_s",   "first_detection_median_s", "full_detection_max_s",
    "false_positives_count",      "messages_per_node_s",     "bytes_per_node_s",
};

std::string optional_time(const std::optional<double>& seconds) { return seconds ? time_text(*seconds) : "-"; }

// The effects that are not zero, largest kinds of damage first.
std::string effect_text(const measure::EventEffect& effect) {
  const struct {
    std::uint64_t count;
    const char* one;
    const char* many;
  } parts[] = {
      {effect.nodes, "node", "nodes"},
      {effect.healed, "partition healed", "partitions healed"},
      {effect.dropped, "dropped", "dropped"},
      {effect.held, "held", "held"},
      {effect.delayed, "delayed", "delayed"},
      {effect.duplicated, "duplicated", "duplicated"},
      {effect.reordered, "reordered", "reordered"},
      {effect.deferred, "deferred", "deferred"},
      {effect.clocks, "clock moved", "clocks moved"},
      {effect.clients, "client", "clients"},
  };
  std::string text;
  for (const auto& [count, one, many] : parts) {
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", human_count(static_cast<double>(count)), count == 1 ? one : many);
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
    while (out_.ends_with(' ')) out_.pop_back();
    out_ += '\n';
  }
  void title(std::string_view text) { line("\n{}", palette_.bold(text)); }
  // Columns that are left of a line, at least `least`.
  std::size_t rest(std::size_t used, std::size_t least) const {
    return std::max(least, report_.width > used ? report_.width - used : 0);
  }

  void head() {
    const plan::Plan& plan = report_.plan;
    line("{}  {}", palette_.bold(plan.name), palette_.dim(plan.question));
    const auto strategy = [](const plan::StrategyChoice& choice) {
      return std::string(choice.entry->name) + (choice.preset.empty() ? "" : " (" + choice.preset + ")");
    };
    line("{} nodes, {} simulated; {}, {}, {}, {}; {} link", plan.nodes.size(), format_duration(plan.duration),
         strategy(plan.membership), strategy(plan.dissemination), strategy(plan.replication), strategy(plan.ring),
         plan.network.kind == plan::LinkKind::kUdp ? "udp" : "zmq");
    for (const Results& results : report_.results) {
      if (!results.interrupted) continue;
      line("{}", palette_.warn(fmt::format("Interrupted at {} of {} (seed {}): the figures are of what was simulated until then.",
                                           time_text(results.duration_s), format_duration(plan.duration), results.seed)));
      break;
    }
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

  // Figures before words: a line that is too long loses nothing but alignment.
  void timeline(const Results& results) {
    title("Time line, and how long until every view is right again");
    std::size_t labels = 5;
    for (const EventReport& event : results.timeline) labels = std::max(labels, event.label.size());
    labels = std::min(labels, kMaxLabel);
    line("{:>9}  {:<{}} {:>9} {:>9} {:>9} {:>9}  {}", "at", "event", labels, "first", "median", "p99", "last", "what it did");
    const measure::Metric* start = results.find("start_convergence_s");
    std::string last = "-";
    if (start != nullptr && start->value) last = (start->censored ? "> " : "") + time_text(*start->value);
    line("{:>9}  {:<{}} {:>9} {:>9} {:>9} {:>9}  {} nodes", "0 s", "start", labels, "", "", "", last, present());
    for (const EventReport& event : results.timeline) event_line(results, event, labels);
  }

  std::size_t present() const {
    return static_cast<std::size_t>(std::count_if(report_.plan.nodes.begin(), report_.plan.nodes.end(),
                                                  [](const plan::NodeSpec& node) { return node.present; }));
  }

  void event_line(const Results& results, const EventReport& event, std::size_t labels) {
    std::string text = fmt::format("{:>9}  {:<{}} ", time_text(event.at_s), cut(event.label, labels), labels);
    std::string remark;
    if (event.changes_views) {
      const measure::Distribution& nodes = event.node_convergence_s;
      const bool median_known = nodes.count > 2 * nodes.censored;
      text += fmt::format("{:>9} {:>9} {:>9} ", optional_time(event.first_s), median_known ? time_text(nodes.median) : "-",
                          nodes.censored == 0 ? optional_time(nodes.p99) : "-");
      if (event.converged_s) {
        text += fmt::format("{:>9}", time_text(*event.converged_s));
      } else {
        const auto bound = metric(results, fmt::format("convergence_s[{}]", event.label));
        text += palette_.warn(fmt::format("{:>9}", bound ? "> " + time_text(*bound) : "never"));
        remark = event.censored_by.empty() ? "" : fmt::format(" (then: {})", event.censored_by);
      }
      if (event.exits > 0) remark += fmt::format(" (right, and lost again {}x)", event.exits);
    } else {
      text += fmt::format("{:39}", "");
    }
    const std::string effect = effect_text(event.effect);
    line("{}  {}{}", text, event.has_effect ? effect : palette_.bad(effect), palette_.dim(remark));
  }

  // ---- over time ----

  void series(const Results& results) {
    struct Row {
      const measure::Series* series;
      double low, high;
    };
    std::vector<Row> rows;
    std::size_t names = 0;
    for (const measure::Series& series : results.series) {
      const auto value = [](const measure::SeriesPoint& point) { return point.value; };
      if (series.points.size() < 2) continue;
      const auto [low, high] = std::ranges::minmax(series.points | std::views::transform(value));
      if (low == high) continue;  // a flat line says nothing
      rows.push_back({&series, low, high});
      names = std::max(names, series.name.size());
    }
    if (rows.empty()) return;
    title("Over time");
    const std::size_t width = std::min(kMaxSparkWidth, rest(names + 24, 20));
    event_marks(results, names, width);
    for (const Row& row : rows) {
      std::vector<SparkPoint> points;
      for (const measure::SeriesPoint& point : row.series->points) points.push_back({point.t_s, point.value});
      const bool share = row.series->name.ends_with("_share");
      line("{:<{}} {} {}", row.series->name, names,
           sparkline(points, results.duration_s, width, share ? 0.0 : std::min(0.0, row.low), share ? 1.0 : row.high),
           palette_.dim(fmt::format("{} .. {}", metric_text(row.series->name, row.low), metric_text(row.series->name, row.high))));
    }
  }

  // Where the events are, above the series: a mark each, and their labels as far as there is room.
  void event_marks(const Results& results, std::size_t indent, std::size_t width) {
    std::map<std::size_t, std::string_view> marks;  // the first event of each column
    for (const EventReport& event : results.timeline) {
      const auto column = static_cast<std::size_t>(event.at_s / std::max(1e-9, results.duration_s) * static_cast<double>(width));
      if (column < width) marks.emplace(column, event.label);
    }
    if (marks.empty()) return;
    std::string text;
    for (auto mark = marks.begin(); mark != marks.end(); ++mark) {
      const std::size_t next = std::next(mark) == marks.end() ? width : std::next(mark)->first;
      text.append(mark->first - text.size(), ' ');
      text += '|';
      if (text.size() + mark->second.size() < next) text += mark->second;
    }
    line("{:<{}} {}", "", indent, palette_.dim(text));
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
        case Figure::Unit::kShare: text += fmt::format("{} {}", share_text(*value), figure.name); break;
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
    line("{:<12} {} messages, {} a node and second", "All", human_count(metric(results, "messages_per_node_s").value_or(0)),
         bytes_text(metric(results, "bytes_per_node_s").value_or(0)));
    double total = 0;
    for (const measure::TypeCost& type : results.cost) total += static_cast<double>(type.bytes);
    std::size_t names = 0;
    for (std::size_t i = 0; i < std::min(kMaxTypes, results.cost.size()); ++i) {
      names = std::max(names, results.cost[i].type.size());
    }
    for (std::size_t i = 0; i < std::min(kMaxTypes, results.cost.size()); ++i) {
      const measure::TypeCost& type = results.cost[i];
      const double share = total > 0 ? static_cast<double>(type.bytes) / total : 0;
      line("  {:<{}} {} {:>5.1f}% of bytes, {:>6} messages", type.type, names, bar(share, 20), 100 * share,
           human_count(static_cast<double>(type.messages)));
    }
    if (results.cost.size() > kMaxTypes) line("  {}", palette_.dim(fmt::format("and {} more types", results.cost.size() - kMaxTypes)));
  }

  // The first of each kind: the tenth stale read says no more than the first.
  void findings(const Results& results) {
    if (results.findings.empty()) return;
    std::size_t kinds = 0;
    for (const measure::Finding& finding : results.findings) {
      kinds = std::max(kinds, finding.kind.size());
    }
    title("Look at (the first of each kind; more in results.json)");
    std::set<std::string_view> shown;
    for (const measure::Finding& finding : results.findings) {
      if (shown.insert(finding.kind).second) line("  {:<{}}  {}", finding.kind, kinds, finding.text);
    }
  }

  // Expectations and events without effect, each with what was measured.
  void expectations(const Results& results) {
    struct Row {
      bool held;
      std::string text, measured;
    };
    std::vector<Row> rows;
    for (const measure::ExpectationReport& expectation : results.expectations) {
      rows.push_back({expectation.held, expectation.text, expectation.measured});
    }
    for (const EventReport& event : results.timeline) {
      if (!event.has_effect) rows.push_back({false, "event " + event.label, "had no effect"});
    }
    print_rows(rows);
  }

  template <class Rows>
  void print_rows(const Rows& rows) {
    if (rows.empty()) return;
    title("Expectations");
    std::size_t width = 0;
    for (const auto& row : rows) width = std::max(width, row.text.size());
    width = std::min<std::size_t>(width, 60);
    for (const auto& row : rows) {
      line("  {} {:<{}}  {}", row.held ? palette_.good("held  ") : palette_.bad("failed"), row.text, width,
           row.held && row.measured == "held" ? "" : row.measured);
    }
  }

  void tail(const Results& results) {
    line("");
    line("{:<12} {}", "Fingerprint", results.fingerprint.hex());
    line("{:<12} {}", "Repeat", report_.repeat);
    folder();
    const double elapsed = std::max(1e-9, report_.elapsed_s);
    line("{}", palette_.dim(fmt::format("{} events in {:.2f} s, {} events/s", human_count(static_cast<double>(results.events)),
                                        report_.elapsed_s, human_count(static_cast<double>(results.events) / elapsed))));
  }

  // ---- several runs ----

  void several_runs() {
    title(fmt::format("{} runs, seeds {} to {}", report_.results.size(), report_.results.front().seed,
                      report_.results.back().seed));
    const std::vector<const measure::RunsSummary*> rows = chosen();
    std::size_t names = 6;
    for (const measure::RunsSummary* row : rows) names = std::max(names, row->metric.size());
    line("{:<{}} {:>9} {:>23} {:>9} {:>9} {:>9}", "metric", names, "mean", "95% interval", "min", "median", "max");
    for (const measure::RunsSummary* row : rows) summary_line(*row, names);
    if (const std::size_t more = report_.summary.size() - rows.size(); more > 0) {
      line("{}", palette_.dim(fmt::format("and {} more in results.json", more)));
    }
    expectations_of_all();
    Hash128 sum;
    double events = 0;
    for (const Results& results : report_.results) {
      sum += results.fingerprint;
      events += static_cast<double>(results.events);
    }
    line("");
    line("{:<12} {} (the sum of all runs')", "Fingerprint", sum.hex());
    line("{:<12} {}", "Repeat", report_.repeat);
    folder();
    line("{}", palette_.dim(fmt::format("{} events in {:.2f} s, {} events/s", human_count(events), report_.elapsed_s,
                                        human_count(events / std::max(1e-9, report_.elapsed_s)))));
  }

  void folder() {
    if (!report_.folder.empty()) line("{:<12} {}", "Run folder", report_.folder);
  }

  // The rows of kChosenMetrics, in its order, and what expectations name; those in which nothing happened in any run are
  // left out unless an expectation names them.
  std::vector<const measure::RunsSummary*> chosen() const {
    std::vector<const measure::RunsSummary*> rows;
    const auto expected = [&](const std::string& name) {
      return std::ranges::any_of(report_.results.front().expectations,
                                 [&](const auto& expectation) { return expectation.text.starts_with(name + " "); });
    };
    const auto add = [&](const measure::RunsSummary& row, bool named) {
      if ((named || row.max != 0 || row.censored > 0) && std::ranges::find(rows, &row) == rows.end()) rows.push_back(&row);
    };
    const auto add_named = [&](std::string_view name) {
      const auto row = std::ranges::find(report_.summary, name, &measure::RunsSummary::metric);
      if (row != report_.summary.end()) add(*row, expected(row->metric));
    };
    for (const std::string_view name : kChosenMetrics) {
      if (!name.ends_with('[')) {
        add_named(name);
        continue;
      }
      for (const EventReport& event : report_.results.front().timeline) add_named(fmt::format("{}{}]", name, event.label));
    }
    for (const measure::RunsSummary& row : report_.summary) {
      if (expected(row.metric)) add(row, true);
    }
    return rows;
  }

  void summary_line(const measure::RunsSummary& row, std::size_t names) {
    const auto text = [&](double value) { return metric_text(row.metric, value); };
    std::string remark;
    if (row.runs < report_.results.size()) remark += fmt::format("  in {} runs", row.runs);
    if (row.censored > 0) remark += fmt::format("  without {} that it was cut off in", row.censored);
    if (row.censored == row.runs) {
      line("{:<{}} {}", row.metric, names, palette_.warn(fmt::format("{:>9}  cut off in all of {} runs", "-", row.runs)));
      return;
    }
    line("{:<{}} {:>9} {:>23} {:>9} {:>9} {:>9}{}", row.metric, names, text(row.mean),
         row.ci_low ? text(*row.ci_low) + " .. " + text(*row.ci_high) : "-", text(row.min), text(row.median), text(row.max),
         palette_.dim(remark));
  }

  void expectations_of_all() {
    struct Row {
      bool held = true;
      std::string text, measured;
    };
    std::vector<Row> rows;
    const std::size_t runs = report_.results.size();
    // Of one line of each run, which may have held or not.
    const auto add = [&](std::string text, const auto& held_in) {
      std::size_t held = 0;
      std::string failed;
      for (const Results& results : report_.results) {
        if (held_in(results)) {
          ++held;
        } else if (failed.size() < 40) {
          failed += fmt::format(" {}", results.seed);
        } else if (!failed.ends_with("...")) {
          failed += " ...";
        }
      }
      rows.push_back({held == runs, std::move(text),
                      fmt::format("in {} of {} runs{}", held, runs, failed.empty() ? "" : "; not with seed" + failed)});
    };
    const Results& first = report_.results.front();
    for (std::size_t i = 0; i < first.expectations.size(); ++i) {
      add(first.expectations[i].text, [i](const Results& results) { return results.expectations[i].held; });
    }
    for (std::size_t i = 0; i < first.timeline.size(); ++i) {
      const auto effective = [i](const Results& results) { return results.timeline[i].has_effect; };
      if (!std::ranges::all_of(report_.results, effective)) add(fmt::format("event {} has an effect", first.timeline[i].label), effective);
    }
    print_rows(rows);
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
