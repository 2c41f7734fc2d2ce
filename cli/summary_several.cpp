#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "cli/figure_text.hpp"
#include "cli/page.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

using measure::EventReport;
using measure::Results;

// Of several runs, what a person asks first, in this order; "[" stands for one row for each event. What an expectation
// names is shown, too. The others are in results.json.
constexpr std::string_view kChosenMetrics[] = {
    "start_convergence_s",
    "convergence_s[",
    "view_disagreement_share",
    "ring_disagreement_share",
    "availability_share",
    "get_latency_median_ms",
    "get_latency_p99_ms",
    "put_latency_p99_ms",
    "stale_reads_share",
    "false_misses_count",
    "lost_acknowledged_writes_count",
    "value_convergence_median_s",
    "value_convergence_p99_s",
    "early_expiries_count",
    "late_reads_count",
    "resurrections_count",
    "gone_everywhere_max_s",
    "first_detection_median_s",
    "full_detection_max_s",
    "false_positives_count",
    "false_positive_members_count",
    "messages_per_node_s",
    "bytes_per_node_s",
};

class SeveralRuns {
 public:
  explicit SeveralRuns(Page& page) : page_(page) {}

  void write() {
    page_.title(fmt::format("{} runs, seeds {} to {}", page_.report().results.size(),
                            page_.report().results.front().seed, page_.report().results.back().seed));
    const std::vector<const measure::RunsSummary*> rows = chosen();
    std::size_t names = 6;
    for (const measure::RunsSummary* row : rows) names = std::max(names, row->metric.size());
    page_.line("{:<{}} {:>9} {:>23} {:>9} {:>9} {:>9}", "metric", names, "mean", "95% interval", "min", "median",
               "max");
    for (const measure::RunsSummary* row : rows) summary_line(*row, names);
    if (const std::size_t more = page_.report().summary.size() - rows.size(); more > 0) {
      page_.line("{}", page_.palette().dim(fmt::format("and {} more in results.json", more)));
    }
    expectations_of_all();
    Hash128 sum;
    double events = 0;
    for (const Results& results : page_.report().results) {
      sum += results.fingerprint;
      events += static_cast<double>(results.events);
    }
    page_.line("");
    page_.line("{:<12} {} (the sum of all runs')", "Fingerprint", sum.hex());
    page_.line("{:<12} {}", "Repeat", plan::one_line(page_.report().repeat));
    page_.folder();
    page_.line("{}", page_.palette().dim(fmt::format("{} events in {:.2f} s, {} events/s", human_count(events),
                                                     page_.report().elapsed_s,
                                                     human_count(events / std::max(1e-9, page_.report().elapsed_s)))));
  }

 private:
  // The rows of kChosenMetrics, in its order, and what expectations name; those in which nothing happened in any run
  // are left out unless an expectation names them.
  std::vector<const measure::RunsSummary*> chosen() const {
    std::vector<const measure::RunsSummary*> rows;
    const auto expected = [&](const std::string& name) {
      return std::ranges::any_of(page_.report().results.front().expectations,
                                 [&](const auto& expectation) { return expectation.text.starts_with(name + " "); });
    };
    const auto add = [&](const measure::RunsSummary& row, bool named) {
      if ((named || row.max.value_or(1) != 0 || row.censored > 0) && std::ranges::find(rows, &row) == rows.end())
        rows.push_back(&row);
    };
    const auto add_named = [&](std::string_view name) {
      const auto row = std::ranges::find(page_.report().summary, name, &measure::RunsSummary::metric);
      if (row != page_.report().summary.end()) add(*row, expected(row->metric));
    };
    for (const std::string_view name : kChosenMetrics) {
      if (!name.ends_with('[')) {
        add_named(name);
        continue;
      }
      for (const EventReport& event : page_.report().results.front().timeline)
        add_named(fmt::format("{}{}]", name, event.label));
    }
    for (const measure::RunsSummary& row : page_.report().summary) {
      if (expected(row.metric)) add(row, true);
    }
    return rows;
  }

  void summary_line(const measure::RunsSummary& row, std::size_t names) {
    const auto text = [&](double value) { return metric_text(row.metric, value); };
    const auto maybe = [&](const std::optional<double>& value) { return value ? text(*value) : std::string("-"); };
    std::string remark;
    if (row.runs < page_.report().results.size()) remark += fmt::format("  in {} runs", row.runs);
    if (row.censored > 0) remark += fmt::format("  without {} that it was cut off in", row.censored);
    if (row.censored == row.runs) {
      page_.line("{:<{}} {}", row.metric, names,
                 page_.palette().warn(fmt::format("{:>9}  cut off in all of {} runs", "-", row.runs)));
      return;
    }
    page_.line("{:<{}} {:>9} {:>23} {:>9} {:>9} {:>9}{}", row.metric, names, text(row.mean),
               row.ci_low ? text(*row.ci_low) + " .. " + text(*row.ci_high) : "-", text(row.min), maybe(row.median),
               maybe(row.max), page_.palette().dim(remark));
  }

  void expectations_of_all() {
    std::vector<Verdict> rows;
    const std::size_t runs = page_.report().results.size();
    // Of one line of each run, which may have come out either way.
    const auto add = [&](std::string text, const auto& kind_in) {
      std::size_t held = 0;
      bool any_failed = false;
      std::string others;
      for (const Results& results : page_.report().results) {
        const Verdict::Kind kind = kind_in(results);
        any_failed |= kind == Verdict::Kind::kFailed;
        if (kind == Verdict::Kind::kHeld) {
          ++held;
        } else if (others.size() < 40) {
          others += fmt::format(" {}", results.seed);
        } else if (!others.ends_with("...")) {
          others += " ...";
        }
      }
      const Verdict::Kind kind = held == runs ? Verdict::Kind::kHeld
                                 : any_failed ? Verdict::Kind::kFailed
                                              : Verdict::Kind::kOpen;
      rows.push_back({kind, std::move(text),
                      fmt::format("in {} of {} runs{}", held, runs, others.empty() ? "" : "; not with seed" + others)});
    };
    const Results& first = page_.report().results.front();
    for (std::size_t i = 0; i < first.expectations.size(); ++i) {
      add(first.expectations[i].text, [i](const Results& results) { return kind_of(results.expectations[i]); });
    }
    for (std::size_t i = 0; i < first.timeline.size(); ++i) {
      const auto idle = [i](const Results& results) { return results.was_idle(results.timeline[i]); };
      if (!std::ranges::any_of(page_.report().results, idle)) continue;
      add(fmt::format("event {} has an effect", first.timeline[i].label),
          [&](const Results& results) { return idle(results) ? Verdict::Kind::kFailed : Verdict::Kind::kHeld; });
    }
    page_.verdicts(rows);
  }

  Page& page_;
};

}  // namespace

void write_several_runs(Page& page) { SeveralRuns(page).write(); }

}  // namespace hearsay::cli
