#include "core/protocol/view.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/protocol/private_views.hpp"

using namespace hearsay;

namespace {

Directory directory_of(std::uint32_t nodes, std::uint32_t capacity = 1'000'000) {
  Directory directory(capacity);
  for (std::uint32_t i = 0; i < nodes; ++i) REQUIRE(directory.intern(fmt::format("n{}", i)).has_value());
  return directory;
}

Belief random_belief(RandomStream& random) {
  return {static_cast<Epoch>(random.below(3)), static_cast<Incarnation>(random.below(3)),
          static_cast<Status>(random.below(kStatuses))};
}

// What the store says it counts, counted.
void check_counts(const View& view, const Directory& directory) {
  std::uint32_t members = 0;
  std::uint32_t known = 0;
  Hash128 hash;
  view.for_each_known([&](NodeSlot slot, const Belief& belief) {
    ++known;
    if (!is_member(belief.status)) return;
    ++members;
    hash += member_hash_of(directory.id(slot));
  });
  REQUIRE(view.members() == members);
  REQUIRE(view.known() == known);
  REQUIRE(view.member_hash() == hash);
}

}  // namespace

TEST_CASE("beliefs are ordered by epoch, incarnation and status") {
  const std::vector<Belief> ascending{{0, 0, Status::kAlive}, {0, 0, Status::kSuspect}, {0, 0, Status::kDead},
                                      {0, 0, Status::kLeft},  {0, 1, Status::kAlive},   {0, 1, Status::kDead},
                                      {1, 0, Status::kAlive}};
  for (std::size_t i = 1; i < ascending.size(); ++i) CHECK(ascending[i - 1] < ascending[i]);
  CHECK(is_member(Status::kSuspect));
  CHECK_FALSE(is_member(Status::kDead));
}

TEST_CASE("merging keeps the greatest belief, in whatever order they arrive") {
  const Directory directory = directory_of(1);
  RandomStream random(1, Purpose::kTest);
  for (int round = 0; round < 200; ++round) {
    std::vector<Belief> heard(5);
    for (Belief& belief : heard) belief = random_belief(random);
    const Belief greatest = *std::max_element(heard.begin(), heard.end());
    PrivateViews views(directory, 1);
    Belief last{};
    bool first = true;
    for (const Belief& belief : heard) {
      REQUIRE(views.merge(NodeSlot{0}, NodeSlot{0}, belief) == (first || belief > last));
      last = first ? belief : std::max(last, belief);
      first = false;
    }
    REQUIRE(views.get(NodeSlot{0}, NodeSlot{0}).belief == greatest);
  }
}

TEST_CASE("counts and hash are those of the beliefs after any changes") {
  const Directory directory = directory_of(20);
  PrivateViews views(directory, 3);
  RandomStream random(2, Purpose::kTest);
  for (int i = 0; i < 5000; ++i) {
    const NodeSlot owner{static_cast<std::uint32_t>(random.below(3))};
    const NodeSlot subject{static_cast<std::uint32_t>(random.below(20))};
    const std::uint64_t what = random.below(100);
    if (what == 0) {
      views.clear(owner);
    } else if (what < 20) {
      views.forget(owner, subject);
    } else {
      views.merge(owner, subject, random_belief(random));
    }
    for (std::uint32_t o = 0; o < 3; ++o) check_counts(View(views, NodeSlot{o}), directory);
  }
}

TEST_CASE("owners do not see each other's beliefs") {
  const Directory directory = directory_of(2);
  PrivateViews views(directory, 2);
  views.merge(NodeSlot{0}, NodeSlot{1}, {1, 0, Status::kAlive});
  CHECK(View(views, NodeSlot{0}).is_member(NodeSlot{1}));
  CHECK_FALSE(View(views, NodeSlot{1}).get(NodeSlot{1}).known);
  CHECK(View(views, NodeSlot{1}).members() == 0);
}

TEST_CASE("a store with one owner serves whatever slot that owner has") {
  const Directory directory = directory_of(10);
  PrivateViews views(directory, 1);
  CHECK(views.merge(NodeSlot{7}, NodeSlot{3}, {1, 0, Status::kAlive}));
  CHECK(views.members(NodeSlot{7}) == 1);
}

