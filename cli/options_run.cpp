// The options of `hearsay run`, `check` and `compare`.
#include "cli/declare.hpp"
#include "cli/shared_options.hpp"

namespace hearsay::cli {

namespace {

constexpr std::uint64_t kMaxRuns = 100'000;
constexpr std::uint64_t kMaxJobs = 1024;

constexpr const char* kRunText =
    "Examples:\n  hearsay run scenarios/partition-heal.toml --seed 7 --set membership.rejoin=none\n"
    "  hearsay run scenarios/partition-heal.toml --on zmq\n\n"
    "Writes a run folder (manifest.json, results.json, rows.csv, events.jsonl) and the link 'latest' beside it.\n"
    "Exits with 0 when every expectation held, 3 when one failed or a fault had no effect, 2 for a wrong scenario,\n"
    "on zmq 4 where the machine grants too few processes, threads or descriptors and 124 when nodes are not ready in\n"
    "time, 130 when interrupted (what was measured is written; a second ^C ends it at once, and leaves a folder whose\n"
    "manifest says \"running\"). Of several runs events.jsonl is that of the first seed.";

}  // namespace

void declare_run(VerbSet& verbs, Body<RunSettings> body) {
  auto [options, run] = verbs.add<RunSettings>(
      "run", "Replays a scenario, simulated or on real sockets, and measures it", kRunText, std::move(body));
  options.argument("FILE", run.file, true, "The scenario, a TOML file; - is standard input");
  options.choice("--on", run.on, {{"simulated", RunSettings::On::kSimulated}, {"zmq", RunSettings::On::kZmq}}, "WHERE",
                 "simulated (the default), or zmq: the same on real sockets, in real time, with the faults in front of "
                 "them");
  options.flag("--processes", run.processes,
               "On zmq: a process a node, over tcp on 127.0.0.1; otherwise all nodes are in one process");
  options.text("--tolerance", run.tolerance, "SHARE",
               "On zmq: by how much a bound of the scenario may be missed where it says nothing itself; 20% otherwise");
  options.number("--seed", run.seed, {}, "N", "Seed of the (first) run; the scenario's otherwise");
  options.number("--runs", run.runs, {1, kMaxRuns}, "N",
                 "Number of runs with seeds counting up: means and confidence intervals");
  options.number("--jobs", run.jobs, {0, kMaxJobs}, "N",
                 "Runs at a time; 0 (the default) is one for each core. Results do not depend on it");
  add_overrides(options, run.overrides);
  options.text("--out", run.out, "DIR", "Where run folders go: DIR/<name>/<time>; 'runs' otherwise",
               [](const std::string& folder) { return folder.empty() ? "a folder's name is missing" : ""; });
  options.flag("--json", run.json, "Prints the results as one JSON object instead of the summary");
  options.flag("--wire", run.wire, "Packs and unpacks every message and compares; the fingerprint stays the same");
  options.flag("--quiet,-q", run.quiet, "No progress line, no remarks on stderr");
  add_color(options, run.color);
}

void declare_compare(VerbSet& verbs, Body<CompareSettings> body) {
  auto [options, compare] = verbs.add<CompareSettings>(
      "compare", "Shows two runs side by side",
      "Example:\n  hearsay compare runs/partition-heal/20260101T120000Z runs/partition-heal/latest\n\n"
      "Of each metric both figures, and how the right one stands to the left. What was cut off is shown with a '>' or "
      "as\n"
      "such, and has no relation. Of several runs: the mean with its 95% interval.",
      std::move(body));
  options.argument("LEFT", compare.left, true, "A run folder, or a link to one");
  options.argument("RIGHT", compare.right, true, "Another");
  options.flag("--json", compare.json, "Prints one JSON object");
  add_color(options, compare.color);
}

void declare_check(VerbSet& verbs, Body<CheckSettings> body) {
  auto [options, check] = verbs.add<CheckSettings>("check", "Reads scenarios and says what is wrong with them",
                                                   "Example:\n  hearsay check scenarios/*.toml", std::move(body));
  options.arguments("FILE", check.files, true, "Scenarios; - is standard input");
  add_overrides(options, check.overrides);
  options.flag("--json", check.json, "Prints each scenario with every default resolved");
}

}  // namespace hearsay::cli
