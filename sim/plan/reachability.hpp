// Who reaches whom: every node is in one of at most 64 groups, and a directed matrix of bits says which group reaches
// which. A bridge and a ring of majorities can so be said; partitions active together intersect.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/ids.hpp"

namespace hearsay::plan {

inline constexpr std::uint32_t kMaxReachGroups = 64;

struct Reachability {
  std::vector<std::uint8_t> group;                       // by slot
  std::array<std::uint64_t, kMaxReachGroups> reaches{};  // bit j of row i: group i reaches group j

  // Everybody reaches everybody.
  static Reachability whole(std::uint32_t nodes) {
    Reachability r;
    r.group.assign(nodes, 0);
    r.reaches[0] = 1;
    return r;
  }
  bool connected(NodeSlot from, NodeSlot to) const { return (reaches[group[raw(from)]] >> group[raw(to)] & 1) != 0; }
};

}  // namespace hearsay::plan
