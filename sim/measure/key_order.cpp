#include "sim/measure/key_order.hpp"

#include <algorithm>

#include "sim/measure/placing.hpp"

namespace hearsay::measure {

bool KeyOrder::exists(const Ring& ring, const Directory& directory, std::uint32_t nodes) {
  const RingTraits traits = ring.traits();
  if (!traits.set_pure || !traits.minimal_disruption || !traits.any_removal || !traits.native_replicas) return false;
  // Replicas that spread over zones are not in order.
  for (std::uint32_t i = 1; traits.zones && i < nodes; ++i) {
    if (directory[NodeSlot{i}].zone != directory[NodeSlot{0}].zone) return false;
  }
  return true;
}

KeyOrder::KeyOrder(const Ring& ring, const Directory& directory, std::uint32_t nodes,
                   std::span<const std::uint64_t> keys)
    : depth_(std::min(nodes, kMaxDepth)), keys_(keys.size()), order_(keys_ * depth_, kNoSlot), places_(nodes) {
  SlotSet all(nodes);
  for (std::uint32_t i = 0; i < nodes; ++i) all.set(i);
  const auto placement = ring.place(ring_members(directory, all, nodes));
  for (std::uint32_t k = 0; k < keys_; ++k) {
    const auto order = std::span(order_).subspan(k * depth_, depth_);
    const std::size_t found = placement->replicas(keys[k], order);
    for (std::uint32_t rank = 0; rank < found; ++rank) places_[raw(order[rank])].push_back({k, rank});
  }
}

std::uint32_t KeyOrder::first(const SlotSet& view, std::uint32_t key, std::uint32_t rank) const {
  for (; rank < depth_; ++rank) {
    const NodeSlot node = order_[key * std::size_t{depth_} + rank];
    if (node != kNoSlot && view.test(raw(node))) break;
  }
  return rank;
}

Answers KeyOrder::answers(const SlotSet& view) const {
  Answers answers(keys_);
  for (std::uint32_t k = 0; k < keys_; ++k) answers[k] = first(view, k, 0);
  return answers;
}

void KeyOrder::change(Answers& answers, const SlotSet& view, NodeSlot node, bool member) const {
  for (const Place& place : places_[raw(node)]) {
    std::uint32_t& answer = answers[place.key];
    if (member) {
      answer = std::min(answer, place.rank);
    } else if (answer == place.rank) {
      answer = first(view, place.key, place.rank + 1);
    }
  }
}

}  // namespace hearsay::measure
