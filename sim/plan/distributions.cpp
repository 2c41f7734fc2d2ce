#include "sim/plan/distributions.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "core/base/quantity.hpp"
#include "sim/plan/csv_table.hpp"
#include "sim/plan/toml_input.hpp"

namespace hearsay::plan {

namespace {

using std::string_view;

constexpr std::array<string_view, 7> kDurationKinds{"constant",  "uniform", "exponential", "normal",
                                                    "lognormal", "pareto",  "empirical"};
constexpr std::array<string_view, 5> kSizeKinds{"constant", "uniform", "lognormal", "pareto", "empirical"};

// The keys of a kind: those it must have, with an example, then those it may have.
struct Shape {
  std::vector<std::pair<string_view, string_view>> required;
  std::vector<string_view> optional;
};

Shape duration_shape(std::size_t kind) {
  switch (kind) {
    case 0: return {{{"value", "\"20ms\""}}, {}};
    case 1: return {{{"min", "\"10ms\""}, {"max", "\"100ms\""}}, {}};
    case 2: return {{{"mean", "\"20ms\""}}, {"min"}};
    case 3: return {{{"mean", "\"20ms\""}, {"sd", "\"5ms\""}}, {"min"}};
    case 4: return {{{"median", "\"20ms\""}, {"sigma", "0.5"}}, {"min"}};
    case 5: return {{{"min", "\"10ms\""}, {"shape", "2.5"}}, {"cap"}};
    default: return {{{"file", "\"latencies.csv\""}}, {"unit"}};
  }
}

Shape size_shape(std::size_t kind) {
  switch (kind) {
    case 0: return {{{"value", "\"64B\""}}, {}};
    case 1: return {{{"min", "\"16B\""}, {"max", "\"1KiB\""}}, {}};
    case 2: return {{{"median", "\"100B\""}, {"sigma", "1.0"}}, {"min", "max"}};
    case 3: return {{{"min", "\"16B\""}, {"shape", "1.5"}}, {"max"}};
    default: return {{{"file", "\"sizes.csv\""}}, {"unit"}};
  }
}

constexpr ParamRange<double> kSigma{0.0, kMaxSigma};
constexpr ParamRange<double> kShape{0.0, kMaxParetoShape};

// Opens the table of a distribution: which kind, and whether its keys are complete.
struct Opened {
  std::size_t kind;
  Section section;
};
std::optional<Opened> open(const Section& outer, string_view key, const Input& value, Keys kinds,
                           Shape (*shape_of)(std::size_t)) {
  Diagnostics& diagnostics = outer.diagnostics();
  const Input* kind = value.find("distribution");
  if (kind == nullptr) {
    diagnostics.at(value,
                   fmt::format("{}: a distribution lacks 'distribution'; expected one of {}", key, list_of(kinds)));
    return std::nullopt;
  }
  // A section of the one key, since the others' names depend on it.
  Input only;
  only.keys.emplace_back("distribution");
  only.values.push_back(*kind);
  constexpr std::array<string_view, 1> kOnly{"distribution"};
  const std::size_t chosen =
      Section(diagnostics, &only, std::string(key), kOnly).choice("distribution", kinds.size(), kinds);
  if (chosen == kinds.size()) return std::nullopt;
  const Shape shape = shape_of(chosen);
  std::vector<string_view> keys{"distribution"};
  for (const auto& [name, example] : shape.required) keys.push_back(name);
  keys.insert(keys.end(), shape.optional.begin(), shape.optional.end());
  Opened opened{chosen,
                Section(diagnostics, &value, fmt::format("the {} distribution of {}", kinds[chosen], key), keys)};
  for (const auto& [name, example] : shape.required) {
    if (!opened.section.require(name, fmt::format("{} = {}", name, example))) return std::nullopt;
  }
  return opened;
}

Result<EmpiricalTable> read_table(const Section& section, const FileAccess& files, const ParseValue& parse) {
  const std::string file = section.text("file", "");
  if (!files.allowed) return invalid("no files can be read here");
  const std::filesystem::path path = std::filesystem::path(files.folder) / file;
  const auto text = read_bytes(path.string());
  if (!text) return tl::unexpected(text.error());
  return parse_csv(*text, path.string(), section.text("unit", ""), parse);
}

Result<std::int64_t> parse_nanoseconds(string_view text) {
  return parse_duration(text).map([](Duration value) { return value.count(); });
}

Result<DurationDistribution> make_durations(std::size_t kind, const Section& s, const FileAccess& files) {
  using D = DurationDistribution;
  switch (kind) {
    case 0: return D::constant(s.duration("value", 0ns));
    case 1: return D::uniform(s.duration("min", 0ns), s.duration("max", kTenYears));
    case 2: return D::exponential(s.duration("mean", 1ns), s.duration("min", 0ns));
    case 3: return D::normal(s.duration("mean", 1ns), s.duration("sd", 1ns), s.duration("min", 0ns));
    case 4: return D::lognormal(s.duration("median", 1ns), s.real("sigma", 1.0, kSigma), s.duration("min", 0ns));
    case 5: return D::pareto(s.duration("min", 1ns), s.real("shape", 1.0, kShape), s.duration("cap", kTenYears));
    default: break;
  }
  auto table = read_table(s, files, parse_nanoseconds);
  if (!table) return tl::unexpected(table.error());
  return D::empirical(std::move(*table));
}

Result<IntDistribution> make_sizes(std::size_t kind, const Section& s, std::int64_t most, const FileAccess& files) {
  using D = IntDistribution;
  const ParamRange<std::int64_t> range{0, most};
  switch (kind) {
    case 0: return D::constant(s.size("value", 0, range));
    case 1: return D::uniform(s.size("min", 0, range), s.size("max", most, range));
    case 2:
      return D::lognormal(static_cast<double>(s.size("median", 1, {1, most})), s.real("sigma", 1.0, kSigma),
                          s.size("min", 0, range), s.size("max", most, range));
    case 3: return D::pareto(s.size("min", 1, {1, most}), s.real("shape", 1.0, kShape), s.size("max", most, range));
    default: break;
  }
  auto table = read_table(s, files, parse_size);
  if (!table) return tl::unexpected(table.error());
  if (table->maximum() > most) {
    return invalid(fmt::format("the table's largest value is {}; expected at most {}", format_size(table->maximum()),
                               format_size(most)));
  }
  return D::empirical(std::move(*table));
}

}  // namespace

DurationDistribution read_durations(const Section& section, string_view key, DurationDistribution fallback,
                                    const FileAccess& files) {
  const Input* value = section.find(key);
  if (value == nullptr) return fallback;
  if (value->kind != Input::Kind::kTable) {
    const auto constant = DurationDistribution::constant(section.duration(key, 1ns));
    return constant ? *constant : fallback;
  }
  const auto opened = open(section, key, *value, kDurationKinds, duration_shape);
  if (!opened) return fallback;
  const auto made = make_durations(opened->kind, opened->section, files);
  if (made) return *made;
  section.report(key, made.error().message);
  return fallback;
}

DurationDistribution read_positive_durations(const Section& section, string_view key, DurationDistribution fallback,
                                             const FileAccess& files) {
  DurationDistribution read = read_durations(section, key, fallback, files);
  if (read.positive()) return read;
  section.report(key, "its minimum is 0s; expected one above zero, such as \"1ms\"");
  return fallback;
}

IntDistribution read_sizes(const Section& section, string_view key, IntDistribution fallback, std::int64_t most,
                           const FileAccess& files) {
  const Input* value = section.find(key);
  if (value == nullptr) return fallback;
  if (value->kind != Input::Kind::kTable) {
    const auto constant = IntDistribution::constant(section.size(key, 0, {0, most}));
    return constant ? *constant : fallback;
  }
  const auto opened = open(section, key, *value, kSizeKinds, size_shape);
  if (!opened) return fallback;
  const auto made = make_sizes(opened->kind, opened->section, most, files);
  if (made) return *made;
  section.report(key, made.error().message);
  return fallback;
}

}  // namespace hearsay::plan
