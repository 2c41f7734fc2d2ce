#include "sim/rings/members.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>

namespace hearsay::rings {
namespace {

TEST_CASE("a member is a name, and a weight behind the last =") {
  CHECK(parse_member("a") == Member{"a", 1.0, 0});
  CHECK(parse_member("10.0.0.1:11211=3") == Member{"10.0.0.1:11211", 3.0, 0});
  CHECK(parse_member("a=b=0.5") == Member{"a=b", 0.5, 0});
  for (const char* wrong : {"", "=1", "a=", "a=0", "a=-1", "a=nan", "a=inf", "a=1e308", "a=3x", "a= 3"}) {
    CAPTURE(wrong);
    CHECK(parse_member(wrong).error().code == ErrorCode::kInvalidArgument);
  }
  CHECK_FALSE(parse_member(std::string(300, 'a')).has_value());
}

TEST_CASE("members are sorted by id, keep their slots, and copies change on their own") {
  MemberSet set = MemberSet::numbered(20, 3, 4);
  CHECK(set.size() == 20);
  CHECK(std::ranges::is_sorted(set.list(), {}, &RingMember::id));
  const std::string name(set.list()[7].name);
  const NodeSlot slot = set.slot(name);
  const MemberSet before = set;
  const Change leave{Change::Kind::kLeave, {name, 1.0, 0}};
  CHECK(set.apply(leave));
  CHECK_FALSE(set.apply(leave));
  CHECK(set.size() == 19);
  CHECK(before.size() == 20);
  CHECK_FALSE(set.contains(name));
  CHECK(before.contains(name));
  CHECK(set.apply({Change::Kind::kJoin, {name, 2.0, 1}}));
  CHECK_FALSE(set.apply({Change::Kind::kJoin, {name, 2.0, 1}}));
  CHECK(set.slot(name) == slot);
  CHECK(set.apply({Change::Kind::kReweigh, {name, 5.0, 1}}));
  const auto member = std::ranges::find(set.list(), slot, &RingMember::slot);
  CHECK(member->weight == 5.0);
  CHECK_FALSE(set.apply({Change::Kind::kReweigh, {"nobody", 5.0, 1}}));
  CHECK(MemberSet::numbered(5, 1).list()[0].id != MemberSet::numbered(5, 2).list()[0].id);
}

TEST_CASE("without some of them, at once or one by one") {
  const MemberSet all = MemberSet::numbered(20, 3);
  std::vector<RingMember> some;
  MemberSet rest = all;
  for (const std::size_t i : {13U, 0U, 19U, 7U}) {
    some.push_back(all.list()[i]);
    rest.apply({Change::Kind::kLeave, {std::string(some.back().name), 1.0, 0}});
  }
  const MemberSet without = all.without(some);
  CHECK(std::ranges::equal(without.list(), rest.list(), {}, &RingMember::slot, &RingMember::slot));
  CHECK(without.slot(some.front().name) == some.front().slot);
  CHECK(all.without({}).size() == 20);
  CHECK(all.without(all.list()).size() == 0);
}

TEST_CASE("what a ring is told of a change") {
  MemberSet set(std::array{Member{"a", 1.0, 0}, Member{"b", 1.0, 0}});
  const Change weigh{Change::Kind::kReweigh, {"a", 2.0, 0}};
  REQUIRE(set.apply(weigh));
  const RingChange told = set.ring_change(weigh);
  REQUIRE(told.left.size() == 1);
  REQUIRE(told.joined.size() == 1);
  CHECK(told.joined[0].weight == 2.0);
  CHECK(set.ring_change({Change::Kind::kLeave, {"a", 2.0, 0}}).joined.empty());
}

}  // namespace
}  // namespace hearsay::rings
