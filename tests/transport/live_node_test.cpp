// Nodes as an experiment holds them: opened before they begin, killed, and opened again at the same place.
#include "transport/live_node.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "tests/transport/sockets.hpp"
#include "transport/kv_gossip.hpp"

namespace hearsay::transport::test {
namespace {

std::shared_ptr<const Composition> composition_of(std::int64_t replicas) {
  KvOptions options;
  options.replicas = replicas;
  options.gossip_interval = 20ms;
  options.timeout = 5s;
  auto composition = make_composition(options);
  REQUIRE(composition.has_value());
  return *composition;
}

// Nodes of one process, that share a context.
struct Cluster {
  zmq::context_t context = context_for_test();
  std::shared_ptr<const Composition> composition = composition_of(2);

  // At the same place in every life, as soon as that is free.
  std::unique_ptr<LiveNode> open(const std::string& name, Epoch life) {
    NodeOptions options;
    options.name = name;
    options.context = &context;
    options.links.bind = "inproc://" + name;
    options.epoch = life;
    options.hold = true;
    options.faults = FaultFilterOptions{};
    std::unique_ptr<LiveNode> node;
    std::string why;
    const bool opened = eventually([&] {
      auto tried = LiveNode::open(options, composition);
      if (!tried) why = tried.error().message;
      if (tried) node = std::move(*tried);
      return node != nullptr;
    });
    REQUIRE_MESSAGE(opened, why);
    return node;
  }
};

Request put_of(const std::string& key) {
  Request request;
  request.op = OpKind::kPut;
  request.key = key;
  request.value = Bytes("value");
  return request;
}

TEST_CASE("a node that is held joins nobody until it is told to") {
  Cluster cluster;
  const auto first = cluster.open("first", 1);
  const auto second = cluster.open("second", 1);
  CHECK_FALSE(first->ready());
  first->begin({});
  REQUIRE(first->wait_ready(kDeadline).has_value());
  CHECK(first->members() == 1);
  CHECK_FALSE(second->ready());
  second->begin({first->endpoint()});
  REQUIRE(second->wait_ready(kDeadline).has_value());
  CHECK(eventually([&] { return first->members() == 2 && second->members() == 2; }));
}

TEST_CASE("nobody joins through a node that is held, and who asked is answered when it begins") {
  Cluster cluster;
  const auto held = cluster.open("held", 1);
  const auto joiner = cluster.open("joiner", 1);
  joiner->begin({held->endpoint()});
  REQUIRE(eventually([&] { return held->counted(Counted::kFramesReceived) > 0; }));
  CHECK_FALSE(joiner->wait_ready(50ms).has_value());
  CHECK(held->counted(Counted::kFramesSent) == 0);
  held->begin({});
  REQUIRE(joiner->wait_ready(kDeadline).has_value());
  CHECK(eventually([&] { return held->members() == 2; }));
}

TEST_CASE("a node that was killed and came back to its place is reached again") {
  Cluster cluster;
  const auto first = cluster.open("first", 1);
  auto second = cluster.open("second", 1);
  first->begin({});
  REQUIRE(first->wait_ready(kDeadline).has_value());
  const auto both_hold = [&](const std::string& key) {
    return eventually([&] {
      const auto reply = first->call(put_of(key), kDeadline);
      return reply.has_value() && reply->ok && first->members() == 2;
    });
  };
  const auto join = [&] {
    second->begin({first->endpoint()});
    REQUIRE(second->wait_ready(kDeadline).has_value());
    REQUIRE(eventually([&] { return first->members() == 2; }));
  };
  join();
  REQUIRE(both_hold("before"));

  second.reset();
  SUBCASE("when it says so itself") {}
  SUBCASE("when somebody says so before it is back") { first->forget(node_id("second")); }
  second = cluster.open("second", 2);
  join();
  // Two copies need both: on a connection to the former life nothing would arrive.
  CHECK(both_hold("after"));
}

TEST_CASE("what a cut holds for a node is gone with its process") {
  Cluster cluster;
  const auto first = cluster.open("first", 1);
  const auto second = cluster.open("second", 1);
  first->begin({});
  REQUIRE(first->wait_ready(kDeadline).has_value());
  second->begin({first->endpoint()});
  REQUIRE(eventually([&] { return first->members() == 2; }));
  FaultRule hold;
  hold.event = 3;
  hold.cut = FaultRule::Cut::kHold;
  hold.peers = {node_id("second")};
  REQUIRE(first->set_faults({hold}, {}).has_value());
  FaultTotals totals;
  REQUIRE(eventually([&] {
    totals = {};
    return first->fault_effects(totals)[3].held > 0;
  }));
  CHECK(totals.dropped_forgot == 0);
  first->forget(node_id("second"));
  totals = {};
  (void)first->fault_effects(totals);
  CHECK(totals.dropped_forgot > 0);
}

}  // namespace
}  // namespace hearsay::transport::test
