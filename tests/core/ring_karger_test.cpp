#include "core/ring/karger.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

// The definition, as slowly as can be: the nearest point clockwise, the smaller id of equal ones.
struct KargerReference {
  struct Point {
    std::uint64_t at;
    NodeId id;
    NodeSlot slot;
  };
  std::vector<Point> points;

  KargerReference(const Karger& ring, const std::vector<RingMember>& members) {
    for (const RingMember& m : members) {
      for (std::uint32_t i = 0; i < ring.points_of(m.weight); ++i)
        points.push_back({ring.point(m.id, i), m.id, m.slot});
    }
  }
  std::vector<NodeSlot> clockwise(std::uint64_t hash) const {
    auto sorted = points;
    std::sort(sorted.begin(), sorted.end(), [hash](const Point& a, const Point& b) {
      const std::uint64_t da = a.at - hash;  // modulo 2^64: how far clockwise
      const std::uint64_t db = b.at - hash;
      return da != db ? da < db : a.id < b.id;
    });
    std::vector<NodeSlot> owners;
    for (const Point& p : sorted) {
      if (std::find(owners.begin(), owners.end(), p.slot) == owners.end()) owners.push_back(p.slot);
    }
    return owners;
  }
};

const PointPlacement& points_of(const Placement& placement) { return dynamic_cast<const PointPlacement&>(placement); }

bool same(const Placement& a, const Placement& b) {
  const auto& x = points_of(a);
  const auto& y = points_of(b);
  bool equal = a.members() == b.members() && x.points() == y.points();
  for (std::size_t i = 0; equal && i < x.points(); ++i) equal = x.end(i) == y.end(i) && x.owner(i) == y.owner(i);
  return equal;
}

TEST_CASE("karger: lookups, replicas and arcs are those of a linear scan") {
  RandomStream random(7, Purpose::kTest);
  for (const unsigned bits : {64U, 9U}) {  // nine bits: most points are equal to another one
    CAPTURE(bits);
    const Karger ring(20, bits);
    for (const std::uint32_t n : {1U, 2U, 5U, 40U}) {
      CAPTURE(n);
      const RingMembers members = RingMembers::numbered(n);
      const auto placement = ring.place(members.list());
      const KargerReference reference(ring, members.list());
      std::vector<Arc> arcs;
      REQUIRE(placement->arcs(arcs));
      CHECK(arcs.back().last == kLastHash);

      std::vector<std::uint64_t> hashes{0, kLastHash, kLastHash - 1};
      for (int i = 0; i < 40; ++i) hashes.push_back(random.next());
      for (int i = 0; i < 10; ++i) {  // on a point, just before and just after
        const auto& point = reference.points[random.below(reference.points.size())];
        hashes.insert(hashes.end(), {point.at - 1, point.at, point.at + 1});
      }
      std::vector<NodeSlot> batch(hashes.size());
      placement->lookup_batch(hashes, batch);
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        const auto expected = reference.clockwise(hashes[i]);
        CHECK(placement->lookup(hashes[i]) == expected.front());
        CHECK(batch[i] == expected.front());
        const auto arc = std::find_if(arcs.begin(), arcs.end(), [&](const Arc& a) { return a.last >= hashes[i]; });
        CHECK(arc->owner == expected.front());
        for (const std::size_t wanted : {std::size_t{1}, std::size_t{3}, std::size_t{n}, std::size_t{n} + 2}) {
          std::vector<NodeSlot> out(wanted, kNoSlot);
          const std::size_t got = placement->replicas(hashes[i], out);
          REQUIRE(got == std::min(wanted, expected.size()));
          CHECK(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(got), expected.begin()));
        }
      }
    }
  }
}

TEST_CASE("karger: nobody owns an empty ring") {
  const auto placement = Karger(160).place({});
  std::vector<NodeSlot> out(3);
  CHECK(placement->lookup(0) == kNoSlot);
  CHECK(placement->lookup(kLastHash) == kNoSlot);
  CHECK(placement->replicas(123, out) == 0);
  CHECK(placement->members() == 0);
  std::vector<Arc> arcs;
  REQUIRE(placement->arcs(arcs));
  REQUIRE(arcs.size() == 1);
  CHECK(arcs[0].owner == kNoSlot);
}

