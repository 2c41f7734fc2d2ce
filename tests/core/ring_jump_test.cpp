#include "core/ring/jump.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

// The paper's loop.
std::uint32_t jump_reference(std::uint64_t key, std::int64_t buckets) {
  std::int64_t bucket = -1;
  std::int64_t next = 0;
  while (next < buckets) {
    bucket = next;
    key = key * 2862933555777941757U + 1;
    next = static_cast<std::int64_t>(static_cast<double>(bucket + 1) * (static_cast<double>(std::int64_t{1} << 31) /
                                                                        static_cast<double>((key >> 33) + 1)));
  }
  return static_cast<std::uint32_t>(bucket);
}

TEST_CASE("jump: the published vectors") {
  const std::uint32_t of_one[] = {0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17};
  for (std::uint32_t n = 1; n <= 19; ++n) CHECK(jump_hash(1, n) == of_one[n - 1]);
}

// Those of Guava's Hashing.consistentHash, which is the paper's.
TEST_CASE("jump: Guava's vectors") {
  const std::uint32_t of_hundred[] = {0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83};
  for (std::uint64_t key = 0; key < 20; ++key) CHECK(jump_hash(key, 100) == of_hundred[key]);
  CHECK(jump_hash(10863919174838991U, 11) == 6);
  CHECK(jump_hash(2016238256797177309U, 11) == 3);
  CHECK(jump_hash(1673758223894951030U, 11) == 5);
  CHECK(jump_hash(2, 100001) == 80343);
  CHECK(jump_hash(2201, 100001) == 22152);
  CHECK(jump_hash(2202, 100001) == 15018);
}

TEST_CASE("jump: buckets are those of the paper's loop") {
  RandomStream random(1, Purpose::kTest);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t key = random.next();
    const auto buckets = static_cast<std::uint32_t>((random.next() >> 33) >> random.below(31)) | 1U;
    REQUIRE(jump_hash(key, buckets) == jump_reference(key, buckets));
  }
  for (const std::uint64_t key : {std::uint64_t{0}, kLastHash}) {
    for (const std::uint32_t n : {1U, 2U, 1000U, 2147483647U}) CHECK(jump_hash(key, n) == jump_reference(key, n));
  }
}

TEST_CASE("jump: several keys at once have the buckets that each has alone, with vectors and without") {
  RandomStream random(7, Purpose::kTest);
  std::vector<std::uint64_t> keys{0, kLastHash};
  while (keys.size() < 1003) keys.push_back(random.next());
  std::vector<std::uint32_t> out(keys.size());
  for (const std::uint32_t buckets : {1U, 2U, 7U, 1000U, 1'000'003U, 2147483647U}) {
    CAPTURE(buckets);
    for (const bool vectors : {false, true}) {
      jump_hashes(keys, buckets, out, vectors);
      for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(out[i] == jump_hash(keys[i], buckets));
    }
  }
}

TEST_CASE("jump: a batch gives what lookups give, whatever its length") {
  RandomStream random(2, Purpose::kTest);
  for (const std::uint32_t n : {0U, 1U, 2U, 3U, 10U, 1000U, 50000U}) {
    CAPTURE(n);
    const RingMembers members = RingMembers::numbered(n);
    const auto placement = Jump(Numbering::kNames).place(members.list());
    for (const std::size_t length : {0U, 1U, 7U, 8U, 9U, 127U, 128U, 129U, 300U}) {
      std::vector<std::uint64_t> hashes(length);
      for (std::uint64_t& hash : hashes) hash = random.next();
      std::vector<NodeSlot> batch(length);
      placement->lookup_batch(hashes, batch);
      for (std::size_t i = 0; i < length; ++i) REQUIRE(batch[i] == placement->lookup(hashes[i]));
    }
  }
}

TEST_CASE("jump: members are numbered by id, and their slots do not matter") {
  const RingMembers members = RingMembers::numbered(20);
  const auto placement = Jump(Numbering::kNames).place(members.list());
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t hash = hash64("key" + std::to_string(i));
    CHECK(placement->lookup(hash) == members.list()[jump_reference(hash, 20)].slot);
  }
}

