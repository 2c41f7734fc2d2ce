// `hearsay compare`: two run folders side by side, as tables for a person or one JSON object.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/bytes_text.hpp"
#include "cli/comparison.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/figure_text.hpp"
#include "cli/verbs.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"
#include "sim/plan/metric_unit.hpp"

namespace hearsay::cli {

namespace {

using Json = nlohmann::ordered_json;

// "2.07 s", "> 20 s", "2.07 s [1.9 s, 2.3 s], 3 of 20 cut off", "-".
std::string figure_text(std::string_view metric, const std::optional<Figure>& figure) {
  if (!figure) return "-";
  std::string text = figure->value      ? metric_text(metric, *figure->value)
                     : figure->at_least ? fmt::format("> {}", metric_text(metric, *figure->at_least))
                                        : "cut off";
  if (figure->ci_low && figure->ci_high) {
    text += fmt::format(" [{}, {}]", metric_text(metric, *figure->ci_low), metric_text(metric, *figure->ci_high));
  }
  if (figure->runs > 1 && figure->censored > 0 && figure->value) {
    text += fmt::format(", {} of {} cut off", figure->censored, figure->runs);
  }
  return text;
}

// How the right one stands to the left: "x1.25", "+1.2 points" of a share in percent, "+5", "same".
std::string relation_text(const ComparedFigure& figure) {
  const double value = figure.relation.value;
  switch (figure.relation.kind) {
    case Relation::Kind::kNone: return "-";
    case Relation::Kind::kRatio: return value == 1 ? "same" : fmt::format("x{}", human_count(value));
    case Relation::Kind::kDifference: break;
  }
  if (value == 0) return "same";
  if (plan::unit_of(figure.name) == plan::MetricUnit::kShare) return fmt::format("{:+.3g} points", 100 * value);
  return fmt::format("+{}", metric_text(figure.name, value));
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

// Rows of cells, each column as wide as its widest cell.
class Table {
 public:
  using Row = std::array<std::string, 4>;
  void row(Row row) { rows_.push_back(std::move(row)); }
  void figure(const ComparedFigure& one, const std::string& name) {
    row({name, figure_text(one.name, one.left), figure_text(one.name, one.right), relation_text(one)});
  }
  void write(std::string& out, std::string_view title, const Palette& palette) const {
    if (rows_.empty()) return;
    Row heads{std::string(title), "left", "right", has_relation() ? "right to left" : ""};
    std::array<std::size_t, 4> width{};
    for (std::size_t i = 0; i < heads.size(); ++i) {
      width[i] = columns(heads[i]);
      for (const Row& row : rows_) width[i] = std::max(width[i], columns(row[i]) + (i == 0 ? 2 : 0));
    }
    out += fmt::format("\n{}\n", palette.bold(line(heads, width)));
    for (Row row : rows_) {
      row[0] = fmt::format("  {}", row[0]);
      out += fmt::format("{}\n", line(row, width));
    }
  }

 private:
  bool has_relation() const {
    return std::ranges::any_of(rows_, [](const Row& row) { return !row[3].empty(); });
  }
  static std::string line(const Row& row, const std::array<std::size_t, 4>& width) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i] + std::string(width[i] - columns(row[i]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  std::vector<Row> rows_;
};

std::string seeds_text(const RunRecord& record) {
  return record.runs.size() == 1 ? std::to_string(record.seed)
                                 : fmt::format("{} to {}", record.seed, record.runs.back().seed);
}

// "yes", "no", "18 of 20".
std::string passed_text(const RunRecord& record) {
  const auto passed = std::ranges::count(record.passed, std::optional(true));
  if (record.passed.size() > 1) return fmt::format("{} of {}", passed, record.passed.size());
  if (!record.passed.front()) return "interrupted";
  return passed == 1 ? "yes" : "no";
}

std::string outcome_text(const std::optional<Outcome>& outcome) {
  if (!outcome) return "-";
  const std::uint64_t all = outcome->held + outcome->failed + outcome->open;
  if (all > 1) return fmt::format("held in {} of {}", outcome->held, all);
  const std::string word = outcome->held == 1 ? "held" : outcome->failed == 1 ? "failed" : "open";
  return outcome->measured.empty() || outcome->measured == word
             ? word
             : fmt::format("{}, {}", word, plan::one_line(outcome->measured));
}

void write_head(std::string& out, const Comparison& c, const Palette& palette) {
  Table head;
  const auto both = [&](const char* name, const auto& text) { head.row({name, text(c.left), text(c.right), ""}); };
  both("folder", [](const RunRecord& run) { return plan::one_line(run.path); });
  both("scenario", [](const RunRecord& run) { return plan::one_line(run.scenario); });
  both("on", [](const RunRecord& run) { return run.on; });
  both("seed", seeds_text);
  both("duration", [](const RunRecord& run) { return time_text(run.runs.front().duration_s); });
  both("commit", [](const RunRecord& run) { return plan::one_line(run.commit); });
  both("fingerprint", [](const RunRecord& run) { return plan::one_line(run.fingerprint); });
  both("passed", passed_text);
  head.write(out, "Runs", palette);
  for (const std::string& remark : c.remarks)
    out += fmt::format("{}\n", palette.warn(fmt::format("  note: {}", plan::one_line(remark))));
}

void write_events(std::string& out, const Comparison& c, const Palette& palette) {
  Table table;
  for (const ComparedEvent& event : c.events) {
    for (const ComparedFigure& figure : event.figures) {
      const std::string part = figure.name.substr(0, figure.name.rfind('_'));
      table.figure(figure, fmt::format("{}, {}", plan::one_line(event.label), part));
    }
  }
  table.write(out, "Events, until views were right again", palette);
}

std::string text_of(const Comparison& c, const Palette& palette) {
  std::string out;
  write_head(out, c, palette);
  write_events(out, c, palette);
  const auto figures = [&](std::string_view title, const std::vector<ComparedFigure>& list) {
    Table table;
    for (const ComparedFigure& one : list) table.figure(one, plan::one_line(one.name));
    table.write(out, title, palette);
  };
  figures("Metrics", c.metrics);
  figures("Only on the left", c.only_left);
  figures("Only on the right", c.only_right);
  Table expectations;
  for (const ComparedExpectation& one : c.expectations) {
    expectations.row({plan::one_line(one.text), outcome_text(one.left), outcome_text(one.right), ""});
  }
  expectations.write(out, "Expectations", palette);
  figures("Cost", c.cost);
  out.erase(0, 1);  // the first table's distance
  return out;
}

Json number(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json json_of(const std::optional<Figure>& figure) {
  if (!figure) return nullptr;
  Json json{{"value", number(figure->value)}, {"censored", figure->censored > 0 && !figure->value}};
  if (figure->at_least) json["at_least"] = *figure->at_least;
  if (figure->runs > 1) {
    json["runs"] = figure->runs;
    json["censored_runs"] = figure->censored;
    json["ci95_low"] = number(figure->ci_low);
    json["ci95_high"] = number(figure->ci_high);
  } else if (!figure->population.empty()) {
    json["of"] = figure->population;
  }
  return json;
}

Json json_of(const ComparedFigure& one) {
  Json json{{"name", one.name}, {"left", json_of(one.left)}, {"right", json_of(one.right)}};
  if (one.relation.kind == Relation::Kind::kRatio) json["ratio"] = one.relation.value;
  if (one.relation.kind == Relation::Kind::kDifference) json["difference"] = one.relation.value;
  return json;
}

Json json_of(const std::vector<ComparedFigure>& list) {
  Json json = Json::array();
  for (const ComparedFigure& one : list) json.push_back(json_of(one));
  return json;
}

Json json_of(const RunRecord& run) {
  Json passed = Json::array();
  for (const std::optional<bool> one : run.passed) passed.push_back(one ? Json(*one) : Json(nullptr));
  return {{"folder", run.path},
          {"scenario", run.scenario},
          {"on", run.on},
          {"seed", run.seed},
          {"runs", run.runs.size()},
          {"duration_s", run.runs.front().duration_s},
          {"version", run.version},
          {"commit", run.commit},
          {"fingerprint", run.fingerprint},
          {"passed", passed.size() == 1 ? passed.front() : passed}};
}

Json json_of(const std::optional<Outcome>& outcome) {
  if (!outcome) return nullptr;
  Json json{{"held", outcome->held}, {"failed", outcome->failed}, {"open", outcome->open}};
  if (!outcome->measured.empty()) json["measured"] = outcome->measured;
  return json;
}

Json json_of(const Comparison& c) {
  Json json{{"left", json_of(c.left)}, {"right", json_of(c.right)}, {"remarks", c.remarks}};
  json["events"] = Json::array();
  for (const ComparedEvent& event : c.events) {
    json["events"].push_back({{"label", event.label},
                              {"kind", event.kind},
                              {"left_at_s", number(event.left_at_s)},
                              {"right_at_s", number(event.right_at_s)},
                              {"figures", json_of(event.figures)}});
  }
  json["metrics"] = json_of(c.metrics);
  json["only_left"] = json_of(c.only_left);
  json["only_right"] = json_of(c.only_right);
  json["expectations"] = Json::array();
  for (const ComparedExpectation& one : c.expectations) {
    json["expectations"].push_back({{"text", one.text}, {"left", json_of(one.left)}, {"right", json_of(one.right)}});
  }
  json["cost"] = json_of(c.cost);
  return json;
}

}  // namespace

int compare(const CompareSettings& settings) {
  const auto left = read_run(settings.left);
  if (!left) return failed(left.error(), kUsage);
  const auto right = read_run(settings.right);
  if (!right) return failed(right.error(), kUsage);
  const Comparison comparison = compare_runs(*left, *right);
  return print_or_fail(settings.json ? json_text(json_of(comparison), 2)
                                     : text_of(comparison, Palette(settings.color, stdout)));
}

}  // namespace hearsay::cli
