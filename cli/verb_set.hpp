// The verbs of the program: their names, their options and what they do, in the order of `hearsay --help`; and the way
// from a command line to one of them. A verb declares itself in a file of its own (options_run.cpp, ...) by
//
//   auto [options, run] = verbs.add<RunSettings>("run", "Replays a scenario", kRunText, std::move(body));
//   options.flag("--json", run.json, "Prints one JSON object");
//
// One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/options.hpp"

namespace hearsay::cli {

// What a verb does with its settings; returns an exit code.
template <class Settings>
using Body = std::function<int(const Settings&)>;

class VerbSet {
 public:
  VerbSet();
  ~VerbSet();
  VerbSet(const VerbSet&) = delete;
  VerbSet& operator=(const VerbSet&) = delete;

  template <class Settings>
  struct Added {
    Options& options;
    Settings& settings;
  };
  // `name` is "run", or "kv put" for a verb of a family, which was added before. `text` comes below the options in the
  // help: examples first.
  template <class Settings>
  Added<Settings> add(const std::string& name, const std::string& summary, const std::string& text,
                      Body<Settings> body) {
    auto settings = std::make_shared<Settings>();
    Options& options = add_verb(name, summary, text, [settings, body = std::move(body)] { return body(*settings); });
    return {options, *settings};
  }
  void add_family(const std::string& name, const std::string& summary, const std::string& text);

  // Does what the words say, without the program's name; returns an exit code. What is wrong with them is one line on
  // stderr, and kUsage.
  int run(std::vector<std::string> words);

 private:
  struct Verb;
  Options& add_verb(const std::string& name, const std::string& summary, const std::string& text,
                    std::function<int()> body);
  std::vector<std::string> with_empty_values(std::vector<std::string> words) const;
  Verb* parsed() const;
  int run_verb(Verb& verb) const;

  std::unique_ptr<CLI::App> app_;
  std::vector<std::unique_ptr<Verb>> verbs_;
};

}  // namespace hearsay::cli
