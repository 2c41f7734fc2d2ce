#include "core/membership/swim_broadcasts.hpp"

#include <algorithm>
#include <array>

#include "core/base/check.hpp"

namespace hearsay::swim {

std::uint32_t Broadcasts::encoded_bytes(const Update& update, const Directory& directory) {
  return update.belief.status == Status::kAlive ? codec::size_of_struct(alive_fact(update), directory)
                                                : codec::size_of_struct(gone_fact(update, directory), directory);
}

std::size_t Broadcasts::add(const Update& update, std::uint32_t bytes, std::size_t limit) {
  HEARSAY_CHECK(1 <= limit && limit <= kMaxLimit && bytes <= 0xffff);
  std::size_t dropped = 0;
  Place place = index_.find(update.subject);
  if (place != kNone) {
    unlink(place);
  } else {
    if (size() >= limit) {
      const auto fullest =
          std::find_if(tiers_.rbegin(), tiers_.rend(), [](const Tier& t) { return t.oldest != kNone; });
      const Place victim = fullest->oldest;
      unlink(victim);
      index_.erase(subject_at(victim));
      release(victim);
      dropped = 1;
    }
    place = allocate();
    index_.insert(update.subject, place);
  }
  Entry& entry = entries_[place];
  entry.update = update;
  entry.transmits = 0;
  entry.bytes = static_cast<std::uint16_t>(bytes);
  link_newest(place);
  return dropped;
}

std::size_t Broadcasts::fill(Facts& facts, const Directory& directory, std::size_t bytes,
                             std::uint32_t retransmit_limit) {
  std::array<Place, kMaxElements> taken;  // what goes on to the next tier once all tiers have been looked at
  const std::size_t room = kMaxElements - std::min(kMaxElements, facts.size());
  std::size_t count = 0;
  std::size_t used = 0;
  int misfits = 0;
  for (std::size_t tier = 0; tier < tiers_.size() && misfits < kMaxMisfits; ++tier) {
    for (Place place = tiers_[tier].newest; place != kNone && misfits < kMaxMisfits;) {
      Entry& entry = entries_[place];
      const Place next = entry.older;
      if (used + entry.bytes > bytes || count == room) {
        ++misfits;
      } else {
        used += entry.bytes;
        facts.add(entry.update, directory);
        unlink(place);
        taken[count++] = place;
      }
      place = next;
    }
  }
  // From the last to the first, so that they keep their order in the next tier.
  while (count > 0) {
    const Place place = taken[--count];
    Entry& entry = entries_[place];
    if (entry.transmits + 1U >= retransmit_limit) {
      index_.erase(entry.update.subject);
      release(place);
    } else {
      entry.transmits = static_cast<std::uint16_t>(std::min<std::size_t>(entry.transmits + 1U, kMaxTiers - 1));
      link_newest(place);
    }
  }
  return used;
}

void Broadcasts::remove(NodeSlot subject) {
  const Place place = index_.find(subject);
  if (place == kNone) return;
  unlink(place);
  index_.erase(subject);
  release(place);
}

void Broadcasts::digest(Hasher& hasher) const {
  hasher.add(size());
  for (const Tier& tier : tiers_) {
    for (Place place = tier.newest; place != kNone; place = entries_[place].older) {
      const Entry& entry = entries_[place];
      hasher.add(raw(entry.update.subject));
      hasher.add(entry.update.belief.epoch);
      hasher.add(entry.update.belief.incarnation);
      hasher.add(entry.update.belief.status);
      hasher.add(raw(entry.update.accuser));
      hasher.add(entry.transmits);
    }
  }
}

Broadcasts::Place Broadcasts::allocate() {
  if (free_ != kNone) {
    const Place place = free_;
    free_ = entries_[place].older;
    return place;
  }
  entries_.emplace_back();
  return static_cast<Place>(entries_.size() - 1);
}

void Broadcasts::release(Place place) {
  entries_[place].older = free_;
  free_ = place;
}

void Broadcasts::link_newest(Place place) {
  Entry& entry = entries_[place];
  if (entry.transmits >= tiers_.size()) tiers_.resize(entry.transmits + 1U);
  Tier& tier = tiers_[entry.transmits];
  entry.newer = kNone;
  entry.older = tier.newest;
  (tier.newest == kNone ? tier.oldest : entries_[tier.newest].newer) = place;
  tier.newest = place;
}

void Broadcasts::unlink(Place place) {
  const Entry& entry = entries_[place];
  Tier& tier = tiers_[entry.transmits];
  (entry.newer == kNone ? tier.newest : entries_[entry.newer].older) = entry.older;
  (entry.older == kNone ? tier.oldest : entries_[entry.older].newer) = entry.newer;
}

}  // namespace hearsay::swim
