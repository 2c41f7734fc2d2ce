// The folder a run leaves behind: <out>/<scenario>/<UTC time>/ with manifest.json (version, commit, compiler, seeds and
// the whole resolved scenario), scenario.toml (the file as it was), results.json, rows.csv (long form, for pandas, R
// and DuckDB) and events.jsonl (of the first seed's run alone: every observation, every request, and what the time line
// did); and <out>/<scenario>/latest, a link to it.
//
// The manifest's "status" is "running" from the beginning, and "complete" or "interrupted" once all else is written: a
// folder that still says "running" when its program is gone is that of a run that was killed. `latest` points at a
// folder only once it is finished.
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
#include "sim/world/world.hpp"

namespace hearsay::cli {

class RunFolder {
 public:
  static Result<RunFolder> create(const std::string& out, const std::string& scenario);

  const std::string& path() const { return path_; }
  // All of it or nothing: a file that is there keeps its content until the new one is whole.
  Result<void> write(std::string_view name, std::string_view content) const;
  void remove(std::string_view name) const;
  // Points `latest` at the folder, which is finished. Returns why it does not, in a few words, or nothing; it is a
  // convenience, and no reason to fail.
  std::string finish() const;
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
  static constexpr std::size_t kMaxListed = 100;  // names in a list; its count is of all
  static constexpr const char* kName = "events.jsonl";

  static Result<EventLog> open(const RunFolder& folder, const plan::Plan& plan);
  void write(const Observation& observation);
  void write(const measure::OpRecord& op);
  void write(const world::FaultRecord& fault);
  // Flushes; an error when the disk was full at any time.
  Result<void> close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  EventLog(std::FILE* file, std::string path, const plan::Plan& plan)
      : file_(file), path_(std::move(path)), plan_(&plan), directory_(&plan.directory) {}
  void line(const std::string& text);

  std::unique_ptr<std::FILE, Closer> file_;
  std::string path_;
  const plan::Plan* plan_;
  const Directory* directory_;
  std::uint64_t lines_ = 0;
  int error_ = 0;  // errno of the first write that failed
};

}  // namespace hearsay::cli
