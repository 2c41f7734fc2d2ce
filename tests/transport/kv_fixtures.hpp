// The backends that the conformance suite runs on.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/support/server_process.hpp"
#include "tests/support/simulated_kv.hpp"
#include "tests/transport/kv_fixture.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/kv_memory.hpp"
#include "transport/kv_options.hpp"
#include "transport/node_client.hpp"

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

inline void wait_until(const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) FAIL("waited for 20 s");
    std::this_thread::yield();
  }
}

inline std::unique_ptr<transport::LiveNode> running(const transport::NodeOptions& options, const KvOptions& kv) {
  auto composition = make_composition(kv);
  if (!composition) FAIL(composition.error().message);
  auto node = transport::LiveNode::open(options, *composition);
  if (!node) FAIL(node.error().message);
  if (auto ready = (*node)->wait_ready(20s); !ready) FAIL(ready.error().message);
  return std::move(*node);
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

// A node of `hearsay serve` in this process, whose clients stay out of the ring.
class ServiceFixture final : public RealTimeFixture, public WithServer {
 public:
  ServiceFixture() { start_server(); }
  using KvFixture::open;
  std::unique_ptr<Kv> open(const std::string& name_space, Duration timeout) override {
    return opened(open_kv(options_of("service", endpoint_, name_space, timeout)));
  }
  void kill_server() override { node_.reset(); }
  void start_server() override {
    transport::NodeOptions options;
    options.name = "server";
    options.links.bind = endpoint_;
    node_ = running(options, {});
    endpoint_ = node_->endpoint();
  }
  void freeze_server() override { node_->pause(true); }
  void thaw_server() override { node_->pause(false); }
  Duration resolution() const override { return Duration::zero(); }

 private:
  std::string endpoint_ = "tcp://127.0.0.1:*";
  std::unique_ptr<transport::LiveNode> node_;
};

// Handles with a node each, all of a namespace in one ring; beside them one that nobody has a handle of. A key's time
// is kept while nodes come, but a ring that is about to change may miss it for a moment: so each handle is given out
// when all nodes know it.
template <std::int64_t kReplicas>
class GossipFixture final : public RealTimeFixture {
 public:
  using KvFixture::open;
  std::unique_ptr<Kv> open(const std::string& name_space, Duration timeout) override {
    Cluster& cluster = clusters_[name_space];
    if (cluster.others.empty()) {
      for (std::int64_t i = 0; i < kReplicas; ++i) add(cluster, name_space, "other" + std::to_string(i));
    }
    KvOptions options = options_of("gossip", cluster.others[0]->endpoint(), name_space, timeout);
    options.name = "handle" + std::to_string(cluster.handles++);
    options.replicas = kReplicas;
    auto kv = opened(open_kv(options));
    // Where its node is, as its string() says: "gossip(NAME at ENDPOINT, ...".
    const std::string text = kv->string();
    const std::size_t begin = text.find(" at ") + 4;
    cluster.endpoints.push_back(text.substr(begin, text.find(',', begin) - begin));
    wait_until_all_agree(cluster, name_space);
    return kv;
  }
  Duration resolution() const override { return Duration::zero(); }

 private:
  struct Cluster {
    std::vector<std::unique_ptr<transport::LiveNode>> others;
    std::vector<std::string> endpoints;  // of handles, those that are closed included
    int handles = 0;
  };
  // Every node that can be asked has the view of the first one.
  void wait_until_all_agree(const Cluster& cluster, const std::string& name_space) {
    const auto channel = transport::Channel::make(transport::kDefaultTopic, transport::kDefaultService, name_space);
    transport::NodeClient client(context_, channel->calls, transport::client_sockets(), off_);
    wait_until([&] {
      const std::uint32_t members = cluster.others[0]->members();
      if (std::ranges::any_of(cluster.others, [&](const auto& other) { return other->members() != members; })) {
        return false;
      }
      std::uint32_t answered = static_cast<std::uint32_t>(cluster.others.size());
      for (const std::string& endpoint : cluster.endpoints) {
        const auto status = client.status(endpoint, transport::Now::read_mono() + 100ms);
        if (status && status->members != members) return false;
        if (status) ++answered;
      }
      return answered == members;
    });
  }
  static void add(Cluster& cluster, const std::string& name_space, const std::string& name) {
    transport::NodeOptions options;
    options.name = name;
    options.name_space = name_space;
    if (!cluster.others.empty()) options.seeds = {cluster.others[0]->endpoint()};
    KvOptions kv;
    kv.replicas = kReplicas;
    cluster.others.push_back(running(options, kv));
    const auto count = static_cast<std::uint32_t>(cluster.others.size());
    for (const auto& other : cluster.others) wait_until([&] { return other->members() == count; });
  }

  zmq::context_t context_;
  transport::Security off_;
  std::map<std::string, Cluster> clusters_;
};
using GossipAlone = GossipFixture<1>;
using GossipQuorum = GossipFixture<3>;

}  // namespace hearsay::test

TYPE_TO_STRING_AS("service", hearsay::test::ServiceFixture);
TYPE_TO_STRING_AS("gossip", hearsay::test::GossipAlone);
TYPE_TO_STRING_AS("gossip, 3 replicas", hearsay::test::GossipQuorum);
TYPE_TO_STRING_AS("memory", hearsay::test::MemoryFixture);
TYPE_TO_STRING_AS("redis", hearsay::test::RedisFixture);
TYPE_TO_STRING_AS("memcached", hearsay::test::MemcachedFixture);
TYPE_TO_STRING_AS("1 simulated", hearsay::test::SimulatedNode);
TYPE_TO_STRING_AS("3 simulated", hearsay::test::SimulatedNodes);

namespace hearsay::test {

using EveryKv = std::tuple<GossipAlone, GossipQuorum, ServiceFixture, MemoryFixture, RedisFixture, MemcachedFixture,
                           SimulatedNode, SimulatedNodes>;
using SharedKv = std::tuple<GossipAlone, GossipQuorum, ServiceFixture, RedisFixture, MemcachedFixture, SimulatedNode,
                            SimulatedNodes>;
using ServerKv = std::tuple<ServiceFixture, RedisFixture, MemcachedFixture>;
using ListingKv = std::tuple<GossipAlone, GossipQuorum, ServiceFixture, MemoryFixture, RedisFixture>;
using WatchingKv = std::tuple<GossipAlone, GossipQuorum, ServiceFixture, MemoryFixture>;
using ReplicatedKv = std::tuple<SimulatedNodes>;
using WallClockKv = std::tuple<SimulatedNode, SimulatedNodes>;

}  // namespace hearsay::test
