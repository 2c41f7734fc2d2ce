#include "sim/plan/reader.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

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

}  // namespace

void read_general(Reading& reading) {
  const Section section(reading.diagnostics, &reading.root, "a scenario", kTopLevel);
  Plan& plan = reading.plan;
  plan.name = section.name("name", stem_of(plan.file));
  plan.question = section.text("question", "");
  plan.seed = static_cast<std::uint64_t>(section.integer("seed", 1, {0, std::numeric_limits<std::int64_t>::max()}));
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

Result<Plan> read_file(const std::string& path, std::span<const std::string> overrides, const Catalogue& catalogue,
                       const ReaderOptions& options) {
  auto text = read_bytes(path);
  if (!text) return tl::unexpected(text.error());
  return read_text(*text, path, overrides, catalogue, options);
}

}  // namespace hearsay::plan