TEST_CASE("karger: one member owns everything in one arc") {
  const RingMembers one = RingMembers::numbered(1);
  const auto placement = Karger(160).place(one.list());
  std::vector<Arc> arcs;
  REQUIRE(placement->arcs(arcs));
  REQUIRE(arcs.size() == 1);
  CHECK(arcs[0].last == kLastHash);
  CHECK(arcs[0].owner == NodeSlot{0});
}

TEST_CASE("karger: many replicas come in the same order as few") {
  const Karger ring(40);
  const RingMembers members = RingMembers::numbered(300);
  const auto placement = ring.place(members.list());
  std::vector<NodeSlot> few(20);
  std::vector<NodeSlot> many(300);
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t hash = hash64("key" + std::to_string(i));
    REQUIRE(placement->replicas(hash, few) == 20);
    REQUIRE(placement->replicas(hash, many) == 300);
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
    std::sort(many.begin(), many.end());
    CHECK(std::adjacent_find(many.begin(), many.end()) == many.end());
  }
}

TEST_CASE("karger: the placement is that of the set, whatever the slots and the order of joins") {
  const Karger ring(160);
  RingMembers forward;
  RingMembers backward;
  for (int i = 0; i < 50; ++i) forward.add("node-" + std::to_string(i));
  for (int i = 60; i-- > 0;) backward.add("node-" + std::to_string(i));
  for (int i = 50; i < 60; ++i) backward.remove("node-" + std::to_string(i));
  const auto a = ring.place(forward.list());
  const auto b = ring.place(backward.list());
  RandomStream random(1, Purpose::kTest);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t hash = random.next();
    CHECK(forward.name(a->lookup(hash)) == backward.name(b->lookup(hash)));
  }
}

TEST_CASE("karger: apply gives what place gives, over random joins, leaves and weights") {
  for (const unsigned bits : {64U, 10U}) {
    CAPTURE(bits);
    const Karger ring(30, bits);
    RandomStream random(bits, Purpose::kTest);
    RingMembers members = RingMembers::numbered(60);
    auto placement = ring.place(members.list());
    for (int round = 0; round < 80; ++round) {
      const auto before = members.list();
      for (std::uint64_t changes = 1 + random.below(4); changes-- > 0;) {
        const std::string name = "node-" + std::to_string(random.below(90));
        if (random.below(2) == 0) {
          members.remove(name);
        } else {
          members.add(name, 0.25 * static_cast<double>(1 + random.below(12)));
        }
      }
      placement = ring.apply(*placement, test::change_between(before, members.list()), members.list());
      const auto built = ring.place(members.list());
      REQUIRE(same(*placement, *built));
    }
  }
}

TEST_CASE("karger: apply to and from the empty ring") {
  const Karger ring(30);
  const RingMembers members = RingMembers::numbered(5);
  const auto empty = ring.place({});
  const auto full = ring.apply(*empty, {members.list(), {}}, members.list());
  CHECK(same(*full, *ring.place(members.list())));
  CHECK(same(*ring.apply(*full, {{}, members.list()}, {}), *empty));
}

TEST_CASE("karger: a change moves the keys it must move and no other") {
  const Karger ring(160);
  RingMembers members = RingMembers::numbered(100);
  const auto before = ring.place(members.list());
  const NodeSlot victim{17};
  members.remove("node-17");
  const auto without = ring.place(members.list());
  members.add("node-100");
  const auto with = ring.place(members.list());
  RandomStream random(3, Purpose::kTest);
  int left = 0;
  int came = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t hash = random.next();
    const NodeSlot old = before->lookup(hash);
    const NodeSlot now = without->lookup(hash);
    const NodeSlot then = with->lookup(hash);
    if (old != victim) CHECK(now == old);
    if (old == victim) CHECK(now != victim);
    if (then != NodeSlot{100}) CHECK(then == now);
    left += old == victim ? 1 : 0;
    came += then == NodeSlot{100} ? 1 : 0;
  }
  // One in a hundred, give or take four standard errors of a share (8%) and of the sample (7%).
  CHECK(left > 115);
  CHECK(left < 285);
  CHECK(came > 115);
  CHECK(came < 285);
}

