#include "cli/scenario.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/plugins.hpp"
#include "sim/measure/metric_names.hpp"
#include "sim/plan/idle_events.hpp"
#include "sim/plan/reader.hpp"
#include "sim/plan/toml_input.hpp"

namespace hearsay::cli {

namespace {

constexpr std::string_view kStandardInput = "-";
constexpr const char* kStandardInputName = "stdin";  // in messages, and the scenario's name unless it says another

// What errors_count[...] is told apart by.
constexpr std::array<std::string_view, 8> kErrorNames{"invalid argument", "too large", "unavailable",    "timeout",
                                                      "closed",           "corrupt",   "internal error", "unanswered"};

Result<std::string> read_standard_input() {
  std::string text;
  std::array<char, 1 << 16> buffer{};
  while (text.size() <= plan::kMaxFileBytes) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stdin);
    if (count == 0) break;
    text.append(buffer.data(), count);
  }
  if (std::ferror(stdin) != 0) {
    return invalid(fmt::format("{}: cannot be read: {}", kStandardInputName, std::strerror(errno)));
  }
  return text;  // one that is too long is refused by the reader
}

}  // namespace

bool is_read_once(const std::string& file) {
  std::error_code error;
  return file == kStandardInput || !std::filesystem::is_regular_file(file, error);
}

Result<plan::Plan> read_scenario(const std::string& file, const std::vector<std::string>& overrides) {
  plan::ReaderOptions options;
  options.names = {measure::metric_names(), measure::invariant_names(), kErrorNames};
  auto plan = [&]() -> Result<plan::Plan> {
    if (file != kStandardInput) return plan::read_file(file, overrides, catalogue(), options);
    const auto text = read_standard_input();
    if (!text) return tl::unexpected(text.error());
    return plan::read_text(*text, kStandardInputName, overrides, catalogue(), options);
  }();
  if (!plan) return plan;
  if (auto checked = plan::check_for_idle_events(*plan); !checked) return tl::unexpected(checked.error());
  return plan;
}

}  // namespace hearsay::cli
