#include "cli/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <sstream>

#include "cli/exit_codes.hpp"
#include "cli/verbs.hpp"
#include "cli/words.hpp"
#include "core/base/nearest.hpp"
#include "hearsay_version.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

constexpr std::uint64_t kMaxRuns = 100'000;
constexpr std::uint64_t kMaxJobs = 1024;

std::string repeat_options(const RunSettings& run) {
  std::string text;
  for (const std::string& override_ : run.overrides) text += " --set " + shell_word(override_);
  if (run.wire) text += " --wire";
  return text;
}

// A whole number, in decimal alone: CLI11 would wrap a negative one and take a leading zero for octal.
CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  const auto parse = [low, high](std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
      return fmt::format("'{}' is not a whole number from {} to {}", text, low, high);
    }
    text = std::to_string(value);
    return std::string();
  };
  return CLI::Validator(parse, "");
}

void add_color(CLI::App& app, ColorChoice& color) {
  const auto choose = [&color](const std::string& word) {
    static const std::map<std::string_view, ColorChoice> kChoices{
        {"auto", ColorChoice::kAuto}, {"always", ColorChoice::kAlways}, {"never", ColorChoice::kNever}};
    const auto found = kChoices.find(word);
    if (found == kChoices.end()) {
      throw CLI::ValidationError("--color", fmt::format("'{}' is none of auto, always, never", word));
    }
    color = found->second;
  };
  app.add_option_function<std::string>("--color", choose, "auto (the default), always or never; NO_COLOR is honoured")
      ->envname("HEARSAY_COLOR")
      ->type_name("WHEN");
}

void add_overrides(CLI::App& app, std::vector<std::string>& overrides) {
  app.add_option("--set", overrides,
                 "Replaces a value of the scenario, as in --set membership.rejoin=none; may be repeated")
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
      "130 when interrupted (what was measured is written; a second ^C ends it at once, and leaves a folder whose\n"
      "manifest says \"running\"). Of several runs events.jsonl is that of the first seed.");
  verb.add_option("FILE", run.file, "The scenario, a TOML file; - is standard input")->required()->type_name("");
  verb.add_option("--seed", run.seed, "Seed of the (first) run; the scenario's otherwise")
      ->envname("HEARSAY_SEED")
      ->transform(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("N");
  verb.add_option("--runs", run.runs, "Number of runs with seeds counting up: means and confidence intervals")
      ->envname("HEARSAY_RUNS")
      ->transform(whole_number(1, kMaxRuns))
      ->type_name("N");
  verb.add_option("--jobs", run.jobs,
                  "Runs at a time; 0 (the default) is one for each core. Results do not depend on it")
      ->envname("HEARSAY_JOBS")
      ->transform(whole_number(0, kMaxJobs))
      ->type_name("N");
  add_overrides(verb, run.overrides);
  verb.add_option("--out", run.out, "Where run folders go: DIR/<name>/<time>; 'runs' otherwise")
      ->envname("HEARSAY_OUT")
      ->check([](const std::string& folder) { return folder.empty() ? "a folder's name is missing" : ""; })
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
  verb.add_option("FILE", check.files, "Scenarios; - is standard input")->required()->type_name("");
  add_overrides(verb, check.overrides);
  verb.add_flag("--json", check.json, "Prints each scenario with every default resolved");
  return verb;
}

CLI::App& add_list(CLI::App& app, ListSettings& list) {
  CLI::App& verb = *app.add_subcommand("list", "Lists the strategies of a role, or the parameters of one strategy");
  verb.footer("Examples:\n  hearsay list\n  hearsay list membership\n  hearsay list membership swim");
  verb.add_option("ROLE", list.role, "membership, dissemination, replication, ring, or 'metrics'")->type_name("");
  verb.add_option("NAME", list.name, "A strategy of the role")->type_name("");
  verb.add_flag("--json", list.json, "Prints an array of objects");
  add_color(verb, list.color);
  return verb;
}

int usage_error(const std::string& text, std::string_view verb) {
  std::fprintf(stderr, "hearsay: %s%s 'hearsay %s--help'\n", plan::one_line(text).c_str(),
               text.ends_with('?') ? " See" : "; see", verb.empty() ? "" : fmt::format("{} ", verb).c_str());
  return kUsage;
}

