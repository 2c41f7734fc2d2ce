#include "core/ring/members_by_id.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace hearsay {

std::vector<RingMember> MembersById::of(View view) {
  learn_new_slots();
  std::vector<RingMember> members;
  members.reserve(view.members());
  for (const NodeSlot slot : by_id_) {
    if (view.is_member(slot)) members.push_back(member(slot));
  }
  return members;
}

RingMember MembersById::member(NodeSlot slot) const {
  const auto& identity = directory_[slot];
  return {slot, identity.id, identity.name, identity.weight, identity.zone};
}

void MembersById::learn_new_slots() {
  if (by_id_.size() == directory_.size()) return;
  const auto by_id = [this](NodeSlot a, NodeSlot b) { return directory_.id(a) < directory_.id(b); };
  std::vector<NodeSlot> fresh;
  for (auto i = static_cast<std::uint32_t>(by_id_.size()); i < directory_.size(); ++i) fresh.push_back(NodeSlot{i});
  std::sort(fresh.begin(), fresh.end(), by_id);
  std::vector<NodeSlot> merged(directory_.size());
  std::merge(by_id_.begin(), by_id_.end(), fresh.begin(), fresh.end(), merged.begin(), by_id);
  by_id_ = std::move(merged);
}

}  // namespace hearsay
