#include "core/ring/slots.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>

#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

const SlotsPlacement& table(const Placement& placement) { return dynamic_cast<const SlotsPlacement&>(placement); }

std::vector<std::uint32_t> counts(const RingMembers& members, const Placement& placement) {
  std::map<NodeSlot, std::uint32_t> of;
  for (const NodeSlot slot : table(placement).owners()) ++of[slot];
  std::vector<std::uint32_t> list;
  for (const RingMember& m : members.list()) list.push_back(of[m.slot]);
  return list;
}

std::vector<SlotsPlacement::Member> plain(const RingMembers& members) {
  std::vector<SlotsPlacement::Member> list;
  for (const RingMember& m : members.list()) list.push_back({m.id, m.weight, m.slot});
  return list;
}

// Webster's method as it is told: seat by seat to the greatest w / (2k - 1).
std::vector<std::uint32_t> webster(std::uint32_t seats, const RingMembers& members) {
  std::vector<std::uint32_t> count(members.size());
  for (; seats > 0; --seats) {
    std::size_t best = 0;
    const auto claim = [&](std::size_t i) { return members.list()[i].weight / (2.0 * count[i] + 1); };
    for (std::size_t i = 1; i < members.size(); ++i) {
      if (claim(i) > claim(best)) best = i;
    }
    ++count[best];
  }
  return count;
}

TEST_CASE("slots: counts are those of Webster's method") {
  RandomStream random(1, Purpose::kTest);
  for (int round = 0; round < 60; ++round) {
    RingMembers members;
    const auto n = 1 + random.below(30);
    for (std::uint64_t i = 0; i < n; ++i) {
      members.add("member-" + std::to_string(random.next()),
                  round % 3 == 0 ? 1.0 : static_cast<double>(1 + random.below(40)));
    }
    for (const std::uint32_t q : {1U, 7U, 64U, 1000U}) {
      CHECK(Slots::counts(q, plain(members)) == webster(q, members));
      CHECK(counts(members, *Slots(q, Slots::Index::kNames).place(members.list())) == webster(q, members));
    }
  }
}

// The rule of the header, without a heap or a list of who is open.
std::vector<NodeSlot> dealt(std::uint32_t q, const RingMembers& members) {
  std::vector<std::uint32_t> room = webster(q, members);
  std::vector<NodeSlot> owners(q, kNoSlot);
  for (bool done = false; !done;) {
    done = true;
    std::map<std::size_t, std::vector<std::pair<std::uint64_t, std::uint32_t>>> asked;
    for (std::uint32_t p = 0; p < q; ++p) {
      if (owners[p] != kNoSlot) continue;
      std::size_t best = members.size();
      for (std::size_t m = 0; m < members.size(); ++m) {
        if (room[m] == 0) continue;
        if (best == members.size() ||
            Slots::score(members.list()[m].id, p) > Slots::score(members.list()[best].id, p)) {
          best = m;
        }
      }
      asked[best].emplace_back(Slots::score(members.list()[best].id, p), p);
    }
    for (auto& [m, bids] : asked) {
      std::sort(bids.rbegin(), bids.rend());
      for (const auto& [score, p] : bids) {
        if (room[m] == 0) {
          done = false;
          break;
        }
        --room[m];
        owners[p] = members.list()[m].slot;
      }
    }
  }
  return owners;
}

