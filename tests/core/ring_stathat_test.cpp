#include "core/ring/stathat.hpp"

#include <doctest/doctest.h>

#include <map>

#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

RingMembers of(std::initializer_list<std::string_view> names) {
  RingMembers members;
  for (const std::string_view name : names) members.add(name);
  return members;
}

// The original's algorithm over a map of 32-bit points, nodes added in ascending order of names.
struct Original {
  std::map<std::uint32_t, std::string> circle;
  explicit Original(const RingMembers& members) {
    std::vector<std::string> names;
    for (const RingMember& m : members.list()) names.emplace_back(m.name);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      for (int i = 0; i < 20; ++i) circle[crc32(std::to_string(i) + name)] = name;
    }
  }
  std::vector<std::string> get_n(std::uint32_t hash, std::size_t n) const {
    std::vector<std::string> found;
    auto at = circle.upper_bound(hash);  // strictly greater
    for (std::size_t i = 0; i < circle.size() && found.size() < n; ++i, ++at) {
      if (at == circle.end()) at = circle.begin();
      if (std::find(found.begin(), found.end(), at->second) == found.end()) found.push_back(at->second);
    }
    return found;
  }
};

std::string owner(const RingMembers& members, std::string_view key) {
  const Stathat ring(20);
  return std::string(members.name(ring.place(members.list())->lookup(ring.hash_key(key))));
}

std::vector<std::string> get_n(const RingMembers& members, std::string_view key, std::size_t n) {
  const Stathat ring(20);
  std::vector<NodeSlot> out(n);
  out.resize(ring.place(members.list())->replicas(ring.hash_key(key), out));
  std::vector<std::string> names;
  for (const NodeSlot slot : out) names.emplace_back(members.name(slot));
  return names;
}

TEST_CASE("stathat: CRC32 is the IEEE one") {
  CHECK(crc32("") == 0);
  CHECK(crc32("123456789") == 0xcbf43926);
  CHECK(crc32("6789", crc32("12345")) == 0xcbf43926);
  CHECK(Stathat(20).hash_key("123456789") == 0xcbf4392600000000);
}

TEST_CASE("stathat: the original's vectors") {
  const RingMembers three = of({"abcdefg", "hijklmn", "opqrstu"});
  CHECK(owner(three, "ggg") == "abcdefg");
  CHECK(owner(three, "hhh") == "opqrstu");
  CHECK(owner(three, "iiiii") == "hijklmn");
  const RingMembers two = of({"abcdefg", "opqrstu"});
  CHECK(owner(two, "ggg") == "abcdefg");
  CHECK(owner(two, "hhh") == "opqrstu");
  CHECK(owner(two, "iiiii") == "opqrstu");
  CHECK(get_n(three, "9999999", 3) == std::vector<std::string>{"opqrstu", "abcdefg", "hijklmn"});
  CHECK(get_n(three, "99999999", 2) == std::vector<std::string>{"abcdefg", "hijklmn"});
  CHECK(get_n(three, "9999999", 5).size() == 3);
}

TEST_CASE("stathat: two nodes that share a point have 39") {
  const RingMembers two = of({"1.0.0.1:80", "11.0.0.1:80"});
  // Index 11 of the first and index 1 of the second spell "111.0.0.1:80".
  const auto placement = Stathat(20).place(two.list());
  const auto& points = dynamic_cast<const PointPlacement&>(*placement);
  CHECK(points.points() == 39);
  // The key that hashes to just before the shared point: the greater name has it, and gives it back when it goes.
  const std::uint64_t hash = (std::uint64_t{crc32("111.0.0.1:80")} << 32) - 1;
  CHECK(two.name(placement->lookup(hash)) == "11.0.0.1:80");
  const RingMembers one = of({"1.0.0.1:80"});
  CHECK(dynamic_cast<const PointPlacement&>(*Stathat(20).place(one.list())).points() == 20);
}

TEST_CASE("stathat: lookups, replicas and arcs are the original's, for every hash") {
  RandomStream random(5, Purpose::kTest);
  for (const int n : {1, 2, 3, 10, 40}) {
    CAPTURE(n);
    RingMembers members;
    for (int i = 0; i < n; ++i) members.add(std::to_string(i % 12) + ".0.0." + std::to_string(i) + ":80");
    const auto placement = Stathat(20).place(members.list());
    const Original original(members);
    std::vector<Arc> arcs;
    REQUIRE(placement->arcs(arcs));
    REQUIRE(arcs.back().last == kLastHash);
    std::vector<std::uint64_t> hashes{0, 1, kLastHash, kLastHash << 32, (kLastHash << 32) - 1};
    for (int i = 0; i < 50; ++i) hashes.push_back(random.next() & (kLastHash << 32));
    for (const auto& [point, name] : original.circle) {
      const std::uint64_t at = std::uint64_t{point} << 32;
      hashes.insert(hashes.end(), {at - 1, at, at + 1});
    }
    for (const std::uint64_t hash : hashes) {
      const auto expected = original.get_n(static_cast<std::uint32_t>(hash >> 32), 3);
      CHECK(members.name(placement->lookup(hash)) == expected.front());
      const auto arc = std::find_if(arcs.begin(), arcs.end(), [&](const Arc& a) { return a.last >= hash; });
      CHECK(members.name(arc->owner) == expected.front());
      std::vector<NodeSlot> out(3);
      out.resize(placement->replicas(hash, out));
      REQUIRE(out.size() == expected.size());
      for (std::size_t i = 0; i < out.size(); ++i) CHECK(members.name(out[i]) == expected[i]);
    }
  }
}

