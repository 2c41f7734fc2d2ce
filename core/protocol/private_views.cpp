#include "core/protocol/private_views.hpp"

#include "core/base/check.hpp"

namespace hearsay {

PrivateViews::PrivateViews(const Directory& directory, std::uint32_t owners) : directory_(directory), owners_(owners) {
  HEARSAY_CHECK(owners > 0);
}

MaybeBelief PrivateViews::get(NodeSlot owner, NodeSlot subject) const {
  const Owner& view = of(owner);
  return raw(subject) < view.beliefs.size() ? view.beliefs[raw(subject)] : MaybeBelief{};
}

bool PrivateViews::merge(NodeSlot owner, NodeSlot subject, Belief belief) {
  Owner& view = owners_[index(owner)];
  const std::uint32_t slots = directory_.size();
  HEARSAY_CHECK(raw(subject) < slots);
  while (hashes_.size() < slots) {
    hashes_.push_back(member_hash_of(directory_.id(NodeSlot{static_cast<std::uint32_t>(hashes_.size())})));
  }
  if (view.beliefs.size() < slots) view.beliefs.resize(slots);
  const MaybeBelief& before = view.beliefs[raw(subject)];
  if (before.known && belief <= before.belief) return false;
  replace(view, subject, {true, belief});
  return true;
}

void PrivateViews::forget(NodeSlot owner, NodeSlot subject) {
  if (get(owner, subject).known) replace(owners_[index(owner)], subject, {});
}

void PrivateViews::clear(NodeSlot owner) { owners_[index(owner)] = Owner{}; }

void PrivateViews::replace(Owner& owner, NodeSlot subject, const MaybeBelief& belief) {
  MaybeBelief& kept = owner.beliefs[raw(subject)];
  if (kept.known) --owner.known;
  if (belief.known) ++owner.known;
  if (kept.member() && !belief.member()) {
    --owner.members;
    owner.hash -= hashes_[raw(subject)];
  } else if (!kept.member() && belief.member()) {
    ++owner.members;
    owner.hash += hashes_[raw(subject)];
  }
  kept = belief;
}

std::size_t PrivateViews::memory_bytes() const {
  std::size_t bytes = owners_.capacity() * sizeof(Owner) + hashes_.capacity() * sizeof(Hash128);
  for (const Owner& owner : owners_) bytes += owner.beliefs.capacity() * sizeof(MaybeBelief);
  return bytes;
}

}  // namespace hearsay
