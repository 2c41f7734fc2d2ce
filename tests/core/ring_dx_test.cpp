#include "core/ring/dx.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "core/base/wide.hpp"
#include "core/ring/draw.hpp"
#include "tests/core/ring_buckets.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

// For the cases where any member may leave.
Dx with_history() { return Dx(256, DxIndex::kHistory); }

// The definition: the first bucket drawn that is taken.
NodeSlot first_taken(const std::map<std::uint32_t, NodeSlot>& taken, std::uint64_t hash, std::uint32_t buckets) {
  for (std::uint64_t i = 0;; ++i) {
    const auto found = taken.find(DxPlacement::drawn(hash, i, buckets));
    if (found != taken.end()) return found->second;
  }
}

TEST_CASE("dx: lookups are the definition's, whichever buckets are taken") {
  RandomStream random(1, Purpose::kTest);
  for (const std::uint32_t buckets : {2U, 4U, 64U, 1024U, 1U << 16}) {
    for (const std::uint32_t n : {1U, 2U, 50U, 700U}) {
      if (n > buckets) continue;
      CAPTURE(buckets);
      CAPTURE(n);
      const RingMembers members = RingMembers::numbered(n);
      const auto numbers = test::some_of(buckets, n, random);
      std::vector<BucketOwner> owners = buckets_by_rank(members.list());
      std::map<std::uint32_t, NodeSlot> taken;
      for (std::size_t i = 0; i < owners.size(); ++i) {
        owners[i].bucket = numbers[i];
        taken[numbers[i]] = owners[i].slot;
      }
      const DxPlacement placement(members.list(), buckets, buckets, owners, DxIndex::kHistory);
      for (int i = 0; i < (n == 1 && buckets > 1024 ? 3 : 100); ++i) {
        const std::uint64_t hash = random.next();
        CHECK(placement.lookup(hash) == first_taken(taken, hash, buckets));
      }
    }
  }
}

// Whatever happens within the capacity, or within a power of two beyond it.
TEST_CASE("dx: who comes last moves no keys but its own") {
  for (const std::uint32_t n : {683U, 1023U, 1365U, 2047U}) {
    CAPTURE(n);
    RingMembers members = RingMembers::numbered(n + 1);
    const auto with = Dx(1024, DxIndex::kNames).place(members.list());
    const NodeSlot last = members.list().back().slot;
    members.remove(members.name(last));
    const auto without = Dx(1024, DxIndex::kNames).place(members.list());
    RandomStream random(3, Purpose::kTest);
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t hash = random.next();
      if (const NodeSlot owner = with->lookup(hash); owner != last) REQUIRE(without->lookup(hash) == owner);
    }
  }
}

TEST_CASE("dx: by names the placement is that of the set, and the last one may leave") {
  const Dx ring(1024, DxIndex::kNames);
  CHECK(ring.traits().set_pure);
  CHECK_FALSE(ring.traits().any_removal);
  RingMembers members = RingMembers::numbered(100);
  const auto all = ring.place(members.list());
  const RingMember last = members.list().back();
  const std::string middle(members.list()[50].name);
  members.remove(std::string(last.name));
  const auto fewer = ring.apply(*all, {{}, {last}}, members.list());
  members.remove(middle);
  const auto renumbered = ring.apply(*fewer, {}, members.list());
  const auto built = ring.place(members.list());
  RandomStream random(2, Purpose::kTest);
  int moved = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t hash = random.next();
    if (all->lookup(hash) != last.slot) CHECK(fewer->lookup(hash) == all->lookup(hash));
    CHECK(renumbered->lookup(hash) == built->lookup(hash));
    moved += renumbered->lookup(hash) != fewer->lookup(hash) ? 1 : 0;
  }
  CHECK(moved > 2000);  // those of the 49 behind it, and its own
}

TEST_CASE("dx: with history two orders of joins lead to two placements") {
  const Dx ring = with_history();
  CHECK_FALSE(ring.traits().set_pure);
  CHECK(ring.traits().any_removal);
  test::Following a(ring, RingMembers::numbered(50));
  test::Following b(ring, RingMembers::numbered(50));
  a.add("x");
  a.add("y");
  b.add("y");
  b.add("x");
  RandomStream random(3, Purpose::kTest);
  int differ = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t hash = random.next();
    const auto owner = a.owner(hash);
    if (owner != b.owner(hash)) {
      CHECK((owner == "x" || owner == "y"));
      ++differ;
    }
  }
  CHECK(std::abs(differ - 5000 * 2 / 52) < 4 * 14);
}

