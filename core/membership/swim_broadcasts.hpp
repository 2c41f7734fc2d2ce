// News waiting to be passed on. Each update is sent a limited number of times; those sent least go first, among them
// the newest; a newer update about a member replaces the older one. Bounded: when it is full the update sent most
// often, and among those the oldest, makes room. (memberlist's TransmitLimitedQueue in behaviour.)
//
// One thread. Invariant: one entry a subject; an entry is in the list of the tier that is its number of transmits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/hash.hpp"
#include "core/membership/swim_messages.hpp"
#include "core/membership/swim_slot_index.hpp"

namespace hearsay::swim {

class Broadcasts {
 public:
  // Puts an update of `bytes` (encoded_bytes) in front; returns how many were let go because more than `limit` would
  // wait (0 or 1). `limit` is at most kMaxLimit.
  std::size_t add(const Update& update, std::uint32_t bytes, std::size_t limit);

  // Appends the updates that fit into `bytes` to `facts` and counts them as sent once more; those that reach
  // `retransmit_limit` leave. Returns the encoded bytes it used. O(updates taken), plus a bounded number that did not
  // fit.
  std::size_t fill(Facts& facts, const Directory& directory, std::size_t bytes, std::uint32_t retransmit_limit);

  // Drops what is said of a subject; nothing when there is nothing.
  void remove(NodeSlot subject);

  bool empty() const { return index_.size() == 0; }
  std::size_t size() const { return index_.size(); }
  void digest(Hasher& hasher) const;

  static constexpr std::size_t kMaxLimit = std::size_t{1} << 15;
  // Bytes of an update in a message.
  static std::uint32_t encoded_bytes(const Update& update, const Directory& directory);

 private:
  using Place = std::uint16_t;
  static constexpr Place kNone = SlotIndex<Place>::kNone;
  // More transmits than this are not told apart; the limit is 32 * 10 at most.
  static constexpr std::size_t kMaxTiers = 512;
  // Entries too large for what is left of a datagram that are passed over before it is called full.
  static constexpr int kMaxMisfits = 4;

  struct Entry {
    Update update;
    std::uint16_t transmits = 0;
    std::uint16_t bytes = 0;
    Place newer = kNone;  // neighbours in its tier
    Place older = kNone;
  };
  struct Tier {
    Place newest = kNone;
    Place oldest = kNone;
  };

  NodeSlot subject_at(Place place) const { return entries_[place].update.subject; }
  Place allocate();
  void link_newest(Place place);
  void unlink(Place place);
  void release(Place place);  // unlinked and out of the index

  std::vector<Entry> entries_;
  std::vector<Tier> tiers_;
  SlotIndex<Place> index_;
  Place free_ = kNone;  // a list through Entry::older
};

}  // namespace hearsay::swim
