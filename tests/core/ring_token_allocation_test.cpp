#include "core/ring/token_allocation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

#include "core/base/random.hpp"
#include "core/base/wide.hpp"
#include "core/ring/karger.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

using test::RingMembers;

const PointPlacement& circle_of(const Placement& placement) { return dynamic_cast<const PointPlacement&>(placement); }

bool same_tokens(const Placement& a, const Placement& b) {
  const auto& x = circle_of(a);
  const auto& y = circle_of(b);
  bool equal = a.members() == b.members() && x.points() == y.points();
  for (std::size_t i = 0; equal && i < x.points(); ++i) equal = x.end(i) == y.end(i) && x.owner(i) == y.owner(i);
  return equal;
}

using Tokens = std::map<std::uint64_t, NodeSlot>;

Tokens tokens(const Placement& placement) {
  Tokens found;
  for (std::size_t i = 0; i < circle_of(placement).points(); ++i) {
    CHECK(found.emplace(circle_of(placement).end(i), circle_of(placement).owner(i)).second);
  }
  return found;
}

// What each member stores and owns, in means of one; `copies` of everything.
struct Ownership {
  std::map<NodeSlot, double> stored;
  std::map<NodeSlot, double> owned;
  Ownership(const Tokens& circle, std::size_t members, std::size_t replication) {
    const std::size_t copies = std::min(members, replication);
    std::uint64_t before = circle.rbegin()->first;
    for (auto at = circle.begin(); at != circle.end(); ++at) {
      const double length = circle.size() == 1 ? 1 : static_cast<double>(at->first - before) * 0x1p-64;
      before = at->first;
      owned[at->second] += length * static_cast<double>(members);
      std::vector<NodeSlot> walk;
      for (auto next = at; walk.size() < copies;) {
        if (!contains(walk, next->second)) walk.push_back(next->second);
        if (++next == circle.end()) next = circle.begin();
      }
      for (const NodeSlot slot : walk) {
        stored[slot] += length * static_cast<double>(members) / static_cast<double>(copies);
      }
    }
  }
  // In squares of the circle, with equal targets.
  double cost(std::size_t members, std::size_t replication) const {
    const double copies = static_cast<double>(std::min(members, replication));
    const double n = static_cast<double>(members);
    double sum = 0;
    for (const auto& [slot, amount] : stored) sum += std::pow((amount - 1) * copies / n, 2);
    for (const auto& [slot, amount] : owned) sum += std::pow((amount - 1) / n, 2);
    return sum;
  }
  static double variation(const std::map<NodeSlot, double>& of) {
    double sum = 0;
    for (const auto& [slot, amount] : of) sum += (amount - 1) * (amount - 1);
    return std::sqrt(sum / static_cast<double>(of.size()));
  }
};

TEST_CASE("token-allocation: few members of many tokens are placed") {
  // While all store everything, what the others store is not looked at: that took a walk around the circle for each
  // gap.
  RingMembers members;
  for (int i = 0; i < 3; ++i) members.add("n" + std::to_string(i), 1000);
  const auto placement = TokenAllocation(16, 3).place(members.list());
  CHECK(dynamic_cast<const PointPlacement&>(*placement).points() == 3 * TokenAllocation::kMaxTokensPerMember);
}

TEST_CASE("token-allocation: a joiner halves the gap that leaves the least squares") {
  // One token a member, so that a join is one choice. It is the best of the gaps that are considered: never worse than
  // halving the largest one, and no better than the best of all.
  for (const std::uint32_t replication : {1U, 2U, 3U, 5U}) {
    CAPTURE(replication);
    const TokenAllocation ring(1, replication);
    RingMembers members = RingMembers::numbered(1, "first-");
    auto placement = ring.place(members.list());
    for (int join = 1; join < 30; ++join) {
      const Tokens before = tokens(*placement);
      members.add("node-" + std::to_string(join));
      placement = ring.apply(*placement, {}, members.list());
      const Tokens after = tokens(*placement);
      REQUIRE(after.size() == before.size() + 1);
      const NodeSlot joiner{static_cast<std::uint32_t>(join)};
      const auto n = static_cast<std::size_t>(join) + 1;
      double best = std::numeric_limits<double>::infinity();
      double largest = best;
      std::uint64_t longest = 0;
      bool among = false;
      std::uint64_t previous = before.rbegin()->first;
      for (const auto& [end, owner] : before) {
        const std::uint64_t length = end - previous;
        const std::uint64_t middle = previous + (length == 0 ? std::uint64_t{1} << 63 : length / 2);
        previous = end;
        among = among || (after.contains(middle) && after.at(middle) == joiner);
        Tokens tried = before;
        tried[middle] = joiner;
        const double cost = Ownership(tried, n, replication).cost(n, replication);
        best = std::min(best, cost);
        if (length > longest) {
          longest = length;
          largest = cost;
        } else if (length == longest) {
          largest = std::max(largest, cost);
        }
      }
      CHECK(among);
      const double cost = Ownership(after, n, replication).cost(n, replication);
      CHECK(cost >= best - 1e-12);
      CHECK(cost <= largest + 1e-12);
      if (join < 4) CHECK(cost <= best + 1e-12);  // few enough to have been considered all
    }
  }
}