TEST_CASE("slots: lookups, replicas and arcs are those of a slow reading of the rule") {
  RandomStream random(2, Purpose::kTest);
  for (const std::uint32_t n : {1U, 2U, 5U, 40U}) {
    for (const std::uint32_t q : {1U, 3U, 17U, 256U}) {
      CAPTURE(n);
      CAPTURE(q);
      const RingMembers members = RingMembers::numbered(n);
      const auto placement = Slots(q, Slots::Index::kNames).place(members.list());
      const auto expected = dealt(q, members);
      CHECK(std::equal(expected.begin(), expected.end(), table(*placement).owners().begin()));
      std::vector<Arc> arcs;
      REQUIRE(placement->arcs(arcs));
      CHECK(arcs.back().last == kLastHash);
      std::vector<std::uint64_t> hashes{0, kLastHash};
      for (int i = 0; i < 30; ++i) hashes.push_back(random.next());
      for (const Arc& arc : arcs) hashes.insert(hashes.end(), {arc.last, arc.last + 1});
      std::vector<NodeSlot> batch(hashes.size());
      placement->lookup_batch(hashes, batch);
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        const auto p = static_cast<std::size_t>(static_cast<Uint128>(hashes[i]) * q >> 64);
        CHECK(placement->lookup(hashes[i]) == expected[p]);
        CHECK(batch[i] == expected[p]);
        CHECK(std::find_if(arcs.begin(), arcs.end(), [&](const Arc& a) { return a.last >= hashes[i]; })->owner ==
              expected[p]);
        std::vector<NodeSlot> walk;
        for (std::size_t k = 0; k < q; ++k) {
          if (!contains(walk, expected[(p + k) % q])) walk.push_back(expected[(p + k) % q]);
        }
        for (const RingMember& m : members.list()) {
          if (!contains(walk, m.slot)) walk.push_back(m.slot);
        }
        for (const std::size_t wanted : {std::size_t{1}, std::size_t{3}, std::size_t{n}, std::size_t{n} + 2}) {
          std::vector<NodeSlot> out(wanted);
          out.resize(placement->replicas(hashes[i], out));
          REQUIRE(out.size() == std::min<std::size_t>(wanted, n));
          CHECK(std::equal(out.begin(), out.end(), walk.begin()));
        }
      }
    }
  }
}

TEST_CASE("slots: nobody owns partitions of nobody") {
  for (const Slots::Index index : {Slots::Index::kNames, Slots::Index::kHistory}) {
    const Slots ring(16, index);
    RingMembers members = RingMembers::numbered(1);
    const auto one = ring.place(members.list());
    const RingMembers none;
    for (const auto& placement : {ring.place({}), ring.apply(*one, {}, none.list())}) {
      std::vector<NodeSlot> out(2);
      CHECK(placement->lookup(0) == kNoSlot);
      CHECK(placement->lookup(kLastHash) == kNoSlot);
      CHECK(placement->replicas(9, out) == 0);
      std::vector<Arc> arcs;
      REQUIRE(placement->arcs(arcs));
      CHECK(arcs.size() == 1);
      CHECK(ring.apply(*placement, {}, members.list())->lookup(77) == NodeSlot{0});
    }
  }
}

TEST_CASE("slots: by names the placement is that of the set") {
  const Slots ring(256, Slots::Index::kNames);
  RingMembers forward;
  RingMembers backward;
  for (int i = 0; i < 30; ++i) forward.add("node-" + std::to_string(i), 1 + i % 3);
  for (int i = 40; i-- > 0;) backward.add("node-" + std::to_string(i), 1 + i % 3);
  const auto wider = ring.place(backward.list());
  for (int i = 30; i < 40; ++i) backward.remove("node-" + std::to_string(i));
  const auto a = ring.place(forward.list());
  const auto b = ring.apply(*wider, {}, backward.list());
  for (std::size_t p = 0; p < 256; ++p) {
    CHECK(forward.name(table(*a).owners()[p]) == backward.name(table(*b).owners()[p]));
  }
}

std::size_t moved(const Placement& a, const Placement& b) {
  std::size_t count = 0;
  for (std::size_t p = 0; p < table(a).owners().size(); ++p) count += table(a).owners()[p] != table(b).owners()[p];
  return count;
}

