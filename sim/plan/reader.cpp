#include "sim/plan/reader.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <limits>

#include "sim/plan/override.hpp"
#include "sim/plan/reading.hpp"
#include "sim/plan/toml_input.hpp"

namespace hearsay::plan {

namespace {

constexpr std::array<std::string_view, 21> kTopLevel{
    "name",  "question", "seed",       "duration",      "start_spread", "seeds",   "nodes",
    "group", "region",   "membership", "dissemination", "replication",  "ring",    "network",
    "clock", "client",   "op",         "event",         "expect",       "measure", "simulator"};

// The file's name without its folder and ending, as a name that may be part of a path.
std::string stem_of(const std::string& file) {
  std::string stem = std::filesystem::path(file).stem().string();
  for (char& c : stem) {
    const bool fine =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fine) c = '-';
  }
  return stem.empty() ? "scenario" : stem.substr(0, 64);
}

// Of all 64 bits. TOML's own integers end at 2^63 - 1, so what is above them is written in quotes.
std::uint64_t read_seed(const Section& section) {
  const Input* value = section.find("seed");
  if (value == nullptr || value->kind != Input::Kind::kString) {
    return static_cast<std::uint64_t>(section.integer("seed", 1, {0, std::numeric_limits<std::int64_t>::max()}));
  }
  std::uint64_t seed = 0;
  const char* const text_end = value->text.data() + value->text.size();
  const auto [end, error] = std::from_chars(value->text.data(), text_end, seed);
  if (error != std::errc() || end != text_end) {
    section.report("seed", fmt::format("{} is not a seed; expected an integer from 0 to {}", plan::quote(value->text),
                                       std::numeric_limits<std::uint64_t>::max()));
  }
  return seed;
}

// Messages quote keys, values and paths, which may hold anything.
template <class T>
Result<T> on_one_line(Result<T> result) {
  if (!result) result.error().message = one_line(result.error().message);
  return result;
}

Result<Plan> read_checked(std::string_view text, const std::string& file_name, std::span<const std::string> overrides,
                          const Catalogue& catalogue, const ReaderOptions& options) {
  auto root = parse_toml(text, file_name);
  if (!root) return tl::unexpected(root.error());
  for (const std::string& assignment : overrides) {
    if (auto applied = apply_override(*root, assignment); !applied) return tl::unexpected(applied.error());
  }
  Reading reading{.diagnostics = Diagnostics(file_name),
                  .catalogue = catalogue,
                  .options = options,
                  .root = *root,
                  .files = {std::filesystem::path(file_name).parent_path().string(), options.read_files},
                  .plan = {}};
  reading.plan.file = file_name;
  reading.plan.source = text;
  // Each one needs what those before it read.
  for (void (*read)(Reading&) : {read_general, read_nodes, read_strategies, read_network, read_clocks, read_clients,
                                 read_ops, read_events, read_expectations, read_measure}) {
    read(reading);
    if (reading.diagnostics.failed()) return tl::unexpected(reading.diagnostics.error());
  }
  return std::move(reading.plan);
}

}  // namespace

void read_general(Reading& reading) {
  const Section section(reading.diagnostics, &reading.root, "a scenario", kTopLevel);
  Plan& plan = reading.plan;
  plan.name = section.name("name", stem_of(plan.file));
  plan.question = section.text("question", "");
  plan.seed = read_seed(section);
  if (section.require("duration", "duration = \"60s\"")) {
    plan.duration = section.duration("duration", 1s, {1ms, kTenYears});
  }
  plan.start_spread = section.duration("start_spread", 0ns);
  if (plan.start_spread > plan.duration) {
    section.report("start_spread", "longer than the scenario's duration; expected at most that");
  }
}

Result<Plan> read_text(std::string_view text, const std::string& file_name, std::span<const std::string> overrides,
                       const Catalogue& catalogue, const ReaderOptions& options) {
  return on_one_line(read_checked(text, file_name, overrides, catalogue, options));
}

Result<Plan> read_file(const std::string& path, std::span<const std::string> overrides, const Catalogue& catalogue,
                       const ReaderOptions& options) {
  auto text = on_one_line(read_bytes(path));
  if (!text) return tl::unexpected(text.error());
  return read_text(*text, path, overrides, catalogue, options);
}

}  // namespace hearsay::plan
