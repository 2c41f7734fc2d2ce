#include "sim/rings/members.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/base/random.hpp"
#include "core/protocol/directory.hpp"

namespace hearsay::rings {

namespace {

bool by_id(const RingMember& a, const RingMember& b) { return a.id < b.id; }

}  // namespace

Result<Member> parse_member(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  Member member{std::string(text.substr(0, equals)), 1.0, 0};
  if (member.name.empty()) return invalid(fmt::format("\"{}\": a member has a name, as in a:11211=3", text));
  if (member.name.size() > Directory::kMaxNameBytes) {
    return invalid(fmt::format("a member's name has at most {} bytes", Directory::kMaxNameBytes));
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(member.name.begin(), member.name.end(), control)) {
    return invalid(fmt::format("\"{}\": a member's name has no control characters", text));
  }
  if (equals == std::string_view::npos) return member;
  const std::string_view weight = text.substr(equals + 1);
  const auto [end, error] = std::from_chars(weight.data(), weight.data() + weight.size(), member.weight);
  const bool whole = error == std::errc() && end == weight.data() + weight.size();
  if (!whole || !(member.weight > 0) || member.weight > Directory::kMaxWeight) {
    return invalid(fmt::format("\"{}\": a weight is a number above 0 and at most {}", text, Directory::kMaxWeight));
  }
  return member;
}

MemberSet::MemberSet(std::span<const Member> members) {
  list_.reserve(members.size());
  for (const Member& member : members) {
    if (!names_->slots.contains(member.name)) list_.push_back(ring_member(member, slot_of(member.name)));
  }
  std::sort(list_.begin(), list_.end(), by_id);
}

MemberSet MemberSet::numbered(std::uint32_t count, std::uint64_t seed, std::uint32_t zones) {
  std::vector<Member> members;
  members.reserve(count);
  const std::uint64_t mark = stream_key(seed, Purpose::kRing) >> 40;
  for (std::uint32_t i = 0; i < count; ++i) members.push_back({fmt::format("node-{:06x}-{}", mark, i), 1.0, i % zones});
  return MemberSet(members);
}

bool MemberSet::apply(const Change& change) {
  const NodeSlot slot = slot_of(change.member.name);
  const RingMember member = ring_member(change.member, slot);
  const auto at = std::lower_bound(list_.begin(), list_.end(), member, by_id);
  const bool is_member = at != list_.end() && at->slot == slot;
  if (is_member == (change.kind == Change::Kind::kJoin)) return false;
  switch (change.kind) {
    case Change::Kind::kJoin: list_.insert(at, member); break;
    case Change::Kind::kLeave: list_.erase(at); break;
    case Change::Kind::kReweigh: *at = member; break;
  }
  return true;
}

MemberSet MemberSet::without(std::span<const RingMember> members) const {
  std::vector<RingMember> leavers(members.begin(), members.end());
  std::sort(leavers.begin(), leavers.end(), by_id);
  MemberSet rest;
  rest.names_ = names_;
  std::set_difference(list_.begin(), list_.end(), leavers.begin(), leavers.end(), std::back_inserter(rest.list_),
                      by_id);
  return rest;
}

RingChange MemberSet::ring_change(const Change& change) const {
  const RingMember member = ring_member(change.member, slot(change.member.name));
  RingChange told;
  if (change.kind != Change::Kind::kJoin) told.left.push_back(member);
  if (change.kind != Change::Kind::kLeave) told.joined.push_back(member);
  return told;
}

bool MemberSet::contains(std::string_view name) const {
  const NodeSlot wanted = slot(name);
  return wanted != kNoSlot && std::any_of(list_.begin(), list_.end(), [&](const auto& m) { return m.slot == wanted; });
}

NodeSlot MemberSet::slot(std::string_view name) const {
  const auto found = names_->slots.find(name);
  return found == names_->slots.end() ? kNoSlot : found->second;
}

NodeSlot MemberSet::slot_of(std::string_view name) {
  if (const NodeSlot known = slot(name); known != kNoSlot) return known;
  const NodeSlot next{static_cast<std::uint32_t>(names_->by_slot.size())};
  names_->slots.emplace(names_->by_slot.emplace_back(name), next);
  return next;
}

RingMember MemberSet::ring_member(const Member& member, NodeSlot slot) const {
  return {slot, node_id(member.name), names_->by_slot[raw(slot)], member.weight, member.zone};
}

}  // namespace hearsay::rings
