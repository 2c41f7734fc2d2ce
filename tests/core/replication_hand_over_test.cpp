#include <doctest/doctest.h>

#include "tests/core/replication_cluster.hpp"

namespace hearsay::test {
namespace {

std::string key_of(int i) { return std::string("key").append(std::to_string(i)); }

AntiEntropyConfig copies(std::int64_t n) {
  AntiEntropyConfig config;
  config.params.n = n;
  config.params.r = config.params.w = index_of(n == 1 ? Quorum::kOne : Quorum::kQuorum);
  config.params.read_repair = false;
  return config;
}

void fill(RepairedCluster& cluster, int keys) {
  for (int i = 0; i < keys; ++i)
    CHECK(cluster.put(NodeSlot{0}, key_of(i), std::string("v").append(std::to_string(i)), 1h).ok);
  cluster.loop.run_for(100ms);
}

// Keys whose holders are exactly their replicas.
int in_place(RepairedCluster& cluster, int keys, std::size_t n) {
  int count = 0;
  for (int i = 0; i < keys; ++i) {
    const auto nodes = cluster.replicas(key_of(i), n);
    bool right = cluster.holders(key_of(i)) == nodes.size();
    for (const NodeSlot node : nodes) right = right && cluster.held(node, key_of(i)).live();
    count += right ? 1 : 0;
  }
  return count;
}

RepairedKv& kv_of(RepairedCluster& cluster, NodeSlot node) {
  return *cluster.loop.state<AntiEntropyState>(node, Role::kReplication).kv;
}

}  // namespace

TEST_CASE("a node that joins is given its keys, and those who held them let go") {
  for (const std::int64_t n : {1, 3}) {
    CAPTURE(n);
    RepairedCluster cluster(copies(n), {.nodes = 6, .wire = true}, 5);
    fill(cluster, 120);
    CHECK(in_place(cluster, 120, static_cast<std::size_t>(n)) == 120);
    cluster.loop.start(NodeSlot{5});
    cluster.tell(NodeSlot{5}, Status::kAlive);
    CHECK(in_place(cluster, 120, static_cast<std::size_t>(n)) < 120);
    cluster.loop.run_for(5s);
    CHECK(in_place(cluster, 120, static_cast<std::size_t>(n)) == 120);
    for (int i = 0; i < 120; ++i) CHECK(cluster.get(NodeSlot{2}, key_of(i)).ok);
  }
}

TEST_CASE("without hand-over, keys stay where they are and are missed") {
  AntiEntropyConfig config = copies(1);
  config.hand_over = false;
  RepairedCluster cluster(config, {.nodes = 6}, 5);
  fill(cluster, 120);
  cluster.loop.start(NodeSlot{5});
  cluster.tell(NodeSlot{5}, Status::kAlive);
  cluster.loop.run_for(1min);
  CHECK(in_place(cluster, 120, 1) < 120);
  int missed = 0;
  for (int i = 0; i < 120; ++i) missed += cluster.get(NodeSlot{2}, key_of(i)).ok ? 0 : 1;
  CHECK(missed > 0);
}

TEST_CASE("a node that leaves gives away its keys first") {
  RepairedCluster cluster(copies(1), {.nodes = 5, .wire = true});
  fill(cluster, 120);
  const NodeSlot leaver = cluster.replicas(key_of(0), 1)[0];
  const NodeSlot client{raw(leaver) == 0 ? 1U : 0U};
  const std::size_t had = kv_of(cluster, leaver).replica.store().live();
  CHECK(had > 0);
  cluster.loop.leave(leaver);
  cluster.loop.run_for(1s);
  cluster.loop.crash(leaver, false);
  cluster.tell(leaver, Status::kLeft);
  cluster.loop.run_for(3s);
  for (int i = 0; i < 120; ++i) CHECK(cluster.get(client, key_of(i)).ok);
}

TEST_CASE("when a node dies, its keys get a new third copy") {
  RepairedCluster cluster(copies(3), {.nodes = 6});
  fill(cluster, 120);
  const NodeSlot dead{3};
  cluster.loop.crash(dead, false);
  cluster.tell(dead, Status::kDead);
  cluster.loop.run_for(3s);
  CHECK(in_place(cluster, 120, 3) == 120);
}

TEST_CASE("a node that starts anew with nothing is given what is its own") {
  AntiEntropyConfig config = copies(3);
  config.interval = 1h;  // no round comes to help
  RepairedCluster cluster(config, {.nodes = 6});
  fill(cluster, 60);
  cluster.loop.crash(NodeSlot{3}, false);
  cluster.loop.start(NodeSlot{3});
  cluster.tell(NodeSlot{3}, Status::kAlive, 2);
  cluster.loop.run_for(3s);
  CHECK(in_place(cluster, 60, 3) == 60);
}

TEST_CASE("nothing is dropped before every replica has confirmed it") {
  RepairedCluster cluster(copies(2), {.nodes = 6}, 5);
  fill(cluster, 60);
  cluster.loop.drop = [](NodeSlot from, NodeSlot, const Message& message) {
    return from == NodeSlot{5} && is<RepairWant>(message) && !as<RepairWant>(message).held.empty();
  };
  cluster.loop.start(NodeSlot{5});
  cluster.tell(NodeSlot{5}, Status::kAlive);
  cluster.loop.run_for(20s);
  int of_the_new = 0;
  for (int i = 0; i < 60; ++i) {
    const auto nodes = cluster.replicas(key_of(i), 2);
    if (nodes[0] != NodeSlot{5} && nodes[1] != NodeSlot{5}) continue;
    ++of_the_new;
    CHECK(cluster.holders(key_of(i)) == 3);
  }
  CHECK(of_the_new > 0);
  cluster.heal();
  cluster.loop.run_for(5s);
  CHECK(in_place(cluster, 60, 2) == 60);
}

TEST_CASE("a newer version that arrives during a hand-over is not dropped with the older one") {
  RepairedCluster cluster(copies(1), {.nodes = 6, .latency_min = 50ms, .latency_max = 50ms}, 5);
  fill(cluster, 40);
  cluster.loop.start(NodeSlot{5});
  // The others learn of the new node only later, and go on writing to the former owners.
  for (std::uint32_t i = 1; i < 5; ++i) cluster.tell_one(NodeSlot{i}, NodeSlot{5}, Status::kAlive);
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 40; ++i)
      cluster.loop.request(NodeSlot{0},
                           RepairedCluster::put_of(key_of(i), std::string("w").append(std::to_string(round))));
    cluster.loop.run_for(100ms);
  }
  cluster.tell(NodeSlot{5}, Status::kAlive);
  cluster.loop.run_for(10s);
  for (int i = 0; i < 40; ++i) CHECK(cluster.get(NodeSlot{1}, key_of(i)).value.view() == "w39");
  CHECK(in_place(cluster, 40, 1) == 40);
}

