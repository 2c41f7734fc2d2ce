#include "core/protocol/view.hpp"

namespace hearsay {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kAlive: return "alive";
    case Status::kSuspect: return "suspect";
    case Status::kDead: return "dead";
    case Status::kLeft: return "left";
  }
  return "unknown status";
}

void ViewStore::merge_everyone(NodeSlot owner, Belief belief) {
  for (std::uint32_t i = 0; i < domain(); ++i) merge(owner, NodeSlot{i}, belief);
}

NodeSlot View::random_member(Random& random) const {
  const std::uint32_t n = domain();
  const std::uint32_t others = members() - (is_member(owner_) ? 1 : 0);
  if (n == 0 || others == 0) return kNoSlot;
  // Rejection is cheap while members are not rare among the known; then counting is exact and bounded.
  // A view of a hundredth of the domain (the small side of a split) misses all tries with probability e^-8.
  const std::uint64_t tries = 32 + 8 * std::uint64_t{n / others};
  for (std::uint64_t i = 0; i < tries; ++i) {
    const NodeSlot candidate{static_cast<std::uint32_t>(random.below(n))};
    if (candidate != owner_ && is_member(candidate)) return candidate;
  }
  std::uint64_t left = random.below(others);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (NodeSlot{i} == owner_ || !is_member(NodeSlot{i})) continue;
    if (left-- == 0) return NodeSlot{i};
  }
  return kNoSlot;
}

Hash128 member_hash_of(NodeId id) {
  Hasher hasher;
  hasher.add(raw(id));
  return hasher.finish();
}

}  // namespace hearsay
