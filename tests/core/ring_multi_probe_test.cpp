#include "core/ring/multi_probe.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

constexpr std::uint32_t kProbes = 21;

// The definition: of all probes and all points the closest pair, the first probe's of equal ones.
NodeSlot closest(const MultiProbe& ring, const std::vector<RingMember>& members, std::uint64_t hash,
                 std::uint32_t probes) {
  NodeSlot owner = kNoSlot;
  std::uint64_t least = 0;
  for (std::uint32_t i = 0; i < probes; ++i) {
    for (const RingMember& m : members) {
      const std::uint64_t distance = ring.point(m.id) - MultiProbe::probe(hash, i);
      if (owner == kNoSlot || distance < least) {
        owner = m.slot;
        least = distance;
      }
    }
  }
  return owner;
}

// Every member's exact share, by slot. The closest of k probes is further than x with a chance of S(x)^k, where S(x) is
// the part of the circle further than x from its point; a member of gap g gets the integral up to g of k S(x)^(k-1).
std::vector<double> exact_shares(const Placement& placement, std::size_t slots, double k) {
  const PointPlacement& circle = dynamic_cast<const MultiProbePlacement&>(placement).circle();
  const std::size_t n = circle.points();
  std::vector<std::pair<double, NodeSlot>> gaps(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t before = circle.end(i == 0 ? n - 1 : i - 1);
    gaps[i] = {static_cast<double>(circle.end(i) - before) * 0x1p-64, circle.owner(i)};
  }
  std::sort(gaps.begin(), gaps.end());
  std::vector<double> share(slots);
  double further = 1;  // S at the gap before
  double sum = 0;
  double before = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto longer = static_cast<double>(n - i);
    const double now = std::max(0.0, further - longer * (gaps[i].first - before));
    sum += (std::pow(further, k) - std::pow(now, k)) / longer;
    share[raw(gaps[i].second)] = sum;
    further = now;
    before = gaps[i].first;
  }
  return share;
}

TEST_CASE("multi-probe: lookups are those of all pairs") {
  RandomStream random(1, Purpose::kTest);
  for (const std::uint32_t probes : {1U, 2U, kProbes}) {
    const MultiProbe ring(probes);
    for (const std::uint32_t n : {1U, 2U, 5U, 60U}) {
      const RingMembers members = RingMembers::numbered(n);
      const auto placement = ring.place(members.list());
      CHECK(placement->members() == n);
      std::vector<std::uint64_t> hashes{0, kLastHash};
      for (int i = 0; i < 200; ++i) hashes.push_back(random.next());
      std::vector<NodeSlot> batch(hashes.size());
      placement->lookup_batch(hashes, batch);
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        const NodeSlot expected = closest(ring, members.list(), hashes[i], probes);
        CHECK(placement->lookup(hashes[i]) == expected);
        CHECK(batch[i] == expected);
      }
    }
  }
}

TEST_CASE("multi-probe: nobody owns an empty ring, one member owns everything") {
  std::vector<NodeSlot> out(3);
  const auto nobody = MultiProbe(kProbes).place({});
  CHECK(nobody->lookup(7) == kNoSlot);
  CHECK(nobody->replicas(7, out) == 0);
  const auto one = MultiProbe(kProbes).place(RingMembers::numbered(1).list());
  CHECK(one->lookup(7) == NodeSlot{0});
  CHECK(one->replicas(7, out) == 1);
}

TEST_CASE("multi-probe: replicas are distinct, the owner first") {
  const auto placement = MultiProbe(kProbes).place(RingMembers::numbered(40).list());
  RandomStream random(2, Purpose::kTest);
  std::vector<NodeSlot> out(40);
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t hash = random.next();
    REQUIRE(placement->replicas(hash, out) == 40);
    CHECK(out[0] == placement->lookup(hash));
    CHECK(std::set<NodeSlot>(out.begin(), out.end()).size() == 40);
  }
}