TEST_CASE("views with the same members hash alike, whatever the slots and the incarnations") {
  Directory forth(3);
  Directory back(3);
  for (const char* name : {"a", "b", "c"}) REQUIRE(forth.intern(name).has_value());
  for (const char* name : {"c", "b", "a"}) REQUIRE(back.intern(name).has_value());
  PrivateViews one(forth, 1);
  PrivateViews other(back, 1);
  for (const char* name : {"a", "b", "c"}) {
    one.merge(NodeSlot{0}, forth.find(name), {1, 0, Status::kAlive});
    other.merge(NodeSlot{0}, back.find(name), {1, 5, Status::kSuspect});
  }
  CHECK(one.member_hash(NodeSlot{0}) == other.member_hash(NodeSlot{0}));
  other.merge(NodeSlot{0}, back.find("b"), {1, 5, Status::kDead});
  CHECK_FALSE(one.member_hash(NodeSlot{0}) == other.member_hash(NodeSlot{0}));
}

TEST_CASE("a view grows with the directory") {
  Directory directory = directory_of(2);
  PrivateViews views(directory, 1);
  views.merge(NodeSlot{0}, NodeSlot{1}, {1, 0, Status::kAlive});
  const NodeSlot late = directory.intern("late").value();
  CHECK_FALSE(views.get(NodeSlot{0}, late).known);
  CHECK(views.domain() == 3);
  CHECK(views.merge(NodeSlot{0}, late, {1, 0, Status::kAlive}));
  check_counts(View(views, NodeSlot{0}), directory);
  CHECK(views.members(NodeSlot{0}) == 2);
}

TEST_CASE("an owner that knows nobody costs next to nothing") {
  const Directory directory = directory_of(1000);
  PrivateViews views(directory, 1000);
  const std::size_t before = views.memory_bytes();
  CHECK(before < 1000 * 100);
  views.merge(NodeSlot{5}, NodeSlot{6}, {1, 0, Status::kAlive});
  CHECK(views.memory_bytes() - before < 1000 * 40);
}

TEST_CASE("a random member is any other one, equally likely") {
  // Dense: nearly everybody is a member. Sparse: rejection would take too long.
  for (const std::uint32_t nodes : {12U, 3000U}) {
    CAPTURE(nodes);
    const Directory directory = directory_of(nodes);
    PrivateViews views(directory, 1);
    const View view(views, NodeSlot{0});
    std::vector<std::uint32_t> expected;
    for (std::uint32_t i = 0; i < nodes; i += nodes / 12) expected.push_back(i);
    for (const std::uint32_t i : expected) views.merge(NodeSlot{0}, NodeSlot{i}, {1, 0, Status::kAlive});
    views.merge(NodeSlot{0}, NodeSlot{expected[3]}, {1, 0, Status::kDead});
    const std::size_t others = expected.size() - 2;  // but for the owner and the dead one

    RandomStream random(3, Purpose::kTest);
    Random draw = random.random();
    std::vector<int> hits(nodes);
    constexpr int kDraws = 5000;
    for (int i = 0; i < kDraws; ++i) ++hits[raw(view.random_member(draw))];
    const double mean = static_cast<double>(kDraws) / static_cast<double>(others);
    double chi_square = 0;
    int found = 0;
    for (const std::uint32_t i : expected) {
      if (i == 0 || i == expected[3]) continue;
      chi_square += (hits[i] - mean) * (hits[i] - mean) / mean;
      found += hits[i];
    }
    CHECK(found == kDraws);
    CHECK(chi_square < 29.6);  // 10 to 11 degrees of freedom: exceeded once in a thousand seeds at most
  }
}

TEST_CASE("alone, there is no random member") {
  const Directory directory = directory_of(3);
  PrivateViews views(directory, 1);
  RandomStream random(4, Purpose::kTest);
  Random draw = random.random();
  const View view(views, NodeSlot{0});
  CHECK(view.random_member(draw) == kNoSlot);
  views.merge(NodeSlot{0}, NodeSlot{0}, {1, 0, Status::kAlive});
  CHECK(view.random_member(draw) == kNoSlot);
  views.merge(NodeSlot{0}, NodeSlot{2}, {1, 0, Status::kAlive});
  CHECK(view.random_member(draw) == NodeSlot{2});
}
