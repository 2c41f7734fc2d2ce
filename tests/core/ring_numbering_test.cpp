#include "core/ring/numbering.hpp"

#include <doctest/doctest.h>

#include <set>

#include "core/base/random.hpp"
#include "core/ring/jump.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

std::vector<NodeSlot> slots_of(const MemberNumbers& numbers) {
  return {numbers.slots().begin(), numbers.slots().end()};
}

std::vector<NodeSlot> slots_of(const std::vector<RingMember>& members) {
  std::vector<NodeSlot> slots;
  for (const RingMember& member : members) slots.push_back(member.slot);
  return slots;
}

// The rule, member by member.
void change_slowly(std::vector<NodeSlot>& numbers, const std::vector<RingMember>& before,
                   const std::vector<RingMember>& after) {
  const auto has = [](const std::vector<RingMember>& members, NodeId id) {
    return std::any_of(members.begin(), members.end(), [id](const RingMember& m) { return m.id == id; });
  };
  for (const RingMember& member : before) {
    if (has(after, member.id)) continue;
    *std::find(numbers.begin(), numbers.end(), member.slot) = numbers.back();
    numbers.pop_back();
  }
  for (const RingMember& member : after) {
    if (!has(before, member.id)) numbers.push_back(member.slot);
  }
}

TEST_CASE("numbering: by names a number is the rank by id, whatever came before") {
  RingMembers members = RingMembers::numbered(10);
  const MemberNumbers before(members.list(), Numbering::kNames);
  CHECK(slots_of(before) == slots_of(members.list()));
  members.remove("node-3");
  members.add("new");
  CHECK(slots_of(before.after(members.list())) == slots_of(members.list()));
}

TEST_CASE("numbering: by history the last takes a leaver's number and a newcomer the next") {
  RandomStream random(1, Purpose::kTest);
  for (int run = 0; run < 20; ++run) {
    RingMembers members = RingMembers::numbered(static_cast<std::uint32_t>(random.below(12)));
    MemberNumbers numbers(members.list(), Numbering::kHistory);
    std::vector<NodeSlot> slowly = slots_of(members.list());
    for (int step = 0; step < 30; ++step) {
      const auto before = members.list();
      for (auto changes = 1 + random.below(5); changes > 0; --changes) {
        const std::string name = "node-" + std::to_string(random.below(25));
        if (random.below(2) == 0) {
          members.remove(name);
        } else {
          members.add(name, static_cast<double>(1 + random.below(3)));
        }
      }
      numbers = numbers.after(members.list());
      change_slowly(slowly, before, members.list());
      REQUIRE(slots_of(numbers) == slowly);
    }
  }
}

TEST_CASE("numbering: by history the order of changes matters") {
  RingMembers a = RingMembers::numbered(3);
  const MemberNumbers start(a.list(), Numbering::kHistory);
  RingMembers b = RingMembers::numbered(3);
  a.add("x");
  const MemberNumbers x_first = start.after(a.list());
  const std::string first(b.list().front().name);
  a.remove(first);
  b.remove(first);
  const MemberNumbers leave_first = start.after(b.list());
  b.add("x");
  CHECK(slots_of(x_first.after(a.list())) != slots_of(leave_first.after(b.list())));
}

TEST_CASE("numbering: a member in another slot keeps its number") {
  RingMembers members = RingMembers::numbered(6);
  MemberNumbers numbers(members.list(), Numbering::kHistory);
  members.remove("node-2");
  numbers = numbers.after(members.list());
  auto moved = members.list();
  for (RingMember& member : moved) member.slot = NodeSlot{raw(member.slot) + 100};
  const MemberNumbers after = numbers.after(moved);
  REQUIRE(after.size() == numbers.size());
  for (std::size_t n = 0; n < after.size(); ++n) CHECK(raw(after.slot(n)) == raw(numbers.slot(n)) + 100);
}

TEST_CASE("numbering: a placement of the other numbering is no past") {
  RingMembers members = RingMembers::numbered(8);
  const auto by_names = Jump(Numbering::kNames).place(members.list());
  members.remove("node-1");
  const auto applied = Jump(Numbering::kHistory).apply(*by_names, {}, members.list());
  CHECK(slots_of(dynamic_cast<const JumpPlacement&>(*applied).numbers()) == slots_of(members.list()));
  CHECK(dynamic_cast<const JumpPlacement&>(*applied).numbers().numbering() == Numbering::kHistory);
}

}  // namespace
}  // namespace hearsay
