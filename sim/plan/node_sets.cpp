#include "sim/plan/node_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/base/quantity.hpp"
#include "core/base/samplers.hpp"

namespace hearsay::plan {

namespace {

constexpr std::string_view kExpected =
    "expected nodes such as 'n3', 'n0..n31', 'group:eu', 'region:us', 'all', '3 random', '10% random of group:eu'";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "n12" -> "n" and 12; nothing without digits at the end.
struct Numbered {
  std::string_view prefix;
  std::uint64_t number;
};
std::optional<Numbered> numbered(std::string_view name) {
  std::size_t digits = name.size();
  while (digits > 0 && is_digit(name[digits - 1])) --digits;
  const auto number = whole_number(name.substr(digits));
  if (!number) return std::nullopt;
  return Numbered{name.substr(0, digits), *number};
}

// What the scenario's nodes are called, for messages: "n0..n63, eu0..eu9".
std::string node_names(const Reading& reading) {
  std::string text;
  std::size_t listed = 0;
  for (const Reading::GroupNodes& group : reading.group_nodes) {
    if (++listed > 8) return text + ", ...";
    if (!text.empty()) text += ", ";
    text += group.count == 1 ? fmt::format("{}0", group.prefix)
                             : fmt::format("{}0..{}{}", group.prefix, group.prefix, group.count - 1);
  }
  return text;
}

class Parser {
 public:
  Parser(Reading& reading, const Input& value, std::string_view key) : reading_(reading), value_(value), key_(key) {}

  NodeSet parse() {
    if (value_.kind == Input::Kind::kString) {
      add_terms(value_);
    } else if (value_.kind == Input::Kind::kArray) {
      for (const Input& item : value_.values) {
        if (item.kind != Input::Kind::kString) {
          reading_.diagnostics.at(item, fmt::format("{}: {} in a node set; {}", key_, name_of(item.kind), kExpected));
          return {};
        }
        add_terms(item);
      }
    } else {
      report(fmt::format("{} is no node set; {}", name_of(value_.kind), kExpected));
    }
    return finish();
  }

 private:
  void add_terms(const Input& item) {
    at_ = &item;
    std::string_view rest = item.text;
    while (!reading_.diagnostics.failed()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      add_term(trimmed(rest.substr(0, comma)));
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
  }

  void add_term(std::string_view term) {
    if (!set_.text.empty()) set_.text += ", ";
    set_.text += term;
    const bool exclude = term.starts_with('!');
    if (exclude) term = trimmed(term.substr(1));
    if (term.empty()) return report(fmt::format("an empty node set; {}", kExpected));
    if (const std::size_t random = term.find(" random"); random != std::string_view::npos) {
      if (exclude) return report(fmt::format("{} cannot be taken away; expected named nodes after '!'", quote(term)));
      return add_random(term, random);
    }
    if (is_member_.empty()) is_member_.assign(reading_.nodes(), Membership::kNone);
    if (!exclude) has_named_ = true;
    add_named(term, exclude ? Membership::kOut : Membership::kIn);
  }

  // "3 random", "10% random of group:eu".
  void add_random(std::string_view term, std::size_t random) {
    if (how_many_text_.data() != nullptr) return report("two random choices in one node set; expected one");
    how_many_text_ = term.substr(0, random);
    std::string_view pool = term.substr(random + std::string_view(" random").size());
    if (is_member_.empty()) is_member_.assign(reading_.nodes(), Membership::kNone);
    if (pool.empty()) {
      for (std::uint32_t i = 0; i < reading_.nodes(); ++i) {
        if (reading_.plan.nodes[i].present) mark(i, Membership::kIn);
      }
    } else if (pool.starts_with(" of ")) {
      add_named(trimmed(pool.substr(4)), Membership::kIn);
    } else {
      return report(fmt::format("{} is no random choice; expected one such as '3 random of group:eu'", quote(term)));
    }
    if (how_many_text_.ends_with('%')) {
      const auto share = parse_share(how_many_text_);
      if (!share) return report(share.error().message);
      share_ = *share;
    } else {
      how_many_ = whole_number(how_many_text_);
      if (!how_many_)
        return report(fmt::format("{} is no number of nodes; expected one such as '3 random' or '10% random'",
                                  quote(how_many_text_)));
    }
  }

  void add_named(std::string_view term, char mark_as) {
    if (term == "all") {
      for (std::uint32_t i = 0; i < reading_.nodes(); ++i) mark(i, mark_as);
    } else if (term.starts_with("group:")) {
      add_group(trimmed(term.substr(6)), mark_as);
    } else if (term.starts_with("region:")) {
      add_region(trimmed(term.substr(7)), mark_as);
    } else if (term == "rest") {
      report("'rest' means something only among the sides of a partition; expected 'all' with '!' in front of others");
    } else if (const std::size_t dots = term.find(".."); dots != std::string_view::npos) {
      add_range(term, trimmed(term.substr(0, dots)), trimmed(term.substr(dots + 2)), mark_as);
    } else if (const auto slot = find(term)) {
      mark(*slot, mark_as);
    }
  }

  void add_group(std::string_view name, char mark_as) {
    const std::vector<Group>& groups = reading_.plan.groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].name != name) continue;
      const Reading::GroupNodes& nodes = reading_.group_nodes[i];
      for (std::uint32_t n = 0; n < nodes.count; ++n) mark(nodes.first + n, mark_as);
      return;
    }
    std::vector<std::string_view> names;
    for (const Group& group : groups) names.push_back(group.name);
    report(
        fmt::format("unknown group {}; expected one of {}{}", quote(name), list_of(names), did_you_mean(name, names)));
  }