TEST_CASE("token-allocation: what is stored and owned is more even than with random tokens") {
  // The header's figures, with room: 16 tokens, 3 copies.
  for (const std::uint32_t n : {10U, 100U}) {
    CAPTURE(n);
    const RingMembers members = RingMembers::numbered(n);
    const auto placement = TokenAllocation(16, 3).place(members.list());
    const Ownership chosen(tokens(*placement), n, 3);
    const Ownership random(tokens(*Karger(16).place(members.list())), n, 3);
    CHECK(Ownership::variation(chosen.stored) < 0.05);
    CHECK(Ownership::variation(random.stored) > 0.08);
    CHECK(Ownership::variation(chosen.owned) < 0.2);
    for (const auto& [slot, amount] : chosen.stored) {
      CHECK(amount < 1.15);
      CHECK(amount > 0.85);
    }
  }
}

TEST_CASE("token-allocation: up to as many members as copies store everything") {
  for (std::uint32_t n = 1; n <= 3; ++n) {
    const RingMembers members = RingMembers::numbered(n);
    const Ownership all(tokens(*TokenAllocation(16, 3).place(members.list())), n, 3);
    for (const auto& [slot, amount] : all.stored) CHECK(amount == doctest::Approx(1));
  }
  // One alone has its tokens at equal distances.
  const RingMembers one = RingMembers::numbered(1);
  const auto alone = TokenAllocation(16, 3).place(one.list());
  CHECK(circle_of(*alone).points() == 16);
  for (std::size_t i = 1; i < 16; ++i) {
    CHECK(circle_of(*alone).end(i) - circle_of(*alone).end(i - 1) == std::uint64_t{1} << 60);
  }
}

TEST_CASE("token-allocation: a change moves the keys that it must, and the order of changes shows") {
  const TokenAllocation ring(16, 3);
  RandomStream random(5, Purpose::kTest);
  RingMembers members = RingMembers::numbered(20);
  auto placement = ring.place(members.list());
  for (int step = 0; step < 25; ++step) {
    const auto before = tokens(*placement);
    const auto old = placement;
    NodeSlot mover{20 + static_cast<std::uint32_t>(step)};
    const bool join = members.size() < 5 || random.below(2) == 0;
    if (!join) mover = members.list()[random.below(members.size())].slot;
    if (join) {
      members.add("new-" + std::to_string(step));
      mover = std::max_element(members.list().begin(), members.list().end(), [](const auto& a, const auto& b) {
                return a.slot < b.slot;
              })->slot;
    } else {
      members.remove(std::string(members.name(mover)));
    }
    placement = ring.apply(*old, {}, members.list());
    const auto after = tokens(*placement);
    for (const auto& [token, owner] : join ? before : after) CHECK((join ? after : before).at(token) == owner);
    CHECK(after.size() == 16 * members.size());
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t hash = random.next();
      const NodeSlot a = old->lookup(hash);
      const NodeSlot b = placement->lookup(hash);
      const bool right = a == b || (join ? b : a) == mover;
      CHECK(right);
    }
  }
  CHECK(!same_tokens(*placement, *ring.place(members.list())));
  CHECK(!ring.traits().set_pure);
}

