#include "cli/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "cli/exit_codes.hpp"
#include "cli/verbs.hpp"
#include "hearsay_version.hpp"

namespace hearsay::cli {

namespace {

// A word as a shell would need it.
std::string quoted(const std::string& word) {
  if (!word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                              "_-./=:,%+@") == std::string::npos) {
    return word;
  }
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string repeat_command(const RunSettings& run) {
  std::string text = "hearsay run " + quoted(run.file);
  for (const std::string& override_ : run.overrides) text += " --set " + quoted(override_);
  if (run.wire) text += " --wire";
  return text;
}

void add_color(CLI::App& app, ColorChoice& color) {
  static const std::map<std::string, ColorChoice> kChoices{
      {"auto", ColorChoice::kAuto}, {"always", ColorChoice::kAlways}, {"never", ColorChoice::kNever}};
  app.add_option("--color", color, "auto (the default), always or never; NO_COLOR is honoured")
      ->envname("HEARSAY_COLOR")
      ->transform(CLI::CheckedTransformer(kChoices, CLI::ignore_case))
      ->type_name("WHEN");
}

void add_overrides(CLI::App& app, std::vector<std::string>& overrides) {
  app.add_option("--set", overrides, "Replaces a value of the scenario, as in --set membership.rejoin=none; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

struct Verbs {
  RunSettings run;
  CheckSettings check;
  ListSettings list;
};

CLI::App& add_run(CLI::App& app, RunSettings& run) {
  CLI::App& verb = *app.add_subcommand("run", "Replays a scenario in the simulator and measures it");
  verb.footer(
      "Example:\n  hearsay run scenarios/partition-heal.toml --seed 7 --set membership.rejoin=none\n\n"
      "Writes a run folder (manifest.json, results.json, rows.csv, events.jsonl) and the link 'latest' beside it.\n"
      "Exits with 0 when every expectation held, 3 when one failed or a fault had no effect, 2 for a wrong scenario,\n"
      "130 when interrupted (what was measured is written).");
  verb.add_option("FILE", run.file, "The scenario, a TOML file")->required();
  verb.add_option("--seed", run.seed, "Seed of the (first) run; the scenario's otherwise")->envname("HEARSAY_SEED");
  verb.add_option("--runs", run.runs, "Number of runs with seeds counting up: means and confidence intervals")
      ->envname("HEARSAY_RUNS")
      ->check(CLI::Range(1U, 100'000U));
  verb.add_option("--jobs", run.jobs, "Runs at a time; 0 (the default) is one for each core. Results do not depend on it")
      ->envname("HEARSAY_JOBS")
      ->check(CLI::Range(0U, 1024U));
  add_overrides(verb, run.overrides);
  verb.add_option("--out", run.out, "Where run folders go: DIR/<name>/<time>; 'runs' otherwise")
      ->envname("HEARSAY_OUT")
      ->type_name("DIR");
  verb.add_flag("--json", run.json, "Prints the results as one JSON object instead of the summary");
  verb.add_flag("--wire", run.wire, "Packs and unpacks every message and compares; the fingerprint stays the same");
  verb.add_flag("--quiet,-q", run.quiet, "No progress line, no remarks on stderr")->envname("HEARSAY_QUIET");
  add_color(verb, run.color);
  return verb;
}

CLI::App& add_check(CLI::App& app, CheckSettings& check) {
  CLI::App& verb = *app.add_subcommand("check", "Reads scenarios and says what is wrong with them");
  verb.footer("Example:\n  hearsay check scenarios/*.toml");
  verb.add_option("FILE", check.files, "Scenarios")->required();
  add_overrides(verb, check.overrides);
  verb.add_flag("--json", check.json, "Prints each scenario with every default resolved");
  return verb;
}

CLI::App& add_list(CLI::App& app, ListSettings& list) {
  CLI::App& verb = *app.add_subcommand("list", "Lists the strategies of a role, or the parameters of one strategy");
  verb.footer("Examples:\n  hearsay list\n  hearsay list membership\n  hearsay list membership swim");
  verb.add_option("ROLE", list.role, "membership, dissemination, replication, ring, or 'metrics'");
  verb.add_option("NAME", list.name, "A strategy of the role");
  verb.add_flag("--json", list.json, "Prints an array of objects");
  add_color(verb, list.color);
  return verb;
}

// CLI11 has exit codes of its own; ours are few.
int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error) == 0 ? kOk : kFailure;  // --help, --version: on stdout
  std::fprintf(stderr, "hearsay: %s\nSee 'hearsay --help', or 'hearsay VERB --help'.\n", error.what());
  return kUsage;
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  CLI::App app("hearsay: a research framework for gossip protocols", "hearsay");
  app.set_version_flag("--version", fmt::format("hearsay {} ({}, {}, {})", kVersion, kCommit, kCompiler, kBuildType));
  app.require_subcommand(1);
  app.footer("Start with:\n  hearsay run scenarios/partition-heal.toml");
  Verbs verbs;
  CLI::App& run_verb = add_run(app, verbs.run);
  CLI::App& check_verb = add_check(app, verbs.check);
  add_list(app, verbs.list);

  // `hearsay help VERB` is `hearsay VERB --help`.
  std::vector<std::string> words = arguments;
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  std::reverse(words.begin(), words.end());  // CLI11 takes them last first
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  if (run_verb.parsed()) {
    verbs.run.repeat = repeat_command(verbs.run);
    return run(verbs.run);
  }
  if (check_verb.parsed()) return check(verbs.check);
  return list(verbs.list);
}

}  // namespace hearsay::cli