TEST_CASE("multi-probe: the peak is k / (k - 1), and the least member starves") {
  // Exact shares of rings of different members, so that the keys' own noise is not in it.
  for (const std::uint32_t n : {100U, 1000U}) {
    CAPTURE(n);
    const double k = kProbes;
    const int rings = n == 100 ? 100 : 40;
    double sums[3] = {};
    double squares[3] = {};
    for (int r = 0; r < rings; ++r) {
      const RingMembers members = RingMembers::numbered(n, "ring" + std::to_string(r) + "-");
      const auto share = exact_shares(*MultiProbe(kProbes).place(members.list()), n, k);
      double total = 0;
      double variance = 0;
      for (const double s : share) total += s;
      CHECK(std::abs(total - 1) < 1e-9);
      for (const double s : share) variance += (s * n - 1) * (s * n - 1) / n;
      const double figures[3] = {*std::max_element(share.begin(), share.end()) * n,
                                 *std::min_element(share.begin(), share.end()) * n, variance};
      for (int f = 0; f < 3; ++f) {
        sums[f] += figures[f];
        squares[f] += figures[f] * figures[f];
      }
    }
    const double e = 1 / (k - 1);
    const double ratio = k * e;
    const double expected[3] = {ratio, k / (n + k - 1), ratio * ratio * (1 / (2 * k - 1) - 1 / (k * k))};
    for (int f = 0; f < 3; ++f) {
      CAPTURE(f);
      const double mean = sums[f] / rings;
      const double error = std::sqrt((squares[f] / rings - mean * mean) / (rings - 1));
      // Four standard errors, and what the limit of many members leaves out: about k / n of itself.
      CHECK(std::abs(mean - expected[f]) < 4 * error + expected[f] * k / n * 0.1);
    }
    CHECK(std::abs(sums[0] / rings - 1.05) < 0.02);
    CHECK(std::sqrt(expected[2]) == doctest::Approx(0.156).epsilon(0.01));
  }
}

TEST_CASE("multi-probe: keys fall as the exact shares say") {
  constexpr std::uint32_t kNodes = 100;
  constexpr int kKeys = 100'000;
  const auto placement = MultiProbe(kProbes).place(RingMembers::numbered(kNodes).list());
  const auto share = exact_shares(*placement, kNodes, kProbes);
  for (const bool consecutive : {false, true}) {
    RandomStream random(3, Purpose::kTest);
    std::vector<double> keys(kNodes);
    for (std::uint64_t i = 0; i < kKeys; ++i) keys[raw(placement->lookup(consecutive ? i : random.next()))] += 1;
    double chi = 0;
    for (std::size_t i = 0; i < kNodes; ++i)
      chi += (keys[i] - kKeys * share[i]) * (keys[i] - kKeys * share[i]) / (kKeys * share[i]);
    CHECK(std::abs(chi - 99) < 4 * std::sqrt(2 * 99.0));
  }
}

TEST_CASE("multi-probe: apply gives what place gives, and a change moves only what it must") {
  const MultiProbe ring(kProbes);
  RandomStream random(4, Purpose::kTest);
  RingMembers members = RingMembers::numbered(60);
  auto placement = ring.place(members.list());
  for (int round = 0; round < 60; ++round) {
    const auto before = members.list();
    const std::string name = "node-" + std::to_string(random.below(90));
    const bool leaves = random.below(2) == 0;
    if (leaves) {
      members.remove(name);
    } else {
      members.add(name, 0.5 * static_cast<double>(1 + random.below(4)));  // weights do not count
    }
    const auto next = ring.apply(*placement, test::change_between(before, members.list()), members.list());
    const auto built = ring.place(members.list());
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t hash = random.next();
      const NodeSlot now = next->lookup(hash);
      const NodeSlot old = placement->lookup(hash);
      CHECK(now == built->lookup(hash));
      if (members.name(now) != name && members.name(old) != name) CHECK(now == old);
    }
    placement = next;
  }
  const auto other = Karger(10).place(members.list());
  CHECK(ring.apply(*other, {}, members.list())->lookup(5) == placement->lookup(5));
}

TEST_CASE("multi-probe: the placement is that of the set, whatever the slots and the order of joins") {
  RingMembers forward;
  RingMembers backward;
  for (int i = 0; i < 50; ++i) forward.add("node-" + std::to_string(i));
  for (int i = 50; i-- > 0;) backward.add("node-" + std::to_string(i));
  const auto a = MultiProbe(kProbes).place(forward.list());
  const auto b = MultiProbe(kProbes).place(backward.list());
  RandomStream random(5, Purpose::kTest);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(forward.name(a->lookup(hash)) == backward.name(b->lookup(hash)));
  }
}

TEST_CASE("multi-probe: described for the catalogue") {
  const CatalogueEntry entry = multi_probe_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "multi-probe");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  const RingMembers members = RingMembers::numbered(30);
  const auto placement = ring->place(members.list());
  CHECK(placement->lookup(99) == closest(MultiProbe(21), members.list(), 99, 21));
  CHECK(placement->memory_bytes() < 30 * 64 + 400);
}

}  // namespace
}  // namespace hearsay
