#include "cli/terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

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

void prepare_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is the one that is missing. Not to be written to, so that output to it still fails.
    const int opened = ::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened != descriptor && opened >= 0) ::close(opened);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

Result<void> print_out(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  const int code = errno;
  if (written || code == EPIPE) return {};
  return fail(ErrorCode::kInternal, fmt::format("cannot write to standard output: {}", std::strerror(code)));
}

bool reader_is_gone() { return std::ferror(stdout) != 0; }

std::size_t terminal_width(std::FILE* stream, std::size_t otherwise) {
  struct winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

std::string sparkline(std::span<const SparkPoint> points, double end, std::size_t width, double low, double high) {
  static constexpr std::array kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string line;
  std::size_t next = 0;
  for (std::size_t column = 0; column < width; ++column) {
    const double until = end * static_cast<double>(column + 1) / static_cast<double>(width);
    double sum = 0;
    std::size_t count = 0;
    for (; next < points.size() && (points[next].at < until || column + 1 == width); ++next, ++count) {
      sum += points[next].value;
    }
    if (next == 0 || (count == 0 && next == points.size())) {
      line += ' ';
      continue;
    }
    const double mean = count == 0 ? points[next - 1].value : sum / static_cast<double>(count);
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
  // A line that wraps could not be written over.
  const std::size_t width = std::max<std::size_t>(2, terminal_width(stderr, 80));
  std::fprintf(stderr, "\r\033[K%s", text.substr(0, width - 1).c_str());
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace hearsay::cli
