#include "core/ring/rendezvous.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/base/dmath.hpp"
#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

// Members with zones and weights by their number; numbered ones have neither.
std::vector<RingMember> dressed(const RingMembers& members, std::uint32_t zones, bool weights) {
  std::vector<RingMember> list = members.list();
  for (RingMember& m : list) {
    m.zone = 100 + raw(m.slot) * raw(m.slot) % zones;
    if (weights) m.weight = 0.25 * (1 + raw(m.slot) % 9);
  }
  return list;
}

// The definition, as slowly as can be: by arrival, of each zone one a round.
std::vector<NodeSlot> by_rank(std::vector<RingMember> members, std::uint64_t hash, bool zones) {
  std::sort(members.begin(), members.end(), [&](const RingMember& a, const RingMember& b) {
    const double x = HrwPlacement::arrival(rendezvous_score(raw(a.id), hash), 1 / a.weight);
    const double y = HrwPlacement::arrival(rendezvous_score(raw(b.id), hash), 1 / b.weight);
    return x != y ? x < y : a.id < b.id;
  });
  std::vector<NodeSlot> out;
  while (!members.empty()) {
    std::set<std::uint32_t> used;
    std::vector<RingMember> rest;
    for (const RingMember& m : members) {
      if (!zones || used.insert(m.zone).second) {
        out.push_back(m.slot);
      } else {
        rest.push_back(m);
      }
    }
    members = rest;
  }
  return out;
}

TEST_CASE("rendezvous: all kernels find what a plain loop finds") {
  RandomStream random(1, Purpose::kTest);
  const RendezvousScan& plain = *rendezvous_scan(Simd::kNone);
  for (const Simd simd : {Simd::kNone, Simd::kAvx2, Simd::kAvx512}) {
    CAPTURE(static_cast<int>(simd));
    const RendezvousScan* const scan = rendezvous_scan(simd);
    if (scan == nullptr) continue;
    for (std::size_t n = 8; n <= 160; n += 8) {
      std::vector<std::uint64_t> ids;
      std::vector<double> factors;
      for (std::size_t i = 0; i < n; ++i) {
        ids.push_back(random.next());
        factors.push_back(0.01 + random.unit());
      }
      std::array<std::uint64_t, RendezvousScan::kBatch> hashes{};
      std::array<std::size_t, RendezvousScan::kBatch> found{};
      for (auto& hash : hashes) hash = random.next();
      scan->least_of_batch(ids.data(), n, hashes.data(), found.data());
      for (std::size_t k = 0; k < hashes.size(); ++k) {
        const std::uint64_t hash = hashes[k];
        const auto by_score = [hash](std::uint64_t a, std::uint64_t b) {
          return rendezvous_score(a, hash) < rendezvous_score(b, hash);
        };
        const auto least = static_cast<std::size_t>(std::min_element(ids.begin(), ids.end(), by_score) - ids.begin());
        CHECK(scan->least(ids.data(), n, hash) == least);
        CHECK(found[k] == least);
        // At the bound, and below what any score has; every hit from every start.
        const std::uint64_t some = rendezvous_score(ids[random.below(n)], hash);
        for (const std::uint64_t bound : {some, some - 1, std::uint64_t{0}, ~std::uint64_t{0}}) {
          for (std::size_t from = 0; from <= n / 8; ++from) {
            const auto hit = scan->up_to(ids.data(), n, from, hash, bound);
            const auto expected = plain.up_to(ids.data(), n, from, hash, bound);
            CHECK(hit.block == expected.block);
            CHECK(hit.which == expected.which);
          }
        }
        for (const double bound : {0.0, random.unit() * 0.1, random.unit(), std::numeric_limits<double>::infinity()}) {
          for (std::size_t from = 0; from <= n / 8; ++from) {
            const auto hit = scan->scaled_up_to(ids.data(), factors.data(), n, from, hash, bound);
            const auto expected = plain.scaled_up_to(ids.data(), factors.data(), n, from, hash, bound);
            CHECK(hit.block == expected.block);
            CHECK(hit.which == expected.which);
          }
        }
      }
    }
  }
}

