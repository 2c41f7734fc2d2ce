// The folder a run leaves behind: <out>/<scenario>/<UTC time>/ with manifest.json (version, commit, compiler, seeds and
// the whole resolved scenario), scenario.toml (the file as it was), results.json, rows.csv (long form, for pandas, R
// and DuckDB) and events.jsonl (every observation of the first seed's nodes and every request); and
// <out>/<scenario>/latest, a link to it.
//
// Two programs may write at the same time: each makes a folder of its own. Every error names the file. Where a run
// fails, its folder goes again, and `latest` has not moved. One thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/observation.hpp"
#include "sim/measure/truth.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::cli {

class RunFolder {
 public:
  static Result<RunFolder> create(const std::string& out, const std::string& scenario);

  const std::string& path() const { return path_; }
  Result<void> write(std::string_view name, std::string_view content) const;
  // Points `latest` at the folder, which is complete.
  void finish() const;
  // Removes the folder, and those above it that were made for it and are empty.
  void discard() const;

 private:
  explicit RunFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::vector<std::string> made_;  // the folders above it that were not there, the deepest first
};

// events.jsonl, written as the run goes. Bounded: after kMaxLines it says so in a last line and stops.
class EventLog {
 public:
  static constexpr std::uint64_t kMaxLines = 2'000'000;

  static Result<EventLog> open(const RunFolder& folder, const Directory& directory);
  void write(const Observation& observation);
  void write(const measure::OpRecord& op);
  // Flushes; an error when the disk was full at any time.
  Result<void> close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  EventLog(std::FILE* file, std::string path, const Directory& directory)
      : file_(file), path_(std::move(path)), directory_(&directory) {}
  void line(const std::string& text);

  std::unique_ptr<std::FILE, Closer> file_;
  std::string path_;
  const Directory* directory_;
  std::uint64_t lines_ = 0;
  int error_ = 0;  // errno of the first write that failed
};

}  // namespace hearsay::cli
