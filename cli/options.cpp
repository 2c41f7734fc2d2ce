// Over 400 lines: every kind of option, each from its four layers, and what is said of them when they are wrong.
#include "cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "cli/config_file.hpp"
#include "core/base/check.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

// "quiet" of "--quiet,-q".
std::string long_name(const std::string& names) {
  HEARSAY_CHECK(names.starts_with("--"));
  return names.substr(2, names.find(',') - 2);
}

// A ';' ends a value, so that one at the end has nothing behind it; between two ',' there is a value, if an empty one.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::string_view rest = plan::trimmed(text);
  if (rest.empty()) return parts;
  while (true) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view part = plan::trimmed(rest.substr(0, end));
    if (!part.empty() || separator != ';') parts.emplace_back(part);
    if (end == rest.size()) return parts;
    rest.remove_prefix(end + 1);
  }
}

std::string text_of(const plan::Input& value) {
  using Type = plan::Input::Kind;
  switch (value.kind) {
    case Type::kInteger: return std::to_string(value.integer);
    case Type::kReal: return fmt::format("{}", value.real);
    case Type::kBoolean: return value.boolean ? "true" : "false";
    case Type::kString:
    case Type::kTable:
    case Type::kArray:
    case Type::kTime: break;
  }
  return value.text;
}

constexpr std::size_t kMaxColumn = 40;  // where the places of --print-config begin at the latest

// What is wrong with the text, or nothing and the value.
std::string read_real(const std::string& text, double low, double high, double& value) {
  double number = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, number);
  // Whatever is not a number compares false.
  if (error != std::errc() || end != text_end || !(number >= low && number <= high)) {
    return fmt::format("{} is not a number from {} to {}", plan::quote(text), low, high);
  }
  value = number;
  return {};
}

}  // namespace

std::string variable_of(std::string_view name) {
  std::string variable = "HEARSAY_";
  for (const char c : name) variable += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string detail::read_whole(const std::string& text, WholeRange range, std::uint64_t& value) {
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, value);
  if (error == std::errc() && end == text_end && value >= range.low && value <= range.high) return "";
  return fmt::format("{} is not a whole number from {} to {}", plan::quote(text), range.low, range.high);
}

std::string detail::none_of(const std::string& text, std::span<const std::string_view> choices) {
  return fmt::format("{} is none of {}{}", plan::quote(text), plan::list_of(choices),
                     plan::did_you_mean(text, choices));
}

Options::Options(CLI::App& app, std::string section) : app_(app), section_(std::move(section)) {
  config_ = app.add_option("--config", CLI::callback_t(), "A TOML file with options, in the section [" + section_ + "]")
                ->type_name("FILE");
  const std::string print_doc = "Prints each option's value and where it was given, and does nothing else";
  print_ = app.add_flag("--print-config", print_doc);
}

Options::Declared& Options::add(const std::string& names, Kind kind, const std::string& type, const std::string& doc) {
  Declared& declared = declared_.emplace_back();
  declared.name = long_name(names);
  declared.kind = kind;
  if (kind == Kind::kFlag) {
    declared.option = app_.add_flag(names, doc);
    declared.option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    return declared;
  }
  declared.option = app_.add_option(names, CLI::callback_t(), doc)->type_name(type);
  if (kind == Kind::kList) declared.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  // CLI11 would take "[a,b]" apart.
  declared.option->allow_extra_args(false);
  return declared;
}

void Options::bind_text(const std::string& names, Kind kind, const std::string& type, const std::string& doc,
                        std::function<std::string(const std::string&)> set, std::function<std::string()> shown) {
  Declared& declared = add(names, kind, type, doc);
  declared.set = [set = std::move(set)](const Words& words) { return set(words.back()); };
  declared.shown = std::move(shown);
}

void Options::text(const std::string& names, std::string& value, const std::string& type, const std::string& doc,
                   Check check) {
  bind_text(
      names, Kind::kText, type, doc,
      [&value, check = std::move(check)](const std::string& text) {
        std::string wrong = check ? check(text) : std::string();
        if (wrong.empty()) value = text;
        return wrong;
      },
      [&value] { return toml_text(value); });
}

void Options::number(const std::string& names, std::optional<std::uint64_t>& value, WholeRange range,
                     const std::string& type, const std::string& doc) {
  bind_text(
      names, Kind::kNumber, type, doc,
      [&value, range](const std::string& text) {
        std::uint64_t whole = 0;
        std::string wrong = detail::read_whole(text, range, whole);
        if (wrong.empty()) value = whole;
        return wrong;
      },
      [&value] {
        if (!value) return std::string();
        // TOML's own integers end at 2^63 - 1.
        const std::string digits = std::to_string(*value);
        return *value >> 63U == 0 ? digits : toml_text(digits);
      });
}

