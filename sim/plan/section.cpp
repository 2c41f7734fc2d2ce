#include "sim/plan/section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/quantity.hpp"

namespace hearsay::plan {

namespace {

const Input kEmpty;

constexpr bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '@';
}

std::string shown(const Input& value) {
  switch (value.kind) {
    case Input::Kind::kString: return quote(value.text);
    case Input::Kind::kInteger: return fmt::format("the integer {}", value.integer);
    case Input::Kind::kReal: {
      // 3.0 reads as an integer unless its point is shown.
      const std::string number = fmt::format("{}", value.real);
      const bool whole = number.find_first_not_of("-0123456789") == std::string::npos;
      return fmt::format("the number {}{}", number, whole ? ".0" : "");
    }
    case Input::Kind::kBoolean: return value.boolean ? "true" : "false";
    default: return std::string(name_of(value.kind));
  }
}

// A single value that a --set gave, which may be meant as a string: `name=7`.
bool is_set_text(const Input& value) { return !value.set_by.empty() && !value.text.empty(); }

}  // namespace

Section::Section(Diagnostics& diagnostics, const Input* table, std::string what, Keys keys)
    : diagnostics_(diagnostics), table_(table != nullptr ? table : &kEmpty), what_(std::move(what)) {
  if (table_->kind != Input::Kind::kTable) {
    diagnostics_.at(*table_, fmt::format("{} is {}; expected a table", what_, shown(*table_)));
    table_ = &kEmpty;
  }
  for (std::size_t i = 0; i < table_->keys.size(); ++i) {
    const std::string& key = table_->keys[i];
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    diagnostics_.at_key(table_->values[i], fmt::format("unknown key {} in {}; expected one of {}{}", quote(key), what_,
                                                       list_of(keys), did_you_mean(key, keys)));
    break;
  }
}

const Input* Section::find(std::string_view key) const { return table_->find(key); }

bool Section::require(std::string_view key, std::string_view example) const {
  if (has(key)) return true;
  diagnostics_.at_key(*table_, fmt::format("{} lacks '{}'; expected {}", what_, key, example));
  return false;
}

void Section::at_most_one(std::initializer_list<std::string_view> keys) const {
  std::string_view first;
  for (const std::string_view key : keys) {
    if (!has(key)) continue;
    if (first.empty()) {
      first = key;
    } else {
      diagnostics_.at_key(*find(key), fmt::format("{} has '{}' and '{}'; expected one of them", what_, first, key));
    }
  }
}

void Section::report(std::string_view key, std::string_view message) const {
  const Input* value = find(key);
  diagnostics_.at(value != nullptr ? *value : *table_, fmt::format("{}: {}", key, message));
}

const Input* Section::string(std::string_view key, std::string_view expected) const {
  const Input* value = find(key);
  if (value == nullptr) return nullptr;
  // What a --set gives needs no quotes, whatever it looks like.
  if (value->kind == Input::Kind::kString || is_set_text(*value)) return value;
  const bool number = value->kind == Input::Kind::kInteger || value->kind == Input::Kind::kReal;
  report(key, fmt::format("{} is not a string; expected {}{}", shown(*value), expected,
                          number ? ", in quotes and with its unit" : ""));
  return nullptr;
}

std::string Section::text(std::string_view key, std::string_view fallback) const {
  const Input* value = find(key);
  if (value == nullptr) return std::string(fallback);
  if (value->kind == Input::Kind::kString || is_set_text(*value)) return value->text;
  report(key, fmt::format("{} is not a string; expected text in quotes", shown(*value)));
  return std::string(fallback);
}

std::string Section::name(std::string_view key, std::string_view fallback) const {
  std::string name = text(key, fallback);
  const bool fine =
      !name.empty() && name.size() <= 64 && name.front() != '.' && std::all_of(name.begin(), name.end(), is_name_char);
  if (fine || !has(key)) return name;
  report(key, fmt::format("{} is not a name; expected 1 to 64 of letters, digits, '_', '-', '.', '@'", quote(name)));
  return std::string(fallback);
}

