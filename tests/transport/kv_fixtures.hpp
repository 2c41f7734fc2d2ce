// The backends that the conformance suite runs on.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "tests/support/server_process.hpp"
#include "tests/support/simulated_kv.hpp"
#include "tests/transport/kv_fixture.hpp"
#include "transport/kv_memory.hpp"
#include "transport/kv_options.hpp"

namespace hearsay::test {

inline KvOptions options_of(const std::string& backend, const std::string& server, const std::string& name_space,
                            Duration timeout) {
  KvOptions options;
  options.backend = backend;
  if (!server.empty()) options.servers = {server};
  options.name_space = name_space;
  options.timeout = timeout;
  return options;
}

inline std::unique_ptr<Kv> opened(Result<std::unique_ptr<Kv>> kv) {
  if (!kv) FAIL(kv.error().message);
  return std::move(*kv);
}

class MemoryFixture final : public KvFixture {
 public:
  using KvFixture::open;
  std::unique_ptr<Kv> open(const std::string& name_space, Duration timeout) override {
    return opened(open_memory_kv(options_of("memory", "", name_space, timeout), [this] { return now(); }));
  }
  MonoTime now() override { return MonoTime(Duration(ns_.load())); }
  void pass(Duration time) override { ns_ += time.count(); }
  bool own_clock() const override { return true; }

 private:
  std::atomic<std::int64_t> ns_{1'000'000'007};
};

template <ServerProcess::Kind kKind>
class ServerFixture final : public RealTimeFixture, public WithServer {
 public:
  using KvFixture::open;
  std::unique_ptr<Kv> open(const std::string& name_space, Duration timeout) override {
    const char* backend = kKind == ServerProcess::Kind::kRedis ? "redis" : "memcached";
    return opened(open_kv(options_of(backend, server.address(), name_space, timeout)));
  }
  void kill_server() override { server.kill(); }
  void start_server() override { server.start(); }
  void freeze_server() override { server.freeze(); }
  void thaw_server() override { server.thaw(); }

  ServerProcess server{kKind};
};
using RedisFixture = ServerFixture<ServerProcess::Kind::kRedis>;
using MemcachedFixture = ServerFixture<ServerProcess::Kind::kMemcached>;

// Nodes in this process, one a namespace: a namespace is a cluster of its own.
class NodeFixture : public RealTimeFixture {
 protected:
  // Where the node of a namespace is, as its string() says: "gossip(NAME at ENDPOINT, ...".
  std::string endpoint(const std::string& name_space, Duration timeout) {
    std::unique_ptr<Kv>& node = nodes_[name_space];
    if (node == nullptr) node = opened(open_kv(options_of("gossip", "", name_space, timeout)));
    const std::string text = node->string();
    const std::size_t begin = text.find(" at ") + 4;
    return text.substr(begin, text.find(',', begin) - begin);
  }

 private:
  std::map<std::string, std::unique_ptr<Kv>> nodes_;
};

// Each handle is a node that joins.
class GossipFixture final : public NodeFixture {
 public:
  using KvFixture::open;
  std::unique_ptr<Kv> open(const std::string& name_space, Duration timeout) override {
    return opened(open_kv(options_of("gossip", endpoint(name_space, timeout), name_space, timeout)));
  }
};

// Each handle is a client.
class ServiceFixture final : public NodeFixture {
 public:
  using KvFixture::open;
  std::unique_ptr<Kv> open(const std::string& name_space, Duration timeout) override {
    return opened(open_kv(options_of("service", endpoint(name_space, timeout), name_space, timeout)));
  }
};

// The nodes of the simulator's protocols; clients take turns in being at one.
template <std::uint32_t kNodes>
class SimulatedFixture final : public KvFixture, public WithReplicas, public WithWallClock {
 public:
  using KvFixture::open;
  std::unique_ptr<Kv> open(const std::string& name_space, Duration) override {
    return std::make_unique<SimulatedKv>(name_space, cluster_, NodeSlot{opened_++ % kNodes});
  }
  MonoTime now() override {
    const std::lock_guard lock(cluster_->mutex);
    return MonoTime(cluster_->cluster.loop.now().time_since_epoch());
  }
  void pass(Duration time) override {
    const std::lock_guard lock(cluster_->mutex);
    cluster_->cluster.loop.run_for(time);
  }
  bool own_clock() const override { return true; }

  void cut_off_one() override {
    const std::lock_guard lock(cluster_->mutex);
    cluster_->cluster.isolate({kOne});
  }
  void heal() override {
    const std::lock_guard lock(cluster_->mutex);
    cluster_->cluster.heal();
  }
  std::unique_ptr<Kv> open_at_the_one() override { return std::make_unique<SimulatedKv>("", cluster_, kOne); }
  Duration repair() const override { return 4h; }

  void step_wall_clock(Duration by) override {
    const std::lock_guard lock(cluster_->mutex);
    for (std::uint32_t i = 0; i < kNodes; ++i) cluster_->cluster.loop.set_wall_offset(NodeSlot{i}, by);
  }

 private:
  static constexpr NodeSlot kOne{kNodes - 1};
  std::shared_ptr<SimulatedCluster> cluster_ = std::make_shared<SimulatedCluster>(kNodes);
  std::uint32_t opened_ = 0;
};
using SimulatedNode = SimulatedFixture<1>;
using SimulatedNodes = SimulatedFixture<3>;

}  // namespace hearsay::test

TYPE_TO_STRING_AS("memory", hearsay::test::MemoryFixture);
TYPE_TO_STRING_AS("redis", hearsay::test::RedisFixture);
TYPE_TO_STRING_AS("memcached", hearsay::test::MemcachedFixture);
TYPE_TO_STRING_AS("gossip", hearsay::test::GossipFixture);
TYPE_TO_STRING_AS("service", hearsay::test::ServiceFixture);
TYPE_TO_STRING_AS("1 simulated", hearsay::test::SimulatedNode);
TYPE_TO_STRING_AS("3 simulated", hearsay::test::SimulatedNodes);

namespace hearsay::test {

using EveryKv = std::tuple<MemoryFixture, RedisFixture, MemcachedFixture, GossipFixture, ServiceFixture, SimulatedNode,
                           SimulatedNodes>;
using SharedKv =
    std::tuple<RedisFixture, MemcachedFixture, GossipFixture, ServiceFixture, SimulatedNode, SimulatedNodes>;
using ServerKv = std::tuple<RedisFixture, MemcachedFixture>;
using ListingKv = std::tuple<MemoryFixture, RedisFixture, GossipFixture, ServiceFixture>;
using WatchingKv = std::tuple<MemoryFixture, GossipFixture, ServiceFixture>;
using ReplicatedKv = std::tuple<SimulatedNodes>;
using WallClockKv = std::tuple<SimulatedNode, SimulatedNodes>;

}  // namespace hearsay::test
