#include "cli/summary.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/figure_text.hpp"
#include "cli/page.hpp"
#include "cli/words.hpp"
#include "core/base/quantity.hpp"
#include "sim/measure/results_io.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

constexpr std::size_t kMaxVerdict = 60;  // columns of a verdict's text; what was measured comes after it

void write_head(Page& page) {
  const plan::Plan& plan = page.report().plan;
  const Palette& palette = page.palette();
  page.line("{}  {}", palette.bold(plan.name), palette.dim(plan::one_line(plan.question)));
  const auto strategy = [](const plan::StrategyChoice& choice) {
    return std::string(choice.entry->name) + (choice.preset.empty() ? "" : " (" + choice.preset + ")");
  };
  const RealFacts* real = page.report().real;
  page.line("{}, {} {}; {}, {}, {}, {}; {} link", counted(plan.nodes.size(), "node"), format_duration(plan.duration),
            real == nullptr   ? "simulated"
            : real->processes ? "on zmq, a process each"
                              : "on zmq, in one process",
            strategy(plan.membership), strategy(plan.dissemination), strategy(plan.replication), strategy(plan.ring),
            plan.network.kind == plan::LinkKind::kUdp ? "udp" : "zmq");
  const std::vector<measure::Results>& all = page.report().results;
  const auto partial = std::ranges::find_if(all, &measure::Results::interrupted);
  if (partial != all.end()) {
    page.line("{}",
              palette.warn(fmt::format("Interrupted at {} of {} (seed {}): the figures are of what was {} until then.",
                                       time_text(partial->duration_s), format_duration(plan.duration), partial->seed,
                                       real == nullptr ? "simulated" : "done")));
  } else if (!all.empty() && all.size() < page.report().asked) {
    page.line("{}", palette.warn(fmt::format("Interrupted after {} of {} runs: the figures are of those.", all.size(),
                                             page.report().asked)));
  }
}

}  // namespace

Verdict::Kind kind_of(const measure::ExpectationReport& expectation) {
  if (expectation.held) return Verdict::Kind::kHeld;
  return expectation.open ? Verdict::Kind::kOpen : Verdict::Kind::kFailed;
}

void Page::verdicts(const std::vector<Verdict>& rows) {
  if (rows.empty()) return;
  const bool cut_short = std::ranges::any_of(report_.results, &measure::Results::interrupted);
  title(cut_short ? "Expectations, as far as the run went" : "Expectations");
  std::size_t width = 0;
  for (const Verdict& row : rows) width = std::max(width, row.text.size());
  width = std::min(width, kMaxVerdict);
  for (const Verdict& row : rows) {
    const bool held = row.kind == Verdict::Kind::kHeld;
    const std::string word = held                                 ? palette_.good("held  ")
                             : row.kind == Verdict::Kind::kFailed ? palette_.bad("failed")
                                                                  : palette_.warn("open  ");
    line("  {} {:<{}}  {}", word, plan::one_line(row.text), width,
         held && row.measured == "held" ? "" : plan::one_line(row.measured));
  }
}

void Page::folder() {
  if (!report_.folder.empty()) line("{:<12} {}", "Run folder", plan::one_line(report_.folder));
}

std::string summary_text(const RunReport& report, const Palette& palette) {
  Page page(report, palette);
  write_head(page);
  if (report.results.empty()) {
    page.line("No run finished a sample before it was interrupted.");
  } else if (report.results.size() == 1) {
    write_one_run(page);
  } else {
    write_several_runs(page);
  }
  return page.take();
}

nlohmann::ordered_json machine_json(const RealFacts& facts) {
  return {{"cores", facts.cores},
          {"load_before", facts.load_before},
          {"load_after", facts.load_after},
          {"late_ms", facts.late_ms}};
}

nlohmann::ordered_json results_json(const RunReport& report) {
  nlohmann::ordered_json json;
  if (report.results.size() == 1) json = measure::to_json(report.results.front());
  if (report.real != nullptr && !json.is_null()) {
    const RealFacts& real = *report.real;
    json["fingerprint"] = nullptr;  // two real runs are never the same
    json["on"] = "zmq";
    json["processes"] = real.processes;
    json["tolerance"] = real.tolerance;
    json["not_honoured"] = real.not_honoured;
    json["stragglers_count"] = real.stragglers;
    json["lost_reports_count"] = real.lost;
    json["remarks"] = real.remarks;
    json["machine"] = machine_json(real);
  }
  if (report.results.size() == 1) return json;
  json["scenario"] = report.plan.name;
  Hash128 sum;
  for (const measure::Results& results : report.results) sum += results.fingerprint;
  json["fingerprint"] = sum.hex();
  json["summary"] = measure::to_json(report.summary);
  json["runs"] = nlohmann::ordered_json::array();
  for (const measure::Results& results : report.results) json["runs"].push_back(measure::to_json(results));
  return json;
}

}  // namespace hearsay::cli