TEST_CASE("karger: shares vary as Beta(V, V (N - 1)) says") {
  constexpr std::uint32_t kNodes = 100;
  constexpr int kRings = 30;
  for (const std::uint32_t v : {1U, 10U, 160U}) {
    CAPTURE(v);
    const Karger ring(v);
    double sum = 0;
    double squares = 0;
    for (int r = 0; r < kRings; ++r) {
      const RingMembers members = RingMembers::numbered(kNodes, "ring" + std::to_string(r) + "-");
      double variance = 0;
      for (const double share : test::shares(*ring.place(members.list()), kNodes)) {
        variance += (share * kNodes - 1) * (share * kNodes - 1) / kNodes;
      }
      sum += variance;
      squares += variance * variance;
    }
    const double mean = sum / kRings;
    const double error = std::sqrt((squares / kRings - mean * mean) / (kRings - 1));
    const double expected = (kNodes - 1.0) / (kNodes * static_cast<double>(v) + 1.0);
    CHECK(std::abs(mean - expected) < 4 * error);
    CHECK(error < 0.15 * expected);  // so that the check above means something
  }
}

TEST_CASE("karger: shares are proportional to weights") {
  const Karger ring(2000);
  RingMembers members;
  const double weights[] = {0.5, 1, 1, 2, 4, 1.5};
  double total = 0;
  for (int i = 0; i < 6; ++i) {
    members.add("node-" + std::to_string(i), weights[i]);
    total += weights[i];
  }
  const auto share = test::shares(*ring.place(members.list()), 6);
  for (std::size_t i = 0; i < 6; ++i) {
    const double expected = weights[i] / total;
    const double points = 2000 * weights[i];
    CHECK(std::abs(share[i] - expected) < 4 * expected / std::sqrt(points));
  }
}

TEST_CASE("karger: a weight becomes a bounded number of points") {
  const Karger ring(160);
  CHECK(ring.points_of(1) == 160);
  CHECK(ring.points_of(0.5) == 80);
  CHECK(ring.points_of(1.0 / 160 + 0.004) == 2);
  CHECK(ring.points_of(0) == 1);
  CHECK(ring.points_of(-3) == 1);
  CHECK(ring.points_of(std::numeric_limits<double>::quiet_NaN()) == 1);
  CHECK(ring.points_of(1e300) == Karger::kMaxPointsPerMember);
}

TEST_CASE("karger: points keep their values from version to version") {
  // Two nodes of different versions must agree on the ring.
  const Karger ring(160);
  const NodeId id = node_id("node-0");
  CHECK(ring.point(id, 0) == 10127844431624059637U);
  CHECK(ring.point(id, 1) == 7086691245517807103U);
  CHECK(ring.point(id, 159) == 4052551926173239017U);
}