TEST_CASE("a hand-over is paced, and what waits for confirmation is bounded") {
  AntiEntropyConfig config = copies(1);
  config.hand_over_batch = 16;
  config.max_surplus = 5;
  config.interval = 200ms;
  RepairedCluster cluster(config, {.nodes = 2}, 1);
  fill(cluster, 200);
  std::map<std::int64_t, std::size_t> offered;  // entries by instant
  cluster.loop.drop = [&](NodeSlot from, NodeSlot, const Message& message) {
    if (from == NodeSlot{0} && is<RepairDigest>(message) && (as<RepairDigest>(message).flags & kConfirm) != 0) {
      offered[cluster.loop.now().time_since_epoch().count()] += as<RepairDigest>(message).entries.size();
    }
    return false;
  };
  cluster.loop.start(NodeSlot{1});
  cluster.tell(NodeSlot{1}, Status::kAlive);
  std::size_t most = 0;
  const bool done = cluster.loop.run_until(
      [&] {
        most = std::max(most, kv_of(cluster, NodeSlot{0}).hand_over.surplus());
        return in_place(cluster, 200, 1) == 200;
      },
      5min);
  CHECK(done);
  CHECK(most == 5);
  for (const auto& [at, entries] : offered) CHECK(entries <= 16);
  CHECK(offered.size() > 10);
}

TEST_CASE("a write that a stale view put in the wrong place finds its way") {
  AntiEntropyConfig config = copies(1);
  RepairedCluster cluster(config, {.nodes = 6}, 5);
  cluster.loop.start(NodeSlot{5});
  for (std::uint32_t i = 1; i < 5; ++i) cluster.tell_one(NodeSlot{i}, NodeSlot{5}, Status::kAlive);
  cluster.loop.run_for(1s);
  for (int i = 0; i < 60; ++i) CHECK(cluster.put(NodeSlot{0}, key_of(i), "v").ok);  // node 0 does not know node 5
  cluster.tell_one(NodeSlot{0}, NodeSlot{5}, Status::kAlive);
  cluster.loop.run_for(5s);
  CHECK(in_place(cluster, 60, 1) == 60);
}