TEST_CASE("jump: shares are even") {
  constexpr std::uint32_t kNodes = 100;
  constexpr int kKeys = 100000;
  const RingMembers members = RingMembers::numbered(kNodes);
  const auto placement = Jump(Numbering::kNames).place(members.list());
  RandomStream random(3, Purpose::kTest);
  std::vector<int> count(kNodes);
  for (int i = 0; i < kKeys; ++i) ++count[raw(placement->lookup(random.next()))];
  double chi = 0;
  for (const int c : count) chi += (c - 1000.0) * (c - 1000.0) / 1000.0;
  CHECK(std::abs(chi - 99) < 4 * std::sqrt(2 * 99.0));
}

TEST_CASE("jump: when the last member by id leaves, its keys move and no other") {
  RingMembers members = RingMembers::numbered(50);
  const NodeSlot last = members.list().back().slot;
  const Jump ring(Numbering::kNames);
  const auto before = ring.place(members.list());
  members.remove(members.name(last));
  const auto after = ring.place(members.list());
  RandomStream random(4, Purpose::kTest);
  int moved = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t hash = random.next();
    const NodeSlot old = before->lookup(hash);
    const NodeSlot now = after->lookup(hash);
    CHECK((old == last) == (now != old));
    moved += now != old ? 1 : 0;
  }
  CHECK(std::abs(moved - 400) < 4 * std::sqrt(400.0));
}

TEST_CASE("jump: by names a change in the middle moves more, by history two shares") {
  constexpr std::uint32_t kNodes = 50;
  constexpr int kKeys = 20000;
  RingMembers members = RingMembers::numbered(kNodes);
  const auto old_list = members.list();
  members.remove(members.list()[kNodes / 2].name);
  const RingChange change = test::change_between(old_list, members.list());
  for (const Numbering numbering : {Numbering::kNames, Numbering::kHistory}) {
    const Jump ring(numbering);
    const auto before = ring.place(old_list);
    const auto after = ring.apply(*before, change, members.list());
    RandomStream random(5, Purpose::kTest);
    double moved = 0;
    for (int i = 0; i < kKeys; ++i) {
      const std::uint64_t hash = random.next();
      moved += before->lookup(hash) != after->lookup(hash) ? 1 : 0;
    }
    if (numbering == Numbering::kHistory) {
      // The leaver's keys to the last member, and the last one's to everybody.
      const double expected = 2.0 / kNodes * kKeys;
      CHECK(std::abs(moved - expected) < 4 * std::sqrt(expected));
    } else {
      CHECK(moved > 0.4 * kKeys);
    }
  }
}

TEST_CASE("jump: replicas are distinct, the owner first") {
  for (const std::uint32_t n : {1U, 2U, 3U, 40U}) {
    const RingMembers members = RingMembers::numbered(n);
    const auto placement = Jump(Numbering::kNames).place(members.list());
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t hash = hash64("key" + std::to_string(i));
      std::vector<NodeSlot> out(5);
      out.resize(placement->replicas(hash, out));
      REQUIRE(out.size() == std::min<std::size_t>(5, n));
      CHECK(out.front() == placement->lookup(hash));
      std::sort(out.begin(), out.end());
      CHECK(std::adjacent_find(out.begin(), out.end()) == out.end());
    }
  }
}

TEST_CASE("jump: nobody owns an empty ring") {
  const auto placement = Jump(Numbering::kHistory).place({});
  std::vector<NodeSlot> out(3);
  CHECK(placement->lookup(7) == kNoSlot);
  CHECK(placement->replicas(7, out) == 0);
  CHECK(placement->members() == 0);
}

TEST_CASE("jump: promises follow the numbering, and the catalogue has it") {
  CHECK(Jump(Numbering::kNames).traits().set_pure);
  CHECK(!Jump(Numbering::kHistory).traits().set_pure);
  const CatalogueEntry entry = jump_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "jump");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(ring->traits().agreed_index);
  CHECK(ring->traits().set_pure);
  CHECK(!ring->traits().any_removal);
}

}  // namespace
}  // namespace hearsay
