#include "core/ring/placement_history.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <vector>

#include "core/protocol/private_views.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/memento.hpp"
#include "core/ring/placement_cache.hpp"

namespace hearsay {
namespace {

constexpr std::uint32_t kHistoryMembers = 10;

// Nodes whose views are changed, each change told as a step would.
struct HistoryFixture {
  Directory directory{kHistoryMembers};
  PrivateViews views{directory, 3};
  Memento ring;
  PlacementHistory history{ring, directory};
  Incarnation incarnation = 1;

  HistoryFixture() {
    for (std::uint32_t i = 0; i < kHistoryMembers; ++i) REQUIRE(directory.intern(fmt::format("n{}", i)).has_value());
    for (std::uint32_t owner = 0; owner < 3; ++owner) {
      for (std::uint32_t i = 0; i < kHistoryMembers; ++i)
        views.merge(NodeSlot{owner}, NodeSlot{i}, {1, 0, Status::kAlive});
      history.begin(view(owner));
    }
  }
  View view(std::uint32_t owner) { return {views, NodeSlot{owner}}; }
  // All of it one input.
  void change(std::uint32_t owner, const std::vector<std::uint32_t>& subjects, Status status) {
    std::vector<MemberChange> changes;
    ++incarnation;
    for (const std::uint32_t subject : subjects) {
      const MaybeBelief before = view(owner).get(NodeSlot{subject});
      const Belief after{1, incarnation, status};
      views.merge(NodeSlot{owner}, NodeSlot{subject}, after);
      changes.push_back({NodeSlot{subject}, before, {true, after}});
    }
    history.change(view(owner), changes);
  }
  void dies(std::uint32_t owner, const std::vector<std::uint32_t>& subjects) { change(owner, subjects, Status::kDead); }
  void lives(std::uint32_t owner, const std::vector<std::uint32_t>& subjects) {
    change(owner, subjects, Status::kAlive);
  }
  std::vector<NodeSlot> owners(std::uint32_t owner) {
    std::vector<NodeSlot> all;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      all.push_back(history.placement(view(owner)).lookup(i * 0x9e3779b97f4a7c15U));
    }
    return all;
  }
};

TEST_CASE("placement history: nodes that saw the same share a placement, made once") {
  HistoryFixture f;
  CHECK(f.history.made() == 1);
  for (std::uint32_t owner = 0; owner < 3; ++owner) {
    f.dies(owner, {4});
    f.dies(owner, {7});
  }
  CHECK(f.history.made() == 3);
  CHECK(f.history.own(NodeSlot{0}) == f.history.own(NodeSlot{2}));
  CHECK(&f.history.placement(f.view(1)) == f.history.own(NodeSlot{1}).get());
}

TEST_CASE("placement history: another order is another placement, and a look in between changes nothing") {
  HistoryFixture f;
  f.dies(0, {4});
  f.dies(0, {7});
  f.dies(1, {7});
  (void)f.owners(1);
  f.dies(1, {4});
  CHECK(f.view(0).member_hash() == f.view(1).member_hash());
  CHECK(f.owners(0) != f.owners(1));
  f.dies(2, {7});
  f.dies(2, {4});
  CHECK(f.owners(1) == f.owners(2));
}

TEST_CASE("placement history: what one input brings is one change") {
  HistoryFixture f;
  f.dies(0, {4, 7});
  f.dies(1, {7, 4});
  CHECK(f.history.own(NodeSlot{0}) == f.history.own(NodeSlot{1}));
  // There and back within an input is none, and neither is a suspicion.
  const auto before = f.history.own(NodeSlot{0});
  f.change(0, {3}, Status::kSuspect);
  f.views.merge(NodeSlot{0}, NodeSlot{5}, {1, 100, Status::kDead});
  f.views.merge(NodeSlot{0}, NodeSlot{5}, {1, 101, Status::kAlive});
  const MemberChange dead{NodeSlot{5}, {}, {}};
  const std::vector<MemberChange> twice{dead, dead};
  f.history.change(f.view(0), twice);
  CHECK(f.history.own(NodeSlot{0}) == before);
}

TEST_CASE("placement history: a history that was dropped is made again, and the same") {
  HistoryFixture f;
  f.dies(0, {4});
  f.dies(0, {7});
  for (std::size_t i = 0; i < PlacementHistory::kRecent; ++i) {
    f.dies(2, {8});
    f.lives(2, {8});
  }
  const auto made = f.history.made();
  f.dies(1, {4});
  f.dies(1, {7});
  CHECK(f.history.made() == made + 2);
  CHECK(f.owners(0) == f.owners(1));
}

TEST_CASE("placement history: a node that begins anew has no past") {
  HistoryFixture f;
  f.dies(0, {4});
  f.dies(0, {7});
  f.views.clear(NodeSlot{0});
  f.views.merge(NodeSlot{0}, NodeSlot{0}, {2, 0, Status::kAlive});
  f.history.begin(f.view(0));
  CHECK(f.history.placement(f.view(0)).members() == 1);
  CHECK(f.history.placement(f.view(0)).lookup(1) == NodeSlot{0});
}

TEST_CASE("placement history: only rings that need one have it") {
  Directory directory(1);
  const Karger karger(8);
  const Memento memento;
  CHECK(dynamic_cast<PlacementCache*>(make_placements(karger, directory).get()) != nullptr);
  CHECK(dynamic_cast<PlacementHistory*>(make_placements(memento, directory).get()) != nullptr);
}

}  // namespace
}  // namespace hearsay
