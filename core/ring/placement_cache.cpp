#include "core/ring/placement_cache.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace hearsay {

PlacementCache::PlacementCache(const Ring& ring, const Directory& directory, std::size_t capacity)
    : ring_(ring),
      directory_(directory),
      capacity_(capacity),
      members_(directory),
      ring_changes_(directory.ring_changes()) {
  HEARSAY_CHECK(capacity >= 2);
}

void PlacementCache::clear() {
  index_.clear();
  entries_.clear();
  last_ = nullptr;
}

std::shared_ptr<const Placement> PlacementCache::changed(const std::vector<NodeSlot>& slots,
                                                         std::span<const RingMember> members) const {
  if (entries_.empty()) return nullptr;
  const std::vector<NodeSlot>& former = entries_.front().members;
  const std::size_t most = std::max<std::size_t>(1, slots.size() / 8);
  RingChange change;
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < former.size() || b < slots.size()) {
    if (a < former.size() && b < slots.size() && former[a] == slots[b]) {
      ++a;
      ++b;
    } else if (b == slots.size() || (a < former.size() && directory_.id(former[a]) < directory_.id(slots[b]))) {
      change.left.push_back(members_.member(former[a++]));
    } else {
      change.joined.push_back(members[b++]);
    }
    if (change.left.size() + change.joined.size() > most) return nullptr;
  }
  return ring_.apply(*entries_.front().placement, change, members);
}

const Placement& PlacementCache::find(View view, Hash128 hash) {
  if (directory_.ring_changes() != ring_changes_) {
    clear();
    ring_changes_ = directory_.ring_changes();
  }
  if (const auto known = index_.find(hash); known != index_.end()) {
    ++counts_.hits;
    entries_.splice(entries_.begin(), entries_, known->second);
  } else {
    const std::vector<RingMember> members = members_.of(view);
    Entry entry;
    entry.hash = hash;
    entry.members.reserve(members.size());
    for (const RingMember& member : members) entry.members.push_back(member.slot);
    entry.placement = changed(entry.members, members);
    ++(entry.placement != nullptr ? counts_.applied : counts_.placed);
    if (entry.placement == nullptr) entry.placement = ring_.place(members);
    entries_.push_front(std::move(entry));
    index_.emplace(hash, entries_.begin());
    if (entries_.size() > capacity_) {
      index_.erase(entries_.back().hash);
      entries_.pop_back();
      ++counts_.evicted;
    }
  }
  last_hash_ = hash;
  last_ = entries_.front().placement.get();
  return *last_;
}

std::size_t PlacementCache::memory_bytes() const {
  std::size_t bytes = sizeof(*this) + members_.memory_bytes();
  for (const Entry& entry : entries_) {
    bytes += sizeof(entry) + entry.members.capacity() * sizeof(NodeSlot) + entry.placement->memory_bytes();
  }
  return bytes;
}

}  // namespace hearsay
