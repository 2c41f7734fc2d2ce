#include "cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace hearsay::cli {

namespace {

bool set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_terminal(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(stream)) != 0 && !(term != nullptr && std::string_view(term) == "dumb");
}

}  // namespace

Palette::Palette(ColorChoice choice, std::FILE* stream)
    : enabled_(choice == ColorChoice::kAlways ||
               (choice == ColorChoice::kAuto && is_terminal(stream) && !set("NO_COLOR"))) {}

std::string Palette::wrap(std::string_view code, std::string_view text) const {
  if (!enabled_) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

std::string sparkline(std::span<const double> values, std::size_t width, double low, double high) {
  static constexpr std::array kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t columns = std::min(width, values.size());
  std::string line;
  for (std::size_t column = 0; column < columns; ++column) {
    const std::size_t begin = column * values.size() / columns;
    const std::size_t end = std::max(begin + 1, (column + 1) * values.size() / columns);
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += values[i];
    const double mean = sum / static_cast<double>(end - begin);
    const double share = high > low ? std::clamp((mean - low) / (high - low), 0.0, 1.0) : 0.0;
    line += kBars[std::min<std::size_t>(kBars.size() - 1, static_cast<std::size_t>(share * kBars.size()))];
  }
  return line;
}

std::string bar(double share, std::size_t width) {
  const auto filled = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width) + 0.5);
  std::string text;
  for (std::size_t i = 0; i < width; ++i) text += i < filled ? "█" : "·";
  return text;
}

ProgressLine::ProgressLine(bool wanted) : active_(wanted && is_terminal(stderr)) {}

void ProgressLine::show(const std::string& text) {
  if (!active_) return;
  const auto now = std::chrono::steady_clock::now();
  if (shown_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  shown_ = true;
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace hearsay::cli
