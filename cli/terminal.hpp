// What a terminal can show: colours where they are wanted, sparklines, bars, and a progress line on stderr. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

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

// One character a value, from the lowest to the highest bar; values above are averaged into `width` columns. Empty for no
// values.
std::string sparkline(std::span<const double> values, std::size_t width, double low, double high);

// A bar of a share in [0, 1], `width` columns.
std::string bar(double share, std::size_t width);

// A line on stderr that is written over itself, at most ten times a second; nothing where stderr is no terminal.
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
