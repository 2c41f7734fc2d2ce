// A fingerprint of final states tells apart what will act apart: each case changes one thing that decides, and nothing
// that a store holds.
#include <doctest/doctest.h>

#include <functional>

#include "tests/core/replication_cluster.hpp"

namespace hearsay::test {
namespace {

// The digest of a small cluster after something was done to it.
Hash128 digest_after(const std::function<void(RepairedCluster&)>& act) {
  RepairedCluster cluster(AntiEntropyConfig{}, {.nodes = 6});
  for (std::uint32_t i = 0; i < 6; ++i) (void)cluster.get(NodeSlot{i}, "anything");
  cluster.loop.drop = [](NodeSlot, NodeSlot, const Message& message) {
    return !is<Told>(message) && !is<KvTicket>(message) && !is<RepairDelta>(message);
  };
  act(cluster);
  cluster.loop.run_for(5ms);
  return cluster.loop.digest();
}

}  // namespace

TEST_CASE("replication digest: sees what a pending request is about") {
  const auto pending = [](std::string value, Duration ttl) {
    return digest_after([=](RepairedCluster& cluster) {
      cluster.loop.request(cluster.outsider("key", 3), RepairedCluster::put_of("key", value, ttl));
    });
  };
  CHECK(pending("a", 1h) == pending("a", 1h));
  CHECK(pending("a", 1h) != pending("b", 1h));
  CHECK(pending("a", 1h) != pending("a", 2h));
}

TEST_CASE("replication digest: sees the tickets and cursors a node holds of its peers") {
  const auto ticket = [](Duration issued) {
    return digest_after([=](RepairedCluster& cluster) {
      auto message = cluster.loop.pool().make<KvTicket>();
      message->ticket = {9, issued};
      cluster.loop.inject(NodeSlot{1}, NodeSlot{0}, std::move(message));
    });
  };
  CHECK(ticket(1h) == ticket(1h));
  CHECK(ticket(1h) != ticket(2h));
  const auto cursor = [](std::uint64_t next) {
    return digest_after([=](RepairedCluster& cluster) {
      auto message = cluster.loop.pool().make<RepairDelta>();
      message->next = next;
      cluster.loop.inject(NodeSlot{1}, NodeSlot{0}, std::move(message));
    });
  };
  CHECK(cursor(1) == cursor(1));
  CHECK(cursor(1) != cursor(2));
}

TEST_CASE("replication digest: sees for whom a hand-over is due") {
  const auto restarted = [](std::uint32_t who) {
    return digest_after(
        [=](RepairedCluster& cluster) { cluster.tell_one(NodeSlot{0}, NodeSlot{who}, Status::kAlive, 2); });
  };
  CHECK(restarted(1) == restarted(1));
  CHECK(restarted(1) != restarted(2));
}

}  // namespace hearsay::test
