#include "core/ring/bounded_load.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "core/base/random.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/slots.hpp"
#include "core/ring/straw2.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

std::vector<std::uint64_t> keys(std::size_t count, std::uint64_t seed = 1) {
  RandomStream random(seed, Purpose::kTest);
  std::vector<std::uint64_t> list(count);
  for (std::uint64_t& hash : list) hash = random.next();
  return list;
}

std::vector<std::shared_ptr<const Ring>> bases() {
  return {std::make_shared<const Karger>(1), std::make_shared<const Karger>(160), std::make_shared<const Straw2>(),
          std::make_shared<const Slots>(256, Slots::Index::kNames)};
}

BoundedAssignment assign(const BoundedLoad& ring, const RingMembers& members,
                         const std::vector<std::uint64_t>& hashes) {
  return BoundedAssignment(ring, *ring.place(members.list()), members.list(), hashes);
}

TEST_CASE("bounded-load: every key goes to the first member of its walk that has room, as a slow reading does") {
  for (const auto& base : bases()) {
    for (const std::uint32_t n : {1U, 3U, 40U}) {
      for (const double c : {1.0, 1.25, 2.0}) {
        const BoundedLoad ring(base, c);
        const RingMembers members = RingMembers::numbered(n);
        const auto placement = ring.place(members.list());
        const auto hashes = keys(300);
        const BoundedAssignment found(ring, *placement, members.list(), hashes);
        std::map<NodeSlot, std::uint64_t> load;
        for (std::size_t i = 0; i < hashes.size(); ++i) {
          std::vector<NodeSlot> walk(n);
          REQUIRE(placement->replicas(hashes[i], walk) == n);
          const auto free = std::find_if(walk.begin(), walk.end(), [&](NodeSlot slot) {
            return static_cast<double>(load[slot]) < c * 300 / n;  // not yet ceil(c m / n), as a load is whole
          });
          REQUIRE(free != walk.end());
          ++load[*free];
          CHECK(found.owners()[i] == *free);
        }
        for (const RingMember& m : members.list()) CHECK(found.load(m.slot) == load[m.slot]);
      }
    }
  }
}

TEST_CASE("bounded-load: capacities are ceil(c m / n), and nobody has more") {
  CHECK(BoundedAssignment::capacity_of(1.25, 8, 0.1) == 1);
  CHECK(BoundedAssignment::capacity_of(1.25, 1000, 0.01) == 13);
  CHECK(BoundedAssignment::capacity_of(1.1, 10, 1.0 / 11) == 1);  // 1.1 and 1 / 11 are not exact
  CHECK(BoundedAssignment::capacity_of(1, 7, 1.0 / 7) == 1);
  CHECK(BoundedAssignment::capacity_of(2, 0, 0.5) == 0);
  for (const auto& base : bases()) {
    for (const double c : {1.0, 1.05, 1.25, 2.0}) {
      const BoundedLoad ring(base, c);
      const RingMembers members = RingMembers::numbered(30);
      const auto found = assign(ring, members, keys(5000));
      const auto most = static_cast<std::uint64_t>(std::ceil(c * 5000 / 30 - 1e-9));
      std::uint64_t total = 0;
      for (const RingMember& m : members.list()) {
        CHECK(found.capacity(m.slot) == most);
        CHECK(found.load(m.slot) <= most);
        total += found.load(m.slot);
      }
      CHECK(total == 5000);
    }
  }
}

