// Placements of a set-pure ring for sets of members, each made from the former one that has the fewest members to
// change, unless those are many (as in PlacementCache). Remembers kMaxFormer of them. One thread.
#pragma once

#include <memory>
#include <vector>

#include "core/protocol/directory.hpp"
#include "core/protocol/ring.hpp"
#include "sim/measure/bitset.hpp"

namespace hearsay::measure {

class ViewPlacements {
 public:
  static constexpr std::size_t kMaxFormer = 4;

  // Both must outlive this. Slots are below `nodes`.
  ViewPlacements(const Ring& ring, const Directory& directory, std::uint32_t nodes)
      : ring_(ring), directory_(directory), nodes_(nodes) {}

  std::shared_ptr<const Placement> place(const SlotSet& view);

 private:
  struct Former {
    SlotSet view;
    std::shared_ptr<const Placement> placement;
  };

  const Ring& ring_;
  const Directory& directory_;
  std::uint32_t nodes_;
  std::vector<Former> former_;  // the newest last
};

}  // namespace hearsay::measure