bool Section::boolean(std::string_view key, bool fallback) const {
  const Input* value = find(key);
  if (value == nullptr) return fallback;
  if (value->kind == Input::Kind::kBoolean) return value->boolean;
  report(key, fmt::format("{} is not a boolean; expected true or false", shown(*value)));
  return fallback;
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, ParamRange<std::int64_t> range) const {
  const Input* value = find(key);
  if (value == nullptr) return fallback;
  if (value->kind != Input::Kind::kInteger) {
    report(key, fmt::format("{} is not an integer; expected one from {} to {}", shown(*value), range.min, range.max));
    return fallback;
  }
  if (value->integer < range.min || value->integer > range.max) {
    report(key,
           fmt::format("{} is out of range; expected an integer from {} to {}", value->integer, range.min, range.max));
    return fallback;
  }
  return value->integer;
}

double Section::real(std::string_view key, double fallback, ParamRange<double> range) const {
  const Input* value = find(key);
  if (value == nullptr) return fallback;
  const bool integer = value->kind == Input::Kind::kInteger;
  if (!integer && value->kind != Input::Kind::kReal) {
    report(key, fmt::format("{} is not a number; expected one from {} to {}", shown(*value), range.min, range.max));
    return fallback;
  }
  const double number = integer ? static_cast<double>(value->integer) : value->real;
  if (!(number >= range.min && number <= range.max)) {
    report(key, fmt::format("{} is out of range; expected a number from {} to {}", number, range.min, range.max));
    return fallback;
  }
  return number;
}

double Section::share(std::string_view key, double fallback) const {
  constexpr std::string_view kExpected = "expected a share from 0 to 1, such as \"5%\" or 0.05";
  const Input* value = find(key);
  if (value == nullptr) return fallback;
  if (value->kind == Input::Kind::kInteger || value->kind == Input::Kind::kReal) {
    const double number = value->kind == Input::Kind::kInteger ? static_cast<double>(value->integer) : value->real;
    if (number >= 0.0 && number <= 1.0) return number;
    const std::string_view wrong = number > 1.0 ? "over 1" : number < 0.0 ? "below 0" : "no number";
    report(key, fmt::format("{} is {}; {}", number, wrong, kExpected));
    return fallback;
  }
  if (value->kind != Input::Kind::kString) {
    report(key, fmt::format("{} is not a share; {}", shown(*value), kExpected));
    return fallback;
  }
  const auto parsed = parse_share(value->text);
  if (parsed) return *parsed;
  report(key, fmt::format("{}; {}", parsed.error().message, kExpected));
  return fallback;
}

Ratio Section::ratio(std::string_view key, Ratio fallback) const {
  if (!has(key)) return fallback;
  const auto ratio = Ratio::of(share(key, 0.0));
  return ratio ? *ratio : fallback;
}

template <class T, class Parse>
T Section::quantity(std::string_view key, T fallback, std::string_view expected, Parse&& parse) const {
  const Input* value = string(key, expected);
  if (value == nullptr) return fallback;
  // A parser quotes the whole text: too much of a long one, after which nobody would see what was expected.
  if (value->text.size() > kMaxQuotedBytes) {
    report(key, fmt::format("{} is too long; expected {}", quote(value->text), expected));
    return fallback;
  }
  const auto parsed = parse(value->text);
  if (!parsed) {
    report(key, fmt::format("{}; expected {}", parsed.error().message, expected));
    return fallback;
  }
  return *parsed;
}

Duration Section::duration(std::string_view key, Duration fallback, ParamRange<Duration> range) const {
  const std::string least = format_duration(range.min);
  const std::string expected = range.max != kTenYears
                                   ? fmt::format("a duration from \"{}\" to \"{}\"", least, format_duration(range.max))
                               : range.min > 1ns ? fmt::format("a duration of at least \"{}\"", least)
                               : range.min > 0ns ? "a duration above zero, such as \"500ms\""
                                                 : "a duration such as \"500ms\"";
  const Duration value = quantity(key, fallback, expected, parse_duration);
  if (has(key) && (value < range.min || value > range.max)) {
    report(key, fmt::format("{} is out of range; expected {}", format_duration(value), expected));
    return fallback;
  }
  return value;
}