TEST_CASE("an old value is not handed over into a deletion") {
  RepairedCluster cluster(copies(1), {.nodes = 6}, 5);
  fill(cluster, 60);
  cluster.loop.start(NodeSlot{5});
  std::vector<NodeSlot> everybody;
  cluster.isolate({NodeSlot{5}});
  cluster.tell(NodeSlot{5}, Status::kAlive);
  // The new owner hears of the deletions before it is given the values.
  for (int i = 0; i < 60; ++i) {
    if (cluster.replicas(key_of(i), 1)[0] == NodeSlot{5}) CHECK(cluster.del(NodeSlot{5}, key_of(i)).ok);
  }
  cluster.heal();
  cluster.loop.run_for(10s);
  for (int i = 0; i < 60; ++i) {
    const bool deleted = cluster.replicas(key_of(i), 1)[0] == NodeSlot{5};
    CHECK(cluster.holders(key_of(i)) == (deleted ? 0 : 1));
    CHECK(cluster.get(NodeSlot{1}, key_of(i)).ok != deleted);
  }
}

TEST_CASE("a key with more replicas than a step has digests for is handed over all the same") {
  AntiEntropyConfig config = copies(3);
  config.params.n = 0;  // everybody
  config.interval = 1h;
  const std::uint32_t nodes = HandOver::kMaxOffers + 10;
  RepairedCluster cluster(config, {.nodes = nodes + 1}, nodes);
  for (int i = 0; i < 3; ++i) CHECK(cluster.put(NodeSlot{0}, key_of(i), "v").ok);
  cluster.loop.run_for(100ms);
  cluster.loop.start(NodeSlot{nodes});
  cluster.tell(NodeSlot{nodes}, Status::kAlive);
  cluster.loop.run_for(2s);
  for (int i = 0; i < 3; ++i) CHECK(cluster.held(NodeSlot{nodes}, key_of(i)).live());
}

TEST_CASE("news that never cease do not put a hand-over off") {
  RepairedCluster cluster(copies(1), {.nodes = 6}, 5);
  fill(cluster, 120);
  cluster.loop.start(NodeSlot{5});
  cluster.tell(NodeSlot{5}, Status::kAlive);
  for (Epoch epoch = 2; epoch < 60; ++epoch) {
    cluster.tell(NodeSlot{1}, Status::kAlive, epoch);
    cluster.loop.run_for(45ms);  // the next news come before a batch is due
  }
  CHECK(in_place(cluster, 120, 1) == 120);
}

TEST_CASE("news do not wait for a retry") {
  AntiEntropyConfig config = copies(1);
  config.interval = 1h;
  RepairedCluster cluster(config, {.nodes = 6}, 5);
  fill(cluster, 120);
  // What a node offers gets lost, so that it waits to try again.
  cluster.loop.drop = [](NodeSlot, NodeSlot, const Message& message) { return is<RepairDigest>(message); };
  cluster.loop.start(NodeSlot{5});
  cluster.tell(NodeSlot{5}, Status::kAlive);
  cluster.loop.run_for(5s);
  cluster.heal();
  cluster.tell(NodeSlot{1}, Status::kAlive, 2);
  cluster.loop.run_for(2s);
  for (int i = 0; i < 120; ++i) CHECK(cluster.held(cluster.replicas(key_of(i), 1)[0], key_of(i)).live());
}

TEST_CASE("the arrival after the last that is remembered by name is given its keys too") {
  AntiEntropyConfig config = copies(2);
  config.interval = 1h;
  const std::uint32_t nodes = HandOver::kMaxNews + 2;
  RepairedCluster cluster(config, {.nodes = nodes});
  fill(cluster, 400);
  // As an owner it comes before those who still hold the key.
  const NodeSlot last = cluster.replicas(key_of(0), 2)[0];
  const auto restarted = [&](NodeSlot who) {
    for (std::uint32_t i = 0; i < nodes; ++i) cluster.tell_one(NodeSlot{i}, who, Status::kAlive, 2);
  };
  for (std::uint32_t who = 0; who < nodes; ++who) {
    if (NodeSlot{who} != last) restarted(NodeSlot{who});
  }
  cluster.loop.run_for(5ms);  // so that these are heard first
  cluster.loop.crash(last, false);
  cluster.loop.start(last);
  restarted(last);
  cluster.loop.run_for(5s);
  CHECK(in_place(cluster, 400, 2) == 400);
}

}  // namespace hearsay::test
