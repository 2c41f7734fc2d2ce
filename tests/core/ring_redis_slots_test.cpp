#include "core/ring/redis_slots.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

std::string padded(std::uint32_t number) {
  const std::string digits = std::to_string(number);
  return "node-" + std::string(6 - digits.size(), '0') + digits;
}

// Names in the order of numbers, and slots as well.
RingMembers named(std::uint32_t count) {
  RingMembers numbered;
  for (std::uint32_t i = 0; i < count; ++i) numbered.add(padded(i));
  return numbered;
}

// Who has each slot, as redis-cli allots them to n masters.
std::vector<std::uint32_t> allot(std::uint32_t n) {
  std::vector<std::uint32_t> owner(16384);
  const float length = 16384 / static_cast<float>(n);
  long first = 0;
  float cursor = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    long last = std::lround(cursor + length - 1);
    if (last > 16384 || i == n - 1) last = 16383;
    if (last < first) last = first;
    for (long slot = first; slot <= last && slot < 16384; ++slot) owner[static_cast<std::size_t>(slot)] = i;
    first = last + 1;
    cursor += length;
  }
  return owner;
}

std::uint64_t hash_of(std::uint64_t slot) { return slot << 50; }

TEST_CASE("redis-slots: CRC16 and hash tags") {
  CHECK(crc16("") == 0);
  CHECK(crc16("123456789") == 0x31c3);
  CHECK(redis_slot("somekey") == 11058);
  CHECK(redis_slot("foo{hash_tag}") == 2515);
  CHECK(redis_slot("hash_tag") == 2515);
  CHECK(redis_slot("foo") == 12182);
  CHECK(redis_slot("bar") == 5061);
  CHECK(redis_slot("foo{}{bar}") == 8363);
  CHECK(redis_slot("foo{{bar}}zap") == 4015);
  CHECK(redis_slot("foo{bar}{zap}") == 5061);
  CHECK(redis_slot("}bar{") == crc16("}bar{") % 16384);
  CHECK(redis_slot("}{bar}") == 5061);
  CHECK(redis_slot("") == 0);
  CHECK(RedisSlots().hash_key("foo") == hash_of(12182));
}

TEST_CASE("redis-slots: three masters have the runs that redis-cli shows") {
  const RingMembers members = named(3);
  const auto placement = RedisSlots().place(members.list());
  std::vector<Arc> arcs;
  REQUIRE(placement->arcs(arcs));
  REQUIRE(arcs.size() == 3);
  CHECK(arcs[0].last == hash_of(5461) - 1);
  CHECK(arcs[1].last == hash_of(10923) - 1);
  CHECK(arcs[2].last == kLastHash);
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(arcs[i].owner == NodeSlot{i});
}

TEST_CASE("redis-slots: runs are redis-cli's for any number of members") {
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t slot = 0; slot < 16384; ++slot) hashes.push_back(hash_of(slot) | (slot * 12345));
  std::vector<NodeSlot> batch(hashes.size());
  for (const std::uint32_t n : {1U, 2U, 5U, 6U, 7U, 11U, 100U, 1000U, 7542U, 16383U, 16384U, 16385U, 70000U}) {
    CAPTURE(n);
    std::vector<NodeSlot> by_name;
    for (std::uint32_t i = 0; i < n; ++i) by_name.push_back(NodeSlot{i});
    const RedisSlotsPlacement placement(by_name);
    const auto owner = allot(n);
    placement.lookup_batch(hashes, batch);
    bool equal = true;
    for (std::size_t slot = 0; slot < 16384; ++slot) {
      equal &= raw(batch[slot]) == owner[slot] && placement.lookup(hashes[slot]) == batch[slot];
    }
    CHECK(equal);
  }
}