TEST_CASE("stathat: the placement is that of the set, shared points included") {
  const Stathat ring(20);
  RingMembers forward;
  RingMembers backward;
  const auto name = [](int i) { return std::to_string(1 + i % 19) + ".0.0." + std::to_string(i / 19) + ":80"; };
  for (int i = 0; i < 190; ++i) forward.add(name(i));
  for (int i = 200; i-- > 0;) backward.add(name(i));
  for (int i = 190; i < 200; ++i) backward.remove(name(i));
  const auto a = ring.place(forward.list());
  const auto b = ring.apply(*a, {}, backward.list());
  CHECK(dynamic_cast<const PointPlacement&>(*a).points() < 190 * 20);  // some are shared
  RandomStream random(1, Purpose::kTest);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(forward.name(a->lookup(hash)) == backward.name(b->lookup(hash)));
  }
}

TEST_CASE("stathat: a join or leave moves only the newcomer's and the leaver's keys") {
  const Stathat ring(20);
  RingMembers members = RingMembers::numbered(30);
  const auto before = ring.place(members.list());
  members.remove("node-7");
  const auto after = ring.place(members.list());
  RandomStream random(2, Purpose::kTest);
  int moved = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t hash = random.next();
    const NodeSlot old = before->lookup(hash);
    const NodeSlot now = after->lookup(hash);
    CHECK((old == NodeSlot{7}) == (old != now));
    moved += old != now ? 1 : 0;
  }
  CHECK(moved > 0);
}

TEST_CASE("stathat: without collisions every point has a place of its own, by the rule of the header") {
  const Stathat ring(20, false);
  CHECK(!ring.traits().minimal_disruption);
  CHECK(Stathat(20).traits().minimal_disruption);
  for (const int n : {2, 40, 190}) {
    CAPTURE(n);
    RingMembers members;
    for (int i = 0; i < n; ++i) members.add(std::to_string(1 + i % 19) + ".0.0." + std::to_string(i / 19) + ":80");
    if (n == 2) members = of({"1.0.0.1:80", "11.0.0.1:80"});
    // All first tries, then the losers' next ones.
    std::vector<std::string> names;
    for (const RingMember& m : members.list()) names.emplace_back(m.name);
    std::sort(names.begin(), names.end());
    std::map<std::uint32_t, std::string> circle;
    std::vector<std::pair<std::string, int>> losers;
    for (const std::string& name : names) {
      for (int i = 0; i < 20; ++i) {
        if (!circle.emplace(crc32(std::to_string(i) + name), name).second) losers.emplace_back(name, i);
      }
    }
    CHECK(!losers.empty());
    for (const auto& [name, i] : losers) {
      for (int j = 1; !circle.emplace(crc32(std::to_string(i) + name + "#" + std::to_string(j)), name).second; ++j) {
      }
    }
    const auto placement = ring.place(members.list());
    const auto& points = dynamic_cast<const PointPlacement&>(*placement);
    REQUIRE(points.points() == members.size() * 20);
    std::size_t at = 0;
    for (const auto& [point, name] : circle) {
      CHECK(points.end(at) == (std::uint64_t{point} << 32) - 1);
      CHECK(members.name(points.owner(at)) == name);
      ++at;
    }
  }
}

TEST_CASE("stathat: where nothing collides, both modes are one") {
  const RingMembers three = of({"abcdefg", "hijklmn", "opqrstu"});
  const auto a = Stathat(20).place(three.list());
  const auto b = Stathat(20, false).place(three.list());
  RandomStream random(6, Purpose::kTest);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(a->lookup(hash) == b->lookup(hash));
  }
}

TEST_CASE("stathat: nobody owns an empty ring") {
  const auto placement = Stathat(20).place({});
  CHECK(placement->lookup(5) == kNoSlot);
  std::vector<NodeSlot> out(2);
  CHECK(placement->replicas(5, out) == 0);
}

TEST_CASE("stathat: described for the catalogue") {
  const CatalogueEntry entry = stathat_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "stathat");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  const RingMembers one = RingMembers::numbered(1);
  CHECK(dynamic_cast<const PointPlacement&>(*ring->place(one.list())).points() == 20);
}

// Two names of one length and one CRC32 have all their points in common.
TEST_CASE("stathat: a member without a point is the last replica") {
  RingMembers members;
  for (const std::string_view name : {"node-220529:1151", "node-078859:2421", "third:1"}) members.add(name);
  REQUIRE(crc32("node-220529:1151") == crc32("node-078859:2421"));
  const auto placement = Stathat(20).place(members.list());
  RandomStream random(5, Purpose::kTest);
  for (int i = 0; i < 100; ++i) {
    std::vector<NodeSlot> out(3);
    REQUIRE(placement->replicas(random.next(), out) == 3);
    CHECK(members.name(out[2]) == "node-078859:2421");
  }
  const auto apart = Stathat(20, false).place(members.list());
  std::vector<NodeSlot> out(3);
  CHECK(apart->replicas(7, out) == 3);
}

}  // namespace
}  // namespace hearsay