void Options::real(const std::string& names, double& value, double low, double high, const std::string& type,
                   const std::string& doc) {
  bind_text(
      names, Kind::kNumber, type, doc,
      [&value, low, high](const std::string& text) { return read_real(text, low, high, value); },
      [&value] { return fmt::format("{}", value); });
}

void Options::real(const std::string& names, std::optional<double>& value, double low, double high,
                   const std::string& type, const std::string& doc) {
  bind_text(
      names, Kind::kNumber, type, doc,
      [&value, low, high](const std::string& text) {
        double number = 0;
        std::string wrong = read_real(text, low, high, number);
        if (wrong.empty()) value = number;
        return wrong;
      },
      [&value] { return value ? fmt::format("{}", *value) : std::string(); });
}

void Options::duration(const std::string& names, Duration& value, Duration low, Duration high, const std::string& doc) {
  bind_text(
      names, Kind::kText, "TIME", doc,
      [&value, low, high](const std::string& text) {
        const auto given = parse_duration(text);
        if (!given) return given.error().message;
        if (*given < low || *given > high) {
          return fmt::format("{} is not from {} to {}", plan::quote(text), format_duration(low), format_duration(high));
        }
        value = *given;
        return std::string();
      },
      [&value] { return toml_text(format_duration(value)); });
}

void Options::size(const std::string& names, std::int64_t& bytes, std::int64_t low, std::int64_t high,
                   const std::string& doc) {
  bind_text(
      names, Kind::kText, "SIZE", doc,
      [&bytes, low, high](const std::string& text) {
        const auto given = parse_size(text);
        if (!given) return given.error().message;
        if (*given < low || *given > high) {
          return fmt::format("{} is not from {} to {}", plan::quote(text), format_size(low), format_size(high));
        }
        bytes = *given;
        return std::string();
      },
      [&bytes] { return toml_text(format_size(bytes)); });
}

void Options::flag(const std::string& names, bool& value, const std::string& doc) {
  bind_text(
      names, Kind::kFlag, "", doc,
      [&value](const std::string& text) {
        static constexpr std::array<std::string_view, 8> kWords{"true", "yes", "on", "1", "false", "no", "off", "0"};
        const auto found = std::ranges::find(kWords, text);
        if (found == kWords.end()) return fmt::format("{} is neither true nor false", plan::quote(text));
        value = found - kWords.begin() < 4;
        return std::string();
      },
      [&value] { return std::string(value ? "true" : "false"); });
}

void Options::list(const std::string& names, std::vector<std::string>& values, char separator, bool splits_words,
                   const std::string& type, const std::string& doc, Check check) {
  Declared& declared = add(names, Kind::kList, type, doc);
  declared.separator = separator;
  declared.splits_words = splits_words;
  declared.set = [&values, check = std::move(check)](const Words& words) {
    if (words.size() > kMaxListed) return fmt::format("{} values; expected at most {}", words.size(), kMaxListed);
    for (const std::string& word : words) {
      if (word.empty()) return std::string("one of its values is empty");
      if (std::string wrong = check ? check(word) : std::string(); !wrong.empty()) return wrong;
    }
    values = words;
    return std::string();
  };
  declared.shown = [&values] {
    std::vector<std::string> texts;
    for (const std::string& value : values) texts.push_back(toml_text(value));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  };
}

Options::Declared& Options::add_argument(const std::string& name, const std::string& doc) {
  Declared& declared = declared_.emplace_back();
  declared.name = name;
  declared.is_argument = true;
  declared.option = app_.add_option(name, CLI::callback_t(), doc)->type_name("");
  return declared;
}

void Options::argument(const std::string& name, std::string& value, bool required, const std::string& doc,
                       Check check) {
  Declared& declared = add_argument(name, doc);
  declared.required = required;
  declared.set = [&value, check = std::move(check)](const Words& words) {
    std::string wrong = check ? check(words.back()) : std::string();
    if (wrong.empty()) value = words.back();
    return wrong;
  };
}