TEST_CASE("redis-slots: everybody has equally many slots, or one more") {
  for (const std::uint32_t n : {3U, 10U, 99U, 1000U}) {
    CAPTURE(n);
    const RingMembers members = RingMembers::numbered(n);
    const auto share = test::shares(*RedisSlots().place(members.list()), n);
    for (const double s : share) CHECK(std::abs(s * 16384 - 16384.0 / n) < 1.01);
  }
}

TEST_CASE("redis-slots: replicas are the next members by name") {
  for (const std::uint32_t n : {1U, 2U, 5U}) {
    const RingMembers members = named(n);
    const auto placement = RedisSlots().place(members.list());
    for (std::uint64_t slot = 0; slot < 16384; slot += 97) {
      std::vector<NodeSlot> out(3);
      out.resize(placement->replicas(hash_of(slot), out));
      REQUIRE(out.size() == std::min(3U, n));
      CHECK(out[0] == placement->lookup(hash_of(slot)));
      for (std::size_t i = 0; i < out.size(); ++i) CHECK(raw(out[i]) == (raw(out[0]) + i) % n);
    }
  }
}

TEST_CASE("redis-slots: more members than slots: the last own nothing and are replicas") {
  std::vector<NodeSlot> by_name;
  for (std::uint32_t i = 0; i < 20000; ++i) by_name.push_back(NodeSlot{i});
  const RedisSlotsPlacement placement(by_name);
  CHECK(placement.lookup(kLastHash) == NodeSlot{16383});
  std::vector<NodeSlot> out(2);
  REQUIRE(placement.replicas(kLastHash, out) == 2);
  CHECK(out[1] == NodeSlot{16384});
}

TEST_CASE("redis-slots: arcs are the lookups'") {
  const RingMembers members = RingMembers::numbered(13);
  const auto placement = RedisSlots().place(members.list());
  std::vector<Arc> arcs;
  REQUIRE(placement->arcs(arcs));
  CHECK(arcs.size() == 13);
  RandomStream random(1, Purpose::kTest);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t hash = random.next();
    const auto arc = std::find_if(arcs.begin(), arcs.end(), [hash](const Arc& a) { return a.last >= hash; });
    CHECK(arc->owner == placement->lookup(hash));
  }
}

TEST_CASE("redis-slots: the placement is that of the set, and a change moves many runs") {
  RingMembers forward = RingMembers::numbered(30);
  RingMembers backward;
  for (int i = 30; i-- > 0;) backward.add("node-" + std::to_string(i));
  const auto a = RedisSlots().place(forward.list());
  const auto b = RedisSlots().apply(*a, {}, backward.list());
  forward.remove("node-0");  // the first by name
  const auto c = RedisSlots().place(forward.list());
  int moved = 0;
  for (std::uint64_t slot = 0; slot < 16384; ++slot) {
    const std::uint64_t hash = hash_of(slot);
    REQUIRE(forward.name(a->lookup(hash)) == backward.name(b->lookup(hash)));
    moved += a->lookup(hash) != c->lookup(hash) ? 1 : 0;
  }
  CHECK(moved > 16384 * 0.4);  // about half
  CHECK(moved < 16384 * 0.6);
}

TEST_CASE("redis-slots: nobody owns an empty ring") {
  const auto placement = RedisSlots().place({});
  std::vector<NodeSlot> out(2);
  CHECK(placement->lookup(5) == kNoSlot);
  CHECK(placement->lookup(kLastHash) == kNoSlot);
  CHECK(placement->replicas(5, out) == 0);
  std::vector<Arc> arcs;
  REQUIRE(placement->arcs(arcs));
  REQUIRE(arcs.size() == 1);
  CHECK(arcs[0].last == kLastHash);
}

TEST_CASE("redis-slots: described for the catalogue") {
  const CatalogueEntry entry = redis_slots_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "redis-slots");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(ring->traits().agreed_index);
  CHECK(ring->place(RingMembers::numbered(2).list())->memory_bytes() < 32768 + 200);
}

}  // namespace
}  // namespace hearsay
