// [nodes], [[group]], [[region]] and seeds: who takes part.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/plan/node_sets.hpp"
#include "sim/plan/reading.hpp"

namespace hearsay::plan {

namespace {

constexpr std::array<std::string_view, 6> kNodesKeys{"count", "prefix", "region", "weight", "zone", "present"};
constexpr std::array<std::string_view, 7> kGroupKeys{"name", "count", "prefix", "region", "weight", "zone", "present"};
constexpr std::array<std::string_view, 1> kRegionKeys{"name"};
constexpr std::int64_t kDefaultNodes = 64;
constexpr std::uint32_t kDefaultSeeds = 3;

void read_regions(Reading& reading) {
  std::vector<std::string>& regions = reading.plan.regions;
  for (const Input* table : tables(reading.diagnostics, reading.root, "region", kMaxRegions, "[[region]]")) {
    const Section section(reading.diagnostics, table, "[[region]]", kRegionKeys);
    section.require("name", "name = \"eu\"");
    std::string name = section.name("name", "");
    if (std::find(regions.begin(), regions.end(), name) != regions.end()) {
      section.report("name", fmt::format("a second region {}; expected a name of its own", quote(name)));
    }
    regions.push_back(std::move(name));
  }
}

std::uint16_t region_of(Reading& reading, const Section& section) {
  const std::vector<std::string>& regions = reading.plan.regions;
  const std::vector<std::string_view> names(regions.begin(), regions.end());
  if (!section.has("region")) return 0;
  if (names.empty()) {
    section.report("region", "there are no regions; expected a [[region]] of that name");
    return 0;
  }
  return static_cast<std::uint16_t>(section.choice("region", 0, names));
}

// The nodes of one table: names are the prefix and a number from 0.
void add_nodes(Reading& reading, const Section& section, const std::string& group, const std::string& prefix,
               std::int64_t count) {
  Plan& plan = reading.plan;
  if (reading.nodes() + count > reading.options.max_nodes) {
    section.report("count", fmt::format("more than {} nodes together", reading.options.max_nodes));
  }
  const std::uint16_t region = region_of(reading, section);
  const double weight = section.real("weight", 1.0, {1e-6, Directory::kMaxWeight});
  const auto zone = static_cast<std::uint32_t>(section.integer("zone", 0, {0, 0xffffffff}));
  const bool present = section.boolean("present", true);
  if (reading.diagnostics.failed()) return;

  const auto index = static_cast<std::uint16_t>(plan.groups.size());
  plan.groups.push_back({group});
  reading.group_nodes.push_back({reading.nodes(), static_cast<std::uint32_t>(count), prefix});
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}{}", prefix, i);
    const auto slot = plan.directory.intern(name, {}, weight, zone);
    if (!slot) {
      section.report("prefix", slot.error().message);
      return;
    }
    if (raw(*slot) != reading.nodes()) {
      section.report("prefix", fmt::format("a second node {}; expected names that no other group has", quote(name)));
      return;
    }
    plan.nodes.push_back({index, region, present});
  }
}

void read_node_table(Reading& reading) {
  const Input* table = table_of(reading, "nodes");
  const Section section(reading.diagnostics, table, "[nodes]", kNodesKeys);
  if (table == nullptr && reading.root.find("group") != nullptr) return;
  const std::int64_t count = section.integer("count", kDefaultNodes, {1, reading.options.max_nodes});
  add_nodes(reading, section, "nodes", section.name("prefix", "n"), count);
}

void read_groups(Reading& reading) {
  for (const Input* table : tables(reading.diagnostics, reading.root, "group", kMaxGroups, "[[group]]")) {
    const Section section(reading.diagnostics, table, "[[group]]", kGroupKeys);
    section.require("name", "name = \"eu\"");
    section.require("count", "count = 16");
    const std::string name = section.name("name", "");
    const auto taken = std::find_if(reading.plan.groups.begin(), reading.plan.groups.end(),
                                    [&](const Group& group) { return group.name == name; });
    if (taken != reading.plan.groups.end()) {
      section.report("name", fmt::format("a second group {}; expected a name of its own", quote(name)));
    }
    const std::int64_t count = section.integer("count", 1, {1, reading.options.max_nodes});
    const std::string prefix = section.name("prefix", name);
    if (reading.diagnostics.failed()) return;
    add_nodes(reading, section, name, prefix, count);
    if (reading.diagnostics.failed()) return;
  }
}

void read_seeds(Reading& reading) {
  Plan& plan = reading.plan;
  if (const Input* value = reading.root.find("seeds")) {
    plan.seeds = parse_nodes(reading, *value, "seeds");
    return;
  }
  for (std::uint32_t i = 0; i < reading.nodes() && plan.seeds.nodes.size() < kDefaultSeeds; ++i) {
    if (plan.nodes[i].present) plan.seeds.nodes.push_back(NodeSlot{i});
  }
  for (const NodeSlot node : plan.seeds.nodes) {
    plan.seeds.text += fmt::format("{}{}", plan.seeds.text.empty() ? "" : ", ", plan.directory.name(node));
  }
}

}  // namespace

void read_nodes(Reading& reading) {
  read_regions(reading);
  if (!reading.diagnostics.failed()) read_node_table(reading);
  if (!reading.diagnostics.failed()) read_groups(reading);
  if (reading.diagnostics.failed()) return;
  const auto& nodes = reading.plan.nodes;
  if (std::none_of(nodes.begin(), nodes.end(), [](const NodeSpec& node) { return node.present; })) {
    const Input* table = reading.root.find(reading.root.find("nodes") != nullptr ? "nodes" : "group");
    reading.diagnostics.at_key(
        table != nullptr ? *table : reading.root,
        "nobody is present at the start; expected [nodes] or a [[group]] without present = false");
    return;
  }
  read_seeds(reading);
}

}  // namespace hearsay::plan
