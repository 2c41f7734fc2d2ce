// What the tests of rings with buckets share: members that come and go in an order, and how far two orders lead apart.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay::test {

// A placement that follows its members, one change at a time.
struct Following {
  const Ring& ring;
  RingMembers members;
  std::shared_ptr<const Placement> placement;

  Following(const Ring& of, RingMembers from)
      : ring(of), members(std::move(from)), placement(of.place(members.list())) {}
  void add(std::string_view name) {
    const auto before = members.list();
    members.add(name);
    follow(before);
  }
  void remove(std::string_view name) {
    const auto before = members.list();
    members.remove(name);
    follow(before);
  }
  std::string_view owner(std::uint64_t hash) const { return members.name(placement->lookup(hash)); }

 private:
  void follow(const std::vector<RingMember>& before) {
    placement = ring.apply(*placement, change_between(before, members.list()), members.list());
  }
};

// Random numbers 0 to `from` - 1, `count` distinct ones of them.
inline std::vector<std::uint32_t> some_of(std::uint32_t from, std::uint32_t count, RandomStream& random) {
  std::vector<std::uint32_t> all(from);
  for (std::uint32_t i = 0; i < from; ++i) all[i] = i;
  for (std::uint32_t i = 0; i < count; ++i) std::swap(all[i], all[i + random.below(from - i)]);
  all.resize(count);
  return all;
}

// The part of keys that two sets of buckets disagree on after the same of 1000 were removed in two random orders: mean
// and standard error over several such pairs.
template <class Buckets>
std::pair<double, double> disagreement(const Buckets& full, std::uint32_t removed, int pairs, int keys) {
  double sum = 0;
  double squares = 0;
  for (int p = 0; p < pairs; ++p) {
    RandomStream random(static_cast<std::uint64_t>(p), Purpose::kTest, removed);
    const auto gone = some_of(1000, removed, random);
    Buckets a = full;
    Buckets b = full;
    for (const std::uint32_t bucket : gone) a.remove(bucket);
    for (const std::uint32_t i : some_of(removed, removed, random)) b.remove(gone[i]);
    int differ = 0;
    for (int k = 0; k < keys; ++k) {
      const std::uint64_t hash = random.next();
      differ += a.find(hash) != b.find(hash) ? 1 : 0;
    }
    const double part = static_cast<double>(differ) / keys;
    sum += part;
    squares += part * part;
  }
  const double mean = sum / pairs;
  return {mean, std::sqrt((squares / pairs - mean * mean) / (pairs - 1))};
}

// How far counts are from equal ones, in standard deviations of chi-square.
inline double unevenness(const std::vector<double>& counts) {
  double total = 0;
  for (const double n : counts) total += n;
  const double mean = total / static_cast<double>(counts.size());
  double chi = 0;
  for (const double n : counts) chi += (n - mean) * (n - mean) / mean;
  const double freedom = static_cast<double>(counts.size()) - 1;
  return (chi - freedom) / std::sqrt(2 * freedom);
}

// Ninety members come and go: only their keys move, and after each change all shares are even.
inline void check_changes(const Ring& ring) {
  Following at(ring, RingMembers::numbered(60));
  RandomStream random(3, Purpose::kTest);
  for (int round = 0; round < 80; ++round) {
    CAPTURE(round);
    const std::string name = "node-" + std::to_string(random.below(90));
    auto without = at.placement;
    auto with = at.placement;
    // Mostly leaves at first, then mostly joins.
    if (random.below(4) < (round < 40 ? 3U : 1U)) {
      at.remove(name);
      without = at.placement;
    } else {
      at.remove(name);  // a rejoin is no change that keeps the keys
      without = at.placement;
      at.add(name);
      with = at.placement;
    }
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t hash = random.next();
      const NodeSlot there = with->lookup(hash);
      CHECK(at.members.name(without->lookup(hash)) != name);
      if (at.members.name(there) != name) CHECK(without->lookup(hash) == there);
    }
    if (round % 10 != 9) continue;
    std::vector<double> counts(90);
    constexpr int kKeys = 20'000;
    for (int i = 0; i < kKeys; ++i) counts[raw(at.placement->lookup(random.next()))] += 1;
    std::vector<double> there;
    double total = 0;
    for (const RingMember& m : at.members.list()) {
      there.push_back(counts[raw(m.slot)]);
      total += there.back();
    }
    CHECK(std::abs(unevenness(there)) < 4);
    CHECK(total == kKeys);
  }
}

}  // namespace hearsay::test
