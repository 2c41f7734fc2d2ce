#include "cli/page.hpp"
#include "cli/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include "cli/figure_text.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

using measure::EventReport;
using measure::Results;

constexpr std::size_t kMaxSparkWidth = 72;
constexpr std::size_t kMaxTypes = 6;
constexpr std::size_t kMaxLabel = 28;  // longer ones are cut: the columns after them matter more

std::string optional_time(const std::optional<double>& seconds) { return seconds ? time_text(*seconds) : "-"; }

// Of a time that was not seen to its end. More than nothing is no news.
std::string bound_text(double seconds) { return seconds > 0 ? "> " + time_text(seconds) : "-"; }

// The effects that are not zero, largest kinds of damage first.
std::string effect_text(const measure::EventEffect& effect) {
  const struct {
    std::uint64_t count;
    const char* one;
    const char* many;
  } parts[] = {
      {effect.nodes, "node", "nodes"},
      {effect.returned, "came back", "came back"},
      {effect.healed, "partition healed", "partitions healed"},
      {effect.dropped, "dropped", "dropped"},
      {effect.held, "held", "held"},
      {effect.delayed, "delayed", "delayed"},
      {effect.duplicated, "duplicated", "duplicated"},
      {effect.reordered, "reordered", "reordered"},
      {effect.spared, "spared", "spared"},
      {effect.sooner, "sooner", "sooner"},
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
  return text;
}

class OneRun {
 public:
  explicit OneRun(Page& page) : page_(page) {}

  void write(const Results& results) {
    timeline(results);
    series(results);
    values(results);
    detection(results);
    cost(results);
    findings(results);
    expectations(results);
    tail(results);
  }

 private:
  // ---- the time line ----

  // Figures before words: a line that is too long loses nothing but alignment.
  void timeline(const Results& results) {
    page_.title("Time line, and how long until every view is right again");
    std::size_t labels = 5;
    for (const EventReport& event : results.timeline) labels = std::max(labels, event.label.size());
    labels = std::min(labels, kMaxLabel);
    page_.line("{:>9}  {:<{}} {:>9} {:>9} {:>9} {:>9}  {}", "at", "event", labels, "first", "median", "p99", "last",
               "what it did");
    const measure::Metric* start = results.find("start_convergence_s");
    const std::string last = start == nullptr || !start->value ? "-"
                             : start->censored                 ? bound_text(*start->value)
                                                               : time_text(*start->value);
    page_.line("{:>9}  {:<{}} {:>9} {:>9} {:>9} {:>9}  {}", "0 s", "start", labels, "", "", "", last,
               counted(present(), "node"));
    for (const EventReport& event : results.timeline) event_line(results, event, labels);
    overlapping_cuts(results);
  }

  // Each cut counts what it blocks, or one within another would seem without effect; the sum then is too much.
  void overlapping_cuts(const Results& results) {
    if (page_.report().plan.network.kind != plan::LinkKind::kUdp) return;
    double credited = 0;
    for (const EventReport& event : results.timeline) {
      if (event.kind == "partition" || event.kind == "flap") credited += static_cast<double>(event.effect.dropped);
    }
    const double dropped = metric(results, "dropped_cut_count").value_or(credited);
    if (credited <= dropped) return;
    page_.line("{}", page_.palette().dim(fmt::format(
                         "           What two cuts block counts at both: {} messages were dropped by cuts in all.",
                         human_count(dropped))));
  }

  std::size_t present() const {
    return static_cast<std::size_t>(std::count_if(page_.report().plan.nodes.begin(), page_.report().plan.nodes.end(),
                                                  [](const plan::NodeSpec& node) { return node.present; }));
  }

  void event_line(const Results& results, const EventReport& event, std::size_t labels) {
    std::string text = fmt::format("{:>9}  {:<{}} ", time_text(event.at_s), cut(event.label, labels), labels);
    std::string remark;
    if (!event.measured) {
      text += fmt::format("{:39}", "");
      if (event.changes_views) remark = " (no live node)";
    } else if (event.changes_views) {
      const measure::Distribution& nodes = event.node_convergence_s;
      text += fmt::format("{:>9} {:>9} {:>9} ", optional_time(event.first_s), optional_time(nodes.median),
                          optional_time(nodes.p99));
      text += last_text(results, "convergence_s", event, event.converged_s, remark);
      if (event.exits > 0) remark += fmt::format(" (right, and lost again {}x)", event.exits);
    } else {
      text += fmt::format("{:30}", "");
      text += last_text(results, "agreement_regained_s", event, event.regained_s, remark);
      remark += !event.lost       ? " (views undisturbed)"
                : event.exits > 0 ? fmt::format(" (agreement lost {}x)", event.exits)
                                  : " (nor were views right before)";
      if (event.lost && event.regained_s == 0.0) remark += " (and right again before it was over)";
    }
    const Palette& palette = page_.palette();
    const std::string effect = !event.reached            ? palette.dim("not reached")
                               : event.has_effect        ? effect_text(event.effect)
                               : results.was_idle(event) ? palette.bad("no effect")
                                                         : palette.warn("no effect so far");
    page_.line("{}  {}{}", text, effect, palette.dim(remark));
  }

  // The last column: when it was over, or how long it had not been when something else began.
  std::string last_text(const Results& results, std::string_view name, const EventReport& event,
                        const std::optional<double>& over, std::string& remark) {
    if (over) return fmt::format("{:>9}", time_text(*over));
    const double bound = metric(results, fmt::format("{}[{}]", name, event.label)).value_or(0);
    remark = fmt::format(" ({}{})", bound > 0 ? "then: " : "one change with ", event.censored_by);
    return page_.palette().warn(fmt::format("{:>9}", bound_text(bound)));
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
    page_.title("Over time");
    const std::size_t width = std::min(kMaxSparkWidth, page_.rest(names + 24, 20));
    event_marks(results, names, width);
    for (const Row& row : rows) {
      std::vector<SparkPoint> points;
      for (const measure::SeriesPoint& point : row.series->points) points.push_back({point.t_s, point.value});
      const bool share = row.series->name.ends_with("_share");
      page_.line(
          "{:<{}} {} {}", row.series->name, names,
          sparkline(points, results.duration_s, width, share ? 0.0 : std::min(0.0, row.low), share ? 1.0 : row.high),
          page_.palette().dim(fmt::format("{} .. {}", metric_text(row.series->name, row.low),
                                          metric_text(row.series->name, row.high))));
    }
  }

  // Where the events are, above the series: a mark each, and their labels as far as there is room.
  void event_marks(const Results& results, std::size_t indent, std::size_t width) {
    std::map<std::size_t, std::string_view> marks;  // the first event of each column
    for (const EventReport& event : results.timeline) {
      const auto column =
          static_cast<std::size_t>(event.at_s / std::max(1e-9, results.duration_s) * static_cast<double>(width));
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
    page_.line("{:<{}} {}", "", indent, page_.palette().dim(text));
  }

  // ---- figures ----

  static std::optional<double> metric(const Results& results, std::string_view name) {
    const measure::Metric* found = results.find(name);
    return found == nullptr ? std::nullopt : found->value;
  }

  // "name value, name value" of those that have one. What was not observed is no measurement, and does not read as one.
  struct Figure {
    const char* name;
    const char* metric;
    enum class Unit : std::uint8_t { kCount, kShare, kSeconds, kMilliseconds } unit;
  };
  void figures(const Results& results, std::string_view heading, std::initializer_list<Figure> figures) {
    std::string text;
    std::uint64_t missing = 0;  // as told last
    for (const Figure& figure : figures) {
      const measure::Metric* found = results.find(figure.metric);
      if (found == nullptr || (!found->value && !found->censored)) continue;
      if (!text.empty()) text += ", ";
      const double value = found->value.value_or(0) / (figure.unit == Figure::Unit::kMilliseconds ? 1000 : 1);
      switch (figure.unit) {
        case Figure::Unit::kCount: text += fmt::format("{} {}", human_count(value), figure.name); break;
        case Figure::Unit::kShare: text += fmt::format("{} {}", share_text(value), figure.name); break;
        case Figure::Unit::kSeconds:
        case Figure::Unit::kMilliseconds:
          text += fmt::format("{} {}", figure.name, found->censored ? bound_text(value) : time_text(value));
          break;
      }
      if (!found->censored || found->censored_members == missing) continue;
      text += fmt::format(" ({} of {} never)", found->censored_members, found->members);
      missing = found->censored_members;
    }
    if (!text.empty()) page_.line("{:<12} {}", heading, text);
  }

  // "31 wrong declarations about 1 member": accusers and accused are two things.
  std::string about(const Results& results, std::string_view what, std::string_view count, std::string_view members) {
    const double times = metric(results, count).value_or(0);
    const double whom = metric(results, members).value_or(0);
    std::string text = fmt::format("{} {}{}", human_count(times), what, times == 1 ? "" : "s");
    if (whom > 0) text += fmt::format(" about {} {}", human_count(whom), whom == 1 ? "member" : "members");
    return text;
  }

  void values(const Results& results) {
    using enum Figure::Unit;
    if (metric(results, "requests_count").value_or(0) == 0) return;
    page_.title("Clients and values");
    figures(results, "Requests",
            {{"made", "requests_count", kCount},
             {"available", "availability_share", kShare},
             {"failed", "errors_count", kCount}});
    figures(results, "Gets",
            {{"median", "get_latency_median_ms", kMilliseconds},
             {"p99", "get_latency_p99_ms", kMilliseconds},
             {"stale", "stale_reads_count", kCount},
             {"missing wrongly", "false_misses_count", kCount}});
    figures(results, "Puts",
            {{"median", "put_latency_median_ms", kMilliseconds},
             {"p99", "put_latency_p99_ms", kMilliseconds},
             {"acknowledged and lost", "lost_acknowledged_writes_count", kCount}});
    figures(results, "Copies",
            {{"all there after (median)", "value_convergence_median_s", kSeconds},
             {"p99", "value_convergence_p99_s", kSeconds},
             {"last", "value_convergence_max_s", kSeconds}});
    figures(results, "Expiry",
            {{"early", "early_expiries_count", kCount},
             {"read late", "late_reads_count", kCount},
             {"came back", "resurrections_count", kCount},
             {"gone everywhere after (median)", "gone_everywhere_median_s", kSeconds},
             {"last", "gone_everywhere_max_s", kSeconds}});
  }

  void detection(const Results& results) {
    using enum Figure::Unit;
    const measure::Metric* detection = results.find("first_detection_median_s");
    const bool deaths = detection != nullptr && detection->members > 0;
    if (!deaths && metric(results, "false_positives_count").value_or(0) == 0 &&
        metric(results, "suspicions_count").value_or(0) == 0) {
      return;
    }
    page_.title("Failure detection");
    figures(results, "Deaths",
            {{"noticed after (median)", "first_detection_median_s", kSeconds},
             {"by all after (median)", "full_detection_median_s", kSeconds},
             {"last", "full_detection_max_s", kSeconds}});
    page_.line("{:<12} {}, {}, {} refuted by the accused", "Mistakes",
               about(results, "wrong declaration", "false_positives_count", "false_positive_members_count"),
               about(results, "wrong suspicion", "false_suspicions_count", "false_suspicion_members_count"),
               human_count(metric(results, "refutations_count").value_or(0)));
  }

  void cost(const Results& results) {
    page_.title("Cost");
    page_.line("{:<12} {} messages, {} a node and second", "All",
               human_count(metric(results, "messages_per_node_s").value_or(0)),
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
      page_.line("  {:<{}} {} {:>5.1f}% of bytes, {:>6} messages", type.type, names, bar(share, 20), 100 * share,
                 human_count(static_cast<double>(type.messages)));
    }
    if (results.cost.size() > kMaxTypes)
      page_.line("  {}", page_.palette().dim(fmt::format("and {} more types", results.cost.size() - kMaxTypes)));
  }

  // The first of each kind: the tenth stale read says no more than the first.
  void findings(const Results& results) {
    if (results.findings.empty()) return;
    std::size_t kinds = 0;
    for (const measure::Finding& finding : results.findings) {
      kinds = std::max(kinds, finding.kind.size());
    }
    page_.title("Look at (the first of each kind; more in results.json)");
    std::set<std::string_view> shown;
    for (const measure::Finding& finding : results.findings) {
      if (shown.insert(finding.kind).second)
        page_.line("  {:<{}}  {}", finding.kind, kinds, plan::one_line(finding.text));
    }
  }

  // Expectations and events without effect, each with what was measured.
  void expectations(const Results& results) {
    std::vector<Verdict> rows;
    for (const measure::ExpectationReport& expectation : results.expectations) {
      std::string measured = expectation.measured;
      if (expectation.tolerance.value_or(0) > 0) {
        measured += fmt::format(" (tolerance {})", share_text(*expectation.tolerance));
      }
      rows.push_back({kind_of(expectation), expectation.text, std::move(measured)});
    }
    for (const EventReport& event : results.timeline) {
      if (results.was_idle(event)) rows.push_back({Verdict::Kind::kFailed, "event " + event.label, "had no effect"});
    }
    page_.verdicts(rows);
  }

  // What the machine did to the figures.
  void real_facts(const RealFacts& real) {
    page_.title("On real sockets");
    page_.line("{:<12} {}, load {:.1f} before and {:.1f} after; the time line at most {} late", "Machine",
               counted(real.cores, "core"), real.load_before, real.load_after, time_text(real.late_ms / 1e3));
    for (const std::string& line : real.not_honoured) {
      page_.line("{:<12} {}", "Not done", page_.palette().warn(plan::one_line(line)));
    }
    for (const std::string& line : real.remarks) {
      page_.line("{:<12} {}", "Remark", page_.palette().warn(plan::one_line(line)));
    }
    if (real.stragglers + real.lost == 0) return;
    page_.line("{:<12} {}", "Reports",
               page_.palette().warn(fmt::format("{} came too late to be put where they belong in time, {} were lost",
                                                human_count(static_cast<double>(real.stragglers)),
                                                human_count(static_cast<double>(real.lost)))));
  }

  void tail(const Results& results) {
    const RealFacts* real = page_.report().real;
    if (real != nullptr) real_facts(*real);
    page_.line("");
    page_.line("{:<12} {}", "Fingerprint", real == nullptr ? results.fingerprint.hex() : "none: a real run has none");
    page_.line("{:<12} {}", "Repeat", plan::one_line(page_.report().repeat));
    page_.folder();
    if (real != nullptr) {
      return page_.line("{}", page_.palette().dim(fmt::format("{} reports and requests in {:.2f} s",
                                                              human_count(static_cast<double>(results.events)),
                                                              page_.report().elapsed_s)));
    }
    const double elapsed = std::max(1e-9, page_.report().elapsed_s);
    page_.line("{}", page_.palette().dim(fmt::format(
                         "{} events in {:.2f} s, {} events/s", human_count(static_cast<double>(results.events)),
                         page_.report().elapsed_s, human_count(static_cast<double>(results.events) / elapsed))));
  }

  Page& page_;
};

}  // namespace

void write_one_run(Page& page) { OneRun(page).write(page.report().results.front()); }

}  // namespace hearsay::cli