// Where a wrong value came from, when the command line does not have it: ", from HEARSAY_SEED".
std::string origin(const CLI::App& verb, const std::string& message, const std::vector<std::string>& arguments) {
  for (const CLI::Option* option : verb.get_options()) {
    const std::string flag = option->get_name();
    if (option->get_envname().empty() || std::getenv(option->get_envname().c_str()) == nullptr) continue;
    const bool given = std::any_of(arguments.begin(), arguments.end(),
                                   [&](const auto& word) { return word == flag || word.starts_with(flag + "="); });
    if (!given && message.find(flag) != std::string::npos) return ", from " + option->get_envname();
  }
  return "";
}

std::string unexpected(const CLI::App& verb, const std::string& word) {
  if (!word.starts_with('-')) return fmt::format("'{}' was not expected", word);
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
  }
  const std::string flag = word.substr(0, word.find('='));
  const auto near = nearest(flag, std::vector<std::string_view>(names.begin(), names.end()));
  return fmt::format("there is no option '{}'{}", flag, near ? fmt::format("; did you mean '{}'?", *near) : "");
}

// "Could not convert: --quiet = maybe", in our words. Only flags are converted by CLI11 itself.
std::string converted(std::string text) {
  const std::string_view prefix = "Could not convert: ";
  const std::size_t equals = text.find(" = ");
  if (!text.starts_with(prefix) || equals == std::string::npos) return text;
  return fmt::format("{}: '{}' is neither true nor false", text.substr(prefix.size(), equals - prefix.size()),
                     text.substr(equals + 3));
}

// CLI11 has exit codes of its own; ours are few. One line says what is wrong.
int report(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  if (error.get_exit_code() == 0) {  // --help, --version
    std::ostringstream text;
    app.exit(error, text, text);
    if (auto printed = print_out(text.str()); !printed) {
      std::fprintf(stderr, "hearsay: %s\n", printed.error().message.c_str());
      return kFailure;
    }
    return kOk;
  }
  const auto verbs = app.get_subcommands();
  const CLI::App& verb = verbs.empty() ? app : *verbs.front();
  const std::string name = verbs.empty() ? "" : verb.get_name();
  // A misspelt option leaves something else missing, too: the option is what is wrong.
  const std::vector<std::string> rest = app.remaining(true);
  if (!rest.empty() && error.get_name() != "ValidationError") return usage_error(unexpected(verb, rest.front()), name);
  const std::string text = error.get_name() == "ConversionError" ? converted(error.what()) : error.what();
  return usage_error(text + origin(verb, text, arguments), name);
}

constexpr std::array<std::string_view, 4> kVerbs{"run", "check", "list", "help"};

// What is wrong with the verb, or nothing.
std::string wrong_verb(const std::string& word) {
  if (word.starts_with('-') || std::find(kVerbs.begin(), kVerbs.end(), word) != kVerbs.end()) return "";
  const auto near = nearest(word, kVerbs);
  return fmt::format("there is no verb '{}'; there are {}{}", word, fmt::join(kVerbs, ", "),
                     near ? fmt::format("; did you mean '{}'?", *near) : "");
}

int parse_and_run(const std::vector<std::string>& arguments) {
  CLI::App app("hearsay: a research framework for gossip protocols", "hearsay");
  app.set_version_flag("--version", fmt::format("hearsay {} ({}, {}, {})", kVersion, kCommit, kCompiler, kBuildType));
  app.footer(
      "hearsay help VERB shows a verb's options and an example. Start with:\n"
      "  hearsay run scenarios/partition-heal.toml");
  Verbs verbs;
  CLI::App& run_verb = add_run(app, verbs.run);
  CLI::App& check_verb = add_check(app, verbs.check);
  CLI::App& list_verb = add_list(app, verbs.list);

  // `hearsay help VERB` is `hearsay VERB --help`.
  std::vector<std::string> words = arguments;
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  if (words.empty()) return usage_error(fmt::format("a verb is missing: {}", fmt::join(kVerbs, ", ")), "");
  if (const std::string wrong = wrong_verb(words.front()); !wrong.empty()) return usage_error(wrong, "");
  std::reverse(words.begin(), words.end());  // CLI11 takes them last first
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return report(app, error, arguments);
  }
  if (run_verb.parsed()) {
    verbs.run.repeat_options = repeat_options(verbs.run);
    return run(verbs.run);
  }
  if (check_verb.parsed()) return check(verbs.check);
  if (list_verb.parsed()) return list(verbs.list);
  return usage_error(fmt::format("a verb is missing: {}", fmt::join(kVerbs, ", ")), "");
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  prepare_streams();
  try {
    return parse_and_run(arguments);
  } catch (const std::exception& error) {  // memory that ran out
    std::fprintf(stderr, "hearsay: failed: %s\n", error.what());
    return kFailure;
  }
}

}  // namespace hearsay::cli
