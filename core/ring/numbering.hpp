// Numbers for the members of algorithms that know no names, only 0, 1, ..., n - 1 (jump, flip and their kin).
//
// By names, a member's number is its rank by id: a function of the set alone, so all who know the same members agree,
// but a member that comes or goes in the middle moves the numbers of all behind it. By history, members keep their
// numbers: one that leaves hands its number to the member with the last one, one that joins gets the next. That moves
// one number a change, but two nodes that heard of changes in another order number the members differently for good.
//
// Immutable; any thread. Memory of a placement: 8 bytes a member by names, 16 by history.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/protocol/params.hpp"
#include "core/ring/owner_placement.hpp"

namespace hearsay {

enum class Numbering : std::uint8_t { kNames, kHistory };

class MemberNumbers {
 public:
  // Of members sorted by id: the rank, whichever numbering goes on from there.
  MemberNumbers(std::span<const RingMember> members, Numbering numbering);

  // The numbers once the members are these, sorted by id: by history, whoever left goes first in order of id, then
  // whoever joined comes in order of id. Who that was is found by comparing ids: a member that changed something else
  // keeps its number. O(n log n).
  MemberNumbers after(std::span<const RingMember> members) const;

  std::size_t size() const { return slots_.size(); }
  NodeSlot slot(std::size_t number) const { return slots_[number]; }
  std::span<const NodeSlot> slots() const { return slots_; }  // by number
  Numbering numbering() const { return numbering_; }
  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(slots_[0]) + ids_.capacity() * sizeof(ids_[0]); }

 private:
  Numbering numbering_;
  std::vector<NodeSlot> slots_;
  std::vector<NodeId> ids_;  // by number; by history alone
};

// A placement that computes the owner's number from the hash.
class NumberedPlacement : public OwnerPlacement {
 public:
  const MemberNumbers& numbers() const { return numbers_; }

 protected:
  NumberedPlacement(std::span<const RingMember> members, MemberNumbers numbers)
      : OwnerPlacement(members), numbers_(std::move(numbers)) {}
  std::size_t numbered_bytes() const { return slots_bytes() + numbers_.memory_bytes(); }

 private:
  MemberNumbers numbers_;
};

// A ring whose placements are `P`, a NumberedPlacement that is made of its members and their numbers.
template <class P>
class NumberedRing : public Ring {
 public:
  explicit NumberedRing(Numbering numbering) : numbering_(numbering) {}

  RingTraits traits() const override {
    return {.any_removal = false, .set_pure = numbering_ == Numbering::kNames, .agreed_index = true};
  }
  RingTheory theory(std::size_t) const override { return {.share_cv = 0, .share_max = {}}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const P>(members, MemberNumbers(members, numbering_));
  }
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange&,
                                         std::span<const RingMember> members) const override {
    const auto* const former = dynamic_cast<const P*>(&before);
    if (former == nullptr || former->numbers().numbering() != numbering_) return place(members);
    return std::make_shared<const P>(members, former->numbers().after(members));
  }

 private:
  Numbering numbering_;
};

// The parameter `index` of such a ring.
struct NumberingParam {
  int value = 0;  // of Numbering
  Numbering numbering() const { return static_cast<Numbering>(value); }
  void visit(ParamVisitor& v);
};

}  // namespace hearsay
