// The kinds of [[event]] that cut the network: partition, heal, flap.
//
// A partition says who is on which side in one of five ways: sides, isolate, from (and to), bridge, majorities.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/quantity.hpp"
#include "sim/plan/event_input.hpp"
#include "sim/plan/reachability.hpp"

namespace hearsay::plan {

namespace {

constexpr std::array<std::string_view, 11> kPartitionKeys{"sides",      "others", "isolate", "from", "to",   "bridge",
                                                          "majorities", "mode",   "delay",   "for",  "until"};
constexpr std::array<std::string_view, 13> kFlapKeys{"sides",  "others",     "isolate", "from",  "to",
                                                     "bridge", "majorities", "mode",    "delay", "for",
                                                     "until",  "period",     "duty"};
constexpr std::array<std::string_view, 1> kHealKeys{"partition"};
constexpr std::array<std::string_view, 3> kModes{"drop", "delay", "hold"};
constexpr std::array<std::string_view, 2> kOthers{"apart", "connected"};

class PartitionReader {
 public:
  explicit PartitionReader(const EventInput& input)
      : input_(input), section_(input.section), diagnostics_(input.reading.diagnostics) {}

  Partition read() {
    partition_.name = input_.label;
    read_mode();
    section_.at_most_one({"sides", "isolate", "from", "majorities"});
    section_.at_most_one({"bridge", "isolate", "from", "majorities"});
    if (section_.has("to") && !section_.has("from"))
      section_.report("to", "without 'from'; expected both for a one-way cut");
    if (section_.has("others") && !section_.has("sides")) section_.report("others", "without 'sides'; expected both");
    const bool majorities = section_.boolean("majorities", false);
    if (diagnostics_.failed()) return {};
    if (section_.has("bridge")) {
      read_bridge();
    } else if (section_.has("sides")) {
      read_sides();
    } else if (section_.has("isolate")) {
      read_isolated();
    } else if (section_.has("from")) {
      read_one_way();
    } else if (majorities) {
      make_majorities();
    } else {
      section_.require("sides", "sides = [\"n0..n31\", \"rest\"], isolate, from, bridge or majorities");
    }
    return std::move(partition_);
  }

 private:
  void read_mode() {
    partition_.mode = static_cast<Partition::Mode>(section_.choice("mode", 0, kModes));
    const bool delays = partition_.mode == Partition::Mode::kDelay;
    if (delays) section_.require("delay", "delay = \"500ms\" with mode = \"delay\"");
    if (!delays && section_.has("delay"))
      section_.report("delay", "the mode is not \"delay\"; expected mode = \"delay\"");
    partition_.delay = section_.duration("delay", 0ns, {1ns, kTenYears});
  }

  void add_side(NodeSet side, const Input& at) {
    partition_.sides.push_back(std::move(side));
    places_.push_back(&at);
  }

  // The sides as listed; "rest" may be among them.
  void list_sides() {
    const Input& list = *section_.find("sides");
    if (list.kind != Input::Kind::kArray || list.values.empty()) {
      return section_.report("sides", "no list of sides; expected one such as [\"n0..n31\", \"rest\"]");
    }
    for (const Input& item : list.values) {
      if (item.kind == Input::Kind::kString && item.text == "rest") {
        if (rest_ != nullptr) return diagnostics_.at(item, "sides: a second 'rest'; expected it once");
        rest_ = &item;
        continue;
      }
      if (partition_.sides.size() == kMaxReachGroups) break;
      add_side(parse_nodes(input_.reading, item, "sides"), item);
      if (diagnostics_.failed()) return;
    }
    if (list.values.size() > kMaxReachGroups) {
      diagnostics_.at(list, fmt::format("sides: {} of them; expected at most {}", list.values.size(), kMaxReachGroups));
    }
  }

  void read_sides() {
    const bool connected = section_.choice("others", 0, kOthers) == 1;
    list_sides();
    if (diagnostics_.failed()) return;
    if (connected && rest_ != nullptr) {
      return section_.report("others", "\"connected\" beside a side 'rest'; expected one of them");
    }
    settle_rest(!connected);
    make_allowed();
    if (allowed_sides() < 2) section_.report("sides", "everybody is on one side; expected two sides or more");
  }

