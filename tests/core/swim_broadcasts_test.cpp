#include "core/membership/swim_broadcasts.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

namespace hearsay::swim {
namespace {

struct QueueFixture {
  Directory directory{4096};
  Broadcasts queue;
  std::size_t limit = 64;

  QueueFixture() {
    for (int i = 0; i < 3000; ++i) (void)directory.intern(fmt::format("n{}", i)).value();
  }
  static Update dead(std::uint32_t subject, Incarnation incarnation = 0) {
    return {NodeSlot{subject}, {1, incarnation, Status::kDead}, kNoSlot};
  }
  std::size_t add(const Update& update) {
    return queue.add(update, Broadcasts::encoded_bytes(update, directory), limit);
  }
  // The subjects of the next message, all of them `gone`.
  std::vector<std::uint32_t> next(std::size_t bytes, std::uint32_t retransmit_limit = 8) {
    Facts facts;
    CHECK(queue.fill(facts, directory, bytes, retransmit_limit) <= bytes);
    std::vector<std::uint32_t> subjects;
    for (const GoneFact& fact : facts.gone) subjects.push_back(raw(directory.find(fact.subject)));
    return subjects;
  }
  // Room for this many accusations of the dead.
  std::size_t room_for(std::size_t count) { return count * Broadcasts::encoded_bytes(dead(0), directory); }
};

using Subjects = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("the newest update goes first") {
  QueueFixture f;
  for (std::uint32_t i = 1; i <= 3; ++i) f.add(f.dead(i));
  CHECK(f.next(f.room_for(2)) == Subjects{3, 2});
}

TEST_CASE("what was sent least goes before what was sent more") {
  QueueFixture f;
  for (std::uint32_t i = 1; i <= 3; ++i) f.add(f.dead(i));
  CHECK(f.next(f.room_for(2)) == Subjects{3, 2});
  CHECK(f.next(f.room_for(2)) == Subjects{1, 3});
  f.add(f.dead(4));
  CHECK(f.next(f.room_for(2)) == Subjects{4, 1});
}

TEST_CASE("an update leaves after its last transmit") {
  QueueFixture f;
  f.add(f.dead(1));
  for (int i = 0; i < 3; ++i) CHECK(f.next(1000, 3) == Subjects{1});
  CHECK(f.queue.empty());
  CHECK(f.next(1000, 3).empty());
}

TEST_CASE("a newer update about a member replaces the older and starts again") {
  QueueFixture f;
  f.add(f.dead(1, 5));
  f.add(f.dead(2));
  CHECK(f.next(1000, 2) == Subjects{2, 1});
  f.add(f.dead(1, 6));
  CHECK(f.queue.size() == 2);
  Facts facts;
  f.queue.fill(facts, f.directory, 1000, 2);
  REQUIRE(facts.gone.size() == 2);
  CHECK(facts.gone[0].incarnation == 6);
  // The other one has been sent twice now and is gone.
  CHECK(f.next(1000, 2) == Subjects{1});
  CHECK(f.queue.empty());
}

TEST_CASE("a full queue lets go of what was sent most often, and says so") {
  QueueFixture f;
  f.limit = 3;
  for (std::uint32_t i = 1; i <= 3; ++i) CHECK(f.add(f.dead(i)) == 0);
  CHECK(f.next(f.room_for(1)) == Subjects{3});
  CHECK(f.add(f.dead(4)) == 1);  // 3 has been sent once
  CHECK(f.add(f.dead(5)) == 1);  // 1 is the oldest of those not sent
  CHECK(f.next(1000) == Subjects{5, 4, 2});
  CHECK(f.add(f.dead(2, 1)) == 0);  // replacing needs no room
}

TEST_CASE("a large update does not keep small ones out of what is left") {
  QueueFixture f;
  const Update life{f.directory.intern(std::string(200, 'x')).value(), {1, 0, Status::kAlive}, kNoSlot};
  f.add(f.dead(1));
  f.add(life);
  CHECK(f.next(f.room_for(1)) == Subjects{1});
  CHECK(f.queue.size() == 2);
}

TEST_CASE("a message never carries more facts than a decoder takes") {
  QueueFixture f;
  f.limit = 3000;
  for (std::uint32_t i = 0; i < 3000; ++i) f.add(f.dead(i));
  CHECK(f.next(1'000'000).size() == kMaxElements);
}

TEST_CASE("what is counted is what is packed") {
  QueueFixture f;
  const Update suspect{NodeSlot{7}, {300, 70'000, Status::kSuspect}, NodeSlot{8}};
  const Update alive{NodeSlot{9}, {1, 128, Status::kAlive}, kNoSlot};
  f.add(suspect);
  f.add(alive);
  Facts facts;
  const std::size_t used = f.queue.fill(facts, f.directory, 1000, 8);
  const std::uint32_t before = codec::size_of_struct(Facts{}, f.directory);
  CHECK(codec::size_of_struct(facts, f.directory) - before == used);
}

TEST_CASE("the queue finds its subjects whatever was added and removed") {
  QueueFixture f;
  f.limit = 300;
  std::vector<bool> waiting(1000, false);
  RandomStream random(1, Purpose::kTest);
  std::size_t count = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto subject = static_cast<std::uint32_t>(random.below(1000));
    if (waiting[subject]) {
      f.queue.remove(NodeSlot{subject});
      waiting[subject] = false;
      --count;
    } else if (count < f.limit) {
      CHECK(f.add(f.dead(subject)) == 0);
      waiting[subject] = true;
      ++count;
    }
    REQUIRE(f.queue.size() == count);
  }
  Subjects left = f.next(100'000, 1);
  std::sort(left.begin(), left.end());
  Subjects expected;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    if (waiting[i]) expected.push_back(i);
  }
  CHECK(left == expected);
  CHECK(f.queue.empty());
}

}  // namespace hearsay::swim