TEST_CASE("karger: memory is 12 bytes a point and about one of index") {
  const RingMembers members = RingMembers::numbered(1000);
  const auto placement = Karger(160).place(members.list());
  CHECK(placement->memory_bytes() < 160'000 * 13 + 1000 * 16 + 4096);
}

constexpr Karger::Variant kNearest{true, false};

// The definition: points in order of distance around the circle, the one before the key first, the smaller id first.
std::vector<NodeSlot> by_distance(const KargerReference& reference, std::uint64_t hash) {
  auto sorted = reference.points;
  const auto key = [hash](const KargerReference::Point& p) {
    const bool before = hash - p.at <= p.at - hash;
    return std::tuple(before ? hash - p.at : p.at - hash, !before, p.id);
  };
  std::sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::vector<NodeSlot> owners;
  for (const auto& p : sorted) {
    if (!contains(owners, p.slot)) owners.push_back(p.slot);
  }
  return owners;
}

TEST_CASE("karger: by distance, lookups, replicas and arcs are those of a linear scan") {
  RandomStream random(17, Purpose::kTest);
  for (const unsigned bits : {64U, 7U}) {
    CAPTURE(bits);
    const Karger ring(6, bits, Karger::kMaxPoints, kNearest);
    for (const std::uint32_t n : {1U, 2U, 5U, 40U}) {
      for (int set = 0; set < 6; ++set) {  // the arc over the end of the key space belongs to either side
        CAPTURE(n);
        const RingMembers members = RingMembers::numbered(n, "distance-" + std::to_string(set) + "-");
        const auto placement = ring.place(members.list());
        const KargerReference reference(ring, members.list());
        std::vector<Arc> arcs;
        REQUIRE(placement->arcs(arcs));
        CHECK(arcs.back().last == kLastHash);
        std::vector<std::uint64_t> hashes{0, 1, kLastHash, kLastHash - 1};
        for (int i = 0; i < 10; ++i) hashes.push_back(random.next());
        for (int i = 0; i < 6; ++i) {
          const auto& point = reference.points[random.below(reference.points.size())];
          hashes.insert(hashes.end(), {point.at - 1, point.at, point.at + 1});
        }
        for (std::size_t i = 0; i < std::min<std::size_t>(arcs.size(), 8); ++i) {
          hashes.insert(hashes.end(), {arcs[i].last, arcs[i].last + 1});
        }
        std::vector<NodeSlot> batch(hashes.size());
        placement->lookup_batch(hashes, batch);
        for (std::size_t i = 0; i < hashes.size(); ++i) {
          CAPTURE(hashes[i]);
          const auto expected = by_distance(reference, hashes[i]);
          CHECK(placement->lookup(hashes[i]) == expected.front());
          CHECK(batch[i] == expected.front());
          const auto arc = std::find_if(arcs.begin(), arcs.end(), [&](const Arc& a) { return a.last >= hashes[i]; });
          CHECK(arc->owner == expected.front());
          for (const std::size_t wanted : {std::size_t{1}, std::size_t{3}, std::size_t{n} + 2}) {
            std::vector<NodeSlot> out(wanted, kNoSlot);
            out.resize(placement->replicas(hashes[i], out));
            REQUIRE(out.size() == std::min<std::size_t>(wanted, n));
            CHECK(std::equal(out.begin(), out.end(), expected.begin()));
          }
        }
      }
    }
  }
}

TEST_CASE("karger: by distance, a join moves the newcomer's keys alone, and apply is place") {
  const Karger ring(40, 64, Karger::kMaxPoints, kNearest);
  RingMembers members = RingMembers::numbered(30);
  const auto before = ring.place(members.list());
  members.add("newcomer");
  const auto after = ring.apply(*before, {}, members.list());
  const auto next = Karger(40).apply(*before, {}, members.list());  // of another variant: built anew
  CHECK(same(*next, *Karger(40).place(members.list())));
  CHECK(same(*after, *ring.place(members.list())));
  CHECK(same(*ring.apply(*next, {}, members.list()), *after));
  RandomStream random(3, Purpose::kTest);
  int came = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t hash = random.next();
    if (before->lookup(hash) == after->lookup(hash)) continue;
    CHECK(after->lookup(hash) == NodeSlot{30});
    ++came;
  }
  CHECK(came > 60);
  const auto nobody = ring.place({});
  NodeSlot out[2];
  CHECK(nobody->lookup(3) == kNoSlot);
  CHECK(nobody->replicas(3, out) == 0);
}

TEST_CASE("karger: by distance, the variance of shares is what halved gaps say") {
  constexpr std::uint32_t kNodes = 100;
  constexpr int kRings = 60;
  for (const std::uint32_t v : {1U, 10U}) {
    CAPTURE(v);
    const Karger ring(v, 64, Karger::kMaxPoints, kNearest);
    double sum = 0;
    double squares = 0;
    for (int r = 0; r < kRings; ++r) {
      const RingMembers members = RingMembers::numbered(kNodes, "ring" + std::to_string(r) + "-");
      double variance = 0;
      for (const double share : test::shares(*ring.place(members.list()), kNodes)) {
        variance += (share * kNodes - 1) * (share * kNodes - 1) / kNodes;
      }
      sum += variance;
      squares += variance * variance;
    }
    const double mean = sum / kRings;
    const double error = std::sqrt((squares / kRings - mean * mean) / (kRings - 1));
    // A share is the sum of c g over the P = N V gaps g, which are uniform spacings, with c = 0, 1/2 or 1 by how many
    // of a gap's two ends are the node's.
    const double p = kNodes * static_cast<double>(v);
    const double c2 = v / 2.0 * (1 + (v - 1) / (p - 1));
    const double expected = kNodes * kNodes * (c2 / p - (v / p) * (v / p)) / (p + 1);
    CHECK(std::abs(mean - expected) < 4 * error);
    CHECK(expected < 0.56 * (kNodes - 1.0) / (p + 1));
  }
}

