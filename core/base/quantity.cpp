#include "core/base/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <numeric>
#include <optional>
#include <span>

#include "core/base/nearest.hpp"
#include "core/base/wide.hpp"

namespace hearsay {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};

// The first of several spellings of one size is the one to print.
constexpr std::array kTimeUnits{Unit{"ns", 1},
                                Unit{"us", 1'000},
                                Unit{"ms", 1'000'000},
                                Unit{"s", 1'000'000'000},
                                Unit{"min", 60'000'000'000},
                                Unit{"h", 3'600'000'000'000},
                                Unit{"d", 86'400'000'000'000},
                                Unit{"\u00b5s", 1'000},   // micro sign
                                Unit{"\u03bcs", 1'000}};  // Greek mu
constexpr std::array kSizeUnits{Unit{"B", 1},
                                Unit{"kB", 1'000},
                                Unit{"KB", 1'000},
                                Unit{"MB", 1'000'000},
                                Unit{"GB", 1'000'000'000},
                                Unit{"TB", 1'000'000'000'000},
                                Unit{"KiB", std::int64_t{1} << 10},
                                Unit{"MiB", std::int64_t{1} << 20},
                                Unit{"GiB", std::int64_t{1} << 30},
                                Unit{"TiB", std::int64_t{1} << 40}};
constexpr std::array kBitRateUnits{
    Unit{"bit/s", 1}, Unit{"kbit/s", 1'000}, Unit{"Mbit/s", 1'000'000}, Unit{"Gbit/s", 1'000'000'000},
    Unit{"bps", 1},   Unit{"kbps", 1'000},   Unit{"Mbps", 1'000'000},   Unit{"Gbps", 1'000'000'000},
    Unit{"B/s", 8},   Unit{"kB/s", 8'000},   Unit{"MB/s", 8'000'000},   Unit{"GB/s", 8'000'000'000}};
constexpr std::array kEventRateUnits{Unit{"/s", 1'000'000'000}, Unit{"/min", 60'000'000'000},
                                     Unit{"/h", 3'600'000'000'000}, Unit{"/d", 86'400'000'000'000},
                                     Unit{"/ms", 1'000'000}};

// digits * 10^-decimals and what follows it.
struct Number {
  std::uint64_t digits = 0;
  std::uint64_t power = 1;  // 10^decimals
  std::string_view unit;
};

// What a message quotes of a text: the beginning of a long one, or nobody would see what is wrong with it.
std::string_view shown(std::string_view text) {
  constexpr std::size_t kMostBytes = 60;
  return text.substr(0, kMostBytes);
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// At most max_digits digits in all, leading zeros apart.
Result<Number> parse_number(std::string_view text, std::string_view what, std::string_view example, int max_digits) {
  Number number;
  int digits = 0;
  bool point = false;
  bool any = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point && any && at + 1 < text.size() && is_digit(text[at + 1])) {
      point = true;
      continue;
    }
    if (!is_digit(text[at])) {
      break;
    }
    any = true;
    number.digits = number.digits * 10 + static_cast<std::uint64_t>(text[at] - '0');
    if (point) {
      number.power *= 10;
    }
    if (number.digits != 0 || point) {
      ++digits;
    }
    if (digits > max_digits) {
      return invalid(fmt::format("\"{}\": {} has at most {} digits", shown(text), what, max_digits));
    }
  }
  if (!any) {
    const bool negative = text.starts_with('-');
    return invalid(negative ? fmt::format("\"{}\": {} cannot be negative", shown(text), what)
                            : fmt::format("\"{}\" is not {}; write it as in \"{}\"", shown(text), what, example));
  }
  if (at < text.size() && text[at] == ' ') {
    ++at;
  }
  number.unit = text.substr(at);
  return number;
}

std::string list(std::span<const Unit> units) {
  std::string text;
  for (const Unit& unit : units) {
    text += text.empty() ? "" : " ";
    text += unit.name;
  }
  return text;
}

Result<std::int64_t> unit_size(std::string_view text, std::string_view unit, std::string_view what,
                               std::span<const Unit> units) {
  std::array<std::string_view, 16> names;
  std::size_t count = 0;
  for (const Unit& candidate : units) {
    if (candidate.name == unit) {
      return candidate.size;
    }
    names[count++] = candidate.name;
  }
  if (unit.empty()) {
    return invalid(fmt::format("\"{}\" lacks a unit; {} has one of {}", shown(text), what, list(units)));
  }
  if (unit == "m") {  // as near to one as to the other
    return invalid(fmt::format("\"{}\": unknown unit \"m\"; did you mean \"min\" or \"ms\"?", shown(text)));
  }
  const auto close = nearest(unit, std::span<const std::string_view>(names.data(), count));
  const std::string hint = close ? fmt::format("; did you mean \"{}\"?", *close) : std::string();
  return invalid(fmt::format("\"{}\": unknown unit \"{}\"{} ({} has one of {})", shown(text), shown(unit), hint, what,
                             list(units)));
}

struct Kind {
  std::string_view what;
  std::string_view example;
  std::string_view grain;  // what is not divided
  std::span<const Unit> units;
  std::int64_t max;
  std::string_view limit;
};

Result<std::int64_t> parse_whole(std::string_view text, const Kind& kind) {
  constexpr int kMaxDigits = 18;  // below 2^60, so the product with a unit fits 128 bits
  const auto number = parse_number(text, kind.what, kind.example, kMaxDigits);
  if (!number) {
    return tl::unexpected(number.error());
  }
  const auto size = unit_size(text, number->unit, kind.what, kind.units);
  if (!size) {
    return tl::unexpected(size.error());
  }
  const Uint128 scaled = static_cast<Uint128>(number->digits) * static_cast<std::uint64_t>(*size);
  if (scaled % number->power != 0) {
    return invalid(fmt::format("\"{}\" is finer than {}", shown(text), kind.grain));
  }
  const Uint128 value = scaled / number->power;
  if (value > static_cast<std::uint64_t>(kind.max)) {
    return invalid(fmt::format("\"{}\" is over {}", shown(text), kind.limit));
  }
  return static_cast<std::int64_t>(value);
}

// value / unit as an exact decimal without trailing zeros; value >= 0, unit a power of ten.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = fmt::format("{}", value / unit);
  std::uint64_t rest = value % unit;
  if (rest != 0) {
    text += '.';
    for (std::uint64_t place = unit / 10; rest != 0; place /= 10) {
      text += static_cast<char>('0' + rest / place);
      rest %= place;
    }
  }
  return text;
}

// Without "-", which the callers put in front; right for the least value too.
std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

// The largest of the units that divides the value, else the smallest.
std::string whole_units(std::int64_t value, std::span<const Unit> ascending) {
  for (auto unit = ascending.rbegin(); unit != ascending.rend(); ++unit) {
    if (value != 0 && value % unit->size == 0) {
      return fmt::format("{}{}", value / unit->size, unit->name);
    }
  }
  return fmt::format("{}{}", value, ascending.front().name);
}

void trim_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) {
    return;
  }
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  return parse_whole(text, Kind{"a duration", "500ms", "a nanosecond", kTimeUnits, kTenYears.count(), "ten years"})
      .map([](std::int64_t ns) { return Duration{ns}; });
}

Result<Duration> parse_signed_duration(std::string_view text) {
  if (!text.starts_with('-') && !text.starts_with('+')) return parse_duration(text);
  const bool negative = text.front() == '-';
  return parse_duration(text.substr(1))
      .map([negative](Duration value) { return negative ? -value : value; })
      .map_error([&](Error error) {
        error.message.insert(1, 1, text.front());  // each message begins with the text in quotes
        return error;
      });
}

Result<std::int64_t> parse_size(std::string_view text) {
  return parse_whole(text, Kind{"a size", "64KiB", "a byte", kSizeUnits, std::int64_t{1} << 60, "2^60 bytes"});
}

Result<std::int64_t> parse_rate_bits(std::string_view text) {
  return parse_whole(text, Kind{"a bit rate", "10Mbit/s", "a bit a second", kBitRateUnits,
                                std::int64_t{1'000'000'000'000'000}, "10^15 bits a second"});
}

Result<double> parse_rate_hz(std::string_view text) {
  // With so few digits both sides of the quotient below are exact doubles, so one division rounds once.
  constexpr int kMaxDigits = 12;
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto number = parse_number(text, "a rate", "100/s", kMaxDigits);
  if (!number) {
    return tl::unexpected(number.error());
  }
  const auto size = unit_size(text, number->unit, "a rate", kEventRateUnits);
  if (!size) {
    return tl::unexpected(size.error());
  }
  const auto common = static_cast<std::uint64_t>(std::gcd(kSecond, *size));
  const std::uint64_t numerator = number->digits * (static_cast<std::uint64_t>(kSecond) / common);
  const std::uint64_t per = static_cast<std::uint64_t>(*size) / common;
  return static_cast<double>(numerator) / (static_cast<double>(number->power) * static_cast<double>(per));
}

Result<double> parse_share(std::string_view text) {
  constexpr int kMaxDigits = 15;  // below 2^53; powers of ten are exact doubles up to 10^22
  const auto number = parse_number(text, "a share", "5%", kMaxDigits);
  if (!number) {
    return tl::unexpected(number.error());
  }
  if (!number->unit.empty() && number->unit != "%") {
    return invalid(fmt::format("\"{}\" is not a share; write it as in \"5%\" or \"0.05\"", shown(text)));
  }
  const std::uint64_t whole = number->unit.empty() ? number->power : number->power * 100;
  if (number->digits > whole) {
    return invalid(fmt::format("\"{}\" is over one (100%)", shown(text)));
  }
  return static_cast<double>(number->digits) / static_cast<double>(whole);
}

std::string format_duration(Duration value) {
  const std::uint64_t ns = magnitude(value.count());
  const std::string sign = value.count() < 0 ? "-" : "";
  if (ns == 0) {
    return "0s";
  }
  for (const std::size_t unit : {6U, 5U, 4U}) {  // d, h, min, when whole
    const auto size = static_cast<std::uint64_t>(kTimeUnits[unit].size);
    if (ns % size == 0) {
      return fmt::format("{}{}{}", sign, ns / size, kTimeUnits[unit].name);
    }
  }
  std::size_t unit = 3;  // s, ms, us, ns: the largest that is not above the value
  while (ns < static_cast<std::uint64_t>(kTimeUnits[unit].size)) {
    --unit;
  }
  return sign + decimal(ns, static_cast<std::uint64_t>(kTimeUnits[unit].size)).append(kTimeUnits[unit].name);
}

std::string format_size(std::int64_t bytes) {
  static constexpr std::array kUnits{kSizeUnits[0], kSizeUnits[6], kSizeUnits[7], kSizeUnits[8], kSizeUnits[9]};
  return whole_units(bytes, kUnits);
}

std::string format_rate_bits(std::int64_t bits_per_second) {
  return whole_units(bits_per_second, std::span(kBitRateUnits).first(4));
}

std::string human_duration(Duration value) {
  const std::uint64_t ns = magnitude(value.count());
  const std::string_view sign = value.count() < 0 ? "-" : "";
  constexpr std::size_t kSeconds = 3;
  constexpr std::size_t kLast = 6;  // d
  for (std::size_t unit = 0;; ++unit) {
    const auto size = static_cast<std::uint64_t>(kTimeUnits[unit].size);
    const std::uint64_t whole = ns / size;
    const std::uint64_t power = unit == 0 || whole >= 100 ? 1 : whole >= 10 ? 10 : 100;
    // Half up. Into 128 bits, since the value may fill 63 already.
    const auto rounded = static_cast<std::uint64_t>((static_cast<Uint128>(ns) * power + size / 2) / size);
    if (unit < kLast) {
      std::uint64_t next = static_cast<std::uint64_t>(kTimeUnits[unit + 1].size) / size;
      if (unit == kSeconds) next *= 10;
      if (rounded >= next * power) {
        continue;  // "600 s" is ten minutes
      }
    }
    return fmt::format("{}{} {}", sign, decimal(rounded, power), kTimeUnits[unit].name);
  }
}

std::string human_count(double value) {
  static constexpr std::array<std::string_view, 6> kSuffixes{"", "k", "M", "G", "T", "P"};
  const std::string_view sign = value < 0.0 ? "-" : "";
  double rest = value < 0.0 ? -value : value;
  if (!(rest < 1e18)) {  // NaN and infinity too
    return fmt::format("{:.3g}", value);
  }
  if (rest < 1.0) {
    return fmt::format("{:.3g}", value);
  }
  for (const std::string_view suffix : kSuffixes) {
    std::string text = fmt::format("{:.{}f}", rest, rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0);
    if (rest < 999.5) {
      trim_zeros(text);
      return fmt::format("{}{}{}", sign, text, suffix);
    }
    rest /= 1000.0;
  }
  return fmt::format("{:.3g}", value);
}

}  // namespace hearsay
