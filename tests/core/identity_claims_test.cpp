// Who may change what a process knows of a node: its address, its weight and its zone.
#include <doctest/doctest.h>

#include <string>

#include "core/membership/announce.hpp"
#include "core/membership/swim_messages.hpp"
#include "tests/support/messages.hpp"

namespace hearsay::test {
namespace {

// What one peer says, as the bytes that arrive. Each peer has a directory of its own.
struct Teller {
  World world{0};
  NodeSlot node;

  explicit Teller(const std::string& address, double weight = 1.0, std::uint32_t zone = 0)
      : node(world.directory.intern("subject", address, weight, zone).value()) {}

  std::string alive(Epoch epoch, Incarnation incarnation = 0) {
    auto gossip = world.pool.make<swim::Gossip>();
    gossip->facts.alive.push_back({Identity{node}, epoch, incarnation});
    return world.encoded(*gossip);
  }
  std::string member(Status status, Epoch epoch) {
    auto sync = world.pool.make<swim::Sync>();
    sync->members.push_back({Identity{node}, epoch, 0, status});
    return world.encoded(*sync);
  }
  std::string ping_request() {
    auto request = world.pool.make<swim::PingReq>();
    request->target = {node};
    return world.encoded(*request);
  }
  std::string announced(Epoch epoch) {
    auto announcement = world.pool.make<Announcement>();
    announcement->node = {node};
    announcement->epoch = epoch;
    return world.encoded(*announcement);
  }
};

struct Listener {
  Directory directory{8};
  MessagePool pool;
  MessageTypes types;

  Listener() {
    for (const MessageType* type : {&message_type<swim::Gossip>(), &message_type<swim::Sync>(),
                                    &message_type<swim::PingReq>(), &message_type<Announcement>()}) {
      HEARSAY_CHECK(types.add(*type).has_value());
    }
  }
  DecodeFault hear(const std::string& bytes) { return decode(bytes, directory, pool, types).fault; }
  std::string address() const { return std::string(directory[directory.find("subject")].address); }
};

}  // namespace

TEST_CASE("identity: a newer life or incarnation of a node changes what is known of it, nothing else does") {
  Listener listener;
  CHECK(listener.hear(Teller("one", 2.0, 3).alive(1)) == DecodeFault::kNone);
  CHECK(listener.address() == "one");
  CHECK(listener.hear(Teller("same life").alive(1)) == DecodeFault::kNone);
  CHECK(listener.address() == "one");
  CHECK(listener.hear(Teller("refuted").alive(1, 1)) == DecodeFault::kNone);
  CHECK(listener.address() == "refuted");
  CHECK(listener.hear(Teller("restarted", 4.0, 5).alive(2)) == DecodeFault::kNone);
  CHECK(listener.address() == "restarted");
  CHECK(listener.hear(Teller("late").alive(1, 9)) == DecodeFault::kNone);
  const NodeIdentity subject = listener.directory[listener.directory.find("subject")];
  CHECK(subject.address == "restarted");
  CHECK(subject.weight == 4.0);
  CHECK(subject.zone == 5);
  CHECK(listener.hear(Teller("synced").member(Status::kAlive, 3)) == DecodeFault::kNone);
  CHECK(listener.address() == "synced");
  CHECK(listener.hear(Teller("announced").announced(4)) == DecodeFault::kNone);
  CHECK(listener.address() == "announced");
}

TEST_CASE("identity: a mention introduces a stranger and changes nobody") {
  Listener listener;
  CHECK(listener.hear(Teller("first").ping_request()) == DecodeFault::kNone);
  CHECK(listener.address() == "first");
  CHECK(listener.hear(Teller("second").ping_request()) == DecodeFault::kNone);
  CHECK(listener.address() == "first");
  // Who passes on that somebody died may know no more than the identity of a former life.
  CHECK(listener.hear(Teller("of its former life").member(Status::kDead, 7)) == DecodeFault::kNone);
  CHECK(listener.address() == "first");
  CHECK(listener.hear(Teller("its own word").alive(1)) == DecodeFault::kNone);
  CHECK(listener.address() == "its own word");
}

TEST_CASE("identity: nobody is told who he is") {
  Listener listener;
  const NodeSlot own = listener.directory.intern("subject", "mine", 2.0).value();
  listener.directory.keep_own(own);
  CHECK(listener.hear(Teller("theirs", 9.0).alive(1'000'000, 1'000'000)) == DecodeFault::kNone);
  CHECK(listener.address() == "mine");
  CHECK(listener.directory[own].weight == 2.0);
  CHECK(listener.directory.ring_changes() == 0);
  CHECK(listener.directory.intern("subject", "moved").value() == own);
  CHECK(listener.address() == "moved");
}

TEST_CASE("identity: a frame with a fault changes nobody") {
  Listener listener;
  CHECK(listener.hear(Teller("good").alive(1)) == DecodeFault::kNone);
  Teller teller("bad");
  auto gossip = teller.world.pool.make<swim::Gossip>();
  gossip->facts.alive.push_back({Identity{teller.node}, 5, 0});
  gossip->facts.gone.push_back({NodeId{1}, 1, 0, Status::kAlive, NodeId{}});  // what no life sign may be
  CHECK(listener.hear(teller.world.encoded(*gossip)) == DecodeFault::kMalformed);
  CHECK(listener.address() == "good");
}

TEST_CASE("identity: only a weight or zone that changes counts as a change of the ring") {
  Directory directory(4);
  const NodeSlot node = directory.introduce("a", "here", 2.0, 1).value();
  CHECK(directory.ring_changes() == 0);
  CHECK(directory.adopt(node, {1, 0}, "there", 2.0, 1));
  CHECK(directory.ring_changes() == 0);
  CHECK(directory.adopt(node, {2, 0}, "there", 3.0, 1));
  CHECK(directory.ring_changes() == 1);
  CHECK_FALSE(directory.adopt(node, {2, 0}, "there", 4.0, 1));
  CHECK(directory.adopt(node, {2, 1}, "there", 3.0, 2));
  CHECK(directory.ring_changes() == 2);
  CHECK(directory.intern("a", "", 1.0).has_value());
  CHECK(directory.ring_changes() == 3);
  CHECK(directory.intern("b", "", Directory::kMaxWeight).has_value());
  CHECK(directory.intern("c", "", Directory::kMaxWeight * 1.001).error().code == ErrorCode::kInvalidArgument);
}

}  // namespace hearsay::test
