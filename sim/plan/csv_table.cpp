#include "sim/plan/csv_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/plan/input.hpp"

namespace hearsay::plan {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_heading(std::string_view line) {
  const std::string_view first = trimmed(line.substr(0, line.find(',')));
  std::string word(first.substr(0, 9));  // "infinity" and one more
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const bool letter = !word.empty() && word.front() >= 'a' && word.front() <= 'z';
  return letter && word != "nan" && word != "inf" && word != "infinity";
}

struct Line {
  std::string_view text;
  std::size_t number = 0;
};

class TableReader {
 public:
  TableReader(const std::string& file, std::string_view unit, const ParseValue& parse)
      : file_(file), unit_(unit), parse_(parse) {}

  Result<EmpiricalTable::Entry> entry(const Line& line, bool headed) const {
    const std::size_t comma = line.text.find(',');
    const std::string_view first = trimmed(line.text.substr(0, comma));
    if (comma != std::string_view::npos && !unit_.empty() && !headed) {
      return wrong(line, line.text,
                   fmt::format("{}: a weight, or a decimal comma? expected a point in the number, or a heading such as "
                               "\"value,weight\" in the first line",
                               quote(trimmed(line.text))));
    }
    const auto value = parse_(fmt::format("{}{}", first, unit_));
    if (!value) return wrong(line, first.empty() ? line.text : first, value.error().message);
    if (comma == std::string_view::npos) return EmpiricalTable::Entry{*value, 1};
    const std::string_view weight = trimmed(line.text.substr(comma + 1));
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(weight.data(), weight.data() + weight.size(), count);
    if (error != std::errc() || end != weight.data() + weight.size() || weight.empty()) {
      return wrong(line, line.text.substr(comma + 1),
                   fmt::format("{} is not a weight; expected a whole number", quote(weight)));
    }
    return EmpiricalTable::Entry{*value, count};
  }

 private:
  // `at` is a part of the line's text.
  tl::unexpected<Error> wrong(const Line& line, std::string_view at, std::string_view message) const {
    std::size_t column = static_cast<std::size_t>(at.data() - line.text.data()) + 1;
    column += std::min(at.find_first_not_of(" \t\r"), at.size());
    return invalid(fmt::format("{}:{}:{}: {}", file_, line.number, column, message));
  }

  const std::string& file_;
  std::string_view unit_;
  const ParseValue& parse_;
};

}  // namespace

Result<EmpiricalTable> parse_csv(std::string_view text, const std::string& file, std::string_view unit,
                                 const ParseValue& parse) {
  std::vector<EmpiricalTable::Entry> entries;
  const TableReader reader(file, unit, parse);
  bool headed = false;
  std::size_t number = 0;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Line line{text.substr(0, end), ++number};
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trimmed(line.text);
    if (content.empty() || content.front() == '#') continue;
    if (number == 1 && is_heading(content)) {
      headed = true;
      continue;
    }
    if (entries.size() == EmpiricalTable::kMaxEntries) {
      return invalid(fmt::format("{}:{}: more than {} entries", file, number, EmpiricalTable::kMaxEntries));
    }
    const auto entry = reader.entry(line, headed);
    if (!entry) return tl::unexpected(entry.error());
    entries.push_back(*entry);
  }
  if (entries.empty()) return invalid(fmt::format("{}: no entries; expected lines of a value, or value,weight", file));
  auto table = EmpiricalTable::of(std::move(entries));
  if (!table) return invalid(fmt::format("{}: {}", file, table.error().message));
  return table;
}

}  // namespace hearsay::plan
