#include "core/ring/ketama.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/ring/md5.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

std::string hex(const Md5Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::uint32_t word(const Md5Digest& digest, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | digest[4 * at + i];
  return value;
}

TEST_CASE("md5: RFC 1321's vectors") {
  CHECK(hex(md5("")) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hex(md5("a")) == "0cc175b9c0f1b6a831c399e269772661");
  CHECK(hex(md5("abc")) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(hex(md5("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(hex(md5("abcdefghijklmnopqrstuvwxyz")) == "c3fcd3d76192e4007dfb496cca67e13b");
  CHECK(hex(md5("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")) ==
        "d174ab98d277d9f5a5611c2c9f419d9f");
  CHECK(hex(md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890")) ==
        "57edf4a22be3c955ac49da2e2107b67a");
}

TEST_CASE("md5: lengths about the end of a block") {
  // MD5 of the digests of 0 to 200 times 'x', one after the other; by Python's hashlib.
  std::string digests;
  for (std::size_t length = 0; length <= 200; ++length) digests += hex(md5(std::string(length, 'x')));
  CHECK(hex(md5(digests)) == "1f0d9d949b2c16e511c7083a082d1828");
}

// The definition as slowly as can be, for one weight.
std::vector<std::string> clockwise(const RingMembers& members, std::uint32_t points, std::uint32_t hash) {
  struct Point {
    std::uint32_t far;
    std::string name;
  };
  std::vector<Point> all;
  for (const RingMember& m : members.list()) {
    const std::string name(m.name);
    const std::string stem = name.ends_with(":11211") ? name.substr(0, name.size() - 6) : name;
    for (std::uint32_t i = 0; i < points / 4; ++i) {
      const Md5Digest digest = md5(fmt::format("{}-{}", stem, i));
      for (std::size_t w = 0; w < 4; ++w) all.push_back({word(digest, w) - hash, name});
    }
  }
  std::sort(all.begin(), all.end(), [](const Point& a, const Point& b) { return a.far < b.far; });
  std::vector<std::string> names;
  for (const Point& p : all) {
    if (std::find(names.begin(), names.end(), p.name) == names.end()) names.push_back(p.name);
  }
  return names;
}

RingMembers servers(int count) {
  RingMembers members;
  for (int i = 0; i < count; ++i) {
    members.add(fmt::format("10.0.0.{}:{}", i, i % 2 == 0 ? 11211 : 11311));
  }
  return members;
}

TEST_CASE("ketama: lookups, replicas and arcs are those of a linear scan") {
  RandomStream random(1, Purpose::kTest);
  for (const int n : {1, 2, 7, 25}) {
    CAPTURE(n);
    const RingMembers members = servers(n);
    const std::uint32_t points = n == 25 ? 156 : 160;  // where 1 / 25 * 160 / 4 * 25 falls short of 40
    CHECK(Ketama::points_of(1, static_cast<std::uint64_t>(n), static_cast<std::size_t>(n)) == points);
    const auto placement = Ketama().place(members.list());
    std::vector<Arc> arcs;
    REQUIRE(placement->arcs(arcs));
    std::vector<std::uint64_t> hashes{0, kLastHash};
    for (int i = 0; i < 30; ++i) hashes.push_back(random.next());
    const std::uint64_t point = std::uint64_t{word(md5("10.0.0.0-3"), 2)} << 32;
    hashes.insert(hashes.end(), {point - 1, point, point + 1, point + (std::uint64_t{1} << 32)});
    std::vector<NodeSlot> batch(hashes.size());
    placement->lookup_batch(hashes, batch);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const auto expected = clockwise(members, points, static_cast<std::uint32_t>(hashes[i] >> 32));
      CHECK(members.name(placement->lookup(hashes[i])) == expected.front());
      CHECK(batch[i] == placement->lookup(hashes[i]));
      const auto arc = std::find_if(arcs.begin(), arcs.end(), [&](const Arc& a) { return a.last >= hashes[i]; });
      CHECK(arc->owner == batch[i]);
      std::vector<NodeSlot> out(5);
      out.resize(placement->replicas(hashes[i], out));
      REQUIRE(out.size() == std::min<std::size_t>(5, expected.size()));
      for (std::size_t r = 0; r < out.size(); ++r) CHECK(members.name(out[r]) == expected[r]);
    }
  }
}

TEST_CASE("ketama: a key's hash is the first word of its MD5") {
  CHECK(Ketama().hash_key("") == 0xd98c1dd400000000U);
  CHECK(Ketama().hash_key("abc") == 0x9850019000000000U);
}

TEST_CASE("ketama: weights become integers, and points whole fours") {
  CHECK(Ketama::weight_of(0) == 1);
  CHECK(Ketama::weight_of(-1) == 1);
  CHECK(Ketama::weight_of(std::numeric_limits<double>::quiet_NaN()) == 1);
  CHECK(Ketama::weight_of(1.4) == 1);
  CHECK(Ketama::weight_of(2.5) == 3);
  CHECK(Ketama::weight_of(1e300) == 4294967295U);
  CHECK(Ketama::points_of(1, 4, 2) == 80);
  CHECK(Ketama::points_of(3, 4, 2) == 240);
  CHECK(Ketama::points_of(1, 1000, 2) == 0);
}

TEST_CASE("ketama: shares are in proportion to points, and points to weights") {
  constexpr int kRings = 20;
  const double weights[] = {1, 2, 3, 6};
  double sum[4] = {};
  for (int r = 0; r < kRings; ++r) {
    RingMembers members;
    for (int i = 0; i < 4; ++i) {
      members.add(fmt::format("h{}-{}:1", r, i), weights[i]);
    }
    const auto share = test::shares(*Ketama().place(members.list()), 4);
    for (std::size_t i = 0; i < 4; ++i) sum[i] += share[i] / kRings;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    // A share of Beta(V_i, V - V_i), V = 640 points in all.
    const double expected = weights[i] / 12;
    const double error = std::sqrt(expected * (1 - expected) / 641 / kRings);
    CHECK(std::abs(sum[i] - expected) < 4 * error + 4.0 / 640);  // and the rounding to fours
  }
}

TEST_CASE("ketama: a member too light for a point owns nothing and is still a replica") {
  RingMembers members = servers(3);
  members.add("heavy:1", 1e6);
  const auto placement = Ketama().place(members.list());
  CHECK(placement->members() == 4);
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::uint64_t hash = philox(i, 0, 0).a;
    CHECK(members.name(placement->lookup(hash)) == "heavy:1");
    std::vector<NodeSlot> out(6);
    REQUIRE(placement->replicas(hash, out) == 4);
    CHECK(members.name(out[1]) == "10.0.0.0:11211");
    CHECK(members.name(out[2]) == "10.0.0.1:11311");
    CHECK(members.name(out[3]) == "10.0.0.2:11211");
    CHECK(placement->replicas(hash, std::span(out).first(2)) == 2);
  }
}

TEST_CASE("ketama: names without a port, and with what is none") {
  RingMembers a;
  RingMembers b;
  for (const std::string_view name : {"x", "y:", "z:70000", "u:1b"}) {
    a.add(name);
    b.add(std::string(name) + ":11211");
  }
  const auto with = Ketama().place(b.list());
  const auto without = Ketama().place(a.list());
  RandomStream random(2, Purpose::kTest);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(std::string(a.name(without->lookup(hash))) + ":11211" == b.name(with->lookup(hash)));
  }
}

TEST_CASE("ketama: of two names for one server the first in order of ids has its points") {
  RingMembers members;
  members.add("x");
  members.add("x:11211");
  const auto placement = Ketama().place(members.list());
  CHECK(placement->lookup(1) == members.list().front().slot);
  std::vector<NodeSlot> out(2);
  CHECK(placement->replicas(1, out) == 2);
}

// Of a thousand servers some three pairs have a point in common; libmemcached, told to sort its servers, gives it to
// the first by host and port.
TEST_CASE("ketama: of two servers at one point the first by host and port has it, not the first by id") {
  RingMembers members;
  std::map<std::uint32_t, std::vector<std::string>> at;
  for (int i = 0; i < 2000; ++i) {
    const std::string host = fmt::format("h{}", i);
    members.add(host);
    for (int k = 0; k < 40; ++k) {
      const Md5Digest digest = md5(fmt::format("{}-{}", host, k));
      for (std::size_t w = 0; w < 16; w += 4) {
        const auto byte = [&](std::size_t n) { return static_cast<std::uint32_t>(digest[w + n]); };
        at[byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24].push_back(host);
      }
    }
  }
  const auto placement = Ketama().place(members.list());
  int by_id = 0;
  int by_host = 0;
  for (auto& [point, hosts] : at) {
    if (hosts.size() != 2 || hosts[0] == hosts[1]) continue;
    std::sort(hosts.begin(), hosts.end());
    CHECK(members.name(placement->lookup(std::uint64_t{point} << 32)) == hosts[0]);
    (node_id(hosts[0]) < node_id(hosts[1]) ? by_id : by_host) += 1;
  }
  // Both kinds are there, so that either order would be seen.
  CHECK(by_id > 0);
  CHECK(by_host > 0);
}

TEST_CASE("ketama: between equal weights a change moves the keys it must move and no other") {
  RingMembers members = servers(20);
  const auto before = Ketama().place(members.list());
  const NodeSlot victim{7};
  members.remove(members.name(victim));
  const auto after = Ketama().apply(*before, {}, members.list());
  RandomStream random(3, Purpose::kTest);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t hash = random.next();
    const NodeSlot old = before->lookup(hash);
    CHECK((old == victim) == (after->lookup(hash) != old));
  }
}

TEST_CASE("ketama: the placement is that of the set") {
  const RingMembers forward = servers(30);
  RingMembers backward;
  for (int i = 30; i-- > 0;) backward.add(fmt::format("10.0.0.{}:{}", i, i % 2 == 0 ? 11211 : 11311));
  const auto a = Ketama().place(forward.list());
  const auto b = Ketama().place(backward.list());
  RandomStream random(4, Purpose::kTest);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(forward.name(a->lookup(hash)) == backward.name(b->lookup(hash)));
  }
}

TEST_CASE("ketama: nobody owns an empty ring") {
  const auto placement = Ketama().place({});
  std::vector<NodeSlot> out(2);
  CHECK(placement->lookup(5) == kNoSlot);
  CHECK(placement->replicas(5, out) == 0);
  CHECK(placement->members() == 0);
}

TEST_CASE("ketama: memory is a bounded number of points") {
  RingMembers members;
  for (int i = 0; i < 100; ++i) members.add(fmt::format("h{}", i), i == 0 ? 1e9 : 1);
  const auto placement = Ketama().place(members.list());
  CHECK(dynamic_cast<const PointPlacement&>(*placement).points() <= 16000);
  CHECK(placement->memory_bytes() < 16000 * 16 + 4096);
}

TEST_CASE("ketama: described for the catalogue") {
  const CatalogueEntry entry = ketama_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "ketama");
  REQUIRE(std::dynamic_pointer_cast<const Ring>(entry.configure()->build()) != nullptr);
}

}  // namespace
}  // namespace hearsay
