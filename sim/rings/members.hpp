// The members of a ring under test, by name: who they are, how they come and go, and what a ring is told of it.
//
// One thread, for a set and its copies. Names are unique; a member that comes back has the slot it had.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay::rings {

struct Member {
  std::string name;
  double weight = 1.0;
  std::uint32_t zone = 0;

  friend bool operator==(const Member&, const Member&) = default;
};

// "a:11211=3": the name, and behind the last '=' the weight, if there is one. kInvalidArgument for a name that is
// empty, too long or has control characters, and for a weight that is not above 0 and at most Directory::kMaxWeight.
Result<Member> parse_member(std::string_view text);

// What a step does to a set.
struct Change {
  enum class Kind : std::uint8_t { kJoin, kLeave, kReweigh };
  Kind kind{};
  Member member;

  friend bool operator==(const Change&, const Change&) = default;
};

class MemberSet {
 public:
  MemberSet() = default;
  // Distinct names.
  explicit MemberSet(std::span<const Member> members);
  // `count` members of weight 1 in one zone each of `zones`, in turn; other names for another seed.
  static MemberSet numbered(std::uint32_t count, std::uint64_t seed, std::uint32_t zones = 1);

  // Whether it changed anything: who joins was no member, who leaves or gets another weight was one.
  bool apply(const Change& change);
  // The others, in O(n + k log k).
  MemberSet without(std::span<const RingMember> members) const;
  // What a ring is told of a change.
  RingChange ring_change(const Change& change) const;

  std::span<const RingMember> list() const { return list_; }  // by id
  std::size_t size() const { return list_.size(); }
  bool contains(std::string_view name) const;
  std::string_view name(NodeSlot slot) const { return names_->by_slot[raw(slot)]; }  // of a slot that was given
  NodeSlot slot(std::string_view name) const;

 private:
  NodeSlot slot_of(std::string_view name);
  RingMember ring_member(const Member& member, NodeSlot slot) const;

  // Only grow; copies of a set have them together, so that their members' names stay where they are.
  struct Names {
    std::deque<std::string> by_slot;
    std::unordered_map<std::string_view, NodeSlot> slots;
  };
  std::shared_ptr<Names> names_ = std::make_shared<Names>();
  std::vector<RingMember> list_;
};

}  // namespace hearsay::rings