Duration Section::signed_duration(std::string_view key, Duration fallback) const {
  return quantity(key, fallback, "a duration such as \"500ms\" or \"-2s\"", parse_signed_duration);
}

std::int64_t Section::size(std::string_view key, std::int64_t fallback, ParamRange<std::int64_t> range) const {
  const std::string expected =
      fmt::format("a size from \"{}\" to \"{}\"", format_size(range.min), format_size(range.max));
  const std::int64_t value = quantity(key, fallback, expected, parse_size);
  if (has(key) && (value < range.min || value > range.max)) {
    report(key, fmt::format("{} is out of range; expected {}", format_size(value), expected));
    return fallback;
  }
  return value;
}

std::int64_t Section::bit_rate(std::string_view key, std::int64_t fallback) const {
  return quantity(key, fallback, "a bit rate such as \"10Mbit/s\"", parse_rate_bits);
}

double Section::event_rate(std::string_view key, double fallback, ParamRange<double> range) const {
  const double value = quantity(key, fallback, "a rate such as \"10/s\"", parse_rate_hz);
  if (has(key) && !(value >= range.min && value <= range.max)) {
    report(key, fmt::format("{}/s is out of range; expected a rate from {}/s to {}/s", value, range.min, range.max));
    return fallback;
  }
  return value;
}

double Section::parts_per_million(std::string_view key, double fallback) const {
  constexpr double kMost = 100'000;  // a tenth: no clock drifts more and is still a clock
  constexpr std::string_view kExpected = "a drift such as \"50ppm\" or \"-20ppm\", at most 100000ppm either way";
  const Input* value = string(key, kExpected);
  if (value == nullptr) return fallback;
  std::string_view text = value->text;
  if (text.starts_with('+')) text.remove_prefix(1);
  double ppm = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ppm, std::chars_format::fixed);
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (error == std::errc() && unit == "ppm" && ppm >= -kMost && ppm <= kMost) return ppm;
  report(key, fmt::format("{} is not a drift; expected {}", quote(value->text), kExpected));
  return fallback;
}

std::size_t Section::choice(std::string_view key, std::size_t fallback, Keys choices) const {
  const Input* value = find(key);
  if (value == nullptr) return fallback;
  // A choice may be a number among words ("one", "quorum", "2"), which then needs no quotes.
  const bool integer = value->kind == Input::Kind::kInteger;
  const std::string word = integer ? fmt::format("{}", value->integer) : value->text;
  if (!integer && value->kind != Input::Kind::kString && !is_set_text(*value)) {
    report(key, fmt::format("{} is not a string; expected one of {}", shown(*value), list_of(choices)));
    return fallback;
  }
  const auto found = std::find(choices.begin(), choices.end(), word);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  report(key,
         fmt::format("unknown {}; expected one of {}{}", quote(word), list_of(choices), did_you_mean(word, choices)));
  return fallback;
}

std::vector<const Input*> tables(Diagnostics& diagnostics, const Input& parent, std::string_view key, std::size_t most,
                                 std::string_view heading) {
  std::vector<const Input*> entries;
  const Input* list = parent.find(key);
  if (list == nullptr) return entries;
  if (list->kind != Input::Kind::kArray) {
    diagnostics.at_key(
        *list, fmt::format("'{}' is {}; expected a list of tables, each headed {}", key, shown(*list), heading));
    return entries;
  }
  for (const Input& entry : list->values) {
    if (entries.size() == most) {
      diagnostics.at(entry, fmt::format("more than {} {}", most, heading));
      break;
    }
    entries.push_back(&entry);
  }
  return entries;
}

}  // namespace hearsay::plan