TEST_CASE("rendezvous: lookups and replicas are those of a sort, with weights and zones, on every kernel") {
  RandomStream random(2, Purpose::kTest);
  for (const Simd simd : {Simd::kNone, Simd::kAvx2, Simd::kAvx512}) {
    if (rendezvous_scan(simd) == nullptr) continue;
    for (const std::uint32_t n : {1U, 2U, 7U, 9U, 45U}) {
      for (const std::uint32_t zones : {1U, 2U, 5U, 1000U}) {
        for (const bool weights : {false, true}) {
          for (const bool spread : {false, true}) {
            CAPTURE(n);
            CAPTURE(zones);
            CAPTURE(weights);
            const auto members = dressed(RingMembers::numbered(n), zones, weights);
            const auto placement = Hrw(spread, *rendezvous_scan(simd)).place(members);
            CHECK(dynamic_cast<const HrwPlacement&>(*placement).weighted() == (weights && n > 1));
            std::vector<std::uint64_t> hashes{0, kLastHash};
            for (int i = 0; i < 8; ++i) hashes.push_back(random.next());
            std::vector<NodeSlot> batch(hashes.size());
            placement->lookup_batch(hashes, batch);
            for (std::size_t i = 0; i < hashes.size(); ++i) {
              const auto expected = by_rank(members, hashes[i], spread);
              CHECK(placement->lookup(hashes[i]) == expected.front());
              CHECK(batch[i] == expected.front());
              for (const std::size_t wanted : {0U, 1U, 3U, 8U, n, n + 2}) {
                std::vector<NodeSlot> out(wanted, kNoSlot);
                const std::size_t got = placement->replicas(hashes[i], out);
                REQUIRE(got == std::min(wanted, expected.size()));
                CHECK(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(got), expected.begin()));
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("rendezvous: few and many replicas are the same ones, in distinct zones") {
  const auto members = dressed(RingMembers::numbered(200), 7, true);
  std::map<NodeSlot, std::uint32_t> zone;
  for (const RingMember& m : members) zone[m.slot] = m.zone;
  std::set<std::uint32_t> zones;
  for (const RingMember& m : members) zones.insert(m.zone);
  const auto placement = Hrw(true).place(members);
  RandomStream random(3, Purpose::kTest);
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t hash = random.next();
    std::vector<NodeSlot> few(20);
    std::vector<NodeSlot> many(200);
    REQUIRE(placement->replicas(hash, few) == 20);
    REQUIRE(placement->replicas(hash, many) == 200);
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
    std::set<std::uint32_t> first;
    for (std::size_t k = 0; k < zones.size(); ++k) first.insert(zone[few[k]]);
    CHECK(first == zones);
    CHECK(std::set<NodeSlot>(many.begin(), many.end()).size() == 200);
  }
}

TEST_CASE("rendezvous: nobody owns an empty ring, one member owns everything") {
  const auto nobody = Hrw(true).place({});
  std::vector<NodeSlot> out(3);
  std::vector<std::uint64_t> hashes(9);
  std::vector<NodeSlot> batch(9);
  nobody->lookup_batch(hashes, batch);
  CHECK(batch == std::vector<NodeSlot>(9, kNoSlot));
  CHECK(nobody->lookup(5) == kNoSlot);
  CHECK(nobody->replicas(5, out) == 0);
  CHECK(nobody->members() == 0);
  const auto one = Hrw(true).place(RingMembers::numbered(1).list());
  CHECK(one->lookup(5) == NodeSlot{0});
  CHECK(one->replicas(5, out) == 1);
}

TEST_CASE("rendezvous: arrivals are -ln(1 - u) / w, and never before u / w") {
  RandomStream random(4, Purpose::kTest);
  for (int i = 0; i < 20'000; ++i) {
    // All magnitudes, the series' end among them.
    const std::uint64_t score = i == 0 ? 0 : i == 1 ? ~std::uint64_t{0} : random.next() >> random.below(52);
    const double u = unit_from_bits(score);
    const double expected = -std::log1p(-u) / 3;
    const double found = HrwPlacement::arrival(score, 1.0 / 3);
    CHECK(std::abs(found - expected) <= 0x1p-49 * expected);
    CHECK(found * (1 + 0x1p-45) >= u * (1.0 / 3));
  }
}

TEST_CASE("rendezvous: shares are multinomial, and so are those of the next replica") {
  constexpr std::uint32_t kNodes = 40;
  constexpr int kKeys = 200'000;
  const auto placement = Hrw(true).place(RingMembers::numbered(kNodes).list());
  for (const bool consecutive : {false, true}) {  // hashes that are no hashes at all
    CAPTURE(consecutive);
    RandomStream random(5, Purpose::kTest);
    std::vector<double> first(kNodes);
    std::vector<double> pairs(kNodes * kNodes);
    std::vector<NodeSlot> out(2);
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      placement->replicas(consecutive ? i : random.next(), out);
      first[raw(out[0])] += 1;
      pairs[raw(out[0]) * kNodes + raw(out[1])] += 1;
    }
    double chi = 0;
    for (const double n : first) chi += (n - kKeys / 40.0) * (n - kKeys / 40.0) / (kKeys / 40.0);
    CHECK(std::abs(chi - 39) < 4 * std::sqrt(2 * 39.0));
    double chi_pairs = 0;
    const double expected = kKeys / (40.0 * 39.0);
    for (std::uint32_t a = 0; a < kNodes; ++a) {
      for (std::uint32_t b = 0; b < kNodes; ++b) {
        const double n = pairs[a * kNodes + b];
        if (a != b) chi_pairs += (n - expected) * (n - expected) / expected;
      }
    }
    CHECK(std::abs(chi_pairs - 1559) < 4 * std::sqrt(2 * 1559.0));
  }
}

TEST_CASE("rendezvous: shares are proportional to weights, over six orders of magnitude") {
  RingMembers members;
  const double weights[] = {0.001, 0.5, 1, 1, 2, 4, 1.5, 1000};
  for (std::size_t i = 0; i < 8; ++i) members.add("node-" + std::to_string(i), weights[i]);
  const auto all = Hrw(true).place(members.list());
  members.remove("node-7");
  const auto small = Hrw(true).place(members.list());
  constexpr int kKeys = 100'000;
  RandomStream random(6, Purpose::kTest);
  std::vector<double> of_all(8);
  std::vector<double> of_small(8);
  for (int i = 0; i < kKeys; ++i) {
    of_all[raw(all->lookup(random.next()))] += 1;
    of_small[raw(small->lookup(random.next()))] += 1;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    const auto check = [&](double found, double share) {
      CHECK(std::abs(found - kKeys * share) <= 4 * std::sqrt(kKeys * share * (1 - share)) + 1);
    };
    check(of_all[i], weights[i] / 1010.001);
    if (i < 7) check(of_small[i], weights[i] / 10.001);
  }
}

TEST_CASE("rendezvous: weights that are none are small ones") {
  RingMembers members;
  members.add("zero", 0.0);
  members.add("nan", std::numeric_limits<double>::quiet_NaN());
  members.add("negative", -1.0);
  const auto equal = Hrw(true).place(members.list());
  CHECK_FALSE(dynamic_cast<const HrwPlacement&>(*equal).weighted());
  members.add("one", 1.0);
  const auto unequal = Hrw(true).place(members.list());
  RandomStream random(7, Purpose::kTest);
  for (int i = 0; i < 1000; ++i) {
    CHECK(equal->lookup(random.next()) != kNoSlot);
    CHECK(members.name(unequal->lookup(random.next())) == "one");
  }
  members.add("infinite", std::numeric_limits<double>::infinity());
  const auto most = Hrw(true).place(members.list());
  for (int i = 0; i < 1000; ++i) CHECK(members.name(most->lookup(random.next())) == "infinite");
}

TEST_CASE("rendezvous: a change moves the keys it must move and no other, replicas included") {
  for (const bool weights : {false, true}) {
    CAPTURE(weights);
    const auto members = dressed(RingMembers::numbered(50), 5, weights);
    auto without = members;
    const RingMember victim = without[17];
    without.erase(without.begin() + 17);
    const auto before = Hrw(true).place(members);
    const auto after = Hrw(true).apply(*before, {{}, {victim}}, without);
    RandomStream random(8, Purpose::kTest);
    int moved = 0;
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t hash = random.next();
      std::vector<NodeSlot> a(3);
      std::vector<NodeSlot> b(3);
      before->replicas(hash, a);
      after->replicas(hash, b);
      if (std::find(a.begin(), a.end(), victim.slot) == a.end()) {
        CHECK(a == b);
      } else {
        ++moved;
        CHECK(std::find(b.begin(), b.end(), victim.slot) == b.end());
      }
    }
    CHECK(moved > 0);
  }
}

TEST_CASE("rendezvous: a first unequal weight moves only what that weight moves") {
  // The placement changes its mode here, from comparing scores to comparing arrivals.
  RingMembers members = RingMembers::numbered(100);
  const auto plain = Hrw(true).place(members.list());
  members.add("node-100", 2.0);
  const auto weighted = Hrw(true).place(members.list());
  RandomStream random(9, Purpose::kTest);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t hash = random.next();
    const NodeSlot now = weighted->lookup(hash);
    if (now != NodeSlot{100}) CHECK(now == plain->lookup(hash));
  }
}

TEST_CASE("rendezvous: scores keep their values from version to version") {
  // Two nodes of different versions must agree on the ring.
  CHECK(rendezvous_score(0, 0) == 0);
  CHECK(rendezvous_score(1, 0) == rendezvous_score(0, 1));
  CHECK(rendezvous_score(raw(node_id("node-0")), 1) == 622038122715035510U);
}

TEST_CASE("rendezvous: memory is 12 bytes a member, 20 with weights, 24 with zones too") {
  const RingMembers members = RingMembers::numbered(1000);
  CHECK(Hrw(true).place(members.list())->memory_bytes() < 12'000 + 300);
  CHECK(Hrw(true).place(dressed(members, 1, true))->memory_bytes() < 20'000 + 300);
  CHECK(Hrw(true).place(dressed(members, 5, true))->memory_bytes() < 24'000 + 300);
}

TEST_CASE("rendezvous: described for the catalogue") {
  const CatalogueEntry entry = hrw_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "rendezvous");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(ring->traits().zones);
  CHECK(ring->place(RingMembers::numbered(3).list())->members() == 3);
}

}  // namespace
}  // namespace hearsay
