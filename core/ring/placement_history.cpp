#include "core/ring/placement_history.hpp"

#include <algorithm>

#include "core/ring/placement_cache.hpp"

namespace hearsay {

namespace {

// What a history is of.
enum class Move : std::uint8_t { kBegin, kChange };

}  // namespace

PlacementHistory::PlacementHistory(const Ring& ring, const Directory& directory)
    : ring_(ring), directory_(directory), members_(directory) {}

PlacementHistory::Node& PlacementHistory::node(NodeSlot slot) {
  if (nodes_.size() <= raw(slot)) nodes_.resize(raw(slot) + 1);
  return nodes_[raw(slot)];
}

template <class Make>
std::shared_ptr<const Placement> PlacementHistory::find(const Hash128& history, Make&& make) {
  if (const auto known = index_.find(history); known != index_.end()) {
    recent_.splice(recent_.begin(), recent_, known->second);
    return recent_.front().placement;
  }
  recent_.push_front({history, make()});
  ++made_;
  index_.emplace(history, recent_.begin());
  if (recent_.size() > kRecent) {
    index_.erase(recent_.back().history);
    recent_.pop_back();
  }
  return recent_.front().placement;
}

void PlacementHistory::begin(View view) {
  Node& own = node(view.owner());
  const std::vector<RingMember> members = members_.of(view);
  own.members.assign(directory_.size(), false);
  for (const RingMember& member : members) own.members[raw(member.slot)] = true;
  own.ring_changes = directory_.ring_changes();
  Hasher hasher;
  hasher.add(Move::kBegin);
  hasher.add(own.ring_changes);
  hasher.add(view.member_hash());
  own.history = hasher.finish();
  own.placement = find(own.history, [&] { return ring_.place(members); });
}

void PlacementHistory::change(View view, std::span<const MemberChange> changes) {
  Node& own = node(view.owner());
  if (own.placement == nullptr) return begin(view);
  own.members.resize(directory_.size(), false);
  RingChange change;
  for (const MemberChange& one : changes) {
    const bool now = view.is_member(one.subject);
    if (own.members[raw(one.subject)] == now) continue;
    own.members[raw(one.subject)] = now;
    (now ? change.joined : change.left).push_back(members_.member(one.subject));
  }
  if (change.joined.empty() && change.left.empty()) return;
  for (auto* side : {&change.joined, &change.left}) std::ranges::sort(*side, {}, &RingMember::id);
  advance(own, view, change);
}

void PlacementHistory::advance(Node& own, View view, const RingChange& change) {
  own.ring_changes = directory_.ring_changes();
  Hasher hasher;
  hasher.add(Move::kChange);
  hasher.add(own.history);
  hasher.add(own.ring_changes);
  for (const auto* side : {&change.joined, &change.left}) {
    hasher.add(side->size());
    for (const RingMember& member : *side) hasher.add(raw(member.id));
  }
  own.history = hasher.finish();
  const std::shared_ptr<const Placement> before = std::move(own.placement);
  own.placement = find(own.history, [&] { return ring_.apply(*before, change, members_.of(view)); });
}

const Placement& PlacementHistory::placement(View view) {
  Node& own = node(view.owner());
  if (own.placement == nullptr) {
    begin(view);
  } else if (own.ring_changes != directory_.ring_changes()) {
    advance(own, view, {});
  }
  return *own.placement;
}

std::shared_ptr<const Placement> PlacementHistory::own(NodeSlot slot) const {
  return raw(slot) < nodes_.size() ? nodes_[raw(slot)].placement : nullptr;
}

std::unique_ptr<PlacementSource> make_placements(const Ring& ring, const Directory& directory) {
  if (ring.traits().set_pure) return std::make_unique<PlacementCache>(ring, directory);
  return std::make_unique<PlacementHistory>(ring, directory);
}

}  // namespace hearsay
