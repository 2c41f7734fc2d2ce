#include <doctest/doctest.h>

#include "tests/core/replication_cluster.hpp"

namespace hearsay::test {
namespace {

AntiEntropyConfig repaired(RepairMode mode = RepairMode::kPushPull) {
  AntiEntropyConfig config;
  config.mode = static_cast<int>(mode);
  config.params.read_repair = false;  // so that what is seen is the rounds' work
  return config;
}

// Whether all replicas of a key hold the same value.
bool everywhere(RepairedCluster& cluster, const std::string& key, std::string_view value) {
  for (const NodeSlot node : cluster.replicas(key, 3)) {
    const Lookup held = cluster.held(node, key);
    if (!held.live() || held.value.view() != value) return false;
  }
  return true;
}

std::string nth_key(int i) { return std::string("key").append(std::to_string(i)); }

}  // namespace

TEST_CASE("read repair brings a stale replica up to date, and nothing else does") {
  for (const bool read_repair : {true, false}) {
    NoneConfig config;
    config.params.r = config.params.w = index_of(Quorum::kQuorum);
    config.params.read_repair = read_repair;
    NoneCluster cluster(config, {.nodes = 5, .wire = true});
    const NodeSlot client = cluster.outsider("key", 3);
    const NodeSlot stale = cluster.replicas("key", 3)[1];
    CHECK(cluster.put(client, "key", "old", 1h).ok);
    cluster.loop.run_for(10ms);
    cluster.isolate({stale});
    CHECK(cluster.put(client, "key", "new", 1h).ok);
    cluster.heal();
    CHECK(cluster.get(client, "key").value.view() == "new");
    cluster.loop.run_for(10ms);
    CHECK(cluster.held(stale, "key").value.view() == (read_repair ? "new" : "old"));
    CHECK(cluster.loop.count(ObservationKind::kRepaired) == (read_repair ? 1 : 0));
    // A deletion is repaired too.
    cluster.isolate({stale});
    CHECK(cluster.del(client, "key").ok);
    cluster.heal();
    CHECK(cluster.get(client, "key").error == ErrorCode::kNotFound);
    cluster.loop.run_for(10ms);
    CHECK(cluster.held(stale, "key").live() != read_repair);
  }
}

TEST_CASE("a repaired copy does not live longer than the one it was made from") {
  NoneConfig config;
  config.params.r = config.params.w = index_of(Quorum::kQuorum);
  config.params.read_repair = true;
  NoneCluster cluster(config, {.nodes = 5, .latency_min = 30ms, .latency_max = 30ms});
  const NodeSlot client = cluster.outsider("key", 3);
  const NodeSlot stale = cluster.replicas("key", 3)[1];
  cluster.isolate({stale});
  const TrueTime invoked = cluster.loop.now();
  CHECK(cluster.put(client, "key", "v", 10s).ok);
  cluster.heal();
  cluster.loop.run_for(5s);
  CHECK(cluster.get(client, "key").ok);
  cluster.loop.run_for(600ms);
  REQUIRE(cluster.held(stale, "key").live());
  const Duration left = cluster.held(stale, "key").ttl_left;
  const Duration elapsed = cluster.loop.now() - invoked;
  CHECK(left >= 10s - elapsed);
  CHECK(left <= 10s - elapsed + 3 * 30ms);
}

TEST_CASE("every mode of anti-entropy makes replicas equal") {
  for (const RepairMode mode : {RepairMode::kPush, RepairMode::kPull, RepairMode::kPushPull}) {
    CAPTURE(static_cast<int>(mode));
    RepairedCluster cluster(repaired(mode), {.nodes = 6, .wire = true});
    const NodeSlot missing = cluster.replicas("key0", 3)[1];
    cluster.isolate({missing});
    const NodeSlot client = cluster.outsider("key0", 3);
    for (int i = 0; i < 30; ++i)
      (void)cluster.put(client, nth_key(i), std::string("v").append(std::to_string(i)), i % 2 == 0 ? 1h : 0s);
    cluster.heal();
    const bool converged = cluster.loop.run_until(
        [&] {
          for (int i = 0; i < 30; ++i) {
            if (!everywhere(cluster, nth_key(i), std::string("v").append(std::to_string(i)))) return false;
          }
          return true;
        },
        2min);
    CHECK(converged);
    CHECK(cluster.loop.count(ObservationKind::kRepaired) > 0);
  }
}

TEST_CASE("equal replicas exchange digests and nothing else") {
  RepairedCluster cluster(repaired(), {.nodes = 5});
  for (int i = 0; i < 40; ++i) CHECK(cluster.put(NodeSlot{0}, nth_key(i), "v", 1h).ok);
  CHECK(cluster.del(NodeSlot{0}, nth_key(0)).ok);
  cluster.loop.run_for(1min);
  const auto deltas = cluster.loop.counters("anti-entropy.Delta").sent;
  const auto wants = cluster.loop.counters("anti-entropy.Want").sent;
  const auto digests = cluster.loop.counters("anti-entropy.Digest").sent;
  cluster.loop.run_for(1min);
  CHECK(cluster.loop.counters("anti-entropy.Delta").sent == deltas);
  CHECK(cluster.loop.counters("anti-entropy.Want").sent == wants);
  CHECK(cluster.loop.counters("anti-entropy.Digest").sent == digests + 5 * 60);
}

TEST_CASE("rounds start at phases of their own") {
  RepairedCluster cluster(repaired(), {.nodes = 8});
  for (std::uint32_t i = 0; i < 8; ++i) CHECK(cluster.put(NodeSlot{i}, nth_key(static_cast<int>(i)), "v").ok);
  std::vector<Duration> phases;
  cluster.loop.drop = [&](NodeSlot, NodeSlot, const Message& message) {
    if (is<RepairDigest>(message)) phases.push_back(cluster.loop.now().time_since_epoch() % 1s);
    return false;
  };
  cluster.loop.run_for(1s);
  std::sort(phases.begin(), phases.end());
  CHECK(phases.size() == 8);
  CHECK(std::unique(phases.begin(), phases.end()) == phases.end());
}

TEST_CASE("digests and deltas keep to the packet size and go on over rounds") {
  AntiEntropyConfig config = repaired();
  config.params.n = 2;
  config.params.w = index_of(Quorum::kOne);
  config.params.r = index_of(Quorum::kOne);
  config.packet_size = 700;
  RepairedCluster cluster(config, {.nodes = 2, .wire = true});
  cluster.isolate({NodeSlot{1}});
  for (int i = 0; i < 300; ++i)
    CHECK(cluster.put(NodeSlot{0}, nth_key(i), std::string(i % 50 == 0 ? 5000U : 90U, 'v')).ok);
  std::size_t large = 0;
  std::size_t most_copies = 0;
  cluster.loop.drop = [&](NodeSlot, NodeSlot, const Message& message) {
    if (is<RepairDelta>(message)) most_copies = std::max(most_copies, as<RepairDelta>(message).copies.size());
    if (message.wire_bytes > 700) {
      CHECK(is<RepairDelta>(message));
      CHECK(as<RepairDelta>(message).copies.size() == 1);
      ++large;
    }
    return false;
  };
  const bool converged = cluster.loop.run_until(
      [&] {
        const auto& kv = cluster.loop.state<AntiEntropyState>(NodeSlot{1}, Role::kReplication).kv;
        return kv != nullptr && kv->replica.store().live() == 300;
      },
      1min);
  CHECK(converged);
  CHECK(large >= 6);
  CHECK(most_copies > 2);
}

TEST_CASE("keys that share a hash are compared one by one") {
  AntiEntropyConfig config = repaired();
  // 4 hashes for 40 keys.
  RepairedCluster cluster(config, {.nodes = 3}, 0, std::make_shared<PointRing>(std::uint64_t{3} << 62));
  cluster.isolate({NodeSlot{2}});
  for (int i = 0; i < 40; ++i) CHECK(cluster.put(NodeSlot{0}, nth_key(i), "v").ok);
  cluster.heal();
  const bool converged = cluster.loop.run_until(
      [&] {
        for (int i = 0; i < 40; ++i) {
          if (cluster.holders(nth_key(i)) != 3) return false;
        }
        return true;
      },
      1min);
  CHECK(converged);
  cluster.loop.run_for(2s);
  const auto deltas = cluster.loop.counters("anti-entropy.Delta").sent;
  cluster.loop.run_for(20s);
  CHECK(cluster.loop.counters("anti-entropy.Delta").sent == deltas);
}

TEST_CASE("a deletion wins over the older value that the other side of a split kept") {
  for (const RepairMode mode : {RepairMode::kPush, RepairMode::kPull, RepairMode::kPushPull}) {
    CAPTURE(static_cast<int>(mode));
    RepairedCluster cluster(repaired(mode), {.nodes = 5});
    const NodeSlot client = cluster.outsider("key", 3);
    CHECK(cluster.put(client, "key", "v").ok);
    cluster.loop.run_for(10ms);
    const NodeSlot apart = cluster.replicas("key", 3)[2];
    cluster.isolate({apart});
    CHECK(cluster.del(client, "key").ok);
    cluster.loop.run_for(10s);
    CHECK(cluster.held(apart, "key").live());
    cluster.heal();
    cluster.loop.run_for(30s);
    CHECK(cluster.holders("key") == 0);
    CHECK(cluster.held(apart, "key").state == ItemState::kTombstone);
    // A value written after the deletion is a value.
    CHECK(cluster.put(client, "key", "again").ok);
    cluster.loop.run_for(30s);
    CHECK(cluster.holders("key") == 3);
  }
}

TEST_CASE("a shorter-lived overwrite expires, and the older value comes back only without tombstones") {
  for (const Duration grace : {Duration(1h), Duration(0)}) {
    CAPTURE(grace.count());
    AntiEntropyConfig config;  // with read repair, which could bring it back as well
    config.params.tombstone_grace = grace;
    RepairedCluster cluster(config, {.nodes = 5});
    const NodeSlot client = cluster.outsider("key", 3);
    CHECK(cluster.put(client, "key", "long", 1h).ok);
    cluster.loop.run_for(10ms);
    cluster.isolate({cluster.replicas("key", 3)[0]});
    CHECK(cluster.put(client, "key", "short", 2s).ok);
    cluster.loop.run_for(5s);
    CHECK(cluster.get(client, "key").error == ErrorCode::kNotFound);
    cluster.heal();
    bool came_back = false;
    for (int i = 0; i < 60; ++i) {
      cluster.loop.run_for(1s);
      came_back = cluster.get(client, "key").ok || came_back;
    }
    CHECK(came_back == (grace == Duration(0)));
    CHECK((cluster.holders("key") == 0) == (grace > Duration(0)));
  }
}

TEST_CASE("tombstones end with their grace, and rounds do not keep them alive") {
  AntiEntropyConfig config = repaired();
  config.params.tombstone_grace = 20s;
  RepairedCluster cluster(config, {.nodes = 5, .latency_min = 20ms, .latency_max = 40ms});
  CHECK(cluster.put(NodeSlot{0}, "key", "v").ok);
  CHECK(cluster.del(NodeSlot{0}, "key").ok);
  cluster.loop.run_for(25s);
  for (std::uint32_t i = 0; i < 5; ++i) CHECK(cluster.held(NodeSlot{i}, "key").state == ItemState::kMissing);
}

TEST_CASE("a replica that was down for longer than the grace discards what it had and fetches anew") {
  for (const bool long_away : {true, false}) {
    CAPTURE(long_away);
    AntiEntropyConfig config = repaired();
    config.params.tombstone_grace = 30s;
    RepairedCluster cluster(config, {.nodes = 3});
    CHECK(cluster.put(NodeSlot{0}, "deleted", "v").ok);
    CHECK(cluster.put(NodeSlot{0}, "kept", "v").ok);
    cluster.loop.run_for(10ms);
    cluster.loop.crash(NodeSlot{2});
    CHECK(cluster.del(NodeSlot{0}, "deleted").ok);
    cluster.loop.run_for(long_away ? 40s : 20s);
    cluster.loop.start(NodeSlot{2});
    CHECK(cluster.held(NodeSlot{2}, "deleted").live() != long_away);
    CHECK(cluster.held(NodeSlot{2}, "kept").live() != long_away);
    CHECK(cluster.loop.count(ObservationKind::kDropped, NodeSlot{2}) == (long_away ? 2 : 0));
    cluster.loop.run_for(9s);
    CHECK(cluster.holders("deleted") == 0);
    CHECK(cluster.holders("kept") == 3);
  }
}

TEST_CASE("a replica that lost its state gets it back in every mode") {
  for (const RepairMode mode : {RepairMode::kPush, RepairMode::kPull, RepairMode::kPushPull}) {
    CAPTURE(static_cast<int>(mode));
    AntiEntropyConfig config = repaired(mode);
    config.hand_over = false;
    RepairedCluster cluster(config, {.nodes = 4});
    for (int i = 0; i < 50; ++i) CHECK(cluster.put(NodeSlot{0}, nth_key(i), "v", 1h).ok);
    cluster.loop.run_for(5s);
    const NodeSlot victim = cluster.replicas(nth_key(0), 3)[1];
    const auto held = [&] {
      const auto& kv = cluster.loop.state<AntiEntropyState>(victim, Role::kReplication).kv;
      return kv == nullptr ? std::size_t{0} : kv->replica.store().live();
    };
    const std::size_t before = held();
    CHECK(before > 20);
    cluster.loop.crash(victim, false);
    cluster.loop.run_for(5s);
    cluster.loop.start(victim);
    CHECK(held() == 0);
    cluster.loop.run_for(1min);
    CHECK(held() == before);
  }
}

TEST_CASE("lost, doubled and reordered repair messages only cost time") {
  RepairedCluster cluster(repaired(), {.nodes = 4, .latency_min = 1ms, .latency_max = 200ms});
  int seen = 0;
  bool again = false;
  cluster.loop.drop = [&](NodeSlot from, NodeSlot to, const Message& message) {
    if (again || is<Told>(message)) return false;
    again = true;
    if (++seen % 3 == 0) cluster.loop.inject(from, to, MessageRef(&message));
    again = false;
    return seen % 5 == 0;
  };
  for (int i = 0; i < 40; ++i)
    (void)cluster.put(NodeSlot{static_cast<std::uint32_t>(i % 4)}, nth_key(i % 20), std::to_string(i));
  cluster.loop.run_for(3min);
  for (int i = 0; i < 20; ++i) {
    const auto nodes = cluster.replicas(nth_key(i), 3);
    const Lookup first = cluster.held(nodes[0], nth_key(i));
    CHECK(first.live());
    for (const NodeSlot node : nodes) CHECK(cluster.held(node, nth_key(i)).version == first.version);
  }
}

TEST_CASE("two runs of a repaired cluster are equal") {
  const auto run = [](std::uint64_t seed) {
    RepairedCluster cluster(AntiEntropyConfig{}, {.nodes = 5, .seed = seed, .latency_min = 1ms, .latency_max = 80ms});
    for (int i = 0; i < 30; ++i) (void)cluster.put(NodeSlot{static_cast<std::uint32_t>(i % 5)}, nth_key(i), "v", 1min);
    cluster.loop.run_for(10s);
    return std::pair{cluster.loop.digest(), cluster.loop.counters("anti-entropy.Digest").bytes};
  };
  CHECK(run(1) == run(1));
  CHECK(run(1).first != run(2).first);
}

TEST_CASE("pulling alone gets to what lies behind more of a peer's items than an answer looks at") {
  AntiEntropyConfig config = repaired(RepairMode::kPull);
  config.hand_over = false;
  config.params.n = 2;
  RepairedCluster cluster(config, {.nodes = 3});
  std::vector<NodeSlot> by_id{NodeSlot{0}, NodeSlot{1}, NodeSlot{2}};
  std::sort(by_id.begin(), by_id.end(),
            [&](NodeSlot a, NodeSlot b) { return cluster.loop.directory().id(a) < cluster.loop.directory().id(b); });
  const NodeSlot poor = by_id[0];
  const NodeSlot rich = by_id[2];
  const auto place = [&](std::size_t i) { return raw(cluster.loop.directory().id(by_id[i])); };
  // Between the first two ids lies what the poor one has no part in, behind that what both share.
  const auto give = [&](int first, std::uint64_t from, std::uint64_t to, std::size_t count) {
    std::string key;
    for (int i = first; count > 0; ++i) {
      key = nth_key(i);
      if (hash64(key) <= from || hash64(key) > to) continue;
      auto store = cluster.loop.pool().make<KvStore>();
      store->copy = {key, Bytes("v"), {std::uint64_t{1} << 40, NodeId{7}}, false, 0s};
      cluster.loop.inject(poor, rich, std::move(store));
      --count;
    }
    return key;
  };
  (void)give(0, place(0), place(1), Repairer::kMaxScan + 100);
  const std::string shared = give(1'000'000, place(1), place(2), 1);
  CHECK(cluster.get(poor, "anything").error == ErrorCode::kNotFound);  // its rounds begin
  CHECK(cluster.loop.run_until([&] { return cluster.held(poor, shared).live(); }, 1min));
  CHECK(cluster.held(poor, shared).value.view() == "v");
}

TEST_CASE("more keys of one hash than a message can name are repaired") {
  for (const RepairMode mode : {RepairMode::kPush, RepairMode::kPushPull}) {
    AntiEntropyConfig config = repaired(mode);
    config.hand_over = false;
    config.params.n = 2;
    RepairedCluster cluster(config, {.nodes = 2, .wire = true}, 2, std::make_shared<PointRing>(0));
    const int keys = static_cast<int>(kMaxElements) + 200;
    for (int i = 0; i < keys; ++i) {
      auto store = cluster.loop.pool().make<KvStore>();
      store->copy = {nth_key(i), Bytes("v"), {std::uint64_t{1} << 40, NodeId{7}}, false, 0s};
      cluster.loop.inject(NodeSlot{1}, NodeSlot{0}, std::move(store));
    }
    const auto& lacking = cluster.loop.state<AntiEntropyState>(NodeSlot{1}, Role::kReplication).kv;
    CHECK(cluster.loop.run_until(
        [&] { return lacking != nullptr && lacking->replica.store().live() == static_cast<std::size_t>(keys); }, 1min));
  }
}

}  // namespace hearsay::test
