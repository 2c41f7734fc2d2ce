// Views as private arrays: for every owner one belief a slot, allocated when the owner first hears of somebody. What a
// real node runs on, and what a simulation's shared store is compared with.
//
// Memory: 16 bytes times the directory's size for each owner that knows anybody, so N^2 when everybody knows everybody.
// Owned by one driver, not thread-safe. Invariant: `known`, `members` and `hash` of an owner are those of its array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/protocol/directory.hpp"
#include "core/protocol/view.hpp"

namespace hearsay {

class PrivateViews final : public ViewStore {
 public:
  // Views of the slots [0, owners); with one owner, whatever its slot is. The directory may grow meanwhile and must
  // outlive the store.
  PrivateViews(const Directory& directory, std::uint32_t owners);

  MaybeBelief get(NodeSlot owner, NodeSlot subject) const override;
  bool merge(NodeSlot owner, NodeSlot subject, Belief belief) override;
  void forget(NodeSlot owner, NodeSlot subject) override;
  void clear(NodeSlot owner) override;

  std::uint32_t members(NodeSlot owner) const override { return of(owner).members; }
  std::uint32_t known(NodeSlot owner) const override { return of(owner).known; }
  Hash128 member_hash(NodeSlot owner) const override { return of(owner).hash; }
  std::uint32_t domain() const override { return directory_.size(); }

  std::size_t memory_bytes() const;

 private:
  struct Owner {
    std::vector<MaybeBelief> beliefs;  // by slot; shorter than the domain while nobody beyond its end is known
    std::uint32_t members = 0;
    std::uint32_t known = 0;
    Hash128 hash;
  };

  std::size_t index(NodeSlot owner) const { return owners_.size() == 1 ? 0 : raw(owner); }
  const Owner& of(NodeSlot owner) const { return owners_[index(owner)]; }
  void replace(Owner& owner, NodeSlot subject, const MaybeBelief& belief);

  const Directory& directory_;
  std::vector<Owner> owners_;
  std::vector<Hash128> hashes_;  // of each slot's id, computed once
};

}  // namespace hearsay
