#include "core/ring/flip.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

// The algorithm as the paper defines it, with divisions and powers for masks: key, number of buckets, family of hashes.
std::uint64_t hash_of(std::uint64_t key, std::uint64_t bit, std::uint64_t draw) {
  std::uint64_t x = key * (bit + bit + 1);
  x ^= x >> 27;
  x *= 0x3c79ac492ba7b653U;
  x *= draw + draw + 1;
  x ^= x >> 33;
  x *= 0x1c69b3f74ac4ae35U;
  return x ^ (x >> 27);
}

std::uint64_t reference_power(std::uint64_t key, std::uint64_t power) {  // among 2^power
  const std::uint64_t cut = hash_of(key, 0, 0) % (std::uint64_t{1} << power);
  std::uint64_t bit = 0;
  while (cut >> (bit + 1) != 0) ++bit;
  return cut == 0 ? 0 : cut ^ (hash_of(key, bit, 0) % (std::uint64_t{1} << bit));
}

std::uint64_t reference(std::uint64_t key, std::uint64_t buckets) {
  std::uint64_t power = 0;
  while (std::uint64_t{1} << power < buckets) ++power;
  if (reference_power(key, power) < buckets) return reference_power(key, power);
  for (std::uint64_t draw = 1; draw <= 64; ++draw) {
    const std::uint64_t drawn = hash_of(key, power - 1, draw) % (std::uint64_t{1} << power);
    if (drawn < std::uint64_t{1} << (power - 1)) break;
    if (drawn < buckets) return drawn;
  }
  return reference_power(key, power - 1);
}

TEST_CASE("flip: buckets are those of the definition") {
  RandomStream random(1, Purpose::kTest);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t key = random.next();
    const auto buckets = static_cast<std::uint32_t>((random.next() >> 32) >> random.below(32)) | 1U;
    REQUIRE(flip_hash(key, buckets) == reference(key, buckets));
    REQUIRE(flip_hash(key, buckets) < buckets);
  }
  for (const std::uint64_t key : {std::uint64_t{0}, kLastHash}) {
    for (const std::uint32_t n : {1U, 2U, 3U, 4U, 5U, 4294967295U}) CHECK(flip_hash(key, n) == reference(key, n));
  }
}

TEST_CASE("flip: with one bucket more a key stays or moves to that one") {
  RandomStream random(2, Purpose::kTest);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t key = random.next();
    std::uint32_t before = 0;
    for (std::uint32_t n = 1; n <= 300; ++n) {
      const std::uint32_t now = flip_hash(key, n);
      REQUIRE((now == before || now == n - 1));
      before = now;
    }
  }
}

TEST_CASE("flip: shares are even, of powers of two, just beyond and just below") {
  RandomStream random(3, Purpose::kTest);
  for (const std::uint32_t n : {2U, 3U, 17U, 31U, 32U, 33U, 100U}) {
    CAPTURE(n);
    const std::uint32_t keys = 1000 * n;
    std::vector<int> count(n);
    for (std::uint32_t i = 0; i < keys; ++i) ++count[flip_hash(random.next(), n)];
    double chi = 0;
    for (const int c : count) chi += (c - 1000.0) * (c - 1000.0) / 1000.0;
    CHECK(std::abs(chi - (n - 1)) < 4 * std::sqrt(2.0 * (n - 1)) + 4);
  }
}

TEST_CASE("flip: where a key goes from the last bucket is even, too") {
  // Without the flip the keys of bucket 16 of 17 and beyond would all fall on a few.
  RandomStream random(4, Purpose::kTest);
  constexpr std::uint32_t kBuckets = 24;
  std::vector<int> count(kBuckets - 1);
  int moved = 0;
  for (int i = 0; i < 400000; ++i) {
    const std::uint64_t key = random.next();
    if (flip_hash(key, kBuckets) != kBuckets - 1) continue;
    ++count[flip_hash(key, kBuckets - 1)];
    ++moved;
  }
  const double expected = moved / static_cast<double>(kBuckets - 1);
  double chi = 0;
  for (const int c : count) chi += (c - expected) * (c - expected) / expected;
  CHECK(std::abs(chi - 22) < 4 * std::sqrt(2 * 22.0) + 4);
}

TEST_CASE("flip: buckets keep their values from version to version") {
  CHECK(flip_hash(10427592028180905159U, 18) == 13);
  CHECK(flip_hash(1, 1000) == 636);
  CHECK(flip_hash(kLastHash, 1000003) == 83562);
}

TEST_CASE("flip: members are numbered by id, and a batch gives what lookups give") {
  const RingMembers members = RingMembers::numbered(20);
  const auto placement = Flip(Numbering::kNames).place(members.list());
  std::vector<std::uint64_t> hashes;
  for (int i = 0; i < 200; ++i) hashes.push_back(hash64("key" + std::to_string(i)));
  std::vector<NodeSlot> batch(hashes.size());
  placement->lookup_batch(hashes, batch);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    CHECK(batch[i] == placement->lookup(hashes[i]));
    CHECK(batch[i] == members.list()[reference(hashes[i], 20)].slot);
  }
}

TEST_CASE("flip: by history a member that leaves costs two shares") {
  constexpr std::uint32_t kNodes = 50;
  constexpr int kKeys = 20000;
  RingMembers members = RingMembers::numbered(kNodes);
  const Flip ring(Numbering::kHistory);
  const auto before = ring.place(members.list());
  members.remove(members.list()[kNodes / 2].name);
  const auto after = ring.apply(*before, {}, members.list());
  RandomStream random(5, Purpose::kTest);
  double moved = 0;
  for (int i = 0; i < kKeys; ++i) {
    const std::uint64_t hash = random.next();
    moved += before->lookup(hash) != after->lookup(hash) ? 1 : 0;
  }
  const double expected = 2.0 / kNodes * kKeys;
  CHECK(std::abs(moved - expected) < 4 * std::sqrt(expected));
}

TEST_CASE("flip: replicas are distinct, the owner first") {
  for (const std::uint32_t n : {1U, 2U, 3U, 40U}) {
    const RingMembers members = RingMembers::numbered(n);
    const auto placement = Flip(Numbering::kNames).place(members.list());
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

TEST_CASE("flip: nobody owns an empty ring") {
  const auto placement = Flip(Numbering::kNames).place({});
  std::vector<NodeSlot> out(3);
  CHECK(placement->lookup(7) == kNoSlot);
  CHECK(placement->replicas(7, out) == 0);
}

TEST_CASE("flip: described for the catalogue") {
  const CatalogueEntry entry = flip_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "flip");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(ring->traits().agreed_index);
}

}  // namespace
}  // namespace hearsay
