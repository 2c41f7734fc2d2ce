// Over 400 lines: one road from the settings to the run folder, for simulated runs and real ones alike.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "cli/bytes_text.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/not_honoured.hpp"
#include "cli/real_run.hpp"
#include "cli/run_folder.hpp"
#include "cli/scenario.hpp"
#include "cli/summary.hpp"
#include "cli/verbs.hpp"
#include "cli/words.hpp"
#include "core/base/quantity.hpp"
#include "hearsay_version.hpp"
#include "sim/measure/results_io.hpp"
#include "sim/measure/statistics.hpp"
#include "sim/plan/input.hpp"
#include "sim/plan/manifest.hpp"
#include "sim/plan/metric_unit.hpp"
#include "sim/world/world.hpp"

namespace hearsay::cli {

namespace {

// What all runs of a command have in common.
class Session {
 public:
  Session(const RunSettings& settings, const plan::Plan& plan)
      : settings_(settings), plan_(plan), progress_(!settings.quiet), started_(std::chrono::steady_clock::now()) {}

  // Runs all seeds, `jobs` at a time; results in the order of the seeds. An error is that of the lowest seed.
  Result<std::vector<measure::Results>> run_all(std::uint64_t first_seed, EventLog* log);
  // The one run on real sockets.
  Result<RealRun> run_real(std::uint64_t seed, double tolerance, const RunFolder& folder, EventLog* log);
  double elapsed_s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

 private:
  world::RunOptions options(std::uint32_t run, EventLog* log);
  Result<measure::Results> run_one(std::uint32_t run, std::uint64_t seed, EventLog* log);
  void show(std::uint32_t run, const world::Progress& progress);