TEST_CASE("karger: with zones, replicas are the first of each zone on the walk, and then whoever comes") {
  RandomStream random(8, Purpose::kTest);
  for (const bool nearest : {false, true}) {
    for (const auto& [n, zones] : {std::pair{1U, 1U}, std::pair{12U, 3U}, std::pair{100U, 40U}}) {
      const RingMembers names = RingMembers::numbered(n);
      auto members = names.list();
      std::map<NodeSlot, std::uint32_t> zone;
      for (RingMember& m : members) zone[m.slot] = m.zone = 7 * (raw(m.slot) % zones);
      const Karger plain(20, 64, Karger::kMaxPoints, {nearest, false});
      const Karger ring(20, 64, Karger::kMaxPoints, {nearest, true});
      CHECK(ring.traits().zones);
      CHECK(!plain.traits().zones);
      const auto without = plain.place(members);
      auto fewer = members;
      fewer.erase(fewer.begin());
      for (const auto& placement : {ring.place(members), ring.apply(*ring.place(fewer), {}, members)}) {
        for (int i = 0; i < 20; ++i) {
          const std::uint64_t hash = random.next();
          std::vector<NodeSlot> walk(n);
          REQUIRE(without->replicas(hash, walk) == n);
          std::vector<NodeSlot> expected;
          std::vector<std::uint32_t> met;
          for (const NodeSlot slot : walk) {
            if (std::find(met.begin(), met.end(), zone[slot]) != met.end()) continue;
            met.push_back(zone[slot]);
            expected.push_back(slot);
          }
          for (const NodeSlot slot : walk) {
            if (!contains(expected, slot)) expected.push_back(slot);
          }
          CHECK(placement->lookup(hash) == expected.front());
          for (const std::size_t wanted : {std::size_t{1}, std::size_t{3}, std::size_t{n}, std::size_t{n} + 1}) {
            std::vector<NodeSlot> out(wanted);
            out.resize(placement->replicas(hash, out));
            REQUIRE(out.size() == std::min<std::size_t>(wanted, n));
            CHECK(std::equal(out.begin(), out.end(), expected.begin()));
          }
        }
      }
    }
  }
}

TEST_CASE("karger: what theory says is of the points that members get") {
  CHECK(Karger(160, 64, 4000).theory(100).share_cv == Karger(40).theory(100).share_cv);
  CHECK(Karger(160, 64, 4000).theory(25).share_cv == Karger(160).theory(25).share_cv);
  CHECK(Karger(160, 64, 4000).theory(10'000).share_cv == Karger(1).theory(10'000).share_cv);
}

TEST_CASE("karger: described for the catalogue") {
  const CatalogueEntry entry = karger_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "karger");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(ring->hash_key("key") == hash64("key"));
  const RingMembers one = RingMembers::numbered(1);
  CHECK(points_of(*ring->place(one.list())).points() == 160);
}

TEST_CASE("karger: too many points are halved, at a few numbers of members only") {
  const Karger ring(160, 64, 1024);
  std::size_t moves = 0;
  RingMembers members;
  auto placement = ring.place(members.list());
  for (int n = 1; n <= 40; ++n) {
    const RingMembers before = RingMembers::numbered(static_cast<std::uint32_t>(n - 1));
    members = RingMembers::numbered(static_cast<std::uint32_t>(n));
    const auto next = ring.apply(*placement, test::change_between(before.list(), members.list()), members.list());
    const auto& points = dynamic_cast<const KargerPlacement&>(*next);
    CHECK(points.points() <= 1024);
    CHECK(points.points() % static_cast<std::size_t>(n) == 0);
    const auto each = points.points() / static_cast<std::size_t>(n);
    CHECK((each == 160 || each == 80 || each == 40 || each == 20));
    if (n > 1 && each != dynamic_cast<const KargerPlacement&>(*placement).points() / static_cast<std::size_t>(n - 1)) {
      ++moves;
    }
    placement = next;
  }
  CHECK(moves == 3);
  // One point each is the least, whatever was allowed.
  const auto many = Karger(160, 64, 8).place(members.list());
  CHECK(dynamic_cast<const KargerPlacement&>(*many).points() == 40);
}

}  // namespace
}  // namespace hearsay