  // Every one apart from all others.
  void read_isolated() {
    const Input& at = *section_.find("isolate");
    const NodeSet nodes = parse_nodes(input_.reading, at, "isolate");
    if (diagnostics_.failed()) return;
    if (nodes.draw && *nodes.draw > 1) {
      return section_.report("isolate",
                             fmt::format("{} random nodes; expected 1, or sides = [\"{} random\", \"rest\"] to "
                                         "cut them off together",
                                         *nodes.draw, *nodes.draw));
    }
    if (nodes.nodes.size() >= kMaxReachGroups && !nodes.draw) {
      return section_.report("isolate",
                             fmt::format("{} nodes; expected at most {}", nodes.nodes.size(), kMaxReachGroups - 1));
    }
    if (nodes.draw) {
      add_side(nodes, at);
    } else {
      for (const NodeSlot node : nodes.nodes) {
        add_side({{node}, std::nullopt, std::string(input_.reading.plan.directory.name(node))}, at);
      }
    }
    settle_rest(true);
    make_allowed();
    if (allowed_sides() < 2) section_.report("isolate", "there is nobody else; expected other nodes to cut it from");
  }

  // What `from` sends to `to` (or to everybody else) is cut; the way back works.
  void read_one_way() {
    add_side(parse_nodes(input_.reading, *section_.find("from"), "from"), *section_.find("from"));
    const Input* to = section_.find("to");
    if (to != nullptr) add_side(parse_nodes(input_.reading, *to, "to"), *to);
    if (diagnostics_.failed()) return;
    settle_rest(to == nullptr);
    if (diagnostics_.failed()) return;
    if (to == nullptr && !partition_.rest_is_side) {
      return section_.report("from", "everybody is in it; expected others to cut them from");
    }
    partition_.allowed = {{true, false}, {true, true}};
  }

  // Two sides (or halves, or more sides), and nodes in the middle that reach all of them.
  void read_bridge() {
    const Input& at = *section_.find("bridge");
    const NodeSet bridge = parse_nodes(input_.reading, at, "bridge");
    if (diagnostics_.failed()) return;
    if (bridge.draw) return section_.report("bridge", "a random choice; expected named nodes");
    if (section_.has("sides")) {
      list_sides();
    } else {
      add_halves(bridge, at);
    }
    if (diagnostics_.failed()) return;
    if (partition_.sides.size() >= kMaxReachGroups) {
      return section_.report("sides", fmt::format("more than {} with the bridge; expected fewer", kMaxReachGroups));
    }
    add_side(bridge, at);
    settle_rest(section_.choice("others", 0, kOthers) == 0);
    make_allowed();
    if (allowed_sides() < 3) section_.report("bridge", "fewer than two sides beside it; expected two or more");
    if (diagnostics_.failed()) return;
    const std::size_t middle = partition_.sides.size() - 1;
    for (std::size_t i = 0; i < partition_.allowed.size(); ++i) {
      partition_.allowed[i][middle] = partition_.allowed[middle][i] = true;
    }
  }

  void add_halves(const NodeSet& bridge, const Input& at) {
    std::vector<NodeSlot> others;
    for (std::uint32_t i = 0; i < input_.reading.nodes(); ++i) {
      if (!std::binary_search(bridge.nodes.begin(), bridge.nodes.end(), NodeSlot{i})) others.push_back(NodeSlot{i});
    }
    if (others.size() < 2) return section_.report("bridge", "fewer than two others; expected nodes to keep apart");
    const auto middle = others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2);
    add_side({{others.begin(), middle}, std::nullopt, "first half"}, at);
    add_side({{middle, others.end()}, std::nullopt, "second half"}, at);
  }