TEST_CASE("slots: by names a join moves few more than it must") {
  // What the header says of 3, 10 and 50 members, with room for chance.
  for (const auto& [n, most] : {std::pair{3U, 1.25}, std::pair{10U, 1.6}, std::pair{50U, 3.2}}) {
    CAPTURE(n);
    const Slots ring(1024, Slots::Index::kNames);
    double times = 0;
    for (int round = 0; round < 8; ++round) {
      RingMembers members = RingMembers::numbered(n, std::to_string(round) + "-");
      const auto before = ring.place(members.list());
      members.add("newcomer");
      times += static_cast<double>(moved(*before, *ring.place(members.list()))) / (1024.0 / (n + 1)) / 8;
    }
    CHECK(times >= 0.99);
    CHECK(times < most);
  }
}

TEST_CASE("slots: by history a change moves what it must, from all and to all, and stays even") {
  RandomStream random(4, Purpose::kTest);
  const Slots ring(512, Slots::Index::kHistory);
  for (const bool weighted : {false, true}) {
    RingMembers members;
    auto placement = ring.place(members.list());
    int next = 0;
    for (int step = 0; step < 150; ++step) {
      const bool join = members.size() < 2 || random.below(5) < 3;
      const auto before = placement;
      const auto was = members.list();
      NodeSlot mover{};
      if (join) {
        const std::string name = "node-" + std::to_string(next++);
        members.add(name, weighted ? static_cast<double>(1 + random.below(5)) : 1.0);
        mover = NodeSlot{static_cast<std::uint32_t>(next - 1)};
      } else {
        const RingMember gone = members.list()[random.below(members.size())];
        mover = gone.slot;
        members.remove(std::string(gone.name));
      }
      placement = ring.apply(*before, test::change_between(was, members.list()), members.list());
      CHECK(placement->members() == members.size());
      for (std::size_t p = 0; p < 512; ++p) {
        const NodeSlot a = table(*before).owners()[p];
        const NodeSlot b = table(*placement).owners()[p];
        const bool right = a == b ? join || a != mover : (join ? b : a) == mover;
        CHECK(right);
      }
      // The counts are those of the set, however it came to be: so no fewer could have moved.
      CHECK(counts(members, *placement) == webster(512, members));
    }
  }
}

TEST_CASE("slots: by history the order of changes shows") {
  const Slots ring(64, Slots::Index::kHistory);
  RingMembers members = RingMembers::numbered(5);
  auto placement = ring.place(members.list());
  members.add("x");
  placement = ring.apply(*placement, {}, members.list());
  CHECK(moved(*placement, *ring.place(members.list())) > 0);
  CHECK(!ring.traits().set_pure);
  CHECK(ring.traits().minimal_disruption);
  // A former placement of another number of partitions is none.
  const auto other = Slots(32, Slots::Index::kHistory).place(members.list());
  CHECK(moved(*ring.apply(*other, {}, members.list()), *ring.place(members.list())) == 0);
}

TEST_CASE("slots: weights count, and no weight breaks anything") {
  RingMembers members;
  const double weights[] = {1, 2, 3, 4, 0, -1, std::numeric_limits<double>::quiet_NaN(), 1e300};
  for (int i = 0; i < 8; ++i) members.add("node-" + std::to_string(i), weights[i]);
  const auto all = Slots(1000, Slots::Index::kNames).place(members.list());
  const auto share = test::shares(*all, 8);
  CHECK(share[7] > 0.99);
  for (int i = 4; i < 8; ++i) members.remove("node-" + std::to_string(i));
  const auto four = test::shares(*Slots(1000, Slots::Index::kNames).place(members.list()), 8);
  for (std::size_t i = 0; i < 4; ++i) CHECK(four[i] == doctest::Approx(weights[i] / 10).epsilon(1e-9));
}

TEST_CASE("slots: described for the catalogue") {
  const CatalogueEntry entry = slots_entry();
  CHECK(entry.name == "slots");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  const RingMembers one = RingMembers::numbered(1);
  CHECK(table(*ring->place(one.list())).owners().size() == 1024);
  CHECK(ring->traits().set_pure);
  CHECK(ring->place(one.list())->memory_bytes() < 1024 * 4 + 200);
}

}  // namespace
}  // namespace hearsay