  void add_region(std::string_view name, char mark_as) {
    const std::vector<std::string>& regions = reading_.plan.regions;
    const auto found = std::find(regions.begin(), regions.end(), name);
    if (found == regions.end()) {
      const std::vector<std::string_view> names(regions.begin(), regions.end());
      return report(names.empty() ? fmt::format("unknown region {}; expected a [[region]] of that name", quote(name))
                                  : fmt::format("unknown region {}; expected one of {}{}", quote(name), list_of(names),
                                                did_you_mean(name, names)));
    }
    const auto region = static_cast<std::uint16_t>(found - regions.begin());
    for (std::uint32_t i = 0; i < reading_.nodes(); ++i) {
      if (reading_.plan.nodes[i].region == region) mark(i, mark_as);
    }
  }

  void add_range(std::string_view term, std::string_view first, std::string_view last, char mark_as) {
    const auto from = numbered(first);
    const auto to = numbered(last);
    if (!from || !to || from->prefix != to->prefix || from->number > to->number) {
      return report(fmt::format("{} is no range of nodes; expected one such as 'n0..n31'", quote(term)));
    }
    if (!find(first) || !find(last)) return;
    for (std::uint64_t i = from->number; i <= to->number; ++i) {
      const auto slot = find(fmt::format("{}{}", from->prefix, i));
      if (!slot) return;
      mark(*slot, mark_as);
    }
  }

  std::optional<std::uint32_t> find(std::string_view name) {
    const NodeSlot slot = reading_.plan.directory.find(name);
    if (slot != kNoSlot) return raw(slot);
    // Comparing with a million names would take longer than reading the scenario.
    constexpr std::uint32_t kMostCompared = 4096;
    std::vector<std::string_view> names;
    for (std::uint32_t i = 0; i < std::min(reading_.nodes(), kMostCompared); ++i) {
      names.push_back(reading_.plan.directory.name(NodeSlot{i}));
    }
    const bool bare = numbered(name).has_value();
    report(fmt::format("unknown node {}; {}{}", quote(name),
                       bare ? fmt::format("expected one of {}", node_names(reading_)) : kExpected,
                       did_you_mean(name, names)));
    return std::nullopt;
  }

  struct Membership {
    static constexpr char kNone = 0, kIn = 1, kOut = 2;
  };
  // What is taken away stays away, wherever it is said.
  void mark(std::uint32_t slot, char mark_as) {
    if (is_member_[slot] != Membership::kOut) is_member_[slot] = mark_as;
  }

  NodeSet finish() {
    if (reading_.diagnostics.failed()) return {};
    const bool random = how_many_text_.data() != nullptr;
    if (random && has_named_) {
      report("a random choice beside named nodes; expected it alone, or with '!' before nodes that it must not take");
      return {};
    }
    for (std::uint32_t i = 0; i < is_member_.size(); ++i) {
      // Named only by whom it leaves out: all but those.
      const bool by_default = is_member_[i] == Membership::kNone && !has_named_ && !random;
      if (is_member_[i] == Membership::kIn || by_default) set_.nodes.push_back(NodeSlot{i});
    }
    if (random) {
      const std::uint64_t pool = set_.nodes.size();
      if (!how_many_)
        how_many_ = static_cast<std::uint64_t>(
            clamp_round(share_ * static_cast<double>(pool), 0, static_cast<std::int64_t>(pool)));
      if (*how_many_ > pool) {
        report(fmt::format("{} random nodes of {}; expected at most that many", *how_many_, pool));
        return {};
      }
      set_.draw = static_cast<std::uint32_t>(*how_many_);
    }
    if (set_.nodes.empty() || (set_.draw && *set_.draw == 0)) {
      report(fmt::format("{} is nobody; expected at least one node", quote(set_.text)));
      return {};
    }
    reading_.set_entries += set_.nodes.size();
    if (reading_.set_entries > kMaxSetEntries) {
      report(fmt::format("the scenario's node sets name more than {} nodes together", kMaxSetEntries));
      return {};
    }
    return std::move(set_);
  }

  void report(std::string_view message) {
    reading_.diagnostics.at(at_ != nullptr ? *at_ : value_, fmt::format("{}: {}", key_, message));
  }

  Reading& reading_;
  const Input& value_;
  std::string_view key_;
  const Input* at_ = nullptr;    // the string at hand
  std::vector<char> is_member_;  // by slot; empty until somebody is named
  bool has_named_ = false;
  std::string_view how_many_text_;  // of the random choice; null without one
  std::optional<std::uint64_t> how_many_;
  double share_ = 0.0;
  NodeSet set_;
};

}  // namespace

NodeSet all_nodes(Reading& reading) {
  NodeSet set;
  set.nodes.resize(reading.nodes());
  for (std::uint32_t i = 0; i < reading.nodes(); ++i) set.nodes[i] = NodeSlot{i};
  set.text = "all";
  reading.set_entries += set.nodes.size();
  if (reading.set_entries > kMaxSetEntries) {
    reading.diagnostics.at_file(
        fmt::format("the scenario's node sets name more than {} nodes together", kMaxSetEntries));
  }
  return set;
}

NodeSet parse_nodes(Reading& reading, const Input& value, std::string_view key) {
  return Parser(reading, value, key).parse();
}

NodeSet required_nodes(Reading& reading, const Section& section, std::string_view key) {
  const bool one = key == "node";
  if (!section.require(key, one ? "node = \"n0\"" : fmt::format("{} = \"n0..n3\" or another node set", key))) return {};
  return parse_nodes(reading, *section.find(key), key);
}

NodeSet nodes_or_all(Reading& reading, const Section& section, std::string_view key) {
  const Input* value = section.find(key);
  return value == nullptr ? all_nodes(reading) : parse_nodes(reading, *value, key);
}

}  // namespace hearsay::plan
