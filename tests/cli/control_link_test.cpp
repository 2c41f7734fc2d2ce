// The link between a real run and a node's process: frames, whatever pieces they come in, and its end.
#include "cli/control_link.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "cli/control_messages.hpp"
#include "cli/node_worker.hpp"

namespace hearsay::cli {
namespace {

using Receipt = ControlLink::Receipt;

struct Pair {
  Pair() {
    const auto ends = ControlLink::make_pair();
    REQUIRE(ends.has_value());
    near = std::make_unique<ControlLink>(ends->first);
    far = std::make_unique<ControlLink>(ends->second);
  }
  std::unique_ptr<ControlLink> near, far;
};

TEST_CASE("frames come whole and in order, then the link is empty") {
  Pair pair;
  CHECK(pair.near->send("one"));
  CHECK(pair.near->send(""));
  CHECK(pair.near->send(std::string(70'000, 'x')));
  std::string frame;
  REQUIRE(pair.far->receive(frame) == Receipt::kFrame);
  CHECK(frame == "one");
  REQUIRE(pair.far->receive(frame) == Receipt::kFrame);
  CHECK(frame.empty());
  REQUIRE(pair.far->receive(frame) == Receipt::kFrame);
  CHECK(frame == std::string(70'000, 'x'));
  CHECK(pair.far->receive(frame) == Receipt::kNothing);
}

TEST_CASE("what does not fit at once waits, and goes on with flush") {
  Pair pair;
  const std::string large(ControlLink::kMaxFrame, 'y');
  CHECK(pair.near->send(large));
  CHECK(pair.near->waiting());
  std::string frame;
  Receipt receipt = Receipt::kNothing;
  for (int i = 0; i < 10'000 && receipt == Receipt::kNothing; ++i) {
    receipt = pair.far->receive(frame);
    pair.near->flush();
  }
  REQUIRE(receipt == Receipt::kFrame);
  CHECK(frame == large);
  CHECK_FALSE(pair.near->waiting());
}

TEST_CASE("a link whose other end does not read takes no more than its bound") {
  Pair pair;
  const std::string large(ControlLink::kMaxFrame, 'z');
  std::size_t taken = 0;
  while (taken <= ControlLink::kMaxQueued && pair.near->send(large)) taken += large.size();
  CHECK(taken <= ControlLink::kMaxQueued);
  CHECK(taken > ControlLink::kMaxQueued / 2);
}

TEST_CASE("where what may be refused has no room, an order still has") {
  Pair pair;
  const std::string large(ControlLink::kMaxFrame, 'z');
  while (pair.near->send(large, ControlLink::kMaxRefusable)) {
  }
  CHECK_FALSE(pair.near->send(large, ControlLink::kMaxRefusable));
  CHECK(pair.near->send("an order"));
}

TEST_CASE("the end of one side is seen at the other, after what it said") {
  Pair pair;
  CHECK(pair.near->send("last words"));
  pair.near.reset();
  std::string frame;
  REQUIRE(pair.far->receive(frame) == Receipt::kFrame);
  CHECK(frame == "last words");
  CHECK(pair.far->receive(frame) == Receipt::kClosed);
  CHECK(pair.far->send("nobody hears it"));  // and no signal
  CHECK_FALSE(pair.far->waiting());
}

TEST_CASE("a length that no frame has ends a link") {
  Pair pair;
  const std::string nonsense = "\xff\xff\xff\xff....";
  REQUIRE(::send(pair.near->fd(), nonsense.data(), nonsense.size(), 0) == 8);
  std::string frame;
  CHECK(pair.far->receive(frame) == Receipt::kClosed);
}

TEST_CASE("messages of the link survive it, and bytes that are none are null") {
  ControlCodec codec;
  auto draft = codec.make<control::Report>();
  control::Seen seen;
  seen.at = 17ns;
  seen.kind = ObservationKind::kMemberDead;
  seen.peer = node_id("n7");
  seen.value = 3;
  seen.version = {99, node_id("n1")};
  draft->seen.push_back(seen);
  control::Answered answered;
  answered.id = std::uint64_t{5} << 32;
  answered.result.ok = true;
  answered.result.value = Bytes("v");
  draft->answered.push_back(answered);
  const std::string bytes = codec.pack(std::move(draft));
  ControlCodec other;
  const MessageRef message = other.unpack(bytes);
  REQUIRE(message);
  REQUIRE(is<control::Report>(*message));
  const auto& report = as<control::Report>(*message);
  REQUIRE(report.seen.size() == 1);
  CHECK(report.seen[0].at == 17ns);
  CHECK(report.seen[0].peer == node_id("n7"));
  CHECK(report.seen[0].version == Version{99, node_id("n1")});
  REQUIRE(report.answered.size() == 1);
  CHECK(report.answered[0].id == std::uint64_t{5} << 32);
  CHECK(report.answered[0].result.value.view() == "v");
  CHECK_FALSE(other.unpack("no message"));
  CHECK_FALSE(other.unpack(bytes.substr(0, bytes.size() - 1)));
}

TEST_CASE("the order of a node's process is what its words say") {
  WorkerOrder order;
  order.run = "123";
  order.node = NodeSlot{5};
  order.life = 2;
  order.seed = ~std::uint64_t{0};
  order.file = "a b.toml";
  order.overrides = {"seed=1", "x=y z"};
  const auto read = WorkerOrder::parse(order.words());
  REQUIRE(read.has_value());
  CHECK(read->run == "123");
  CHECK(read->node == NodeSlot{5});
  CHECK(read->life == 2);
  CHECK(read->seed == ~std::uint64_t{0});
  CHECK(read->address.empty());
  CHECK(read->file == "a b.toml");
  CHECK(read->overrides == order.overrides);
  order.address = "tcp://127.0.0.1:1,2";
  CHECK(WorkerOrder::parse(order.words())->address == order.address);
  CHECK_FALSE(WorkerOrder::parse({"node-worker", "1", "x", "1", "1", "-", "f"}).has_value());
  CHECK_FALSE(WorkerOrder::parse({"node-worker"}).has_value());
}

}  // namespace
}  // namespace hearsay::cli
