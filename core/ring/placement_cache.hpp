// Placements of a set-pure ring by the hash of a view's members, shared by all nodes of a driver that see the same
// members. For rings that are not, see placement_history.hpp.
//
// A hit is O(1), and the placement asked for last costs one comparison. A miss collects the members (O(slots known to
// the directory)) and asks the ring: `apply` from the most recently used placement when at most an eighth of the
// members changed, else `place`. Bounded: the least recently used placement goes when there are more than `capacity`. A
// reference stays valid until `capacity` other placements have been asked for; hold it no longer than a step.
//
// One thread. Member hashes are 128 bits and compared alone: a collision is less likely than a broken machine. They do
// not cover weights and zones: when the directory says that those of a known node changed, everything is forgotten.
// What a view's placement is does not depend on what was cached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/protocol/directory.hpp"
#include "core/protocol/ring.hpp"
#include "core/protocol/step.hpp"
#include "core/ring/members_by_id.hpp"

namespace hearsay {

class PlacementCache final : public PlacementSource {
 public:
  static constexpr std::size_t kDefaultCapacity = 64;

  struct Counts {
    std::uint64_t hits = 0;     // those of the fast path not counted
    std::uint64_t placed = 0;   // built from nothing
    std::uint64_t applied = 0;  // made from another placement
    std::uint64_t evicted = 0;
  };

  // Both must outlive the cache; the directory may grow. `capacity` is at least 2.
  PlacementCache(const Ring& ring, const Directory& directory, std::size_t capacity = kDefaultCapacity);

  std::uint64_t hash_key(std::string_view key) const override { return ring_.hash_key(key); }
  const Placement& placement(View view) override {
    const Hash128 hash = view.member_hash();
    if (last_ != nullptr && hash == last_hash_ && directory_.ring_changes() == ring_changes_) return *last_;
    return find(view, hash);
  }

  // Forgets everything: references are no longer valid.
  void clear();

  const Ring& ring() const { return ring_; }
  const Counts& counts() const { return counts_; }
  std::size_t size() const { return entries_.size(); }
  std::size_t memory_bytes() const;

 private:
  struct Entry {
    Hash128 hash;
    std::vector<NodeSlot> members;  // by id
    std::shared_ptr<const Placement> placement;
  };
  struct HashOf {  // a sum of hashes is a hash; the table is never iterated
    std::size_t operator()(const Hash128& hash) const { return hash.lo; }
  };
  using Entries = std::list<Entry>;

  const Placement& find(View view, Hash128 hash);
  // The placement of `members` by apply() on the most recent one; null when too much changed.
  std::shared_ptr<const Placement> changed(const std::vector<NodeSlot>& slots,
                                           std::span<const RingMember> members) const;

  const Ring& ring_;
  const Directory& directory_;
  std::size_t capacity_;
  Entries entries_;  // the most recently used first
  std::unordered_map<Hash128, Entries::iterator, HashOf> index_;
  MembersById members_;
  Hash128 last_hash_;
  const Placement* last_ = nullptr;
  std::uint64_t ring_changes_;  // of the directory, when the entries were made
  Counts counts_;
};

}  // namespace hearsay