TEST_CASE("token-allocation: apply continues a placement as place would, and slots decide nothing") {
  const TokenAllocation ring(8, 3);
  const RingMembers all = RingMembers::numbered(40);
  // place() adds in order of id, so what joins last by id joins last.
  const std::vector<RingMember> some(all.list().begin(), all.list().begin() + 30);
  const auto whole = ring.place(all.list());
  CHECK(same_tokens(*ring.apply(*ring.place(some), {}, all.list()), *whole));
  CHECK(same_tokens(*ring.apply(*whole, {}, all.list()), *whole));
  auto renamed = all.list();
  for (RingMember& m : renamed) m.slot = NodeSlot{100 - raw(m.slot)};
  const auto other = ring.place(renamed);
  for (const auto& [token, owner] : tokens(*whole)) CHECK(raw(tokens(*other).at(token)) == 100 - raw(owner));
  CHECK(same_tokens(*ring.apply(*Karger(8).place(all.list()), {}, all.list()), *whole));
  CHECK(same_tokens(*ring.apply(*TokenAllocation(8, 2).place(some), {}, all.list()), *whole));
  CHECK(same_tokens(*ring.apply(*TokenAllocation(4, 3).place(some), {}, all.list()), *whole));
  // These values are part of every placement.
  const RingMembers three = RingMembers::numbered(3);
  const auto fixed = TokenAllocation(2, 3).place(three.list());
  CHECK(circle_of(*fixed).end(0) == 287658440349758612U);
}

TEST_CASE("token-allocation: lookups and replicas are those of the circle, and nobody has a key of nobody") {
  const TokenAllocation ring(16, 3);
  const RingMembers members = RingMembers::numbered(15);
  const auto placement = ring.place(members.list());
  const Tokens circle = tokens(*placement);
  RandomStream random(9, Purpose::kTest);
  std::vector<std::uint64_t> hashes(200);
  for (std::uint64_t& hash : hashes) hash = random.next();
  std::vector<NodeSlot> batch(hashes.size());
  placement->lookup_batch(hashes, batch);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    auto at = circle.lower_bound(hashes[i]);
    std::vector<NodeSlot> walk;
    while (walk.size() < 15) {
      if (at == circle.end()) at = circle.begin();
      if (!contains(walk, at->second)) walk.push_back(at->second);
      ++at;
    }
    std::vector<NodeSlot> out(17);
    REQUIRE(placement->replicas(hashes[i], out) == 15);
    CHECK(std::equal(walk.begin(), walk.end(), out.begin()));
    CHECK(placement->lookup(hashes[i]) == walk.front());
    CHECK(batch[i] == walk.front());
  }
  const auto nobody = ring.apply(*placement, {}, {});
  CHECK(nobody->lookup(1) == kNoSlot);
  CHECK(same_tokens(*ring.apply(*nobody, {}, members.list()), *placement));
}

TEST_CASE("token-allocation: tokens are in proportion to weights, and bounded") {
  const TokenAllocation ring(16, 3);
  CHECK(ring.tokens_of(1) == 16);
  CHECK(ring.tokens_of(2.5) == 40);
  CHECK(ring.tokens_of(0) == 1);
  CHECK(ring.tokens_of(std::numeric_limits<double>::quiet_NaN()) == 1);
  CHECK(ring.tokens_of(1e300) == TokenAllocation::kMaxTokensPerMember);
  RingMembers members;
  for (int i = 0; i < 24; ++i) members.add("node-" + std::to_string(i), 1 + i % 3);
  const auto share = test::shares(*ring.place(members.list()), 24);
  for (std::size_t i = 0; i < 24; ++i) {
    const double expected = (1 + static_cast<double>(i % 3)) / 48;
    CHECK(share[i] > 0.55 * expected);
    CHECK(share[i] < 1.5 * expected);
  }
  // A full circle gives a joiner one token.
  const TokenAllocation small(16, 3, 40);
  const RingMembers five = RingMembers::numbered(5);
  CHECK(circle_of(*small.place(five.list())).points() == 42);
}

TEST_CASE("token-allocation: described for the catalogue") {
  const CatalogueEntry entry = token_allocation_entry();
  CHECK(entry.name == "token-allocation");
  const auto ring = std::dynamic_pointer_cast<const Ring>(entry.configure()->build());
  REQUIRE(ring != nullptr);
  const RingMembers two = RingMembers::numbered(2);
  CHECK(circle_of(*ring->place(two.list())).points() == 32);
}

}  // namespace
}  // namespace hearsay
