// What a terminal can show: colours where they are wanted, sparklines, bars, and a progress line on stderr; and how
// data gets to stdout. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::cli {

enum class ColorChoice : std::uint8_t { kAuto, kAlways, kNever };

// Colours of a stream: those of a terminal, unless NO_COLOR is set or TERM is dumb, or as chosen.
class Palette {
 public:
  Palette(ColorChoice choice, std::FILE* stream);
  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string good(std::string_view text) const { return wrap("32", text); }
  std::string bad(std::string_view text) const { return wrap("31", text); }
  std::string warn(std::string_view text) const { return wrap("33", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const;
  bool enabled_;
};

// To be called once, before anything is opened: gives a closed stdin, stdout or stderr a descriptor that no file of
// ours can then take, and makes a reader that went away an error of the write instead of the program's end.
void prepare_streams();

// Writes all of a text to stdout. An error says why it could not; a reader that has read enough (`| head`) is none.
Result<void> print_out(std::string_view text);
// Whether that reader went away: what would print on and on may end.
bool reader_is_gone();

// Columns of the terminal a stream goes to; `otherwise` where it goes elsewhere.
std::size_t terminal_width(std::FILE* stream, std::size_t otherwise);

// One value at a time.
struct SparkPoint {
  double at = 0;
  double value = 0;
};

// A bar from the lowest to the highest for each of `width` columns from time 0 to `end`, so that series under each
// other share their time axis: the mean of a column's values, or the value before it where it has none of its own.
// Blank before the first value and after the last. Points in the order of time.
std::string sparkline(std::span<const SparkPoint> points, double end, std::size_t width, double low, double high);

// A bar of a share in [0, 1], `width` columns.
std::string bar(double share, std::size_t width);

// A line on stderr that is written over itself, at most ten times a second, cut to the terminal's width (ASCII);
// nothing where stderr is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool active() const { return active_; }
  void show(const std::string& text);
  void clear();

 private:
  bool active_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace hearsay::cli
