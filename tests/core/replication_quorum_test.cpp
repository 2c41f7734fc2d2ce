#include <doctest/doctest.h>

#include <set>

#include "tests/core/replication_cluster.hpp"

namespace hearsay::test {
namespace {

NoneConfig quorums(std::int64_t n, Quorum r, Quorum w) {
  NoneConfig config;
  config.params.n = n;
  config.params.r = index_of(r);
  config.params.w = index_of(w);
  return config;
}

std::vector<NodeSlot> first(std::vector<NodeSlot> nodes, std::size_t count) {
  nodes.resize(count);
  return nodes;
}

}  // namespace

TEST_CASE("a quorum put is read back through any node") {
  NoneCluster cluster(quorums(3, Quorum::kQuorum, Quorum::kQuorum), {.nodes = 7, .wire = true});
  const std::string value("v\0\xff", 3);
  const Reply written = cluster.put(NodeSlot{0}, "key", value);
  REQUIRE(written.ok);
  CHECK(written.version);
  for (std::uint32_t i = 0; i < 7; ++i) {
    const Reply read = cluster.get(NodeSlot{i}, "key");
    REQUIRE(read.ok);
    CHECK(read.value.view() == value);
    CHECK(read.ttl_left == Duration(0));
    CHECK(read.version == written.version);
  }
  cluster.loop.run_for(10ms);
  CHECK(cluster.holders("key") == 3);
  CHECK(cluster.loop.count(ObservationKind::kStored) == 3);
}

TEST_CASE("an overwrite wins, a delete leaves a tombstone, and deleting what is not there succeeds") {
  NoneCluster cluster(quorums(3, Quorum::kQuorum, Quorum::kQuorum), {.nodes = 5});
  CHECK(cluster.get(NodeSlot{0}, "key").error == ErrorCode::kNotFound);
  CHECK(cluster.del(NodeSlot{0}, "key").ok);
  CHECK(cluster.put(NodeSlot{1}, "key", "one", 1h).ok);
  CHECK(cluster.put(NodeSlot{2}, "key", "two").ok);
  CHECK(cluster.get(NodeSlot{3}, "key").value.view() == "two");
  CHECK(cluster.get(NodeSlot{3}, "key").ttl_left == Duration(0));
  const Reply deleted = cluster.del(NodeSlot{4}, "key");
  CHECK(deleted.ok);
  const Reply read = cluster.get(NodeSlot{0}, "key");
  CHECK_FALSE(read.ok);
  CHECK(read.error == ErrorCode::kNotFound);
  CHECK(read.version == deleted.version);
}

TEST_CASE("requests that no backend may accept are refused before anything is sent") {
  NoneCluster cluster(quorums(3, Quorum::kQuorum, Quorum::kQuorum), {.nodes = 3});
  CHECK(cluster.put(NodeSlot{0}, "", "v").error == ErrorCode::kInvalidArgument);
  CHECK(cluster.put(NodeSlot{0}, "key", "v", -1ns).error == ErrorCode::kInvalidArgument);
  CHECK(cluster.put(NodeSlot{0}, std::string(251, 'k'), "v").error == ErrorCode::kTooLarge);
  CHECK(cluster.put(NodeSlot{0}, "key", std::string(1'000'001, 'v')).error == ErrorCode::kTooLarge);
  CHECK(cluster.loop.counters().empty());
}

TEST_CASE("a coordinator that is the only replica needed answers without a message") {
  NoneCluster cluster(quorums(1, Quorum::kOne, Quorum::kAll), {.nodes = 5});
  const NodeSlot owner = cluster.replicas("key", 1)[0];
  const TrueTime before = cluster.loop.now();
  CHECK(cluster.put(owner, "key", "v", 1h).ok);
  CHECK(cluster.get(owner, "key").ok);
  CHECK(cluster.loop.now() == before);
  CHECK(cluster.loop.counters().empty());
}

TEST_CASE("how many replicas may be down, for every r and w") {
  struct Row {
    Quorum quorum;
    std::size_t tolerated;  // of three
  };
  for (const Row& row : {Row{Quorum::kOne, 2}, Row{Quorum::kTwo, 1}, Row{Quorum::kQuorum, 1}, Row{Quorum::kThree, 0},
                         Row{Quorum::kAll, 0}}) {
    for (std::size_t down = 0; down <= 3; ++down) {
      CAPTURE(index_of(row.quorum));
      CAPTURE(down);
      NoneCluster cluster(quorums(3, row.quorum, row.quorum), {.nodes = 5});
      const NodeSlot client = cluster.outsider("key", 3);
      CHECK(cluster.put(client, "key", "v").ok);
      cluster.loop.run_for(10ms);
      cluster.isolate(first(cluster.replicas("key", 3), down));
      const bool works = down <= row.tolerated;
      const Reply read = cluster.get(client, "key");
      const Reply written = cluster.put(client, "key", "w", 1min);
      const Reply deleted = cluster.del(client, "key");
      for (const Reply& reply : {read, written, deleted}) {
        CHECK(reply.ok == works);
        if (!works) CHECK(reply.error == ErrorCode::kTimeout);
      }
    }
  }
}

TEST_CASE("a timeout comes when it was promised") {
  NoneConfig config = quorums(3, Quorum::kQuorum, Quorum::kAll);
  config.params.request_timeout = 200ms;
  NoneCluster cluster(config, {.nodes = 5});
  const NodeSlot client = cluster.outsider("key", 3);
  cluster.isolate({cluster.replicas("key", 3)[1]});
  const TrueTime before = cluster.loop.now();
  CHECK(cluster.put(client, "key", "v").error == ErrorCode::kTimeout);
  CHECK(cluster.loop.now() - before == 200ms);
  // The outcome is unknown: two replicas do hold it.
  CHECK(cluster.holders("key") == 2);
}

TEST_CASE("too few members is unavailable at once, and never not found") {
  NoneCluster cluster(quorums(3, Quorum::kAll, Quorum::kQuorum), {.nodes = 3});
  cluster.tell(NodeSlot{1}, Status::kDead);
  const TrueTime before = cluster.loop.now();
  CHECK(cluster.get(NodeSlot{0}, "key").error == ErrorCode::kUnavailable);
  CHECK(cluster.loop.now() == before);
  CHECK(cluster.put(NodeSlot{0}, "key", "v").ok);  // two of three
  cluster.tell(NodeSlot{2}, Status::kDead);
  CHECK(cluster.put(NodeSlot{0}, "key", "v").error == ErrorCode::kUnavailable);
  CHECK(cluster.del(NodeSlot{0}, "key").error == ErrorCode::kUnavailable);
}

TEST_CASE("n = 0 writes to every member") {
  NoneCluster cluster(quorums(0, Quorum::kOne, Quorum::kAll), {.nodes = 6});
  CHECK(cluster.put(NodeSlot{0}, "key", "v", 1h).ok);
  CHECK(cluster.holders("key") == 6);
}

TEST_CASE("pending requests are bounded") {
  NoneConfig config = quorums(3, Quorum::kQuorum, Quorum::kQuorum);
  config.params.max_pending = 8;
  NoneCluster cluster(config, {.nodes = 5});
  const NodeSlot client = cluster.outsider("key", 3);
  cluster.isolate({client});
  for (int i = 0; i < 8; ++i) cluster.loop.request(client, NoneCluster::put_of("key", "v"));
  CHECK(cluster.loop.answers().empty());
  CHECK(cluster.put(client, "key", "v").error == ErrorCode::kUnavailable);
  CHECK(cluster.loop.count(ObservationKind::kOverflow, client) == 1);
  cluster.loop.run_for(1s);
  CHECK(cluster.loop.answers().size() == 9);
  cluster.heal();
  CHECK(cluster.put(client, "key", "v").ok);  // the places were given back
}

TEST_CASE("a request that only waits for spare copies gives its place to another one") {
  NoneConfig config = quorums(3, Quorum::kQuorum, Quorum::kQuorum);
  config.params.max_pending = 4;
  NoneCluster cluster(config, {.nodes = 5});
  const NodeSlot client = cluster.outsider("key", 3);
  cluster.isolate({cluster.replicas("key", 3)[1]});
  for (int i = 0; i < 20; ++i) CHECK(cluster.put(client, "key", std::to_string(i)).ok);
  CHECK(cluster.loop.count(ObservationKind::kOverflow) == 0);
  CHECK(cluster.get(client, "key").value.view() == "19");
}

TEST_CASE("a copy that has to wait for a ticket is sent although the client has its answer") {
  NoneCluster cluster(quorums(3, Quorum::kOne, Quorum::kOne), {.nodes = 5});
  const NodeSlot client = cluster.replicas("key", 3)[0];
  CHECK(cluster.put(client, "key", "v", 1h).ok);
  CHECK(cluster.holders("key") == 1);
  cluster.loop.run_for(10ms);
  CHECK(cluster.holders("key") == 3);
}

TEST_CASE("a full store refuses and keeps what it has") {
  NoneConfig config = quorums(1, Quorum::kOne, Quorum::kAll);
  config.params.max_bytes = 100;
  NoneCluster cluster(config, {.nodes = 3});
  CHECK(cluster.put(NodeSlot{0}, "key", std::string(50, 'a')).ok);
  CHECK(cluster.put(NodeSlot{0}, "key", std::string(200, 'b')).error == ErrorCode::kUnavailable);
  CHECK(cluster.get(NodeSlot{1}, "key").value.view() == std::string(50, 'a'));
}

TEST_CASE("a write through a node whose clock is behind is not lost") {
  NoneCluster cluster(quorums(3, Quorum::kQuorum, Quorum::kQuorum), {.nodes = 7});
  // Two coordinators that are not replicas, so that neither learns of the other's versions beforehand.
  const auto replicas = cluster.replicas("key", 3);
  std::vector<NodeSlot> others;
  for (std::uint32_t i = 0; i < 7; ++i) {
    if (std::find(replicas.begin(), replicas.end(), NodeSlot{i}) == replicas.end()) others.push_back(NodeSlot{i});
  }
  cluster.loop.set_wall_offset(others[0], 20s);
  const Reply ahead = cluster.put(others[0], "key", "first");
  const Reply behind = cluster.put(others[1], "key", "second");
  REQUIRE(ahead.ok);
  REQUIRE(behind.ok);
  CHECK(behind.version > ahead.version);
  CHECK(cluster.get(others[2], "key").value.view() == "second");
  CHECK(cluster.del(others[2], "key").ok);
  CHECK(cluster.get(others[3], "key").error == ErrorCode::kNotFound);
}

TEST_CASE("a version from a clock beyond the tolerance is not overwritten silently") {
  NoneCluster cluster(quorums(3, Quorum::kQuorum, Quorum::kQuorum), {.nodes = 7});
  const NodeSlot client = cluster.outsider("key", 3);
  cluster.loop.set_wall_offset(client, 1h);
  CHECK(cluster.put(client, "key", "from the future").ok);
  const NodeSlot other = cluster.replicas("key", 3)[0];
  CHECK(cluster.put(other, "key", "now").error == ErrorCode::kUnavailable);
  CHECK(cluster.get(other, "key").value.view() == "from the future");
}

TEST_CASE("doubled and reordered messages change nothing") {
  const auto run = [](bool doubled) {
    NoneConfig config = quorums(3, Quorum::kQuorum, Quorum::kQuorum);
    config.params.read_repair = true;
    NoneCluster cluster(config, {.nodes = 6, .latency_min = 1ms, .latency_max = 30ms});
    bool again = false;
    if (doubled) {
      cluster.loop.drop = [&](NodeSlot from, NodeSlot to, const Message& message) {
        if (!again) {
          again = true;
          for (int i = 0; i < 2; ++i) cluster.loop.inject(from, to, MessageRef(&message));
          again = false;
        }
        return false;
      };
    }
    std::vector<std::string> seen;
    for (int i = 0; i < 60; ++i) {
      const NodeSlot node{static_cast<std::uint32_t>(i * 7 % 6)};
      const std::string key = "key" + std::to_string(i % 4);
      if (i % 3 == 0) {
        const Reply read = cluster.get(node, key);
        seen.push_back(read.ok ? std::string(read.value.view()) : "-");
      } else if (i % 7 == 0) {
        CHECK(cluster.del(node, key).ok);
      } else {
        CHECK(cluster.put(node, key, std::to_string(i), 1h).ok);
      }
    }
    return seen;
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("an answer to a request of a former life is not counted") {
  NoneCluster cluster(quorums(3, Quorum::kQuorum, Quorum::kThree),
                      {.nodes = 5, .latency_min = 10ms, .latency_max = 10ms});
  const NodeSlot client = cluster.outsider("key", 3);
  cluster.loop.request(client, NoneCluster::put_of("key", "old"));
  cluster.loop.run_for(15ms);  // the copies have arrived, their answers are on their way
  cluster.loop.crash(client, false);
  cluster.loop.start(client);
  cluster.loop.drop = [](NodeSlot, NodeSlot, const Message& message) { return is<KvStore>(message); };
  CHECK(cluster.put(client, "key", "new").error == ErrorCode::kTimeout);
}

TEST_CASE("what a former life asked is not an answer to this one") {
  NoneCluster cluster(quorums(3, Quorum::kThree, Quorum::kThree),
                      {.nodes = 5, .latency_min = 10ms, .latency_max = 10ms});
  const NodeSlot client = cluster.outsider("key", 3);
  cluster.loop.request(client, {{}, OpKind::kGet, "key", {}, 0s});
  cluster.loop.run_for(15ms);
  cluster.loop.crash(client, false);
  cluster.loop.start(client);
  cluster.loop.drop = [](NodeSlot, NodeSlot, const Message& message) { return is<KvFetch>(message); };
  CHECK(cluster.get(client, "key").error == ErrorCode::kTimeout);
}

TEST_CASE("idle nodes have no state and no timers") {
  NoneCluster plain(NoneConfig{}, {.nodes = 3});
  RepairedCluster repaired(AntiEntropyConfig{}, {.nodes = 3});
  plain.loop.run_for(1h);
  repaired.loop.run_for(1h);
  CHECK(plain.loop.state<NoneState>(NodeSlot{0}, Role::kReplication).kv == nullptr);
  CHECK(repaired.loop.state<AntiEntropyState>(NodeSlot{0}, Role::kReplication).kv == nullptr);
  CHECK(repaired.loop.counters().empty());
  CHECK(sizeof(AntiEntropyState) == sizeof(void*));
}

TEST_CASE("replication's parameters fit together, and the presets start with the defaults") {
  CHECK_FALSE(quorums(2, Quorum::kOne, Quorum::kThree).check().has_value());
  CHECK_FALSE(quorums(2, Quorum::kThree, Quorum::kOne).check().has_value());
  CHECK(quorums(3, Quorum::kThree, Quorum::kThree).check().has_value());
  for (const CatalogueEntry& entry : {none_entry(), anti_entropy_entry()}) {
    CHECK(entry.role == Role::kReplication);
    const auto config = entry.configure();
    CHECK(config->check().has_value());
    CHECK(config->build()->role() == Role::kReplication);
  }
}

TEST_CASE("quorums are counted of n, or of the replicas present") {
  ReplicationParams params;
  params.n = 5;
  CHECK(params.needed(index_of(Quorum::kQuorum), 2) == 3);
  CHECK(params.needed(index_of(Quorum::kAll), 2) == 5);
  CHECK(params.needed(index_of(Quorum::kFour), 2) == 4);
  params.count_present = true;
  CHECK(params.needed(index_of(Quorum::kQuorum), 2) == 2);
  CHECK(params.needed(index_of(Quorum::kAll), 2) == 2);
}

}  // namespace hearsay::test
