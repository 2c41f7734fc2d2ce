#include "docs/examples/rendezvous.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

constexpr int kKeys = 20'000;

std::uint64_t key(int i) { return Rendezvous().hash_key("key-" + std::to_string(i)); }

std::map<std::string, int> keys_of(const RingMembers& members) {
  const auto placement = Rendezvous().place(members.list());
  std::map<std::string, int> count;
  for (int i = 0; i < kKeys; ++i) ++count[std::string(members.name(placement->lookup(key(i))))];
  return count;
}

TEST_CASE("rendezvous: nobody owns a key where there is nobody") {
  const auto placement = Rendezvous().place({});
  std::vector<NodeSlot> out(3);
  CHECK(placement->lookup(key(0)) == kNoSlot);
  CHECK(placement->replicas(key(0), out) == 0);
}

TEST_CASE("rendezvous: equal members own equal shares, within five standard deviations") {
  for (const auto& [name, keys] : keys_of(RingMembers::numbered(10))) {
    CAPTURE(name);
    CHECK(keys > 2000 - 5 * 43);
    CHECK(keys < 2000 + 5 * 43);
  }
}

TEST_CASE("rendezvous: a member of weight three owns three times as much") {
  RingMembers members;
  members.add("one");
  members.add("three", 3.0);
  CHECK(std::abs(keys_of(members)["three"] - kKeys * 3 / 4) < 5 * 62);
}

TEST_CASE("rendezvous: replicas are distinct, the owner first") {
  const RingMembers members = RingMembers::numbered(10);
  const auto placement = Rendezvous().place(members.list());
  for (int i = 0; i < 1000; ++i) {
    std::vector<NodeSlot> out(12);
    REQUIRE(placement->replicas(key(i), out) == 10);
    CHECK(out[0] == placement->lookup(key(i)));
    CHECK(std::set<NodeSlot>(out.begin(), out.begin() + 10).size() == 10);
  }
}

TEST_CASE("rendezvous: when a member goes only its own keys move, each to its next replica") {
  RingMembers members = RingMembers::numbered(10);
  const auto before = Rendezvous().place(members.list());
  members.remove("node-3");
  const auto after = Rendezvous().place(members.list());
  int moved = 0;
  for (int i = 0; i < kKeys; ++i) {
    std::vector<NodeSlot> out(2);
    before->replicas(key(i), out);
    const bool its_own = members.name(out[0]) == "node-3";
    CHECK(after->lookup(key(i)) == (its_own ? out[1] : out[0]));
    moved += its_own ? 1 : 0;
  }
  CHECK(moved > 0);
}

TEST_CASE("rendezvous: a placement is that of the set, whatever the slots") {
  RingMembers one;
  RingMembers other;
  for (const char* name : {"a", "b", "c", "d"}) one.add(name);
  for (const char* name : {"d", "x", "b", "a", "c"}) other.add(name);
  other.remove("x");
  const auto first = Rendezvous().place(one.list());
  const auto second = Rendezvous().place(other.list());
  for (int i = 0; i < 1000; ++i) CHECK(one.name(first->lookup(key(i))) == other.name(second->lookup(key(i))));
}

}  // namespace
}  // namespace hearsay
