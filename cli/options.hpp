// The options of one verb: each is declared once, with its name, its type and its meaning, and taken from where it is
// given. Four layers, the first that has it: the command line, the environment, the file of --config, the default.
// CLI11 splits the words and writes the help; it would let a file come before the environment, so the layers are ours.
//
//   options.number("--runs", run.runs, {1, 100'000}, "N", "Number of runs");
//     --runs 3          the flag
//     HEARSAY_RUNS=3    the variable: HEARSAY_ and the long name in capitals, "_" for "-"; an empty one counts for none
//     [run]             the file: a section for each verb, its keys are the long names
//     runs = 3
//
// A value is read from its text wherever it was given, so that all layers take and refuse the same; what is refused
// names the option and the place. One thread. Holds references: the values outlive it.
#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "sim/plan/input.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace hearsay::cli {

class ConfigFile;

// Bounds of a whole number, both included.
struct WholeRange {
  std::uint64_t low = 0;
  std::uint64_t high = std::numeric_limits<std::uint64_t>::max();
};

class Options {
 public:
  static constexpr std::size_t kMaxListed = 10'000;  // values of one option that may be repeated

  // `section`: of the configuration file; verbs of one family share it.
  Options(CLI::App& app, std::string section);

  // `names` are "--long" or "--long,-l"; `type` is the word the help has for the value.
  // `check` returns what is wrong with what was given, or nothing.
  using Check = std::function<std::string(const std::string&)>;
  void text(const std::string& names, std::string& value, const std::string& type, const std::string& doc,
            Check check = {});
  // In decimal alone.
  template <std::unsigned_integral T>
  void number(const std::string& names, T& value, WholeRange range, const std::string& type, const std::string& doc);
  void number(const std::string& names, std::optional<std::uint64_t>& value, WholeRange range, const std::string& type,
              const std::string& doc);
  void real(const std::string& names, double& value, double low, double high, const std::string& type,
            const std::string& doc);
  void real(const std::string& names, std::optional<double>& value, double low, double high, const std::string& type,
            const std::string& doc);
  // "500ms", "2s".
  void duration(const std::string& names, Duration& value, Duration low, Duration high, const std::string& doc);
  // "64KiB", "2MB".
  void size(const std::string& names, std::int64_t& bytes, std::int64_t low, std::int64_t high, const std::string& doc);
  template <class Enum>
  void choice(const std::string& names, Enum& value, std::initializer_list<std::pair<std::string_view, Enum>> choices,
              const std::string& type, const std::string& doc);
  void flag(const std::string& names, bool& value, const std::string& doc);
  // May be repeated. Where one text stands for several values (a variable; on the command line only with
  // `splits_words`), they are parted by `separator`.
  // `check` is asked of each.
  void list(const std::string& names, std::vector<std::string>& values, char separator, bool splits_words,
            const std::string& type, const std::string& doc, Check check = {});

  // Without a flag, in this order; neither in the environment nor in a file.
  void argument(const std::string& name, std::string& value, bool required, const std::string& doc, Check check = {});
  void arguments(const std::string& name, std::vector<std::string>& values, bool required, const std::string& doc);
  // An option that must be given, in whatever layer; `example` is what to write.
  void require(const std::string& names, const std::string& example);

  // Reads all layers. Errors (kInvalidArgument): one line that names option and place, the first one met. `file`: null
  // without --config.
  Result<void> resolve(const ConfigFile* file);
  // What is missing, after resolve().
  Result<void> check_required() const;
  // Has the help say what is required. Not before the words were read: what is in another layer CLI11 does not see.
  void mark_required();
  // Each value with where it came from, as a section of a configuration file.
  std::string table() const;
  // Which values came from elsewhere than the command line: "HEARSAY_SERVERS, c.toml:3:1 (ring)"; nothing where none
  // did.
  std::string not_on_the_command_line() const;

  const std::string& section() const { return section_; }
  std::vector<std::string_view> keys() const;   // long names, of what a file may have
  bool has_value(std::string_view name) const;  // whether it is an option that takes one
  bool wants_table() const;                     // --print-config
  // Of --config or HEARSAY_CONFIG; empty: none.
  std::string config_path() const;

 private:
  enum class Kind : std::uint8_t { kText, kNumber, kFlag, kList };
  using Words = std::vector<std::string>;
  struct Declared {
    CLI::Option* option = nullptr;
    std::string name;  // without "--"; of an argument as the help has it
    Kind kind = Kind::kText;
    bool is_argument = false;
    char separator = 0;
    bool splits_words = false;
    std::function<std::string(const Words&)> set;  // returns what is wrong, or nothing
    std::function<std::string()> shown;            // as TOML; nothing: not set
    std::string from = {};                         // where it was given; empty: nowhere
    bool required = false;
    std::string example = {};
    std::string flag() const { return is_argument ? name : "--" + name; }
  };

  Declared& add(const std::string& names, Kind kind, const std::string& type, const std::string& doc);
  Declared& add_argument(const std::string& name, const std::string& doc);
  void bind_text(const std::string& names, Kind kind, const std::string& type, const std::string& doc,
                 std::function<std::string(const std::string&)> set, std::function<std::string()> shown);
  Result<void> take(Declared& declared, const ConfigFile* file);
  static Result<void> set(const Declared& declared, const Words& words, const std::string& before,
                          const std::string& after);
  static Result<Words> words_of(const Declared& declared, const plan::Input& value);

  CLI::App& app_;
  std::string section_;
  std::deque<Declared> declared_;
  CLI::Option* config_ = nullptr;
  CLI::Option* print_ = nullptr;
};

// The variable that an option may be given by: "HEARSAY_READY_TIMEOUT" for "ready-timeout".
std::string variable_of(std::string_view name);

// Text as a TOML string.
std::string toml_text(std::string_view text);

namespace detail {
// What is wrong with the text, or nothing and the value.
std::string read_whole(const std::string& text, WholeRange range, std::uint64_t& value);
std::string none_of(const std::string& text, std::span<const std::string_view> choices);
}  // namespace detail

template <std::unsigned_integral T>
void Options::number(const std::string& names, T& value, WholeRange range, const std::string& type,
                     const std::string& doc) {
  bind_text(
      names, Kind::kNumber, type, doc,
      [&value, range](const std::string& text) {
        std::uint64_t whole = 0;
        std::string wrong = detail::read_whole(text, range, whole);
        if (wrong.empty()) value = static_cast<T>(whole);
        return wrong;
      },
      [&value] { return std::to_string(value); });
}

template <class Enum>
void Options::choice(const std::string& names, Enum& value,
                     std::initializer_list<std::pair<std::string_view, Enum>> choices, const std::string& type,
                     const std::string& doc) {
  std::vector<std::pair<std::string_view, Enum>> known(choices);
  bind_text(
      names, Kind::kText, type, doc,
      [&value, known](const std::string& text) {
        std::vector<std::string_view> words;
        for (const auto& [word, meant] : known) {
          if (word == text) {
            value = meant;
            return std::string();
          }
          words.push_back(word);
        }
        return detail::none_of(text, words);
      },
      [&value, known] {
        for (const auto& [word, meant] : known) {
          if (meant == value) return toml_text(word);
        }
        return std::string();
      });
}

}  // namespace hearsay::cli
