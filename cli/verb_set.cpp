#include "cli/verb_set.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "cli/config_file.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/terminal.hpp"
#include "core/base/check.hpp"
#include "core/base/nearest.hpp"
#include "hearsay_version.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

struct VerbSet::Verb {
  std::string name;
  CLI::App& app;
  Options options;
  std::function<int()> body;
};

namespace {

int usage_error(const std::string& text, std::string_view verb) {
  return failed(
      {ErrorCode::kInvalidArgument, fmt::format("{}{} 'hearsay {}--help'", text, text.ends_with('?') ? " See" : "; see",
                                                verb.empty() ? "" : fmt::format("{} ", verb))});
}

// The verb or the family that the words came to, and its whole name.
std::pair<const CLI::App*, std::string> deepest(const CLI::App& app) {
  const CLI::App* at = &app;
  std::string name;
  for (auto below = at->get_subcommands(); !below.empty(); below = at->get_subcommands()) {
    at = below.front();
    name += (name.empty() ? "" : " ") + at->get_name();
  }
  return {at, name};
}

std::vector<std::string> names_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

std::string unknown_verb(const std::string& word, std::string_view family, const std::vector<std::string>& names) {
  const auto near = nearest(word, std::vector<std::string_view>(names.begin(), names.end()));
  const std::string known = fmt::format("there are {}", fmt::join(names, ", "));
  return fmt::format("there is no verb '{}{}{}'; {}{}", family, family.empty() ? "" : " ", word, known,
                     near ? fmt::format("; did you mean '{}'?", *near) : "");
}

std::string unexpected(const CLI::App& verb, const std::string& word) {
  if (!word.starts_with('-') || word == "-") return fmt::format("'{}' was not expected", word);
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
  }
  const std::string flag = word.substr(0, word.find('='));
  const auto near = nearest(flag, std::vector<std::string_view>(names.begin(), names.end()));
  return fmt::format("there is no option '{}'{}", flag, near ? fmt::format("; did you mean '{}'?", *near) : "");
}

// CLI11 has exit codes of its own; ours are few. One line says what is wrong.
int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help, --version
    std::ostringstream text;
    app.exit(error, text, text);
    return print_or_fail(text.str());
  }
  const auto [verb, name] = deepest(app);
  // A misspelt option leaves something else missing, too: the option is what is wrong.
  const std::vector<std::string> rest = app.remaining(true);
  const std::vector<std::string> below = names_below(*verb);
  if (!rest.empty()) {
    const bool is_verb = !below.empty() && !rest.front().starts_with('-');
    return usage_error(is_verb ? unknown_verb(rest.front(), name, below) : unexpected(*verb, rest.front()), name);
  }
  if (!below.empty()) {
    return usage_error(
        fmt::format("a verb is missing{}: {}", name.empty() ? "" : " after " + name, fmt::join(below, ", ")), name);
  }
  return usage_error(error.what(), name);
}

}  // namespace

VerbSet::VerbSet() : app_(std::make_unique<CLI::App>("hearsay: a research framework for gossip protocols", "hearsay")) {
  app_->set_version_flag("--version", fmt::format("hearsay {} ({}, {}, {})", kVersion, kCommit, kCompiler, kBuildType));
  app_->footer(
      "hearsay help VERB shows a verb's options and an example. Start with:\n"
      "  hearsay run scenarios/partition-heal.toml\n"
      "A plug-in is loaded with --plugin FILE before the verb, or by HEARSAY_PLUGIN, where ':' parts several.");
  // At most one: or a key that is called like a verb would be taken for one.
  app_->require_subcommand(1);
}

VerbSet::~VerbSet() = default;

void VerbSet::add_family(const std::string& name, const std::string& summary, const std::string& text) {
  CLI::App& family = *app_->add_subcommand(name, summary);
  family.require_subcommand(1);
  family.footer(text);
}

Options& VerbSet::add_verb(const std::string& name, const std::string& summary, const std::string& text,
                           std::function<int()> body) {
  const std::size_t space = name.find(' ');
  const std::string section = name.substr(0, space);
  CLI::App& parent = space == std::string::npos ? *app_ : *app_->get_subcommand(section);
  CLI::App& app = *parent.add_subcommand(name.substr(space == std::string::npos ? 0 : space + 1), summary);
  app.footer(fmt::format(
      "{}\n\n"
      "Options may also be given in the environment, --some-option as HEARSAY_SOME_OPTION, and in the file of "
      "--config,\n"
      "section [{}]. A flag comes before the environment, the environment before the file. --print-config shows which.",
      text, section));
  verbs_.push_back(std::make_unique<Verb>(Verb{name, app, Options(app, section), std::move(body)}));
  return verbs_.back()->options;
}

VerbSet::Verb* VerbSet::parsed() const {
  const CLI::App* app = deepest(*app_).first;
  const auto found = std::ranges::find_if(verbs_, [app](const auto& verb) { return &verb->app == app; });
  return found == verbs_.end() ? nullptr : found->get();
}

// CLI11 takes the next word for the value of "--name=": makes it two words, "--name" and an empty one.
std::vector<std::string> VerbSet::with_empty_values(std::vector<std::string> words) const {
  const auto has_value = [this](std::string_view name) {
    return std::ranges::any_of(verbs_, [name](const auto& verb) { return verb->options.has_value(name); });
  };
  for (auto word = words.begin(); word != words.end() && *word != "--"; ++word) {
    if (!word->starts_with("--") || word->find('=') + 1 != word->size()) continue;
    if (!has_value(std::string_view(*word).substr(2, word->size() - 3))) continue;
    word->pop_back();
    word = words.emplace(word + 1);
  }
  return words;
}

int VerbSet::run(std::vector<std::string> words) {
  // `hearsay help VERB` is `hearsay VERB --help`.
  const std::vector<std::string> names = names_below(*app_);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  if (words.empty()) return usage_error(fmt::format("a verb is missing: {}, help", fmt::join(names, ", ")), "");
  const std::string& first = words.front();
  if (!first.starts_with('-') && std::ranges::find(names, first) == names.end()) {
    return usage_error(unknown_verb(first, "", names), "");
  }
  words = with_empty_values(std::move(words));
  std::ranges::reverse(words);  // CLI11 takes them last first
  try {
    app_->parse(words);
  } catch (const CLI::ParseError& error) {
    for (const auto& verb : verbs_) verb->options.mark_required();
    return report(*app_, error);
  }
  Verb* verb = parsed();
  HEARSAY_CHECK(verb != nullptr);
  return run_verb(*verb);
}

int VerbSet::run_verb(Verb& verb) const {
  std::optional<ConfigFile> file;
  Options& options = verb.options;
  if (const std::string path = options.config_path(); !path.empty()) {
    ConfigFile::Known known;
    for (const auto& other : verbs_) {
      std::vector<std::string_view>& keys = known[other->options.section()];
      std::ranges::copy(other->options.keys(), std::back_inserter(keys));
    }
    auto read = ConfigFile::read(path, known);
    if (!read) return failed(read.error(), kUsage);
    file = std::move(*read);
  }
  if (auto resolved = options.resolve(file ? &*file : nullptr); !resolved) {
    return usage_error(resolved.error().message, verb.name);
  }
  if (options.wants_table()) return print_or_fail(options.table());
  if (auto whole = options.check_required(); !whole) return usage_error(whole.error().message, verb.name);
  set_other_sources(options.not_on_the_command_line());
  return verb.body();
}

}  // namespace hearsay::cli
