// SharedViews against PrivateViews: the same calls, the same answers, whatever is shared inside.
#include "sim/world/shared_views.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/base/random.hpp"
#include "core/protocol/private_views.hpp"

namespace hearsay::world {
namespace {

Directory directory_of(std::uint32_t nodes) {
  Directory directory(nodes);
  for (std::uint32_t i = 0; i < nodes; ++i) REQUIRE(directory.intern(fmt::format("n{}", i)));
  return directory;
}

// Both stores, driven by the same calls.
struct Both {
  explicit Both(std::uint32_t nodes)
      : directory(directory_of(nodes)), shared(directory, nodes), privately(directory, nodes) {}

  void check_owner(NodeSlot owner) {
    REQUIRE(shared.members(owner) == privately.members(owner));
    REQUIRE(shared.known(owner) == privately.known(owner));
    REQUIRE(shared.member_hash(owner) == privately.member_hash(owner));
  }
  void check_pair(NodeSlot owner, NodeSlot subject) {
    const MaybeBelief a = shared.get(owner, subject);
    const MaybeBelief b = privately.get(owner, subject);
    REQUIRE(a.known == b.known);
    if (a.known) REQUIRE(a.belief == b.belief);
  }
  void check_everything() {
    for (std::uint32_t i = 0; i < directory.size(); ++i) {
      check_owner(NodeSlot{i});
      for (std::uint32_t j = 0; j < directory.size(); ++j) check_pair(NodeSlot{i}, NodeSlot{j});
    }
  }
  void merge(NodeSlot owner, NodeSlot subject, Belief belief) {
    REQUIRE(shared.merge(owner, subject, belief) == privately.merge(owner, subject, belief));
    check_pair(owner, subject);
    check_owner(owner);
  }

  Directory directory;
  SharedViews shared;
  PrivateViews privately;
};

TEST_CASE("shared views answer as private ones do, over random histories") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    RandomStream random(seed, Purpose::kTest);
    const std::uint32_t nodes = seed % 2 == 0 ? 5 : 40;
    Both both(nodes);
    for (int step = 0; step < 6000; ++step) {
      const NodeSlot owner{static_cast<std::uint32_t>(random.below(nodes))};
      const NodeSlot subject{static_cast<std::uint32_t>(random.below(nodes))};
      switch (random.below(24)) {
        case 0:
          both.shared.clear(owner);
          both.privately.clear(owner);
          break;
        case 1:
        case 2:
          both.shared.forget(owner, subject);
          both.privately.forget(owner, subject);
          both.check_pair(owner, subject);
          break;
        case 3: {
          const Belief belief{1, 0, static_cast<Status>(random.below(2))};
          both.shared.merge_everyone(owner, belief);
          both.privately.merge_everyone(owner, belief);
          break;
        }
        default:
          both.merge(owner, subject,
                     {static_cast<Epoch>(random.below(3)), static_cast<Incarnation>(random.below(3)),
                      static_cast<Status>(random.below(kStatuses))});
      }
      both.check_owner(owner);
      if (step % 500 == 0) both.check_everything();
    }
    both.check_everything();
  }
}

TEST_CASE("a fact that everybody learnt becomes the base") {
  constexpr std::uint32_t kNodes = 130;
  Both both(kNodes);
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    for (std::uint32_t j = 0; j < kNodes; ++j) both.merge(NodeSlot{i}, NodeSlot{j}, {1, 0, Status::kAlive});
  }
  CHECK(both.shared.active_facts() == 0);
  for (std::uint32_t i = 0; i + 1 < kNodes; ++i) both.merge(NodeSlot{i}, NodeSlot{7}, {1, 0, Status::kDead});
  CHECK(both.shared.active_facts() == 1);  // the last node still believes the base
  both.merge(NodeSlot{kNodes - 1}, NodeSlot{7}, {1, 0, Status::kDead});
  CHECK(both.shared.active_facts() == 0);
  both.check_everything();
}

TEST_CASE("a process that ended pins no fact") {
  Both both(3);
  for (std::uint32_t i = 0; i < 3; ++i) both.merge(NodeSlot{i}, NodeSlot{0}, {1, 0, Status::kAlive});
  both.merge(NodeSlot{1}, NodeSlot{0}, {1, 0, Status::kDead});
  both.merge(NodeSlot{2}, NodeSlot{0}, {1, 0, Status::kDead});
  CHECK(both.shared.active_facts() == 1);
  both.shared.clear(NodeSlot{0});
  both.privately.clear(NodeSlot{0});
  CHECK(both.shared.active_facts() == 0);
  both.check_everything();
}

TEST_CASE("knowing everybody the same costs a node four bytes") {
  constexpr std::uint32_t kNodes = 5000;
  const Directory directory = directory_of(kNodes);
  SharedViews views(directory, kNodes);
  for (std::uint32_t i = 0; i < kNodes; ++i) views.merge_everyone(NodeSlot{i}, {0, 0, Status::kAlive});
  CHECK(views.members(NodeSlot{17}) == kNodes);
  CHECK(views.memory_bytes() == kNodes * 4);
}

TEST_CASE("a steady state of a thousand full views is small") {
  constexpr std::uint32_t kNodes = 1000;
  const Directory directory = directory_of(kNodes);
  SharedViews views(directory, kNodes);
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    for (std::uint32_t j = 0; j < kNodes; ++j) views.merge(NodeSlot{i}, NodeSlot{j}, {1, 0, Status::kAlive});
  }
  CHECK(views.memory_bytes() < 500'000);  // dense: 16 MB
}

}  // namespace
}  // namespace hearsay::world
