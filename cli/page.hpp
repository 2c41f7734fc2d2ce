// A page of text for a person, written line by line: what the summary of one run and that of several have in common.
// One thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/summary.hpp"
#include "cli/terminal.hpp"

namespace hearsay::cli {

// An expectation, or an event that should have had an effect, and how it came out.
struct Verdict {
  enum class Kind : std::uint8_t { kHeld, kFailed, kOpen } kind = Kind::kHeld;  // open: the run ended too early to tell
  std::string text;
  std::string measured;  // "held" says no more than `kind` and is left out
};

Verdict::Kind kind_of(const measure::ExpectationReport& expectation);

class Page {
 public:
  Page(const RunReport& report, const Palette& palette) : report_(report), palette_(palette) {}

  template <class... T>
  void line(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    while (out_.ends_with(' ')) out_.pop_back();
    out_ += '\n';
  }
  void title(std::string_view text) { line("\n{}", palette_.bold(text)); }
  void verdicts(const std::vector<Verdict>& rows);
  // The run folder, if it could be written.
  void folder();

  // Columns that are left of a line, at least `least`.
  std::size_t rest(std::size_t used, std::size_t least) const {
    return std::max(least, report_.width > used ? report_.width - used : 0);
  }
  const RunReport& report() const { return report_; }
  const Palette& palette() const { return palette_; }
  std::string take() { return std::move(out_); }

 private:
  const RunReport& report_;
  const Palette& palette_;
  std::string out_;
};

// Each writes its part of the summary, below the head.
void write_one_run(Page& page);
void write_several_runs(Page& page);

}  // namespace hearsay::cli
