// [network] and [[clock]]: what happens between two nodes, and to the time that a node reads.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/plan/node_sets.hpp"
#include "sim/plan/reading.hpp"

namespace hearsay::plan {

namespace {

constexpr std::array<std::string_view, 12> kNetworkKeys{
    "kind",  "latency",         "loss",           "duplicate",      "reorder", "reorder_delay", "bandwidth",
    "queue", "high_water_mark", "retransmit_min", "retransmit_max", "link"};
constexpr std::array<std::string_view, 8> kLinkKeys{"from", "to",        "one_way", "latency",
                                                    "loss", "duplicate", "reorder", "reorder_delay"};
constexpr std::array<std::string_view, 2> kLinkKinds{"udp", "zmq"};
constexpr std::array<std::string_view, 5> kClockKeys{"nodes", "offset", "both_ways", "drift", "drift_spread"};

DurationDistribution uniform(Duration min, Duration max) {
  return DurationDistribution::uniform(min, max).value_or(DurationDistribution());
}

// The values a table gives, over those of `link`.
LinkSpec read_link(const Reading& reading, const Section& section, LinkSpec link) {
  link.latency = read_positive_durations(section, "latency", link.latency, reading.files);
  link.loss = section.ratio("loss", link.loss);
  link.duplicate = section.ratio("duplicate", link.duplicate);
  link.reorder = section.ratio("reorder", link.reorder);
  link.reorder_delay = read_durations(section, "reorder_delay", link.reorder_delay, reading.files);
  return link;
}

std::size_t read_region(const Reading& reading, const Section& section, std::string_view key) {
  const std::vector<std::string_view> names(reading.plan.regions.begin(), reading.plan.regions.end());
  section.require(key, fmt::format("{} = \"{}\"", key, names.front()));
  return section.choice(key, 0, names);
}

void read_matrix(Reading& reading, const Input& network) {
  std::vector<LinkSpec>& links = reading.plan.network.links;
  const std::size_t regions = reading.plan.regions.size();
  std::vector<char> set(links.size(), 0);
  for (const Input* table :
       tables(reading.diagnostics, network, "link", 2 * kMaxRegions * kMaxRegions, "[[network.link]]")) {
    const Section section(reading.diagnostics, table, "[[network.link]]", kLinkKeys);
    if (regions == 0) {
      reading.diagnostics.at_key(*table, "[[network.link]] without regions; expected [[region]]s for it to link");
    }
    if (reading.diagnostics.failed()) return;
    const std::size_t from = read_region(reading, section, "from");
    const std::size_t to = read_region(reading, section, "to");
    const std::size_t there = from * regions + to;
    const std::size_t back = to * regions + from;
    const bool one_way = section.boolean("one_way", false);
    if (set[there] != 0 || (!one_way && set[back] != 0)) {
      section.report("to", fmt::format("a second link from '{}' to '{}'; expected one each way",
                                       reading.plan.regions[from], reading.plan.regions[to]));
    }
    links[there] = read_link(reading, section, links[there]);
    set[there] = 1;
    if (!one_way) {
      links[back] = links[there];
      set[back] = 1;
    }
  }
}

// A duration puts the clocks ahead by it (behind, with a minus); a distribution draws how far each is off, either way.
void read_offset(const Reading& reading, const Section& section, ClockSpec& clock) {
  const Input* offset = section.find("offset");
  const bool drawn = offset != nullptr && offset->kind == Input::Kind::kTable;
  clock.offset_both_ways = section.boolean("both_ways", drawn);
  if (drawn) {
    clock.offset = read_durations(section, "offset", {}, reading.files);
    return;
  }
  const Duration value = section.signed_duration("offset", 0ns);
  clock.offset_behind = value < 0ns;
  clock.offset = DurationDistribution::constant(value < 0ns ? -value : value).value_or(DurationDistribution());
}

}  // namespace

void read_network(Reading& reading) {
  NetworkSpec& network = reading.plan.network;
  const Section section(reading.diagnostics, table_of(reading, "network"), "[network]", kNetworkKeys);
  if (const Input* link = section.find("link"); link != nullptr && link->kind == Input::Kind::kString) {
    section.report("link", fmt::format("{} is a string; expected [[network.link]] tables, or kind = \"udp\" or \"zmq\"",
                                       quote(link->text)));
  }
  network.kind = static_cast<LinkKind>(section.choice("kind", 0, kLinkKinds));
  LinkSpec defaults;
  defaults.latency = uniform(1ms, 10ms);
  defaults.reorder_delay = uniform(1ms, 10ms);
  defaults = read_link(reading, section, defaults);
  network.bandwidth_bits = section.bit_rate("bandwidth", 0);
  network.queue_bytes = section.size("queue", network.bandwidth_bits > 0 ? 256 << 10 : 0, {1, std::int64_t{1} << 40});
  if (section.has("queue") && network.bandwidth_bits == 0) {
    section.report("queue", "a queue without a bandwidth never fills; expected 'bandwidth' beside it");
  }
  network.high_water_mark =
      static_cast<std::uint32_t>(section.integer("high_water_mark", network.high_water_mark, {1, 10'000'000}));
  network.retransmit_min = section.duration("retransmit_min", network.retransmit_min, {1ms, 1h});
  network.retransmit_max = section.duration("retransmit_max", network.retransmit_max, {1ms, 24h});
  if (network.retransmit_max < network.retransmit_min) {
    section.report("retransmit_max", "less than retransmit_min; expected at least that");
  }
  const std::size_t regions = std::max<std::size_t>(1, reading.plan.regions.size());
  network.links.assign(regions * regions, defaults);
  if (!reading.diagnostics.failed() && section.has("link")) read_matrix(reading, section.table());
}

void read_clocks(Reading& reading) {
  for (const Input* table : tables(reading.diagnostics, reading.root, "clock", kMaxClockSpecs, "[[clock]]")) {
    const Section section(reading.diagnostics, table, "[[clock]]", kClockKeys);
    if (reading.diagnostics.failed()) return;
    ClockSpec clock;
    clock.nodes = nodes_or_all(reading, section);
    clock.drift_ppm = section.parts_per_million("drift", 0.0);
    clock.drift_ppm_spread = section.parts_per_million("drift_spread", 0.0);
    if (clock.drift_ppm_spread < 0) section.report("drift_spread", "negative; expected how far it goes either way");
    read_offset(reading, section, clock);
    if (!section.has("offset") && !section.has("drift") && !section.has("drift_spread")) {
      reading.diagnostics.at_key(*table, "[[clock]] changes nothing; expected 'offset', 'drift' or 'drift_spread'");
    }
    reading.plan.clocks.push_back(std::move(clock));
  }
}

}  // namespace hearsay::plan
