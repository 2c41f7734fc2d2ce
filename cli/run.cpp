#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/exit_codes.hpp"
#include "cli/run_folder.hpp"
#include "cli/scenario.hpp"
#include "cli/summary.hpp"
#include "cli/verbs.hpp"
#include "hearsay_version.hpp"
#include "sim/measure/results_io.hpp"
#include "sim/measure/statistics.hpp"
#include "sim/plan/manifest.hpp"
#include "sim/world/world.hpp"

namespace hearsay::cli {

namespace {

std::atomic<bool> interrupted{false};

extern "C" void on_signal(int) { interrupted.store(true, std::memory_order_relaxed); }

// The first SIGINT or SIGTERM asks the runs to end, a second one ends the program at once.
class SignalGuard {
 public:
  SignalGuard() {
    interrupted = false;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, &old_int_);
    ::sigaction(SIGTERM, &action, &old_term_);
  }
  ~SignalGuard() {
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

// What all runs of a command have in common.
class Session {
 public:
  Session(const RunSettings& settings, const plan::Plan& plan)
      : settings_(settings), plan_(plan), progress_(!settings.quiet), started_(std::chrono::steady_clock::now()) {}

  // Runs all seeds, `jobs` at a time; results in the order of the seeds. An error is that of the lowest seed.
  Result<std::vector<measure::Results>> run_all(std::uint64_t first_seed, EventLog* log);
  double elapsed_s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

 private:
  world::RunOptions options(bool logged, EventLog* log);
  void show(const world::Progress& progress);

  const RunSettings& settings_;
  const plan::Plan& plan_;
  std::mutex mutex_;   // of what follows
  ProgressLine progress_;
  std::uint32_t done_ = 0;
  std::chrono::steady_clock::time_point started_;
};

world::RunOptions Session::options(bool logged, EventLog* log) {
  world::RunOptions options;
  options.wire = settings_.wire;
  options.interrupted = &interrupted;
  if (progress_.active()) options.progress = [this](const world::Progress& progress) { show(progress); };
  if (logged) {
    options.observations = [log](const Observation& observation) { log->write(observation); };
    options.operations = [log](const measure::OpRecord& op) { log->write(op); };
  }
  return options;
}

void Session::show(const world::Progress& progress) {
  const std::lock_guard lock(mutex_);
  const double share = (done_ + progress.simulated_s / progress.duration_s) / settings_.runs;
  const double left = share > 0 ? elapsed_s() / share - elapsed_s() : 0;
  std::string text = fmt::format("{}: {:.0f} of {:.0f} s simulated", plan_.name, progress.simulated_s, progress.duration_s);
  if (settings_.runs > 1) text += fmt::format(", {} of {} runs done", done_, settings_.runs);
  text += fmt::format(", {:.2f} M events/s, {:.0f} s left", static_cast<double>(progress.events) / elapsed_s() / 1e6, left);
  progress_.show(text);
}

Result<std::vector<measure::Results>> Session::run_all(std::uint64_t first_seed, EventLog* log) {
  std::vector<Result<measure::Results>> finished(settings_.runs, fail(ErrorCode::kInternal, "not run"));
  std::atomic<std::uint32_t> next{0};
  const auto work = [&] {
    for (;;) {
      const std::uint32_t i = next++;
      if (i >= settings_.runs || interrupted.load(std::memory_order_relaxed)) return;
      finished[i] = world::simulate(plan_, first_seed + i, options(i == 0 && log != nullptr, log));
      const std::lock_guard lock(mutex_);
      ++done_;
    }
  };
  const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::uint32_t jobs = std::min(settings_.runs, settings_.jobs == 0 ? cores : settings_.jobs);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 1; i < jobs; ++i) threads.emplace_back(work);
    work();
  }
  progress_.clear();
  std::vector<measure::Results> results;
  for (auto& result : finished) {
    if (result) {
      results.push_back(std::move(*result));
    } else if (!interrupted) {
      return tl::unexpected(result.error());
    }
  }
  return results;
}

nlohmann::ordered_json manifest_of(const RunSettings& settings, const plan::Plan& plan, std::uint64_t seed) {
  nlohmann::ordered_json json;
  json["program"] = "hearsay";
  json["version"] = kVersion;
  json["commit"] = kCommit;
  json["compiler"] = kCompiler;
  json["build_type"] = kBuildType;
  json["seed"] = seed;
  json["runs"] = settings.runs;
  json["wire"] = settings.wire;
  json["repeat"] = settings.repeat + fmt::format(" --seed {}", seed);
  json["scenario"] = plan::manifest(plan);
  return json;
}

Result<void> write_results(const RunFolder& folder, const std::vector<measure::Results>& results,
                           const nlohmann::ordered_json& json) {
  if (auto written = folder.write("results.json", json.dump(2) + "\n"); !written) return written;
  std::string rows = measure::csv_header();
  for (std::size_t i = 0; i < results.size(); ++i) rows += measure::csv_rows(std::to_string(i), results[i]);
  return folder.write("rows.csv", rows);
}

int complain(const Error& error) {
  std::fprintf(stderr, "hearsay: %s\n", error.message.c_str());
  return error.code == ErrorCode::kInternal ? kFailure : kUsage;
}

}  // namespace

int run(const RunSettings& settings) {
  auto plan = read_scenario(settings.file, settings.overrides);
  if (!plan) return complain(plan.error());
  const std::uint64_t seed = settings.seed.value_or(plan->seed);

  auto folder = RunFolder::create(settings.out, plan->name);
  if (!folder) return complain(folder.error());
  const nlohmann::ordered_json manifest = manifest_of(settings, *plan, seed);
  if (auto written = folder->write("manifest.json", manifest.dump(2) + "\n"); !written) return complain(written.error());
  if (auto written = folder->write("scenario.toml", plan->source); !written) return complain(written.error());
  auto log = EventLog::open(*folder, plan->directory);
  if (!log) return complain(log.error());

  const SignalGuard guard;
  Session session(settings, *plan);
  auto results = session.run_all(seed, &*log);
  if (!results) return complain(results.error());
  const bool cut_short = interrupted;

  const std::vector<measure::RunsSummary> summary = measure::summarise(*results);
  const RunReport report{.plan = *plan,
                         .results = *results,
                         .summary = summary,
                         .elapsed_s = session.elapsed_s(),
                         .folder = folder->path(),
                         .repeat = settings.repeat + fmt::format(" --seed {}", seed) +
                                   (settings.runs > 1 ? fmt::format(" --runs {}", settings.runs) : "")};
  const nlohmann::ordered_json json = results_json(report);
  if (settings.json) {
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{}", summary_text(report, Palette(settings.color, stdout)));
  }
  std::fflush(stdout);
  if (auto closed = log->close(); !closed) return complain(closed.error());
  if (auto written = write_results(*folder, *results, json); !written) return complain(written.error());

  if (cut_short) {
    if (!settings.quiet) std::fprintf(stderr, "hearsay: interrupted; what was measured is in %s\n", folder->path().c_str());
    return kInterrupted;
  }
  const bool passed = std::all_of(results->begin(), results->end(), [](const auto& r) { return r.passed(); });
  if (!passed && !settings.quiet) std::fprintf(stderr, "hearsay: not as expected; to repeat: %s\n", report.repeat.c_str());
  return passed ? kOk : kUnmet;
}

}  // namespace hearsay::cli
