// A run folder, read back: who made it, of what, and what was measured. Strict: a file that is missing, cut off or not
// of this program is one error (kInvalidArgument, kNotFound) that names file and place. Plain values; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sim/measure/results.hpp"

namespace hearsay::cli {

// Of a file of a run folder: the figures of a hundred thousand runs are less.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{512} << 20;

struct RunRecord {
  std::string path;  // as given
  std::string version, commit;
  std::string on;  // "simulated" or "zmq"
  std::string scenario;
  std::uint64_t seed = 0;  // of the first run
  std::string fingerprint;
  bool interrupted = false;  // some of its runs, or their number
  using Json = nlohmann::ordered_json;
  Json resolved;                            // the whole scenario
  std::vector<measure::Results> runs;       // without series and findings; at least one
  std::vector<std::optional<bool>> passed;  // of each; nothing where it was interrupted before anybody could tell
};

Result<RunRecord> read_run(const std::string& path);

}  // namespace hearsay::cli
