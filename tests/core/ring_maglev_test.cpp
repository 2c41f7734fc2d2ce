#include "core/ring/maglev.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;
using Table = std::vector<std::uint32_t>;

std::vector<NodeSlot> table_of(const Placement& placement) {
  const auto& maglev = dynamic_cast<const MaglevPlacement&>(placement);
  std::vector<NodeSlot> table;
  for (std::size_t cell = 0; cell < maglev.cells(); ++cell) table.push_back(maglev.owner(cell));
  return table;
}

TEST_CASE("maglev: the paper's table") {
  const MaglevMember three[] = {{3, 4}, {0, 2}, {3, 1}};
  CHECK(maglev_table(7, three) == Table{1, 0, 1, 0, 2, 2, 0});
  const MaglevMember two[] = {{3, 4}, {3, 1}};
  CHECK(maglev_table(7, two) == Table{0, 0, 0, 0, 1, 1, 1});
  CHECK(maglev_table(7, {}).empty());
}

// The definition: rounds in which everybody is asked in turn, and earns a turn by its frequency.
Table reference(std::uint32_t size, const std::vector<MaglevMember>& members) {
  constexpr std::uint32_t kFree = 0xffffffff;
  Table table(size, kFree);
  std::vector<std::uint64_t> earned(members.size());
  std::vector<std::uint64_t> looked(members.size());
  for (std::uint32_t filled = 0;;) {
    for (std::uint32_t m = 0; m < members.size(); ++m) {
      earned[m] += members[m].frequency;
      if (earned[m] < MaglevMember::kEveryRound) continue;
      earned[m] -= MaglevMember::kEveryRound;
      std::uint64_t cell = 0;
      do {
        cell = (members[m].offset + looked[m]++ * members[m].skip) % size;
      } while (table[cell] != kFree);
      table[cell] = m;
      if (++filled == size) return table;
    }
  }
}

TEST_CASE("maglev: tables are those of the definition, whatever the weights") {
  RandomStream random(1, Purpose::kTest);
  for (int run = 0; run < 200; ++run) {
    CAPTURE(run);
    const std::uint32_t sizes[] = {2, 3, 7, 101, 1009};
    const std::uint32_t size = sizes[random.below(5)];
    std::vector<MaglevMember> members(1 + random.below(run % 10 == 0 ? 1500 : 20));
    for (MaglevMember& member : members) {
      member.offset = static_cast<std::uint32_t>(random.below(size));
      member.skip = static_cast<std::uint32_t>(1 + random.below(size - 1));
      if (run % 3 == 0) member.frequency = 1 + random.below(MaglevMember::kEveryRound);
      if (run % 3 == 1) member.frequency >>= random.below(12);
    }
    members[random.below(members.size())].frequency = MaglevMember::kEveryRound;
    REQUIRE(maglev_table(size, members) == reference(size, members));
  }
}

TEST_CASE("maglev: of equal weights everybody has equally many cells, or one more") {
  const RingMembers members = RingMembers::numbered(1000);
  const auto placement = Maglev(65537).place(members.list());
  std::vector<int> cells(1000);
  for (const NodeSlot slot : table_of(*placement)) ++cells[raw(slot)];
  CHECK(*std::min_element(cells.begin(), cells.end()) == 65);
  CHECK(*std::max_element(cells.begin(), cells.end()) == 66);
}

TEST_CASE("maglev: shares are proportional to weights") {
  RingMembers members;
  const double weights[] = {0.5, 1, 1, 2, 4, 1.5};
  for (int i = 0; i < 6; ++i) members.add("node-" + std::to_string(i), weights[i]);
  const auto share = test::shares(*Maglev(65537).place(members.list()), 6);
  // A cell more or less, and a round's turns at the end.
  for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(share[i] - weights[i] / 10) < 3.0 / 65537);
}

TEST_CASE("maglev: weights that are none") {
  const double inf = std::numeric_limits<double>::infinity();
  RingMembers members;
  members.add("a", 0);
  members.add("b", -1);
  members.add("c", std::numeric_limits<double>::quiet_NaN());
  const auto even = test::shares(*Maglev(1009).place(members.list()), 3);
  for (const double share : even) CHECK(std::abs(share - 1.0 / 3) < 1e-3);
  members.add("d", inf);
  members.add("e", inf);
  const auto halves = test::shares(*Maglev(1009).place(members.list()), 5);
  CHECK(halves[0] == 0);
  CHECK(std::abs(halves[3] - 0.5) < 1e-3);
}

