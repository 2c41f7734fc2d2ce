#include "core/ring/memento.hpp"

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

std::uint32_t jump(std::uint64_t key, std::uint32_t buckets) { return MementoBuckets(buckets).find(key); }

// The paper's words with its table of the removed: who stands in for a bucket and how many worked then. Places are
// found by a product, as in the ring, or by the remainder of a division, as in the paper.
struct MementoReference {
  bool remainder = false;
  std::uint32_t size = 0;
  std::map<std::uint32_t, std::uint32_t> stands_in;
  std::vector<std::uint32_t> gone;

  void remove(std::uint32_t bucket) {
    if (gone.empty() && bucket + 1 == size) {
      --size;
      return;
    }
    const auto working = size - static_cast<std::uint32_t>(gone.size());
    stands_in[bucket] = working - 1;
    gone.push_back(bucket);
  }
  std::uint32_t add() {
    if (gone.empty()) return size++;
    const std::uint32_t bucket = gone.back();
    gone.pop_back();
    stands_in.erase(bucket);
    return bucket;
  }
  std::uint32_t find(std::uint64_t hash) const {
    std::uint32_t bucket = jump(hash, size);
    while (stands_in.contains(bucket)) {
      const std::uint32_t left = stands_in.at(bucket);
      const std::uint64_t bits = draw(hash, bucket);
      auto next = static_cast<std::uint32_t>(remainder ? bits % left : scale_bits(bits, left));
      while (stands_in.contains(next) && stands_in.at(next) >= left) next = stands_in.at(next);
      bucket = next;
    }
    return bucket;
  }
};

TEST_CASE("memento: with nobody missing it is jump hashing") {
  for (std::uint32_t n = 1; n <= 19; ++n) CHECK(jump(1, n) == (n <= 6 ? 0U : n <= 17 ? 6U : 17U));
}

TEST_CASE("memento: buckets are the definition's, over random removals and additions") {
  MementoBuckets buckets(40);
  MementoReference reference{.size = 40, .stands_in = {}, .gone = {}};
  RandomStream random(1, Purpose::kTest);
  for (int step = 0; step < 400; ++step) {
    const std::uint64_t joins = step / 100 % 2 == 0 ? 1 : 3;
    if (buckets.working() > 0 && random.below(4) >= joins) {
      auto bucket = static_cast<std::uint32_t>(random.below(reference.size));
      while (reference.stands_in.contains(bucket)) bucket = (bucket + 1) % reference.size;
      buckets.remove(bucket);
      reference.remove(bucket);
    } else {
      CHECK(buckets.add() == reference.add());
    }
    REQUIRE(buckets.size() == reference.size);
    REQUIRE(buckets.working() + reference.gone.size() == reference.size);
    for (int i = 0; i < 20 && buckets.working() > 0; ++i) {
      const std::uint64_t hash = random.next();
      const std::uint32_t found = buckets.find(hash);
      CHECK(found == reference.find(hash));
      CHECK_FALSE(reference.stands_in.contains(found));
    }
  }
}

TEST_CASE("memento: the same members after other orders of removal are other placements") {
  // Published nowhere, measured for this project before: 0.92, 9.9 and 49.7% of the keys, with the paper's remainders.
  // A key of a removed bucket goes astray unless the bucket was removed as the i-th both times: 1% less a tenth.
  // Products lead to the same place more often, and to anchor's figures.
  const std::uint32_t removed[] = {10, 100, 500};
  const double divided[] = {0.0092, 0.099, 0.497};
  const double scaled[] = {0.0072, 0.095, 0.495};
  for (int i = 0; i < 3; ++i) {
    CAPTURE(removed[i]);
    const auto [mean, error] = test::disagreement(MementoBuckets(1000), removed[i], 24, 8000);
    CHECK(std::abs(mean - scaled[i]) < 4 * error + 0.01 * scaled[i]);
    CHECK(error < 0.06 * scaled[i]);
    const auto [paper, paper_error] = test::disagreement(
        MementoReference{.remainder = true, .size = 1000, .stands_in = {}, .gone = {}}, removed[i], 12, 3000);
    CHECK(std::abs(paper - divided[i]) < 4 * paper_error + 0.01 * divided[i]);
  }
}

TEST_CASE("memento: only the keys of who comes or goes move, each change, and the shares stay even") {
  const Memento ring{};
  test::check_changes(ring);
}

TEST_CASE("memento: who leaves and comes back at once gets its keys back") {
  const Memento ring{};
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

TEST_CASE("memento: nobody owns an empty ring, one member owns everything, and a ring may empty and fill") {
  const Memento ring{};
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

TEST_CASE("memento: everybody at once may be replaced") {
  const Memento ring{};
  const RingMembers old = RingMembers::numbered(20);
  RingMembers members;
  for (int i = 0; i < 25; ++i) members.add("other-" + std::to_string(i));
  const auto placement = ring.apply(*ring.place(old.list()), {members.list(), old.list()}, members.list());
  std::vector<double> counts(25);
  RandomStream random(6, Purpose::kTest);
  for (int i = 0; i < 10'000; ++i) counts[raw(placement->lookup(random.next()))] += 1;
  CHECK(std::abs(test::unevenness(counts)) < 4);
}

TEST_CASE("memento: a batch finds what lookups find, and replicas are distinct, the owner first") {
  const Memento ring{};
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

TEST_CASE("memento: consecutive hashes are spread as well") {
  const Memento ring{};
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

TEST_CASE("memento: described for the catalogue") {
  const CatalogueEntry entry = memento_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "memento");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK_FALSE(ring->traits().set_pure);
  CHECK(ring->place(RingMembers::numbered(1000).list())->memory_bytes() < 1000 * 25 + 400);
}

}  // namespace
}  // namespace hearsay
