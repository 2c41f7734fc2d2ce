// Reads a scenario file into a plan: every default filled in, every name resolved, everything checked that can be
// checked before a run. docs/reference/scenario.md describes the format.
//
// Errors (kInvalidArgument; kNotFound for a file that is not there) are one line and the first one met:
//   file:line:column: what is wrong; expected ...; did you mean 'x'?
// and "--set key: ..." where an override is to blame. No exception leaves. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/catalogue.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::plan {

inline constexpr std::size_t kMaxEvents = 10'000;
inline constexpr std::size_t kMaxOps = 100'000;
inline constexpr std::size_t kMaxClientKinds = 1'000;
inline constexpr std::uint64_t kMaxClients = 16'000'000;  // of all kinds together
inline constexpr std::size_t kMaxClockSpecs = 10'000;
inline constexpr std::size_t kMaxGroups = 10'000;
inline constexpr std::size_t kMaxRegions = 256;
inline constexpr std::size_t kMaxExpectations = 10'000;
inline constexpr std::uint64_t kMaxSetEntries = 64'000'000;  // nodes named by all node sets together
inline constexpr std::uint64_t kMaxSamples = 100'000;        // points of a series: about 50 MB of all in results.json
inline constexpr std::uint64_t kMaxToggles = 100'000;        // of one flapping partition

// What an [[expect]] may name. The measurement knows, and it is built on the plan, so its names are handed in. A metric
// that is one of many is listed with what tells them apart in brackets: "convergence_s[label]" (of an event),
// "availability_share[client]"; anything else in brackets stands for any text.
struct KnownNames {
  std::span<const std::string_view> metrics;     // empty: every metric is accepted
  std::span<const std::string_view> invariants;  // empty: every invariant is accepted
  std::span<const std::string_view> errors{};    // in the brackets of "[error]"; empty: any text
};

struct ReaderOptions {
  KnownNames names;
  bool read_files = true;  // false: a distribution from a CSV file is an error
  std::uint32_t max_nodes = kMaxNodes;
};

// `overrides` are the "key=value" of --set (override.hpp), applied in order.
Result<Plan> read_file(const std::string& path, std::span<const std::string> overrides, const Catalogue& catalogue,
                       const ReaderOptions& options = {});
// `file_name` is for messages, and files that the scenario names are relative to its folder.
Result<Plan> read_text(std::string_view text, const std::string& file_name, std::span<const std::string> overrides,
                       const Catalogue& catalogue, const ReaderOptions& options = {});

}  // namespace hearsay::plan