void Options::arguments(const std::string& name, std::vector<std::string>& values, bool required,
                        const std::string& doc) {
  Declared& declared = add_argument(name, doc);
  declared.required = required;
  declared.option->expected(-1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  declared.set = [&values](const Words& words) {
    values = words;
    return std::string();
  };
}

void Options::require(const std::string& names, const std::string& example) {
  const auto found = std::ranges::find(declared_, long_name(names), &Declared::name);
  HEARSAY_CHECK(found != declared_.end());
  found->required = true;
  found->example = example;
}

Result<void> Options::set(const Declared& declared, const Words& words, const std::string& before,
                          const std::string& after) {
  const std::string wrong = words.empty() && declared.kind != Kind::kList ? "a value is missing" : declared.set(words);
  if (wrong.empty()) return {};
  return invalid(fmt::format("{}{}: {}{}", before, declared.flag(), wrong, after));
}

Result<void> Options::take(Declared& declared, const ConfigFile* file) {
  if (declared.option->count() > 0) {
    declared.from = declared.flag();
    const Words given = declared.option->results();
    if (!declared.splits_words) return set(declared, given, "", "");
    Words words;
    for (const std::string& text : given) std::ranges::copy(split(text, declared.separator), std::back_inserter(words));
    return set(declared, words, "", "");
  }
  if (declared.is_argument) return {};
  const std::string variable = variable_of(declared.name);
  if (const char* given = std::getenv(variable.c_str()); given != nullptr && *given != '\0') {
    declared.from = variable;
    const bool several = declared.kind == Kind::kList;
    return set(declared, several ? split(given, declared.separator) : Words{given}, "", ", from " + variable);
  }
  const plan::Input* value = file == nullptr ? nullptr : file->find(section_, declared.name);
  if (value == nullptr) return {};
  declared.from = file->place_of(*value);
  auto words = words_of(declared, *value);
  if (!words) return invalid(fmt::format("{}: {}: {}", declared.from, declared.name, words.error().message));
  return set(declared, *words, declared.from + ": ", "");
}

Result<Options::Words> Options::words_of(const Declared& declared, const plan::Input& value) {
  using Input = plan::Input::Kind;
  const bool is_string = value.kind == Input::kString;
  const auto refuse = [&](std::string_view expected) {
    return invalid(fmt::format("{} is no value for it; expected {}", plan::name_of(value.kind), expected));
  };
  switch (declared.kind) {
    case Kind::kText:
      if (!is_string) return refuse("a string");
      break;
    case Kind::kNumber:
      if (!is_string && value.kind != Input::kInteger && value.kind != Input::kReal) return refuse("a number");
      break;
    case Kind::kFlag:
      if (value.kind != Input::kBoolean) return refuse("true or false");
      break;
    case Kind::kList: {
      if (is_string) return declared.splits_words ? split(value.text, declared.separator) : Words{value.text};
      if (value.kind != Input::kArray) return refuse("a list of strings or numbers");
      Words words;
      for (const plan::Input& entry : value.values) {
        const bool number = entry.kind == Input::kInteger || entry.kind == Input::kReal;
        if (entry.kind != Input::kString && !number) return invalid("expected a list of strings or numbers alone");
        words.push_back(number ? text_of(entry) : entry.text);
      }
      return words;
    }
  }
  return Words{text_of(value)};
}

Result<void> Options::resolve(const ConfigFile* file) {
  for (Declared& declared : declared_) {
    if (auto taken = take(declared, file); !taken) return taken;
  }
  return {};
}

Result<void> Options::check_required() const {
  for (const Declared& declared : declared_) {
    if (!declared.required || !declared.from.empty()) continue;
    if (declared.is_argument) return invalid(declared.name + " is required");
    return invalid(fmt::format("--{} is required, as in {}; {} and the file of --config may have it, too",
                               declared.name, declared.example, variable_of(declared.name)));
  }
  return {};
}

void Options::mark_required() {
  for (const Declared& declared : declared_) declared.option->required(declared.required);
}

std::string Options::table() const {
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t width = 0;
  for (const Declared& declared : declared_) {
    if (declared.is_argument) continue;
    const std::string shown = declared.shown();
    lines.emplace_back(shown.empty() ? "# " + declared.name : fmt::format("{} = {}", declared.name, shown),
                       !declared.from.empty() ? declared.from
                       : shown.empty()        ? "default: not set"
                                              : "default");
    width = std::max(width, std::min(lines.back().first.size(), kMaxColumn));
  }
  std::string out = fmt::format("[{}]\n", section_);
  for (const auto& [setting, from] : lines) out += fmt::format("{:<{}}  # {}\n", setting, width, plan::one_line(from));
  return out;
}

std::string Options::not_on_the_command_line() const {
  std::vector<std::string> places;
  for (const Declared& declared : declared_) {
    if (declared.from.empty() || declared.from == declared.flag()) continue;
    const bool variable = declared.from == variable_of(declared.name);
    places.push_back(variable ? declared.from : fmt::format("{} ({})", declared.from, declared.name));
  }
  return fmt::format("{}", fmt::join(places, ", "));
}

std::vector<std::string_view> Options::keys() const {
  std::vector<std::string_view> names;
  for (const Declared& declared : declared_) {
    if (!declared.is_argument) names.push_back(declared.name);
  }
  return names;
}

bool Options::has_value(std::string_view name) const {
  if (name == "config") return true;
  return std::ranges::any_of(declared_, [name](const Declared& declared) {
    return !declared.is_argument && declared.kind != Kind::kFlag && declared.name == name;
  });
}

bool Options::wants_table() const { return print_->count() > 0; }

std::string Options::config_path() const {
  if (config_->count() > 0) return config_->results().back();
  const char* given = std::getenv(variable_of("config").c_str());
  return given == nullptr ? "" : given;
}

}  // namespace hearsay::cli