  const RunSettings& settings_;
  const plan::Plan& plan_;
  std::mutex mutex_;  // of what follows
  ProgressLine progress_;
  std::uint32_t done_ = 0;
  struct Progress {
    double share = 0;
    std::uint64_t events = 0;
  };
  std::map<std::uint32_t, Progress> running_;  // by run
  double share_ = 0;                           // of the runs that ended, and their events
  std::uint64_t events_ = 0;
  std::chrono::steady_clock::time_point started_;
};

world::RunOptions Session::options(std::uint32_t run, EventLog* log) {
  world::RunOptions options;
  options.wire = settings_.wire;
  options.interrupted = &interrupt_flag();
  if (progress_.active()) options.progress = [this, run](const world::Progress& progress) { show(run, progress); };
  if (run == 0) {
    options.observations = [log](const Observation& observation) { log->write(observation); };
    options.operations = [log](const measure::OpRecord& op) { log->write(op); };
    options.faults = [log](const world::FaultRecord& fault) { log->write(fault); };
  }
  return options;
}

void Session::show(std::uint32_t run, const world::Progress& progress) {
  const std::lock_guard lock(mutex_);
  running_[run] = {progress.simulated_s / progress.duration_s, progress.events};
  double share = share_;
  std::uint64_t events = events_;
  for (const auto& [_, other] : running_) {
    share += other.share;
    events += other.events;
  }
  const double elapsed = elapsed_s();
  const double left = share > 0 ? elapsed * (settings_.runs / share - 1) : 0;
  std::string text = plan_.name + ": ";
  if (settings_.runs > 1) {
    text += fmt::format("{} of {} runs done", done_, settings_.runs);
  } else {
    text += fmt::format("{:.0f} of {:.0f} s simulated", progress.simulated_s, progress.duration_s);
  }
  text += fmt::format(", {} events/s, {:.0f} s left", human_count(static_cast<double>(events) / elapsed), left);
  progress_.show(text);
}

Result<measure::Results> Session::run_one(std::uint32_t run, std::uint64_t seed, EventLog* log) {
  Result<measure::Results> results = fail(ErrorCode::kInternal, "not run");
  try {
    results = world::simulate(plan_, seed, options(run, log));
  } catch (const std::exception& error) {  // memory that ran out; out of a thread it would end the program
    results = fail(ErrorCode::kInternal, fmt::format("the run with seed {} failed: {}", seed, error.what()));
  }
  const std::lock_guard lock(mutex_);
  running_.erase(run);
  ++done_;
  share_ += 1;
  events_ += results ? results->events : 0;
  return results;
}

Result<std::vector<measure::Results>> Session::run_all(std::uint64_t first_seed, EventLog* log) {
  std::vector<Result<measure::Results>> finished(settings_.runs, fail(ErrorCode::kInternal, "not run"));
  std::atomic<std::uint32_t> next{0};
  const auto work = [&] {
    for (;;) {
      const std::uint32_t i = next++;
      if (i >= settings_.runs || was_interrupted()) return;
      finished[i] = run_one(i, first_seed + i, log);
    }
  };
  const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::uint32_t jobs = std::min(settings_.runs, settings_.jobs == 0 ? cores : settings_.jobs);
  {
    std::vector<std::jthread> threads;
    try {
      for (std::uint32_t i = 1; i < jobs; ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
      // As many as the system grants: the results do not depend on it.
    }
    work();
  }
  progress_.clear();
  std::vector<measure::Results> results;
  for (auto& result : finished) {
    if (result) {
      results.push_back(std::move(*result));
    } else if (!was_interrupted()) {
      return tl::unexpected(result.error());
    }
  }
  return results;
}

Result<RealRun> Session::run_real(std::uint64_t seed, double tolerance, const RunFolder& folder, EventLog* log) {
  RealRunOptions options;
  options.processes = settings_.processes;
  options.tolerance = tolerance;
  // As it was read: the user's own file may have changed before the last node is started.
  options.source = {folder.path() + "/scenario.toml", settings_.overrides};
  options.interrupted = &interrupt_flag();
  options.observations = [log](const Observation& observation) { log->write(observation); };
  options.operations = [log](const measure::OpRecord& op) { log->write(op); };
  options.faults = [log](const world::FaultRecord& fault) { log->write(fault); };
  if (progress_.active()) {
    options.progress = [this](double done_s, double all_s) {
      progress_.show(fmt::format("{}: {:.0f} of {:.0f} s on real sockets", plan_.name, done_s, all_s));
    };
  }
  Result<RealRun> ran = fail(ErrorCode::kInternal, "not run");
  try {
    ran = run_on_sockets(plan_, seed, options);
  } catch (const std::exception& error) {  // memory that ran out
    ran = fail(ErrorCode::kInternal, fmt::format("the run failed: {}", error.what()));
  }
  progress_.clear();
  return ran;
}

// The command that repeats runs: what of the settings belongs to them, beside the file and the seed.
std::string repeat_command(const RunSettings& settings, std::uint64_t seed, std::uint32_t runs) {
  std::string text = "hearsay run " + shell_word(settings.file);
  for (const std::string& override_ : settings.overrides) text += " --set " + shell_word(override_);
  if (settings.wire) text += " --wire";
  if (settings.on == RunSettings::On::kZmq) text += " --on zmq";
  if (settings.processes) text += " --processes";
  if (!settings.tolerance.empty()) text += " --tolerance " + shell_word(settings.tolerance);
  text += fmt::format(" --seed {}", seed);
  return runs > 1 ? text + fmt::format(" --runs {}", runs) : text;
}

// The manifest of a run: written before it, and once more when the rest of the folder is there.
class Manifest {
 public:
  Manifest(const RunSettings& settings, const plan::Plan& plan, std::uint64_t seed) {
    json_["program"] = "hearsay";
    json_["on"] = settings.on == RunSettings::On::kZmq ? "zmq" : "simulated";
    if (settings.on == RunSettings::On::kZmq) json_["processes"] = settings.processes;
    json_["status"] = "running";
    json_["version"] = kVersion;
    json_["commit"] = kCommit;
    json_["compiler"] = kCompiler;
    json_["build_type"] = kBuildType;
    json_["seed"] = seed;
    json_["runs"] = settings.runs;
    json_["wire"] = settings.wire;
    json_["repeat"] = repeat_command(settings, seed, settings.runs);
    json_["scenario"] = plan::manifest(plan);
  }
  void set(std::string_view key, nlohmann::ordered_json value) { json_[std::string(key)] = std::move(value); }
  Result<void> write(const RunFolder& folder) const { return folder.write("manifest.json", json_text(json_, 2)); }

 private:
  nlohmann::ordered_json json_;
};

struct Saved {
  Result<void> outcome;                   // the first thing that went wrong
  std::vector<std::string_view> missing;  // files that are not there for it
  bool anything = false;                  // figures were kept
};

// Keeps what fits: of a full disk the log goes first, which is the largest and can be had again.
Saved save(const RunFolder& folder, EventLog& log, const std::vector<measure::Results>& results,
           const nlohmann::ordered_json& json) {
  Saved saved;
  const auto note = [&saved](const Result<void>& written, std::string_view name) {
    if (saved.outcome) saved.outcome = written;
    saved.missing.push_back(name);
  };
  bool logged = true;
  const auto drop_log = [&](const Result<void>& why) {
    logged = false;
    note(why, EventLog::kName);
    folder.remove(EventLog::kName);
  };
  if (auto closed = log.close(); !closed) drop_log(closed);
  std::string rows = measure::csv_header();
  for (std::size_t i = 0; i < results.size(); ++i) rows += measure::csv_rows(std::to_string(i), results[i]);
  const std::string report = json_text(json, 2);
  for (const auto& [name, content] : {std::pair<std::string_view, const std::string*>("results.json", &report),
                                      std::pair<std::string_view, const std::string*>("rows.csv", &rows)}) {
    auto written = folder.write(name, *content);
    if (!written && logged) {
      drop_log(written);
      written = folder.write(name, *content);
    }
    if (!written) note(written, name);
    saved.anything |= written.has_value();
  }
  return saved;
}

// What did not come out as the scenario says, in a few words for each; of several runs, the first of each.
std::string unmet(const std::vector<measure::Results>& results) {
  std::vector<std::string> parts;
  const auto add = [&](std::string text) {
    if (std::find(parts.begin(), parts.end(), text) == parts.end()) parts.push_back(std::move(text));
  };
  for (const measure::Results& run : results) {
    for (const measure::EventReport& event : run.timeline) {
      if (run.was_idle(event)) add(fmt::format("event '{}' had no effect", event.label));
    }
    for (const measure::ExpectationReport& expectation : run.expectations) {
      if (!expectation.held && !expectation.open) add(fmt::format("expectation '{}' failed", expectation.text));
    }
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

// A mean over whole and partial runs would be of nothing: partial ones count only where there is nothing else.
void leave_out_partial(std::vector<measure::Results>& results) {
  if (std::ranges::all_of(results, &measure::Results::interrupted)) return;
  std::erase_if(results, [](const measure::Results& run) { return run.interrupted; });
}

// The first run in which something failed; the first of all where nothing did.
std::uint64_t first_failed_seed(const std::vector<measure::Results>& results) {
  const auto failed = std::ranges::find_if(results, &measure::Results::failed);
  return failed == results.end() ? results.front().seed : failed->seed;
}

// Before anything runs: what is wrong is a word of the caller's, or of the scenario.
int run_failed(const Error& error) { return failed(error, error.code == ErrorCode::kInternal ? kFailure : kUsage); }

// What does not go together. A real run takes its time, and has the machine for itself.
Result<void> check_where(const RunSettings& settings) {
  if (settings.on == RunSettings::On::kSimulated) {
    if (settings.processes) return invalid("--processes: is of a run on real sockets; give --on zmq");
    if (!settings.tolerance.empty()) return invalid("--tolerance: is of a run on real sockets; give --on zmq");
    return {};
  }
  if (settings.runs != 1) return invalid("--runs: a run on zmq is one; start the next one after it");
  if (settings.jobs > 1) return invalid("--jobs: a run on zmq is one");
  if (settings.wire) return invalid("--wire: on zmq every message is packed and unpacked anyway");
  return {};
}

Result<double> tolerance_of(const RunSettings& settings) {
  if (settings.tolerance.empty()) return kDefaultTolerance;
  const auto share = plan::parse_in(plan::MetricUnit::kShare, settings.tolerance);
  if (!share) return invalid(fmt::format("--tolerance: {}", share.error().message));
  if (*share < 0 || *share > 1) {
    return invalid(fmt::format("--tolerance: {} is out of range; expected one from 0% to 100%", settings.tolerance));
  }
  return *share;
}

}  // namespace

int run(const RunSettings& given) {
  RunSettings settings = given;
  const bool real = settings.on == RunSettings::On::kZmq;
  if (auto fits = check_where(settings); !fits) return run_failed(fits.error());
  const auto tolerance = tolerance_of(settings);
  if (!tolerance) return run_failed(tolerance.error());
  const bool read_once = is_read_once(settings.file);
  auto plan = read_scenario(settings.file, settings.overrides);
  if (!plan) return run_failed(plan.error());
  const std::uint64_t seed = settings.seed.value_or(plan->seed);
  if (seed > std::numeric_limits<std::uint64_t>::max() - (settings.runs - 1)) {
    return run_failed(
        {ErrorCode::kInvalidArgument, fmt::format("--runs: {} runs from seed {} go beyond the last seed, {}",
                                                  settings.runs, seed, std::numeric_limits<std::uint64_t>::max())});
  }
  if (auto runnable = world::check(*plan, seed); !runnable) return run_failed(runnable.error());

  if (real && !settings.quiet) {
    for (const std::string& line : not_honoured(*plan, settings.processes)) {
      std::fprintf(stderr, "hearsay: not honoured on zmq: %s\n", plan::one_line(line).c_str());
    }
  }

  const SignalGuard guard;  // from here on there is something to write when interrupted
  auto folder = RunFolder::create(settings.out, plan->name);
  if (!folder) return run_failed(folder.error());
  const auto give_up = [&](const Error& error) {
    folder->discard();
    return run_failed(error);
  };
  if (read_once) settings.file = folder->path() + "/scenario.toml";
  Manifest manifest(settings, *plan, seed);
  if (auto begun = manifest.write(*folder); !begun) return give_up(begun.error());
  if (auto copied = folder->write("scenario.toml", plan->source); !copied) return give_up(copied.error());
  auto log = EventLog::open(*folder, *plan);
  if (!log) return give_up(log.error());

  Session session(settings, *plan);
  std::optional<RealFacts> facts;
  Result<std::vector<measure::Results>> results;
  if (real) {
    auto ran = session.run_real(seed, *tolerance, *folder, &*log);
    if (!ran) {
      folder->discard();
      const int code = failed(ran.error());
      return was_interrupted() ? int{kInterrupted} : code;
    }
    results->push_back(std::move(ran->results));
    facts = std::move(ran->facts);
    manifest.set("machine", machine_json(*facts));
  } else {
    results = session.run_all(seed, &*log);
    if (!results) return give_up(results.error());
  }
  const bool cut_short = was_interrupted();
  leave_out_partial(*results);

  const std::vector<measure::RunsSummary> summary = measure::summarise(*results);
  RunReport report{.plan = *plan,
                   .results = *results,
                   .summary = summary,
                   .elapsed_s = session.elapsed_s(),
                   .folder = folder->path(),
                   .repeat = repeat_command(settings, seed, settings.runs),
                   .asked = settings.runs,
                   .real = facts ? &*facts : nullptr,
                   .width = terminal_width(stdout, kDefaultWidth)};
  const nlohmann::ordered_json json = results_json(report);
  // Written before it is shown, so that a reader who closes the pipe loses nothing; shown even if it could not be
  // written, so that a full disk does not cost the run.
  Saved saved = save(*folder, *log, *results, json);
  manifest.set("status", cut_short ? "interrupted" : "complete");
  if (!saved.missing.empty()) manifest.set("missing", saved.missing);
  if (saved.anything) {
    if (auto written = manifest.write(*folder); !written && saved.outcome) saved.outcome = written;
    const std::string remark = folder->finish();
    if (!remark.empty() && !settings.quiet) {
      std::fprintf(stderr, "hearsay: %s; the run is in %s\n", plan::one_line(remark).c_str(), folder->path().c_str());
    }
  } else {
    folder->discard();
    report.folder.clear();
  }
  const Result<void> shown =
      print_out(settings.json ? json_text(json, 2) : summary_text(report, Palette(settings.color, stdout)));
  if (!saved.outcome) {
    if (saved.anything) {
      saved.outcome.error().message +=
          fmt::format("; without {} the run is in {}", fmt::join(saved.missing, " and "), folder->path());
    }
    run_failed(saved.outcome.error());
  }
  if (!shown) run_failed(shown.error());
  if (!saved.outcome || !shown) return kFailure;

  if (cut_short) {
    if (!settings.quiet)
      std::fprintf(stderr, "hearsay: interrupted; what was measured is in %s\n", folder->path().c_str());
    return kInterrupted;
  }
  const std::string failures = unmet(*results);
  if (failures.empty()) return kOk;
  if (!settings.quiet) {
    // One run shows it; of several, the first that failed.
    const std::string repeat = repeat_command(settings, first_failed_seed(*results), 1);
    std::fprintf(stderr, "hearsay: not as expected: %s; to repeat: %s\n", plan::one_line(failures).c_str(),
                 plan::one_line(repeat).c_str());
  }
  return kUnmet;
}

}  // namespace hearsay::cli
