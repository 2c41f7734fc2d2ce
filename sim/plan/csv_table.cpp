#include "sim/plan/csv_table.hpp"

#include <fmt/format.h>

#include <charconv>

#include "sim/plan/input.hpp"

namespace hearsay::plan {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Result<EmpiricalTable::Entry> parse_line(std::string_view line, std::string_view unit, const ParseValue& parse) {
  const std::size_t comma = line.find(',');
  const auto value = parse(fmt::format("{}{}", trimmed(line.substr(0, comma)), unit));
  if (!value) return tl::unexpected(value.error());
  if (comma == std::string_view::npos) return EmpiricalTable::Entry{*value, 1};
  const std::string_view weight = trimmed(line.substr(comma + 1));
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(weight.data(), weight.data() + weight.size(), count);
  if (error != std::errc() || end != weight.data() + weight.size() || weight.empty()) {
    return invalid(fmt::format("{} is not a weight; expected a whole number", quote(weight)));
  }
  return EmpiricalTable::Entry{*value, count};
}

}  // namespace

Result<EmpiricalTable> parse_csv(std::string_view text, const std::string& file, std::string_view unit,
                                 const ParseValue& parse) {
  std::vector<EmpiricalTable::Entry> entries;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#' || (number == 1 && is_letter(line.front()))) continue;
    if (entries.size() == EmpiricalTable::kMaxEntries) {
      return invalid(fmt::format("{}:{}: more than {} entries", file, number, EmpiricalTable::kMaxEntries));
    }
    const auto entry = parse_line(line, unit, parse);
    if (!entry) return invalid(fmt::format("{}:{}: {}", file, number, entry.error().message));
    entries.push_back(*entry);
  }
  if (entries.empty()) return invalid(fmt::format("{}: no entries; expected lines of a value, or value,weight", file));
  auto table = EmpiricalTable::of(std::move(entries));
  if (!table) return invalid(fmt::format("{}: {}", file, table.error().message));
  return table;
}

}  // namespace hearsay::plan
