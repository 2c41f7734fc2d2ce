#include <doctest/doctest.h>

#include "tests/core/replication_cluster.hpp"

namespace hearsay::test {
namespace {

NoneConfig written_everywhere() {
  NoneConfig config;
  config.params.r = index_of(Quorum::kQuorum);
  config.params.w = index_of(Quorum::kAll);
  return config;
}

}  // namespace

TEST_CASE("what is left of a TTL falls along the hops and is never too little") {
  NoneCluster cluster(written_everywhere(), {.nodes = 7, .latency_min = 40ms, .latency_max = 40ms, .wire = true});
  const TrueTime invoked = cluster.loop.now();
  CHECK(cluster.put(cluster.outsider("key", 3), "key", "v", 10s).ok);
  Duration before = 10s;
  for (int i = 0; i < 20; ++i) {
    cluster.loop.run_for(150ms);
    const Reply read = cluster.get(NodeSlot{static_cast<std::uint32_t>(i % 7)}, "key");
    REQUIRE(read.ok);
    const Duration elapsed = cluster.loop.now() - invoked;
    CHECK(read.ttl_left >= 10s - elapsed);
    CHECK(read.ttl_left <= 10s - elapsed + 2 * 40ms);  // the copy's way and the answer's
    CHECK(read.ttl_left < before);
    before = read.ttl_left;
  }
}

TEST_CASE("a value ends no earlier than its TTL and no later than a hop's transit beyond it") {
  for (const Duration ttl : {1ms, 999ms, 1000ms, 30'000ms}) {
    CAPTURE(ttl.count());
    NoneCluster cluster(written_everywhere(), {.nodes = 5, .latency_min = 20ms, .latency_max = 20ms});
    const NodeSlot client = cluster.replicas("key", 3)[0];
    const auto warm = cluster.put(client, "key", "v");  // hands out tickets
    REQUIRE(warm.ok);
    const TrueTime invoked = cluster.loop.now();
    CHECK(cluster.put(client, "key", "v", ttl).ok);
    const auto at = [&](TrueTime when, NodeSlot node) {
      if (when > cluster.loop.now()) cluster.loop.run_for(when - cluster.loop.now());
      return cluster.held(node, "key").live();
    };
    const auto nodes = cluster.replicas("key", 3);
    if (ttl > 100ms) {
      CHECK(at(invoked + ttl - 1ns, client));
      CHECK_FALSE(at(invoked + ttl, client));
      CHECK(at(invoked + ttl + 20ms - 1ns, nodes[1]));
    }
    CHECK_FALSE(at(invoked + ttl + 20ms, nodes[1]));
    CHECK_FALSE(at(invoked + ttl + 20ms, nodes[2]));
    CHECK(cluster.get(client, "key").error == ErrorCode::kNotFound);
  }
}

TEST_CASE("a value that ends while a read waits for its quorum is not returned") {
  NoneCluster cluster(written_everywhere(), {.nodes = 5, .latency_min = 20ms, .latency_max = 20ms});
  const NodeSlot client = cluster.replicas("key", 3)[0];
  REQUIRE(cluster.put(client, "key", "v").ok);  // hands out tickets
  const TrueTime invoked = cluster.loop.now();
  REQUIRE(cluster.put(client, "key", "v", 1s).ok);
  // An answer takes 40 ms.
  cluster.loop.run_for(invoked + 940ms - cluster.loop.now());
  CHECK(cluster.get(client, "key").ok);
  cluster.loop.run_for(invoked + 990ms - cluster.loop.now());
  REQUIRE(cluster.held(client, "key").live());
  CHECK(cluster.get(client, "key").error == ErrorCode::kNotFound);
}

TEST_CASE("a TTL that ends on the way to a ticket does not become for ever") {
  NoneCluster cluster(written_everywhere(), {.nodes = 5, .latency_min = 50ms, .latency_max = 50ms});
  const NodeSlot client = cluster.outsider("key", 3);
  CHECK(cluster.put(client, "key", "v", 10ms).ok);
  CHECK(cluster.loop.counters("kv.Greet").sent == 3);
  CHECK(cluster.holders("key") == 0);
  CHECK(cluster.get(client, "key").error == ErrorCode::kNotFound);
}

TEST_CASE("a ticket is asked for once, and answers bring the next ones") {
  NoneCluster cluster(written_everywhere(), {.nodes = 5});
  const NodeSlot client = cluster.outsider("key", 3);
  for (int i = 0; i < 10; ++i) CHECK(cluster.put(client, "key", "v", 1h).ok);
  CHECK(cluster.loop.counters("kv.Greet").sent == 3);
  cluster.loop.run_for(PeerTable::kMaxHeld + 1s);  // too old to measure by
  CHECK(cluster.put(client, "key", "v", 1h).ok);
  CHECK(cluster.loop.counters("kv.Greet").sent == 6);
  for (int i = 0; i < 10; ++i) CHECK(cluster.put(client, "other", "v").ok);  // nothing ages: no ticket
  CHECK(cluster.loop.counters("kv.Greet").sent == 6);
}

TEST_CASE("a copy that was held up is refused, and would overstay without the window") {
  for (const bool window : {true, false}) {
    CAPTURE(window);
    NoneConfig config = written_everywhere();
    config.params.w = index_of(Quorum::kQuorum);
    if (!window) config.params.copy_window = 0s;
    NoneCluster cluster(config, {.nodes = 5});
    const NodeSlot client = cluster.outsider("key", 3);
    const NodeSlot late = cluster.replicas("key", 3)[2];
    CHECK(cluster.put(client, "key", "old", 1min).ok);
    std::vector<MessageRef> held_up;
    cluster.loop.drop = [&](NodeSlot, NodeSlot to, const Message& message) {
      if (to != late || !is<KvStore>(message)) return false;
      held_up.emplace_back(&message);
      return true;
    };
    CHECK(cluster.put(client, "key", "new", 5s).ok);
    REQUIRE(held_up.size() == 1);
    cluster.heal();
    cluster.loop.run_for(4s);
    for (const MessageRef& message : held_up) cluster.loop.inject(client, late, message);
    held_up.clear();
    cluster.loop.run_for(2s);  // one second after the value's time was up
    CHECK(cluster.held(late, "key").value.view() == (window ? "old" : "new"));
  }
}

TEST_CASE("a ticket of a former life is worth nothing") {
  NoneCluster cluster(written_everywhere(), {.nodes = 5});
  const NodeSlot client = cluster.outsider("key", 3);
  const NodeSlot replica = cluster.replicas("key", 3)[1];
  CHECK(cluster.put(client, "key", "v", 1min).ok);
  cluster.loop.crash(replica);
  cluster.loop.start(replica);
  CHECK(cluster.put(client, "key", "w", 1min).ok);  // refused once, sent again with a new one
  CHECK(cluster.held(replica, "key").value.view() == "w");
}

TEST_CASE("expiry happens without anybody reading") {
  NoneCluster cluster(written_everywhere(), {.nodes = 5});
  CHECK(cluster.put(NodeSlot{0}, "key", "v", 3s).ok);
  CHECK(cluster.put(NodeSlot{0}, "other", "v", 1h).ok);
  CHECK(cluster.put(NodeSlot{0}, "third", "v", 500ms).ok);  // the timer has to move forward
  cluster.loop.run_for(4s);
  CHECK(cluster.loop.count(ObservationKind::kExpired) == 6);
  for (const Observation& seen : cluster.loop.observations()) {
    if (seen.kind != ObservationKind::kExpired) continue;
    const Duration ttl = seen.key == hash64("key") ? Duration(3s) : Duration(500ms);
    CHECK(seen.at.time_since_epoch() >= ttl);
    CHECK(seen.at.time_since_epoch() <= ttl + 30ms);
  }
}

TEST_CASE("a TTL goes on running while a node is down") {
  NoneCluster cluster(written_everywhere(), {.nodes = 3});
  CHECK(cluster.put(NodeSlot{0}, "key", "v", 10s).ok);
  CHECK(cluster.put(NodeSlot{0}, "short", "v", 2s).ok);
  cluster.loop.crash(NodeSlot{1});
  cluster.loop.run_for(6s);
  cluster.loop.start(NodeSlot{1});
  const Lookup held = cluster.held(NodeSlot{1}, "key");
  CHECK(held.live());
  CHECK(held.ttl_left <= 4s + 10ms);
  CHECK(held.ttl_left >= 4s - 10ms);
  CHECK_FALSE(cluster.held(NodeSlot{1}, "short").live());
}

TEST_CASE("the table of peers is bounded, and keeps those that were used last") {
  PeerTable peers;
  for (std::uint64_t i = 1; i <= 2 * PeerTable::kMaxPeers; ++i) {
    peers.keep_ticket(NodeId{i * 7919}, {1, Duration(1)}, MonoTime(Duration(i)));
  }
  CHECK(peers.size() == PeerTable::kMaxPeers);
  const MonoTime now(Duration(2 * PeerTable::kMaxPeers + 1));
  CHECK(peers.voucher(NodeId{2 * PeerTable::kMaxPeers * 7919}, now).ticket);
  CHECK_FALSE(peers.voucher(NodeId{7919}, now).ticket);
}

}  // namespace hearsay::test
