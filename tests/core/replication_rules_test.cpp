#include <doctest/doctest.h>

#include "tests/core/replication_cluster.hpp"

// Rules that keep data from being lost or from coming back, each tried with the one message that would break it.
namespace hearsay::test {
namespace {

constexpr Version kAnyVersion{std::uint64_t{1} << 60, NodeId{7}};

Copy copy_of(std::string key, Duration left, Version version = kAnyVersion) {
  return {std::move(key), Bytes("v"), version, false, left};
}

AntiEntropyConfig one_copy() {
  AntiEntropyConfig config;
  config.params.n = 1;
  config.params.r = config.params.w = index_of(Quorum::kOne);
  config.interval = 1h;
  return config;
}

DigestEntry entry_of(const std::string& key, Version version) { return {hash64(key), key_check(key), version}; }

// Collects what a node confirms.
std::vector<DigestEntry> confirmations(RepairedCluster& cluster, NodeSlot asked, const DigestEntry& entry) {
  std::vector<DigestEntry> held;
  cluster.loop.drop = [&](NodeSlot from, NodeSlot, const Message& message) {
    if (from != asked || !is<RepairWant>(message)) return false;
    const auto& want = as<RepairWant>(message);
    held.insert(held.end(), want.held.begin(), want.held.end());
    return true;
  };
  auto digest = cluster.loop.pool().make<RepairDigest>();
  digest->flags = kPush | kConfirm;
  digest->entries = {entry};
  cluster.loop.inject(NodeSlot{raw(asked) == 0 ? 1U : 0U}, asked, std::move(digest));
  cluster.loop.run_for(10ms);
  cluster.heal();
  return held;
}

}  // namespace

TEST_CASE("a copy with a TTL needs a ticket of this life, from the past and young enough") {
  NoneCluster cluster(NoneConfig{}, {.nodes = 2});
  const NodeSlot node{1};
  const auto offer = [&](std::string key, Voucher voucher, Duration left) {
    auto store = cluster.loop.pool().make<KvStore>();
    store->id = 1;
    store->copy = copy_of(key, left);
    store->voucher = voucher;
    cluster.loop.inject(NodeSlot{0}, node, std::move(store));
    cluster.loop.run_for(1ms);
    return cluster.held(node, key).live();
  };
  const auto now = [&] { return cluster.loop.mono(node).time_since_epoch(); };
  CHECK(offer("for ever", {}, 0s));  // cannot overstay
  CHECK(offer("good", {{2, now()}, 0s}, 1h));
  CHECK(offer("good, kept a while", {{2, now() - 10s}, 10s}, 1h));
  CHECK(offer("just in time", {{2, now() + 1ms - 500ms}, 0s}, 1h));
  CHECK_FALSE(offer("none", {}, 1h));
  CHECK_FALSE(offer("other life", {{1, now()}, 0s}, 1h));
  CHECK_FALSE(offer("too old", {{2, now() - 500ms}, 0s}, 1h));
  CHECK_FALSE(offer("future", {{2, now() + 1h}, 0s}, 1h));
  CHECK_FALSE(offer("held for less than nothing", {{2, now()}, Duration::min()}, 1h));
  CHECK(cluster.loop.counters("kv.Ticket").sent == 5);
}

TEST_CASE("an answer counts only for the version it is about, and once for a replica") {
  NoneConfig config;
  config.params.w = index_of(Quorum::kThree);
  NoneCluster cluster(config, {.nodes = 5});
  const auto nodes = cluster.replicas("key", 3);
  const NodeSlot client = cluster.outsider("key", 3);
  for (const bool right_version : {false, true}) {
    for (const bool right_nodes : {false, true}) {
      std::uint64_t id = 0;
      Version version;
      cluster.loop.drop = [&](NodeSlot, NodeSlot, const Message& message) {
        if (!is<KvStore>(message)) return false;
        id = as<KvStore>(message).id;
        version = as<KvStore>(message).copy.version;
        return true;
      };
      const RequestId asked = cluster.loop.request(client, NoneCluster::put_of("key", "v"));
      for (std::size_t i = 0; i < 3; ++i) {
        auto stored = cluster.loop.pool().make<KvStored>();
        stored->id = id;
        stored->version = right_version ? version : kAnyVersion;
        cluster.loop.inject(right_nodes ? nodes[i] : nodes[0], client, std::move(stored));
      }
      cluster.loop.run_for(1s);
      REQUIRE(cluster.loop.reply(asked) != nullptr);
      CHECK(cluster.loop.reply(asked)->ok == (right_version && right_nodes));
    }
  }
}

TEST_CASE("a tombstone that travels keeps the grace it has left") {
  RepairedCluster cluster(one_copy(), {.nodes = 2});
  auto delta = cluster.loop.pool().make<RepairDelta>();
  delta->copies.push_back({"key", {}, kAnyVersion, true, 10s});
  cluster.loop.inject(NodeSlot{0}, NodeSlot{1}, std::move(delta));
  cluster.loop.run_for(5s);
  CHECK(cluster.held(NodeSlot{1}, "key").state == ItemState::kTombstone);
  cluster.loop.run_for(6s);
  CHECK(cluster.held(NodeSlot{1}, "key").state == ItemState::kMissing);
}

TEST_CASE("only a replica that stays confirms a hand-over, and only what it holds") {
  AntiEntropyConfig config = one_copy();
  config.hand_over = false;
  RepairedCluster cluster(config, {.nodes = 4});
  const NodeSlot owner = cluster.replicas("key", 1)[0];
  const NodeSlot other = cluster.outsider("key", 1);
  const Version version = cluster.put(owner, "key", "v").version;
  auto store = cluster.loop.pool().make<KvStore>();
  store->copy = copy_of("key", 0s, version);
  cluster.loop.inject(owner, other, std::move(store));
  cluster.loop.run_for(10ms);
  REQUIRE(cluster.held(other, "key").live());

  Version newer = version;
  ++newer.time;
  CHECK(confirmations(cluster, owner, entry_of("key", version)).size() == 1);
  CHECK(confirmations(cluster, owner, entry_of("key", newer)).empty());
  CHECK(confirmations(cluster, owner, entry_of("another key", version)).empty());
  CHECK(confirmations(cluster, other, entry_of("key", version)).empty());
}

TEST_CASE("a node that is about to leave confirms nothing") {
  RepairedCluster cluster(one_copy(), {.nodes = 4});
  const NodeSlot owner = cluster.replicas("key", 1)[0];
  const Version version = cluster.put(owner, "key", "v").version;
  cluster.loop.leave(owner);
  CHECK(confirmations(cluster, owner, entry_of("key", version)).empty());
}

TEST_CASE("a confirmation of an older version drops nothing") {
  RepairedCluster cluster(one_copy(), {.nodes = 4});
  const NodeSlot owner = cluster.replicas("key", 1)[0];
  const NodeSlot other = cluster.outsider("key", 1);
  auto store = cluster.loop.pool().make<KvStore>();
  store->copy = copy_of("key", 0s);
  cluster.loop.drop = [&](NodeSlot from, NodeSlot, const Message& message) {
    return from == owner && is<RepairWant>(message) && !as<RepairWant>(message).held.empty();
  };
  cluster.loop.inject(owner, other, std::move(store));
  cluster.loop.run_for(5s);
  cluster.loop.drop = [](NodeSlot, NodeSlot, const Message& message) { return is<RepairDigest>(message); };
  const auto confirm = [&](NodeSlot from, Version version) {
    auto want = cluster.loop.pool().make<RepairWant>();
    want->held = {entry_of("key", version)};
    cluster.loop.inject(from, other, std::move(want));
    cluster.loop.run_for(10ms);
    return cluster.held(other, "key").live();
  };
  Version older = kAnyVersion;
  --older.time;
  CHECK(confirm(owner, older));
  CHECK(confirm(other, kAnyVersion));  // not from the replica
  CHECK_FALSE(confirm(owner, kAnyVersion));
  CHECK(cluster.held(owner, "key").live());
}

}  // namespace hearsay::test
