#include "core/ring/straw2.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

// Members with zones: the i-th in zone i % zones.
struct Tree {
  RingMembers names;
  std::vector<RingMember> list;
  Tree(std::uint32_t count, std::uint32_t zones, bool weighted = false) : names(RingMembers::numbered(count)) {
    list = names.list();
    for (RingMember& m : list) {
      m.zone = raw(m.slot) % zones;
      if (weighted) m.weight = 1.0 + raw(m.slot) % 4;
    }
  }
  const RingMember& of(NodeSlot slot) const {
    return *std::find_if(list.begin(), list.end(), [slot](const RingMember& m) { return m.slot == slot; });
  }
};

// The definition in floating point: the least -ln(u) / weight, zone and then member.
struct Straw2Reference {
  const std::vector<RingMember>& members;

  static double straw(const Straw2Placement::Item& item, double weight, std::uint64_t with) {
    const double u = (static_cast<double>(Straw2Placement::draw(item, with)) + 1) * 0x1p-64;
    return -std::log(u) / weight;
  }
  std::map<std::uint32_t, double> zones() const {
    std::map<std::uint32_t, double> weights;
    for (const RingMember& m : members) weights[m.zone] += m.weight;
    return weights;
  }
  std::uint32_t zone(std::uint64_t with, const std::set<std::uint32_t>& without = {}) const {
    double best = std::numeric_limits<double>::infinity();
    std::uint32_t chosen = 0;
    for (const auto& [zone, weight] : zones()) {
      const double length = straw(Straw2Placement::zone_item(zone), weight, with);
      if (!without.contains(zone) && length < best) {
        best = length;
        chosen = zone;
      }
    }
    return chosen;
  }
  NodeSlot member(std::uint32_t zone, std::uint64_t with) const {
    double best = std::numeric_limits<double>::infinity();
    NodeSlot chosen = kNoSlot;
    for (const RingMember& m : members) {
      const double length = straw(Straw2Placement::member_item(m.id, m.weight), m.weight, with);
      if (m.zone == zone && length < best) {
        best = length;
        chosen = m.slot;
      }
    }
    return chosen;
  }
  std::vector<NodeSlot> replicas(std::uint64_t hash, std::size_t wanted) const {
    std::vector<NodeSlot> found;
    std::set<std::uint32_t> used;
    while (found.size() < std::min(wanted, members.size())) {
      const bool fresh = used.size() < zones().size();
      const std::size_t before = found.size();
      for (std::uint64_t failed = 0; failed < 50 && found.size() == before; ++failed) {
        const std::uint64_t with = Straw2Placement::attempt_hash(hash, before + failed);
        const std::uint32_t z = zone(with);
        if (fresh && used.contains(z)) continue;
        const NodeSlot m = member(z, with);
        if (contains(found, m)) continue;
        used.insert(z);
        found.push_back(m);
      }
      if (found.size() > before) continue;
      if (!fresh) break;  // the rest is not the algorithm's
      const std::uint32_t z = zone(hash, used);
      used.insert(z);
      found.push_back(member(z, hash));
    }
    return found;
  }
};

TEST_CASE("straw2: a straw's length is -log2 of the draw") {
  RandomStream random(1, Purpose::kTest);
  const auto check = [](std::uint64_t u) {
    const long double exact = -std::log2((static_cast<long double>(u) + 1) * 0x1p-64L) * 0x1p56L;
    const long double error = static_cast<long double>(straw_length(u)) - exact;
    CHECK(std::abs(static_cast<double>(error)) < 64 + 0x1p-37 * static_cast<double>(std::min(exact, 0x1p56L)));
  };
  for (std::uint64_t i = 0; i < 3000; ++i) {
    check(random.next() >> (i % 64));
    check(~(random.next() >> (i % 64)));
  }
  for (std::uint64_t i = 0; i <= 256; ++i) {  // where the table's pieces meet
    for (std::uint64_t k = 0; k < 3; ++k) check((i << 55) + k - 2);
  }
  CHECK(straw_length(0) == std::uint64_t{64} << 56);
  CHECK(straw_length(~std::uint64_t{0}) == 0);
  // These values are part of every placement.
  CHECK(straw_length(~std::uint64_t{0} >> 1) == std::uint64_t{1} << 56);
  CHECK(straw_length(0x123456789abcdef0U) == 274811896826202351U);
}

TEST_CASE("straw2: lookups and replicas are those of a floating-point reading of the definition") {
  RandomStream random(2, Purpose::kTest);
  for (const auto& [count, zones] : {std::pair{1U, 1U}, std::pair{7U, 1U}, std::pair{9U, 3U}, std::pair{40U, 7U}}) {
    for (const bool weighted : {false, true}) {
      CAPTURE(count);
      CAPTURE(zones);
      const Tree tree(count, zones, weighted);
      const auto placement = Straw2().place(tree.list);
      const Straw2Reference reference{tree.list};
      std::vector<std::uint64_t> hashes{0, kLastHash};
      for (int i = 0; i < 60; ++i) hashes.push_back(random.next());
      std::vector<NodeSlot> batch(hashes.size());
      placement->lookup_batch(hashes, batch);
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        const NodeSlot owner = reference.member(reference.zone(hashes[i]), hashes[i]);
        CHECK(placement->lookup(hashes[i]) == owner);
        CHECK(batch[i] == owner);
        for (const std::size_t wanted : {std::size_t{1}, std::size_t{3}, std::size_t{10}}) {
          std::vector<NodeSlot> out(wanted);
          out.resize(placement->replicas(hashes[i], out));
          CHECK(out.size() == std::min<std::size_t>(wanted, count));
          const auto expected = reference.replicas(hashes[i], wanted);
          CHECK(expected.size() <= out.size());
          CHECK(std::equal(expected.begin(), expected.end(), out.begin()));
        }
      }
    }
  }
}

