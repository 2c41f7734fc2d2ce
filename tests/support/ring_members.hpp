// Members for tests of rings: names with their ids, sorted as a ring wants them. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/ring.hpp"

namespace hearsay::test {

// A set of members that comes and goes by name; slots are given in the order of first appearance and never reused.
class RingMembers {
 public:
  void add(std::string_view name, double weight = 1.0) {
    remove(name);
    const auto known = std::find(names_.begin(), names_.end(), name);
    const NodeSlot slot{static_cast<std::uint32_t>(known - names_.begin())};
    if (known == names_.end()) names_.emplace_back(name);
    RingMember member{slot, node_id(name), names_[raw(slot)], weight, 0};
    list_.insert(std::upper_bound(list_.begin(), list_.end(), member, by_id), member);
  }
  void remove(std::string_view name) {
    std::erase_if(list_, [name](const RingMember& m) { return m.name == name; });
  }
  static RingMembers numbered(std::uint32_t count, std::string_view prefix = "node-") {
    RingMembers members;
    for (std::uint32_t i = 0; i < count; ++i) {
      members.names_.push_back(std::string(prefix) + std::to_string(i));
      members.list_.push_back({NodeSlot{i}, node_id(members.names_.back()), members.names_.back(), 1.0, 0});
    }
    std::sort(members.list_.begin(), members.list_.end(), by_id);
    return members;
  }

  RingMembers() = default;
  RingMembers(RingMembers&&) = default;
  RingMembers& operator=(RingMembers&&) = default;

  const std::vector<RingMember>& list() const { return list_; }
  std::string_view name(NodeSlot slot) const {
    return slot == kNoSlot ? "nobody" : std::string_view(names_[raw(slot)]);
  }
  std::size_t size() const { return list_.size(); }

 private:
  static bool by_id(const RingMember& a, const RingMember& b) { return a.id < b.id; }
  std::deque<std::string> names_;  // never moves them
  std::vector<RingMember> list_;
};

// What left and what joined between two sets.
inline RingChange change_between(const std::vector<RingMember>& before, const std::vector<RingMember>& after) {
  RingChange change;
  const auto same = [](const RingMember& m) {
    return [&m](const RingMember& other) { return other.id == m.id && other.weight == m.weight; };
  };
  for (const RingMember& m : before) {
    if (std::none_of(after.begin(), after.end(), same(m))) change.left.push_back(m);
  }
  for (const RingMember& m : after) {
    if (std::none_of(before.begin(), before.end(), same(m))) change.joined.push_back(m);
  }
  return change;
}

// The share of the circle that each slot below `slots` owns.
inline std::vector<double> shares(const Placement& placement, std::size_t slots) {
  std::vector<Arc> arcs;
  std::vector<double> share(slots);
  if (!placement.arcs(arcs)) return share;
  std::uint64_t before = 0;  // the end of the arc before; the first arc has one hash more, which a double cannot tell
  for (const Arc& arc : arcs) {
    if (arc.owner != kNoSlot) share[raw(arc.owner)] += static_cast<double>(arc.last - before) * 0x1p-64;
    before = arc.last;
  }
  return share;
}

}  // namespace hearsay::test