TEST_CASE("dx: joiners get the least free bucket, and more members than buckets are placed anew") {
  const Dx ring(8, DxIndex::kHistory);
  test::Following at(ring, RingMembers::numbered(5));
  const auto bucket = [&](std::string_view name) {
    for (const BucketOwner& owner : dynamic_cast<const DxPlacement&>(*at.placement).owners())
      if (owner.id == node_id(name)) return owner.bucket;
    return ~0U;
  };
  const std::string first(at.members.list()[0].name);
  const std::string third(at.members.list()[2].name);
  at.remove(third);
  at.remove(first);
  at.add("x");
  CHECK(bucket("x") == 0);
  at.add("y");
  CHECK(bucket("y") == 2);
  at.add("z");
  CHECK(bucket("z") == 5);
  for (int i = 0; i < 20; ++i) at.add("more-" + std::to_string(i));
  CHECK(dynamic_cast<const DxPlacement&>(*at.placement).buckets() >= 26);
  std::set<std::string_view> found;
  RandomStream random(4, Purpose::kTest);
  for (int i = 0; i < 2000; ++i) found.insert(at.owner(random.next()));
  CHECK(found.size() == 26);
}

TEST_CASE("dx: only the keys of who comes or goes move, each change, and the shares stay even") {
  const Dx ring = with_history();
  test::check_changes(ring);
}

TEST_CASE("dx: who leaves and comes back at once gets its keys back") {
  const Dx ring = with_history();
  test::Following at(ring, RingMembers::numbered(30));
  at.remove("node-3");
  const auto before = at.placement;
  at.remove("node-7");
  at.add("node-7");
  RandomStream random(4, Purpose::kTest);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(at.placement->lookup(hash) == before->lookup(hash));
  }
}

TEST_CASE("dx: nobody owns an empty ring, one member owns everything, and a ring may empty and fill") {
  const Dx ring = with_history();
  std::vector<NodeSlot> out(3);
  const auto nobody = ring.place({});
  CHECK(nobody->lookup(7) == kNoSlot);
  CHECK(nobody->replicas(7, out) == 0);
  CHECK(nobody->members() == 0);
  const auto one = ring.place(RingMembers::numbered(1).list());
  CHECK(one->lookup(7) == NodeSlot{0});
  CHECK(one->replicas(7, out) == 1);
  test::Following at(ring, RingMembers::numbered(5));
  RandomStream random(5, Purpose::kTest);
  for (const int i : {3, 1, 0, 4, 2}) at.remove("node-" + std::to_string(i));
  CHECK(at.placement->lookup(7) == kNoSlot);
  CHECK(at.placement->replicas(7, out) == 0);
  for (const int i : {3, 6, 7}) at.add("node-" + std::to_string(i));
  std::set<std::string_view> found;
  for (int i = 0; i < 200; ++i) found.insert(at.owner(random.next()));
  CHECK(found == std::set<std::string_view>{"node-3", "node-6", "node-7"});
}

TEST_CASE("dx: everybody at once may be replaced") {
  const Dx ring = with_history();
  const RingMembers old = RingMembers::numbered(20);
  RingMembers members;
  for (int i = 0; i < 25; ++i) members.add("other-" + std::to_string(i));
  const auto placement = ring.apply(*ring.place(old.list()), {members.list(), old.list()}, members.list());
  std::vector<double> counts(25);
  RandomStream random(6, Purpose::kTest);
  for (int i = 0; i < 10'000; ++i) counts[raw(placement->lookup(random.next()))] += 1;
  CHECK(std::abs(test::unevenness(counts)) < 4);
}

TEST_CASE("dx: a batch finds what lookups find, and replicas are distinct, the owner first") {
  const Dx ring = with_history();
  const auto placement = ring.place(RingMembers::numbered(40).list());
  RandomStream random(7, Purpose::kTest);
  std::vector<std::uint64_t> hashes{0, kLastHash};
  for (int i = 0; i < 100; ++i) hashes.push_back(random.next());
  std::vector<NodeSlot> batch(hashes.size());
  placement->lookup_batch(hashes, batch);
  std::vector<NodeSlot> out(40);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    CHECK(batch[i] == placement->lookup(hashes[i]));
    REQUIRE(placement->replicas(hashes[i], out) == 40);
    CHECK(out[0] == batch[i]);
    CHECK(std::set<NodeSlot>(out.begin(), out.end()).size() == 40);
  }
}

TEST_CASE("dx: consecutive hashes are spread as well") {
  const Dx ring = with_history();
  const auto placement = ring.place(RingMembers::numbered(700).list());
  std::vector<double> random_counts(700);
  std::vector<double> counts(700);
  RandomStream random(8, Purpose::kTest);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    random_counts[raw(placement->lookup(random.next()))] += 1;
    counts[raw(placement->lookup(i))] += 1;
  }
  CHECK(std::abs(test::unevenness(random_counts)) < 4);
  CHECK(std::abs(test::unevenness(counts)) < 4);
}

TEST_CASE("dx: described for the catalogue") {
  const CatalogueEntry entry = dx_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "dx");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(ring->traits().set_pure);
  const auto placement = ring->place(RingMembers::numbered(600).list());
  CHECK(dynamic_cast<const DxPlacement&>(*placement).buckets() == 1024);
  CHECK(placement->memory_bytes() < 1024 * 4 + 128 + 600 * 4 + 400);
}

}  // namespace
}  // namespace hearsay