TEST_CASE("maglev: more members than cells leave some without") {
  const RingMembers members = RingMembers::numbered(50);
  const auto placement = Maglev(7).place(members.list());
  for (std::size_t cell = 0; cell < 7; ++cell) {
    const auto slots = table_of(*placement);
    CHECK(std::count(slots.begin(), slots.end(), slots[cell]) == 1);
  }
  std::vector<NodeSlot> out(50);
  CHECK(placement->replicas(1, out) == 50);
}

// Light members have hardly a cell, so that draws reach them late or never.
TEST_CASE("maglev: all members come as replicas, and fewer are the first of more") {
  for (const double light : {0.5, 1e-3, 1e-6}) {
    CAPTURE(light);
    RingMembers members;
    for (int i = 0; i < 6; ++i) members.add(std::string(1, static_cast<char>('a' + i)), i < 2 ? 1.0 : light);
    const auto placement = Maglev(65537).place(members.list());
    RandomStream random(4, Purpose::kTest);
    std::vector<std::uint64_t> hashes{0, 1, kLastHash, kLastHash - 1};
    for (int i = 0; i < 200; ++i) hashes.push_back(random.next());
    for (const std::uint64_t hash : hashes) {
      std::vector<NodeSlot> all(6);
      REQUIRE(placement->replicas(hash, all) == 6);
      for (std::size_t k = 1; k < 6; ++k) {
        std::vector<NodeSlot> few(k);
        REQUIRE(placement->replicas(hash, few) == k);
        CHECK(std::equal(few.begin(), few.end(), all.begin()));
      }
    }
  }
}

TEST_CASE("maglev: lookups, batches and arcs are the table's") {
  RandomStream random(2, Purpose::kTest);
  for (const std::uint32_t n : {0U, 1U, 5U, 100U}) {
    CAPTURE(n);
    const RingMembers members = RingMembers::numbered(n);
    const auto placement = Maglev(1009).place(members.list());
    const auto table = table_of(*placement);
    std::vector<Arc> arcs;
    REQUIRE(placement->arcs(arcs));
    CHECK(arcs.back().last == kLastHash);
    std::vector<std::uint64_t> hashes{0, 1, kLastHash, kLastHash - 1};
    for (int i = 0; i < 300; ++i) hashes.push_back(random.next());
    for (const Arc& arc : arcs) hashes.insert(hashes.end(), {arc.last, arc.last + 1});
    std::vector<NodeSlot> batch(hashes.size());
    placement->lookup_batch(hashes, batch);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const NodeSlot expected = table[static_cast<std::size_t>((static_cast<Uint128>(hashes[i]) * table.size()) >> 64)];
      REQUIRE(placement->lookup(hashes[i]) == expected);
      REQUIRE(batch[i] == expected);
      const auto arc = std::lower_bound(arcs.begin(), arcs.end(), hashes[i],
                                        [](const Arc& a, std::uint64_t hash) { return a.last < hash; });
      REQUIRE(arc->owner == expected);
    }
  }
}

// 0.60% of the cells with 65,537 of them and a thousand members, 0.32% with 655,373 (our notes).
TEST_CASE("maglev: a member that leaves moves its cells and few others") {
  struct Size {
    std::uint32_t cells;
    int removals;
    double others;
  };
  for (const Size& size : {Size{65'537, 50, 0.0060}, Size{655'373, 8, 0.0032}}) {
    CAPTURE(size.cells);
    const Maglev ring(size.cells);
    const RingMembers all = RingMembers::numbered(1000);
    const auto whole = ring.place(all.list());
    const auto before = table_of(*whole);
    double sum = 0;
    double squares = 0;
    for (int r = 0; r < size.removals; ++r) {
      RingMembers members = RingMembers::numbered(1000);
      const NodeSlot victim{static_cast<std::uint32_t>(17 * r + 3)};
      members.remove(members.name(victim));
      const auto without = ring.place(members.list());
      const auto after = table_of(*without);
      std::size_t others = 0;
      CHECK(std::ranges::find(after, victim) == after.end());
      for (std::size_t cell = 0; cell < size.cells; ++cell) {
        others += before[cell] != victim && before[cell] != after[cell] ? 1U : 0U;
      }
      const double part = static_cast<double>(others) / size.cells;
      sum += part;
      squares += part * part;
    }
    const double mean = sum / size.removals;
    const double variance = (squares / size.removals - mean * mean) * size.removals / (size.removals - 1);
    MESSAGE(size.cells << " cells: " << mean << " +- " << std::sqrt(variance / size.removals));
    // The notes' figure is of one removal, and rounded to 0.005%.
    CHECK(std::abs(mean - size.others) < 4 * std::sqrt(variance + variance / size.removals) + 0.00005);
  }
}

