#include "core/ring/numbering.hpp"

#include <algorithm>

namespace hearsay {

MemberNumbers::MemberNumbers(std::span<const RingMember> members, Numbering numbering) : numbering_(numbering) {
  slots_.reserve(members.size());
  for (const RingMember& member : members) slots_.push_back(member.slot);
  if (numbering == Numbering::kNames) return;
  ids_.reserve(members.size());
  for (const RingMember& member : members) ids_.push_back(member.id);
}

MemberNumbers MemberNumbers::after(std::span<const RingMember> members) const {
  if (numbering_ == Numbering::kNames) return MemberNumbers(members, numbering_);

  // The former members by id. While numbers move, `number` says where each of them is and `holder` whose number it is.
  std::vector<std::uint32_t> holder(ids_.size());  // [number]: rank by id
  std::vector<std::uint32_t> number(ids_.size());  // [rank by id]
  for (std::uint32_t n = 0; n < number.size(); ++n) number[n] = n;
  std::sort(number.begin(), number.end(), [this](std::uint32_t a, std::uint32_t b) { return ids_[a] < ids_[b]; });
  for (std::uint32_t rank = 0; rank < number.size(); ++rank) holder[number[rank]] = rank;

  MemberNumbers next = *this;
  std::vector<const RingMember*> joined;
  const auto leave = [&](std::uint32_t rank) {
    const std::uint32_t freed = number[rank];
    next.ids_[freed] = next.ids_.back();
    next.slots_[freed] = next.slots_.back();
    holder[freed] = holder[next.ids_.size() - 1];
    number[holder[freed]] = freed;
    next.ids_.pop_back();
    next.slots_.pop_back();
  };
  // Ids ascend in both lists. A member that stays is told its slot at once, wherever it will move.
  const std::vector<std::uint32_t> former = number;
  std::uint32_t rank = 0;
  for (const RingMember& member : members) {
    for (; rank < former.size() && ids_[former[rank]] < member.id; ++rank) leave(rank);
    if (rank < former.size() && ids_[former[rank]] == member.id) {
      next.slots_[number[rank]] = member.slot;
      ++rank;
    } else {
      joined.push_back(&member);
    }
  }
  for (; rank < former.size(); ++rank) leave(rank);
  for (const RingMember* member : joined) {
    next.ids_.push_back(member->id);
    next.slots_.push_back(member->slot);
  }
  return next;
}

void NumberingParam::visit(ParamVisitor& v) {
  static constexpr std::array<std::string_view, 2> kNumberings{"names", "history"};  // as in Numbering
  v.choice(
      "index", value, kNumberings,
      "which number a member has: names, its rank by the hash of its name, which nodes with the same members agree "
      "on, but a change in the middle renumbers all behind it; or history, where the last member takes a leaver's "
      "number and a newcomer gets the next, which moves one number a change but depends on the order of changes");
}

}  // namespace hearsay
