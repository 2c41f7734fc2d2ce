#include "core/ring/point_placement.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/base/random.hpp"

namespace hearsay {
namespace {

using Ends = std::vector<std::uint64_t>;

// `count` of them, from `first` on, in a stretch of 2^`bits`.
void crowd(Ends& ends, RandomStream& random, std::size_t count, std::uint64_t first, unsigned bits) {
  for (std::size_t i = 0; i < count; ++i) ends.push_back(first + (bits == 0 ? 0 : random.next() >> (64 - bits)));
}

// Point i is owned by slot i.
PointPlacement placement_of(const Ends& ends) {
  RingPoints points;
  points.reserve(ends.size());
  for (std::size_t i = 0; i < ends.size(); ++i) points.add(ends[i], NodeSlot{static_cast<std::uint32_t>(i)});
  return {std::move(points), ends.size()};
}

void check(Ends ends, RandomStream& random) {
  std::sort(ends.begin(), ends.end());
  const PointPlacement placement = placement_of(ends);
  Ends hashes{0, 1, kLastHash - 1, kLastHash};
  for (const std::uint64_t end : ends) hashes.insert(hashes.end(), {end - 1, end, end + 1});
  for (int i = 0; i < 1000; ++i) hashes.push_back(random.next());
  std::vector<NodeSlot> owners(hashes.size());
  placement.lookup_batch(hashes, owners);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const std::uint64_t hash = hashes[i];
    CAPTURE(hash);
    const auto expected = static_cast<std::size_t>(std::lower_bound(ends.begin(), ends.end(), hash) - ends.begin());
    REQUIRE(placement.position(hash) == expected);
    REQUIRE(placement.position(hash, placement.fetch(hash)) == expected);
    const NodeSlot owner = ends.empty() ? kNoSlot : NodeSlot{static_cast<std::uint32_t>(expected % ends.size())};
    REQUIRE(placement.lookup(hash) == owner);
    REQUIRE(owners[i] == owner);
  }
}

TEST_CASE("points: lookups are those of a binary search, of few points and of many") {
  RandomStream random(1, Purpose::kTest);
  for (const std::size_t count : {0U, 1U, 2U, 3U, 4U, 5U, 31U, 32U, 33U, 64U, 65U, 1000U, 5000U}) {
    CAPTURE(count);
    Ends ends;
    crowd(ends, random, count, 0, 64);
    check(ends, random);
  }
}

TEST_CASE("points: and however crowded some stretches are") {
  RandomStream random(2, Purpose::kTest);
  for (int run = 0; run < 40; ++run) {
    CAPTURE(run);
    Ends ends;
    crowd(ends, random, random.below(300), 0, 64);
    for (std::uint64_t stretches = 1 + random.below(3); stretches > 0; --stretches) {
      const auto bits = static_cast<unsigned>(random.below(60));
      const std::uint64_t last_start = kLastHash - (std::uint64_t{1} << bits);
      const std::uint64_t starts[] = {0, last_start, random.below(last_start)};
      crowd(ends, random, 200 + random.below(400), starts[random.below(3)], bits);
    }
    check(ends, random);
  }
}

}  // namespace
}  // namespace hearsay
