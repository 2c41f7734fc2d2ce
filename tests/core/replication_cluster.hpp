// A cluster for tests of replication: a membership that believes what it is told, a ring with one point a node, and the
// requests of a client in one line each. On the loopback driver.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/replication/anti_entropy.hpp"
#include "core/replication/none.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/stubs.hpp"

namespace hearsay::test {

struct Told : MessageOf<Told> {
  static constexpr std::string_view kName = "test.Told";
  static constexpr Role kRole = Role::kMembership;
  NodeSlot subject = kNoSlot;
  std::uint32_t epoch = 0;
  Status status = Status::kAlive;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.subject, "subject", "of whom");
    v(m.epoch, "epoch", "what");
    v(m.status, "status", "what");
  }
};

// Starts out believing in the first `initial` nodes and itself.
class ToldMembership final : public StatefulOf<ToldMembership, Role::kMembership, Nothing> {
 public:
  explicit ToldMembership(std::uint32_t initial) : initial_(initial) {}
  std::vector<const MessageType*> messages() const override { return {&message_type<Told>()}; }
  void on_start(Step& step, Nothing&, const Boot&) const {
    for (std::uint32_t i = 0; i < initial_; ++i) step.update_member(NodeSlot{i}, {1, 0, Status::kAlive});
    step.update_member(step.self(), {step.epoch(), 0, Status::kAlive});
  }
  void on_message(Step& step, Nothing&, NodeSlot, const Message& message) const {
    const auto& told = as<Told>(message);
    step.update_member(told.subject, {told.epoch, 0, told.status});
  }

 private:
  std::uint32_t initial_;
};

class NoDissemination final : public StatefulOf<NoDissemination, Role::kDissemination, Nothing> {
 public:
  std::vector<const MessageType*> messages() const override { return {}; }
};

// One point a node, its id; replicas are the next ones.
class PointRing final : public Ring {
 public:
  explicit PointRing(std::uint64_t hash_mask = ~std::uint64_t{0}) : hash_mask_(hash_mask) {}
  std::uint64_t hash_key(std::string_view key) const override { return hash64(key) & hash_mask_; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<Walk>(std::vector<RingMember>(members.begin(), members.end()));
  }

 private:
  class Walk final : public Placement {
   public:
    explicit Walk(std::vector<RingMember> members) : members_(std::move(members)) {}
    NodeSlot lookup(std::uint64_t hash) const override {
      NodeSlot owner = kNoSlot;
      (void)replicas(hash, {&owner, 1});
      return owner;
    }
    std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override {
      const auto first = std::lower_bound(members_.begin(), members_.end(), NodeId{hash},
                                          [](const RingMember& member, NodeId id) { return member.id < id; });
      const auto start = static_cast<std::size_t>(first - members_.begin());
      const std::size_t count = std::min(out.size(), members_.size());
      for (std::size_t i = 0; i < count; ++i) out[i] = members_[(start + i) % members_.size()].slot;
      return count;
    }
    std::size_t members() const override { return members_.size(); }
    std::size_t memory_bytes() const override { return 0; }

   private:
    std::vector<RingMember> members_;
  };
  std::uint64_t hash_mask_;
};

template <class Config>
std::shared_ptr<const Composition> compose(const Config& config, std::uint32_t initial,
                                           std::shared_ptr<const Ring> ring = std::make_shared<PointRing>()) {
  REQUIRE(config.check().has_value());
  return std::make_shared<Composition>(std::make_shared<ToldMembership>(initial), std::make_shared<NoDissemination>(),
                                       std::static_pointer_cast<const Strategy>(config.build()), std::move(ring));
}

// `State` is NoneState or AntiEntropyState.
template <class State>
struct Cluster {
  template <class Config>
  explicit Cluster(const Config& config, Loopback::Options options = {}, std::uint32_t initial = 0,
                   std::shared_ptr<const Ring> ring = std::make_shared<PointRing>())
      : loop(compose(config, initial == 0 ? options.nodes : initial, std::move(ring)), options) {
    for (std::uint32_t i = 0; i < (initial == 0 ? options.nodes : initial); ++i) loop.start(NodeSlot{i});
  }

  static Request put_of(std::string key, std::string value, Duration ttl = 0s) {
    return {{}, OpKind::kPut, std::move(key), Bytes(std::move(value)), ttl};
  }
  Reply put(NodeSlot at, std::string key, std::string value, Duration ttl = 0s) {
    return loop.call(at, put_of(std::move(key), std::move(value), ttl)).value();
  }
  Reply get(NodeSlot at, std::string key) { return loop.call(at, {{}, OpKind::kGet, std::move(key), {}, 0s}).value(); }
  Reply del(NodeSlot at, std::string key) { return loop.call(at, {{}, OpKind::kDel, std::move(key), {}, 0s}).value(); }

  // What a running node's own store holds.
  Lookup held(NodeSlot node, const std::string& key) {
    const auto& kv = loop.template state<State>(node, Role::kReplication).kv;
    return kv == nullptr ? Lookup{} : kv->replica.store().get(key, loop.mono(node));
  }
  std::size_t holders(const std::string& key) {
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < loop.size(); ++i) count += loop.up(NodeSlot{i}) && held(NodeSlot{i}, key).live();
    return count;
  }
  // By the view of a node: the owner first.
  std::vector<NodeSlot> replicas(const std::string& key, std::size_t n, NodeSlot view_of = NodeSlot{0}) {
    PlainPlacements placements(loop.directory());
    placements.use(loop.composition(view_of).ring());
    std::vector<NodeSlot> nodes(n);
    nodes.resize(placements.placement(loop.view(view_of)).replicas(placements.hash_key(key), nodes));
    return nodes;
  }
  // A node that holds nothing of the key by the view of node 0.
  NodeSlot outsider(const std::string& key, std::size_t n) {
    const auto nodes = replicas(key, n);
    for (std::uint32_t i = 0;; ++i) {
      if (std::find(nodes.begin(), nodes.end(), NodeSlot{i}) == nodes.end()) return NodeSlot{i};
    }
  }

  // Everybody who runs learns at once what became of a node.
  void tell(NodeSlot subject, Status status, Epoch epoch = 1) {
    for (std::uint32_t i = 0; i < loop.size(); ++i) {
      if (loop.up(NodeSlot{i})) tell_one(NodeSlot{i}, subject, status, epoch);
    }
    loop.run_for(5ms);
  }
  void tell_one(NodeSlot to, NodeSlot subject, Status status, Epoch epoch = 1) {
    auto told = loop.pool().template make<Told>();
    told->subject = subject;
    told->epoch = epoch;
    told->status = status;
    loop.inject(subject, to, std::move(told));
  }

  // Cuts nodes off from the others, both ways.
  void isolate(std::vector<NodeSlot> nodes) {
    loop.drop = [nodes = std::move(nodes)](NodeSlot from, NodeSlot to, const Message& message) {
      if (is<Told>(message)) return false;
      const auto in = [&](NodeSlot node) { return std::find(nodes.begin(), nodes.end(), node) != nodes.end(); };
      return in(from) != in(to);
    };
  }
  void heal() { loop.drop = nullptr; }

  Loopback loop;
};

using NoneCluster = Cluster<NoneState>;
using RepairedCluster = Cluster<AntiEntropyState>;

inline int index_of(Quorum quorum) { return static_cast<int>(quorum); }

}  // namespace hearsay::test