TEST_CASE("straw2: replicas are distinct, and in distinct zones while there are some left") {
  RandomStream random(3, Purpose::kTest);
  for (const bool lopsided : {false, true}) {
    Tree tree(50, 5);
    // One zone has nearly everything: attempts end there, and the other zones come from the best of the unused.
    for (RingMember& m : tree.list) m.weight = lopsided && m.zone == 0 ? 1000 : 1;
    const auto placement = Straw2().place(tree.list);
    for (int i = 0; i < 50; ++i) {
      for (const std::size_t wanted : {2U, 5U, 9U, 33U, 50U, 60U}) {
        std::vector<NodeSlot> out(wanted);
        out.resize(placement->replicas(random.next(), out));
        REQUIRE(out.size() == std::min<std::size_t>(wanted, 50));
        CHECK(std::set<NodeSlot>(out.begin(), out.end()).size() == out.size());
        std::set<std::uint32_t> zones;
        for (const NodeSlot slot : out) zones.insert(tree.of(slot).zone);
        CHECK(zones.size() == std::min<std::size_t>(wanted, 5));
      }
    }
  }
}

TEST_CASE("straw2: nobody owns a key of nobody") {
  const auto placement = Straw2().place({});
  std::vector<NodeSlot> out(3);
  CHECK(placement->lookup(1) == kNoSlot);
  CHECK(placement->replicas(1, out) == 0);
  std::vector<Arc> arcs;
  CHECK(!placement->arcs(arcs));
}

TEST_CASE("straw2: shares are proportional to weights, within a zone and between zones") {
  RandomStream random(4, Purpose::kTest);
  constexpr int kKeys = 200000;
  for (const std::uint32_t zones : {1U, 4U}) {
    const Tree tree(19, zones, true);
    const auto placement = Straw2().place(tree.list);
    std::map<NodeSlot, int> count;
    for (int i = 0; i < kKeys; ++i) ++count[placement->lookup(random.next())];
    double total = 0;
    for (const RingMember& m : tree.list) total += m.weight;
    double chi = 0;
    for (const RingMember& m : tree.list) {
      const double expected = kKeys * m.weight / total;
      chi += (count[m.slot] - expected) * (count[m.slot] - expected) / expected;
    }
    CHECK(chi < 18 + 4 * std::sqrt(2 * 18.0));
    CHECK(chi > 18 - 4 * std::sqrt(2 * 18.0) / 2);
  }
}

TEST_CASE("straw2: second replicas are as even as owners") {
  RandomStream random(5, Purpose::kTest);
  constexpr int kKeys = 60000;
  const Tree tree(12, 3);
  const auto placement = Straw2().place(tree.list);
  std::map<NodeSlot, int> count;
  for (int i = 0; i < kKeys; ++i) {
    NodeSlot out[2];
    placement->replicas(random.next(), out);
    ++count[out[1]];
  }
  double chi = 0;
  for (const auto& [slot, n] : count) chi += (n - kKeys / 12.0) * (n - kKeys / 12.0) / (kKeys / 12.0);
  CHECK(count.size() == 12);
  CHECK(chi < 11 + 4 * std::sqrt(22.0));
}

TEST_CASE("straw2: in one zone a leave moves the leaver's keys alone, and between zones at most twice what it must") {
  RandomStream random(6, Purpose::kTest);
  constexpr int kKeys = 20000;
  for (const std::uint32_t zones : {1U, 5U}) {
    const Tree tree(50, zones);
    auto without = tree.list;
    const NodeSlot gone = without[20].slot;
    without.erase(without.begin() + 20);
    const auto before = Straw2().place(tree.list);
    const auto after = Straw2().apply(*before, {}, without);
    int own = 0;
    int moved = 0;
    for (int i = 0; i < kKeys; ++i) {
      const std::uint64_t hash = random.next();
      const NodeSlot a = before->lookup(hash);
      const NodeSlot b = after->lookup(hash);
      own += a == gone;
      moved += a != b;
      CHECK(b != gone);
      if (zones == 1) CHECK((a == b) == (a != gone));
    }
    CHECK(own > kKeys / 50 - 80);
    CHECK(own < kKeys / 50 + 80);
    CHECK(moved <= 2.2 * own);
    if (zones > 1) CHECK(moved > own);
  }
}

TEST_CASE("straw2: the placement is that of the set, and no weight breaks it") {
  Tree tree(30, 4, true);
  tree.list[3].weight = std::numeric_limits<double>::quiet_NaN();
  tree.list[4].weight = -1;
  tree.list[5].weight = 1e300;
  const auto a = Straw2().place(tree.list);
  auto renamed = tree.list;  // the same members in other slots
  for (RingMember& m : renamed) m.slot = NodeSlot{100 - raw(m.slot)};
  const auto b = Straw2().place(renamed);
  RandomStream random(7, Purpose::kTest);
  int heavy = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(raw(a->lookup(hash)) == 100 - raw(b->lookup(hash)));
    heavy += a->lookup(hash) == tree.list[5].slot;
  }
  CHECK(heavy > 1950);
}

TEST_CASE("straw2: described for the catalogue") {
  const CatalogueEntry entry = straw2_entry();
  CHECK(entry.name == "straw2");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(ring->traits().zones);
  const Tree tree(100, 3);
  CHECK(ring->place(tree.list)->memory_bytes() < 100 * 40);
}

}  // namespace
}  // namespace hearsay