TEST_CASE("bounded-load: what a member that leaves or joins moves is O(1 / e^2) times its keys") {
  constexpr std::uint32_t kMembers = 60;
  constexpr std::size_t kKeys = 6000;
  const auto hashes = keys(kKeys, 5);
  for (const std::uint32_t points : {1U, 160U}) {
    for (const double e : {0.1, 0.25, 0.5, 1.0}) {
      CAPTURE(points);
      CAPTURE(e);
      const BoundedLoad ring(std::make_shared<const Karger>(points), 1 + e);
      const RingMembers all = RingMembers::numbered(kMembers);
      const auto before = assign(ring, all, hashes);
      double moved = 0;
      constexpr int kLeaves = 12;
      for (int i = 0; i < kLeaves; ++i) {
        RingMembers members = RingMembers::numbered(kMembers);
        members.remove("node-" + std::to_string(i * 5));
        const auto after = assign(ring, members, hashes);  // and back: as many move when it joins
        for (std::size_t k = 0; k < kKeys; ++k) moved += before.owners()[k] != after.owners()[k] ? 1.0 / kLeaves : 0;
      }
      const double mean = static_cast<double>(kKeys) / kMembers;
      CHECK(moved > 0.5 * mean);
      CHECK(moved < mean * (2 + 1 / (e * e)));
      // Nor does a key look at more members than that.
      CHECK(static_cast<double>(before.looked_at()) < kKeys * (1 + 1 / (e * e)));
    }
  }
}

TEST_CASE("bounded-load: with one point a member the loads do not depend on the order of keys") {
  // Everybody walks the same circle, as in linear probing: who has room at the end is the same.
  const BoundedLoad ring(std::make_shared<const Karger>(1), 1.25);
  const RingMembers members = RingMembers::numbered(25);
  auto hashes = keys(1000);
  const auto forward = assign(ring, members, hashes);
  const std::vector<NodeSlot> owners(forward.owners().begin(), forward.owners().end());
  std::reverse(hashes.begin(), hashes.end());
  const auto backward = assign(ring, members, hashes);
  for (const RingMember& m : members.list()) CHECK(forward.load(m.slot) == backward.load(m.slot));
  // Which keys they are does.
  CHECK(!std::equal(owners.rbegin(), owners.rend(), backward.owners().begin()));
}

TEST_CASE("bounded-load: capacities heed weights where the base does") {
  RingMembers members;
  for (int i = 0; i < 10; ++i) members.add("node-" + std::to_string(i), 1 + i % 2);
  const BoundedLoad ring(std::make_shared<const Karger>(160), 1.2);
  const auto found = assign(ring, members, keys(3000));
  for (const RingMember& m : members.list()) {
    CHECK(found.capacity(m.slot) == static_cast<std::uint64_t>(std::ceil(3000 * 1.2 * m.weight / 15 - 1e-9)));
    CHECK(found.load(m.slot) <= found.capacity(m.slot));
  }
}

TEST_CASE("bounded-load: the placement is the base's, and nobody has a key of nobody") {
  const auto base = std::make_shared<const Karger>(20);
  const BoundedLoad ring(base, 1.25);
  RingMembers members = RingMembers::numbered(10);
  const auto own = ring.place(members.list());
  members.add("x");
  const auto a = ring.apply(*own, {}, members.list());
  const auto b = base->place(members.list());
  for (const std::uint64_t hash : keys(500)) CHECK(a->lookup(hash) == b->lookup(hash));
  CHECK(ring.traits().needs_loads);
  CHECK(!ring.traits().minimal_disruption);
  CHECK(ring.traits().weights);
  const RingMembers none;
  const auto nobodys = keys(2);
  const auto found = assign(ring, none, nobodys);
  CHECK(found.owners()[1] == kNoSlot);
}

TEST_CASE("bounded-load: described for the catalogue") {
  const CatalogueEntry entry = bounded_load_entry();
  CHECK(entry.name == "bounded-load");
  for (int base = 0; base < 3; ++base) {
    BoundedLoadConfig config;
    config.base = base;
    const auto ring = std::dynamic_pointer_cast<const BoundedLoad>(config.build());
    REQUIRE(ring != nullptr);
    CHECK(ring->c() == 1.25);
    CHECK(ring->base().traits().zones == (base == 1));
  }
}

}  // namespace
}  // namespace hearsay
