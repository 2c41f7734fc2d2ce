// Reading a scenario's text in tests: with the strategies of test_catalogue.hpp and a few names of metrics.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/plan/reader.hpp"
#include "tests/plan/test_catalogue.hpp"

namespace hearsay::test {

inline constexpr std::string_view kMetrics[] = {
    "convergence_s[label]",       "availability_share",   "messages_per_node_s",
    "availability_share[client]", "get_latency_p99_ms",   "bytes_count",
    "bytes_per_node_s",           "early_expiries_count", "errors_count[error]"};
inline constexpr std::string_view kErrors[] = {"timeout", "unanswered"};
inline constexpr std::string_view kInvariants[] = {"no_resurrection", "never_early", "views_agree_at_end"};

// "duration" is given as line 1, so that a test's own text begins with line 2.
inline Result<plan::Plan> read(std::string_view text, const std::vector<std::string>& overrides = {}) {
  plan::ReaderOptions options;
  options.names = {kMetrics, kInvariants, kErrors};
  options.max_nodes = 5000;
  return plan::read_text("duration = \"60s\"\n" + std::string(text), "x.toml", overrides, catalogue(), options);
}

// The error that reading gives, "ok" when there is none.
inline std::string said(std::string_view text, const std::vector<std::string>& overrides = {}) {
  const auto plan = read(text, overrides);
  return plan ? "ok" : plan.error().message;
}

}  // namespace hearsay::test
