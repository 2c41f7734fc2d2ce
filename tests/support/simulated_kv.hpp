// The KV interface over the loopback's nodes and clock, so that whatever is asked of a backend can be asked of the
// simulated protocols: anti-entropy on the ring of tests/core/replication_cluster.hpp. A call runs the simulation until
// it is answered. Any thread: calls are made one after the other.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/kv/kv.hpp"
#include "tests/core/replication_cluster.hpp"

namespace hearsay::test {

struct SimulatedCluster {
  // `nodes` with as many copies, quorums for both.
  explicit SimulatedCluster(std::uint32_t nodes) : cluster(config(nodes), {.nodes = nodes, .wire = true}) {}

  static AntiEntropyConfig config(std::uint32_t nodes) {
    AntiEntropyConfig config;
    config.params.n = nodes;
    config.params.tombstone_grace = 24h;
    config.interval = 10min;  // a month of simulated time is asked for
    return config;
  }

  std::mutex mutex;  // of all below
  RepairedCluster cluster;
};

// A client at one node.
class SimulatedKv final : public Kv {
 public:
  SimulatedKv(std::string name_space, std::shared_ptr<SimulatedCluster> cluster, NodeSlot node)
      : Kv(std::move(name_space)), cluster_(std::move(cluster)), node_(node) {}
  ~SimulatedKv() override { (void)close(); }

  std::string string() const override { return fmt::format("simulated(n{})", raw(node_)); }
  // A latency a hop, of which a copy or an answer makes a few.
  KvCapabilities capabilities() const override { return {.late_by = 10ms}; }

 private:
  Result<Item> do_get(std::string_view key) override {
    auto reply = call({{}, OpKind::kGet, std::string(key), {}, 0s});
    if (!reply) return tl::unexpected(reply.error());
    return Item{{}, std::string(reply->value.view()), reply->ttl_left};
  }
  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    return call({{}, OpKind::kPut, std::string(key), Bytes(value), ttl}).map([](const Reply&) {});
  }
  Result<void> do_del(std::string_view key) override {
    return call({{}, OpKind::kDel, std::string(key), {}, 0s}).map([](const Reply&) {});
  }
  Result<void> do_close() override { return {}; }

  Result<Reply> call(Request request) {
    const std::lock_guard lock(cluster_->mutex);
    if (closed()) return fail(ErrorCode::kClosed, "the store was closed");
    auto reply = cluster_->cluster.loop.call(node_, std::move(request));
    if (!reply) return fail(ErrorCode::kTimeout, "no answer");
    if (!reply->ok) return fail(reply->error, "refused by the node");
    return std::move(*reply);
  }

  std::shared_ptr<SimulatedCluster> cluster_;
  NodeSlot node_;
};

}  // namespace hearsay::test
