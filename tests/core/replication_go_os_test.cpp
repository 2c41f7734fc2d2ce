#include <doctest/doctest.h>

#include "tests/core/replication_cluster.hpp"

// The defects of go-os/kv, each shown by the preset and absent from the defaults.
namespace hearsay::test {
namespace {

NoneConfig go_os(std::int64_t n) {
  NoneConfig config;
  config.use_preset(1);
  config.params.n = n;
  return config;
}

NoneConfig cured(std::int64_t n) {
  NoneConfig config;
  config.params.n = n;
  return config;
}

}  // namespace

TEST_CASE("go-os's preset has one copy, and the defaults have three") {
  NoneConfig config;
  CHECK(config.params.n == 3);
  config.use_preset(1);
  CHECK(config.params.n == 1);
  CHECK(config.check().has_value());
  config.use_preset(0);
  CHECK(config.params.n == 3);
  CHECK(config.params.copy_window > 0s);
}

TEST_CASE("go-os: a replica that cannot be reached turns into not found") {
  for (const bool defect : {true, false}) {
    NoneCluster cluster(defect ? go_os(2) : cured(2), {.nodes = 5});
    const NodeSlot client = cluster.outsider("key", 2);
    CHECK(cluster.put(client, "key", "v").ok);
    cluster.isolate(cluster.replicas("key", 2));
    const TrueTime before = cluster.loop.now();
    const Reply read = cluster.get(client, "key");
    CHECK_FALSE(read.ok);
    CHECK(read.error == (defect ? ErrorCode::kNotFound : ErrorCode::kTimeout));
    CHECK(cluster.loop.now() - before == (defect ? 1000ms : 500ms));  // one replica after the other
  }
}

TEST_CASE("go-os: a get goes on past a miss and finds a value that was deleted elsewhere") {
  NoneCluster cluster(go_os(2), {.nodes = 5});
  const NodeSlot client = cluster.outsider("key", 2);
  CHECK(cluster.put(client, "key", "v").ok);
  cluster.isolate({cluster.replicas("key", 2)[1]});
  CHECK(cluster.del(client, "key").error == ErrorCode::kTimeout);
  cluster.heal();
  CHECK(cluster.get(client, "key").ok);  // the first replica misses, the second has not heard

  NoneConfig quorum = cured(3);
  quorum.params.r = quorum.params.w = index_of(Quorum::kQuorum);
  NoneCluster twin(quorum, {.nodes = 5});
  const NodeSlot other = twin.outsider("key", 3);
  CHECK(twin.put(other, "key", "v").ok);
  twin.loop.run_for(10ms);
  twin.isolate({twin.replicas("key", 3)[1]});
  CHECK(twin.del(other, "key").ok);
  twin.heal();
  CHECK(twin.get(other, "key").error == ErrorCode::kNotFound);
}

TEST_CASE("go-os: a put fails when one replica fails") {
  NoneCluster cluster(go_os(3), {.nodes = 5});
  const NodeSlot client = cluster.outsider("key", 3);
  cluster.isolate({cluster.replicas("key", 3)[2]});
  CHECK(cluster.put(client, "key", "v").error == ErrorCode::kTimeout);
  CHECK(cluster.holders("key") == 2);  // and yet it is there
  CHECK(cluster.get(client, "key").ok);
}

TEST_CASE("go-os: quorums shrink with the view") {
  NoneCluster cluster(go_os(3), {.nodes = 3});
  cluster.tell(NodeSlot{1}, Status::kDead);
  cluster.tell(NodeSlot{2}, Status::kDead);
  CHECK(cluster.put(NodeSlot{0}, "key", "v").ok);
  NoneCluster twin(cured(3), {.nodes = 3});
  twin.tell(NodeSlot{1}, Status::kDead);
  CHECK(twin.put(NodeSlot{0}, "key", "v").error == ErrorCode::kUnavailable);
}

TEST_CASE("go-os: a get reports the original TTL") {
  for (const bool defect : {true, false}) {
    NoneCluster cluster(defect ? go_os(1) : cured(1), {.nodes = 3});
    CHECK(cluster.put(NodeSlot{0}, "key", "v", 30s).ok);
    cluster.loop.run_for(20s);
    const Reply read = cluster.get(NodeSlot{1}, "key");
    REQUIRE(read.ok);
    CHECK((read.ttl_left > 29s) == defect);
    CHECK((read.ttl_left <= 10s + 5ms) == !defect);
  }
}

TEST_CASE("go-os: a TTL under a second lives for ever, others too long") {
  for (const bool defect : {true, false}) {
    NoneCluster cluster(defect ? go_os(1) : cured(1), {.nodes = 3});
    CHECK(cluster.put(NodeSlot{0}, "short", "v", 999ms).ok);
    CHECK(cluster.put(NodeSlot{0}, "long", "v", 12s).ok);
    cluster.loop.run_for(19s);
    CHECK(cluster.get(NodeSlot{1}, "long").ok == defect);  // until the reaper comes by at 20 s
    cluster.loop.run_for(2s);
    CHECK_FALSE(cluster.get(NodeSlot{1}, "long").ok);
    cluster.loop.run_for(1h);
    CHECK(cluster.get(NodeSlot{1}, "short").ok == defect);
  }
}

TEST_CASE("go-os: keys are lost when the ring changes") {
  NoneCluster cluster(go_os(1), {.nodes = 6}, 5);
  for (int i = 0; i < 60; ++i) CHECK(cluster.put(NodeSlot{0}, "key" + std::to_string(i), "v").ok);
  cluster.loop.start(NodeSlot{5});
  cluster.tell(NodeSlot{5}, Status::kAlive);
  cluster.loop.run_for(1min);
  int missed = 0;
  for (int i = 0; i < 60; ++i)
    missed += cluster.get(NodeSlot{0}, "key" + std::to_string(i)).error == ErrorCode::kNotFound;
  CHECK(missed > 0);
}

}  // namespace hearsay::test
