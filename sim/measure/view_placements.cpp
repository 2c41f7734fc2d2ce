#include "sim/measure/view_placements.hpp"

#include <algorithm>
#include <iterator>

#include "sim/measure/placing.hpp"

namespace hearsay::measure {

std::shared_ptr<const Placement> ViewPlacements::place(const SlotSet& view) {
  const auto members = ring_members(directory_, view, nodes_);
  const auto nearest = std::ranges::min_element(former_, {}, [&](const Former& f) { return f.view.distance(view); });
  std::shared_ptr<const Placement> placement;
  if (nearest != former_.end() && nearest->view.distance(view) <= std::max<std::size_t>(1, members.size() / 8)) {
    RingChange change;
    const auto before = ring_members(directory_, nearest->view, nodes_);
    const auto by_id = &RingMember::id;
    std::ranges::set_difference(members, before, std::back_inserter(change.joined), {}, by_id, by_id);
    std::ranges::set_difference(before, members, std::back_inserter(change.left), {}, by_id, by_id);
    placement = ring_.apply(*nearest->placement, change, members);
    former_.erase(nearest);
  } else {
    placement = ring_.place(members);
    if (former_.size() == kMaxFormer) former_.erase(former_.begin());
  }
  former_.push_back({view, placement});
  return placement;
}

}  // namespace hearsay::measure