  // Each node, in a ring, reaches itself and so many neighbours either way that it sees a majority; no two see the
  // same.
  void make_majorities() {
    const std::uint32_t count = input_.reading.nodes();
    if (count < 4 || count > kMaxReachGroups) {
      return section_.report("majorities", fmt::format("there are {} nodes; expected 4 to {}", count, kMaxReachGroups));
    }
    const std::uint32_t reach = (count / 2 + 1) / 2;  // half of the other members of a majority, rounded up
    for (std::uint32_t i = 0; i < count; ++i) {
      const NodeSlot node{i};
      add_side({{node}, std::nullopt, std::string(input_.reading.plan.directory.name(node))},
               *section_.find("majorities"));
    }
    partition_.rest_is_side = false;
    partition_.allowed.assign(count, std::vector<bool>(count, false));
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t j = 0; j < count; ++j) {
        const std::uint32_t apart = i > j ? i - j : j - i;
        partition_.allowed[i][j] = std::min(apart, count - apart) <= reach;
      }
    }
  }

  // Takes the named nodes out of the random sides' pools, sees that no node can be on two sides, and whether anybody is
  // left for the rest.
  void settle_rest(bool rest_is_side) {
    const std::uint32_t count = input_.reading.nodes();
    std::vector<std::uint8_t> side_of(count, kNobody);
    for (std::size_t side = 0; side < partition_.sides.size(); ++side) {
      if (!partition_.sides[side].draw) claim(side_of, side);
    }
    std::uint32_t drawn = 0;
    for (std::size_t side = 0; side < partition_.sides.size(); ++side) {
      NodeSet& set = partition_.sides[side];
      if (!set.draw || diagnostics_.failed()) continue;
      std::erase_if(set.nodes, [&](NodeSlot node) {
        const std::uint8_t other = side_of[raw(node)];
        return other != kNobody && !partition_.sides[other].draw;
      });
      if (*set.draw > set.nodes.size()) {
        diagnostics_.at(*places_[side],
                        fmt::format("{} random nodes of the {} that the other sides leave; expected at most "
                                    "that many",
                                    *set.draw, set.nodes.size()));
      }
      claim(side_of, side);
      drawn += *set.draw;
    }
    std::uint32_t named = 0;
    for (const NodeSet& side : partition_.sides) named += side.draw ? 0 : static_cast<std::uint32_t>(side.nodes.size());
    partition_.rest_is_side = rest_is_side && named + drawn < count;
    if (partition_.sides.size() + (partition_.rest_is_side ? 1 : 0) > kMaxReachGroups) {
      section_.report("sides", fmt::format("more than {} with the rest; expected fewer", kMaxReachGroups));
    }
    if (rest_ != nullptr && !partition_.rest_is_side) {
      diagnostics_.at(*rest_, "sides: nobody is left for 'rest'; expected nodes on no other side");
    }
  }

  // Puts a side's nodes (a random one's whole pool) on it.
  void claim(std::vector<std::uint8_t>& side_of, std::size_t side) {
    const NodeSet& set = partition_.sides[side];
    for (const NodeSlot node : set.nodes) {
      std::uint8_t& at = side_of[raw(node)];
      if (at != kNobody) {
        return diagnostics_.at(*places_[side], fmt::format("node '{}' {} two sides, {} and {}; expected it on one",
                                                           input_.reading.plan.directory.name(node),
                                                           set.draw ? "may be drawn for" : "is on",
                                                           quote(partition_.sides[at].text), quote(set.text)));
      }
      at = static_cast<std::uint8_t>(side);
    }
  }

  std::size_t allowed_sides() const { return partition_.allowed.size(); }
  void make_allowed() {
    const std::size_t sides = partition_.sides.size() + (partition_.rest_is_side ? 1 : 0);
    partition_.allowed.assign(sides, std::vector<bool>(sides, false));
    for (std::size_t i = 0; i < sides; ++i) partition_.allowed[i][i] = true;
  }

  static constexpr std::uint8_t kNobody = 0xff;

  const EventInput& input_;
  const Section& section_;
  Diagnostics& diagnostics_;
  Partition partition_;
  std::vector<const Input*> places_;  // of the sides
  const Input* rest_ = nullptr;       // where "rest" is a side
};

Action read_partition(const EventInput& input) { return PartitionReader(input).read(); }

Action read_heal(const EventInput& input) { return Heal{input.section.text("partition", "")}; }

Action read_flap(const EventInput& input) {
  Flap flap;
  flap.partition = PartitionReader(input).read();
  if (input.section.require("period", "period = \"2s\"")) {
    flap.period = input.section.duration("period", 1s, {1ms, kTenYears});
  }
  flap.duty = input.section.share("duty", 0.5);
  if (!(flap.duty > 0.0 && flap.duty < 1.0)) {
    input.section.report("duty",
                         fmt::format("{}; expected the share of a period that is cut, above 0 and below 1", flap.duty));
  }
  flap.until = input.end().value_or(input.reading.plan.duration);
  if (input.reading.diagnostics.failed()) return flap;
  const auto toggles = static_cast<std::uint64_t>((flap.until - input.at) / flap.period);
  if (toggles > kMaxToggles) {
    input.section.report("period", fmt::format("{} cuts; expected at most {}", toggles, kMaxToggles));
  }
  return flap;
}

constexpr std::array kKinds{EventKind{"partition", kPartitionKeys, read_partition},
                            EventKind{"heal", kHealKeys, read_heal}, EventKind{"flap", kFlapKeys, read_flap}};

}  // namespace

std::span<const EventKind> partition_kinds() { return kKinds; }

}  // namespace hearsay::plan