TEST_CASE("maglev: slots of any width, in the narrowest cells that hold them") {
  const RingMembers members = RingMembers::numbered(5);
  std::vector<RingMember> far = members.list();
  const auto near = Maglev(1009).place(far);
  for (const std::uint32_t shift : {65'531U, 65'532U, 1'000'000U}) {
    CAPTURE(shift);
    for (std::size_t m = 0; m < far.size(); ++m) far[m].slot = NodeSlot{raw(members.list()[m].slot) + shift};
    const auto placement = Maglev(1009).place(far);
    const bool narrow = 4 + shift < 65'536;
    CHECK(placement->memory_bytes() - near->memory_bytes() == (narrow ? 0 : 2 * 1009));
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t i = 0; i < 1009; ++i) hashes.push_back(i * (kLastHash / 1009));
    std::vector<NodeSlot> owners(hashes.size());
    placement->lookup_batch(hashes, owners);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const std::uint32_t expected = raw(near->lookup(hashes[i])) + shift;
      REQUIRE(raw(owners[i]) == expected);
      REQUIRE(raw(placement->lookup(hashes[i])) == expected);
    }
  }
}

TEST_CASE("maglev: the placement is that of the set") {
  const RingMembers forward = RingMembers::numbered(30);
  RingMembers backward;
  for (int i = 30; i-- > 0;) backward.add("node-" + std::to_string(i));
  const auto a = Maglev(1009).place(forward.list());
  const auto b = Maglev(1009).apply(*a, {}, backward.list());
  for (std::size_t cell = 0; cell < 1009; ++cell) {
    CHECK(forward.name(table_of(*a)[cell]) == backward.name(table_of(*b)[cell]));
  }
}

TEST_CASE("maglev: replicas are distinct, the owner first") {
  const RingMembers members = RingMembers::numbered(40);
  const auto placement = Maglev(65537).place(members.list());
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t hash = hash64("key" + std::to_string(i));
    std::vector<NodeSlot> out(5);
    REQUIRE(placement->replicas(hash, out) == 5);
    CHECK(out.front() == placement->lookup(hash));
    std::sort(out.begin(), out.end());
    CHECK(std::adjacent_find(out.begin(), out.end()) == out.end());
  }
}

TEST_CASE("maglev: nobody owns an empty ring") {
  const auto placement = Maglev(65537).place({});
  std::vector<NodeSlot> out(2);
  CHECK(placement->lookup(5) == kNoSlot);
  CHECK(placement->replicas(5, out) == 0);
  CHECK(placement->members() == 0);
}

TEST_CASE("maglev: a table's size is a prime") {
  for (const std::int64_t table : {std::int64_t{2}, std::int64_t{65537}, std::int64_t{655373}}) {
    MaglevConfig config;
    config.table = table;
    CHECK(config.check().has_value());
  }
  MaglevConfig config;
  config.table = Maglev::kMaxTable;
  CHECK(config.check().has_value());
  config.table = 65536;
  CHECK(!config.check().has_value());
  config.table = 65537 * 3;
  CHECK(!config.check().has_value());
}

TEST_CASE("maglev: described for the catalogue") {
  const CatalogueEntry entry = maglev_entry();
  CHECK(entry.role == Role::kRing);
  CHECK(entry.name == "maglev");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  CHECK(!ring->traits().minimal_disruption);
  CHECK(table_of(*ring->place(RingMembers::numbered(2).list())).size() == 65537);
}

}  // namespace
}  // namespace hearsay
