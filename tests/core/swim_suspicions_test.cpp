#include "core/membership/swim_suspicions.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "core/base/random.hpp"
#include "core/membership/swim_graveyard.hpp"
#include "core/protocol/private_views.hpp"

namespace hearsay::swim {

TEST_CASE("an accuser counts once, and only while confirmations are needed") {
  Suspicions table;
  REQUIRE(table.start(NodeSlot{1}, NodeSlot{5}, 2, 10) != nullptr);
  const std::uint32_t place = table.find(NodeSlot{1});
  CHECK_FALSE(table.confirm(place, NodeSlot{5}));
  CHECK(table.confirm(place, NodeSlot{6}));
  CHECK_FALSE(table.confirm(place, NodeSlot{6}));
  CHECK(table.confirm(place, NodeSlot{7}));
  CHECK_FALSE(table.confirm(place, NodeSlot{8}));
  CHECK(table[place].confirmations == 2);
  // Where nobody is expected, nobody counts.
  REQUIRE(table.start(NodeSlot{2}, NodeSlot{5}, 0, 10) != nullptr);
  CHECK_FALSE(table.confirm(table.find(NodeSlot{2}), NodeSlot{6}));
}

TEST_CASE("a suspicion's end moves forward with its confirmations") {
  Suspicion s;
  s.expected = 2;
  s.min = 10s;
  s.start = MonoTime(100s);
  CHECK(s.deadline(6) == MonoTime(160s));
  s.confirmations = 1;
  CHECK(s.deadline(6) == MonoTime(128'453ms));
  s.confirmations = 2;
  CHECK(s.deadline(6) == MonoTime(110s));
}

TEST_CASE("no more suspicions than the limit") {
  Suspicions table;
  CHECK(table.start(NodeSlot{1}, NodeSlot{9}, 2, 2) != nullptr);
  CHECK(table.start(NodeSlot{2}, NodeSlot{9}, 2, 2) != nullptr);
  CHECK(table.start(NodeSlot{3}, NodeSlot{9}, 2, 2) == nullptr);
  table.erase(NodeSlot{1});
  CHECK(table.start(NodeSlot{3}, NodeSlot{9}, 2, 2) != nullptr);
  CHECK(table.find(NodeSlot{1}) == Suspicions::kNone);
}

TEST_CASE("suspicions are found whatever was started and erased") {
  Suspicions table;
  std::map<std::uint32_t, Incarnation> expected;
  RandomStream random(2, Purpose::kTest);
  for (Incarnation i = 0; i < 20'000; ++i) {
    const auto subject = static_cast<std::uint32_t>(random.below(700));
    if (expected.contains(subject)) {
      table.erase(NodeSlot{subject});
      expected.erase(subject);
    } else {
      table.start(NodeSlot{subject}, NodeSlot{9}, 2, 1000)->incarnation = i;
      expected[subject] = i;
    }
  }
  REQUIRE(table.size() == expected.size());
  for (std::uint32_t subject = 0; subject < 700; ++subject) {
    const std::uint32_t place = table.find(NodeSlot{subject});
    REQUIRE((place != Suspicions::kNone) == expected.contains(subject));
    if (place != Suspicions::kNone) CHECK(table[place].incarnation == expected[subject]);
  }
}

TEST_CASE("graves of those who came back are cleared away") {
  Directory directory(64);
  for (int i = 0; i < 40; ++i) (void)directory.intern(fmt::format("n{}", i)).value();
  PrivateViews views(directory, 1);
  const View view(views, NodeSlot{0});
  Graveyard graves;
  // One member dies and comes back again and again; another stays dead.
  views.merge(NodeSlot{0}, NodeSlot{2}, {1, 0, Status::kDead});
  graves.add({NodeSlot{2}, {1, 0, Status::kDead}, MonoTime(0s)}, view);
  for (Incarnation i = 0; i < 1000; ++i) {
    views.merge(NodeSlot{0}, NodeSlot{1}, {1, i, Status::kDead});
    graves.add({NodeSlot{1}, {1, i, Status::kDead}, MonoTime(Duration(1s) * (i + 1))}, view);
    REQUIRE(graves.all().size() <= 24);
  }
  CHECK(graves.count_since(MonoTime(996s)) == 5);
  CHECK(graves.newest(0).belief.incarnation == 999);
  graves.clear_empty(view);
  REQUIRE(graves.all().size() == 2);
  CHECK(graves.all()[0].subject == NodeSlot{2});
  CHECK(graves.all()[1].belief.incarnation == 999);
}

}  // namespace hearsay::swim
