// A hand-made run for the tests of the probes: nodes with names n0, n1, ..., times in seconds, truth and observations.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "sim/measure/measure.hpp"

namespace hearsay::measure {

// Key i of n members (by their order of ids) belongs to members[i % n], and its replicas follow it.
class ModuloRing final : public Ring {
 public:
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<Modulo>(members);
  }

 private:
  class Modulo final : public Placement {
   public:
    explicit Modulo(std::span<const RingMember> members) {
      for (const RingMember& member : members) slots_.push_back(member.slot);
    }
    NodeSlot lookup(std::uint64_t hash) const override {
      return slots_.empty() ? kNoSlot : slots_[hash % slots_.size()];
    }
    std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override {
      const std::size_t n = std::min(out.size(), slots_.size());
      for (std::size_t i = 0; i < n; ++i) out[i] = slots_[(hash + i) % slots_.size()];
      return n;
    }
    std::size_t members() const override { return slots_.size(); }
    std::size_t memory_bytes() const override { return slots_.size() * sizeof(NodeSlot); }

   private:
    std::vector<NodeSlot> slots_;
  };
};

inline TrueTime at_s(double s) { return TrueTime(Duration(static_cast<std::int64_t>(s * 1e9 + 0.5))); }

struct Scene {
  explicit Scene(std::uint32_t nodes, std::uint32_t replica_count = 0) : replicas(replica_count) {
    for (std::uint32_t i = 0; i < nodes; ++i) {
      (void)plan.directory.intern(fmt::format("n{}", i));
      plan.nodes.push_back({});
    }
    plan.duration = 1000s;
  }
  // Before begin().
  std::size_t add_event(double at, std::string label, plan::Action action) {
    plan.events.push_back({at_s(at).time_since_epoch(), std::move(label), std::move(action), {}});
    return plan.events.size() - 1;
  }
  void expect(std::string metric, std::optional<double> max = {}) {
    plan.expectations.push_back({metric, {}, max, {}, metric, {}});
  }
  void begin() { measure = std::make_unique<Measure>(plan, 1, *placing, replicas); }
  // All nodes start at 0 and know each other at once.
  void begin_together() {
    begin();
    for (std::uint32_t i = 0; i < plan.nodes.size(); ++i) up(0, i);
    for (std::uint32_t i = 0; i < plan.nodes.size(); ++i) {
      for (std::uint32_t j = 0; j < plan.nodes.size(); ++j) alive(0, i, j);
    }
  }

  void state(double at, std::uint32_t node, ProcessState state) {
    measure->process(at_s(at), NodeSlot{node}, state, 1);
  }
  void up(double at, std::uint32_t node) { state(at, node, ProcessState::kUp); }
  void down(double at, std::uint32_t node) { state(at, node, ProcessState::kDown); }
  void event(double at, std::size_t index) { measure->event(at_s(at), index); }
  void see(double at, std::uint32_t node, std::uint32_t peer, ObservationKind kind) {
    measure->observe({at_s(at), NodeSlot{node}, NodeSlot{peer}, kind, 0, 0, {}});
  }
  void alive(double at, std::uint32_t node, std::uint32_t peer) { see(at, node, peer, ObservationKind::kMemberAlive); }
  void dead(double at, std::uint32_t node, std::uint32_t peer) { see(at, node, peer, ObservationKind::kMemberDead); }
  void store(double at, std::uint32_t node, ObservationKind kind, const std::string& key, Version version,
             std::uint64_t ttl_ns = 0) {
    measure->observe({at_s(at), NodeSlot{node}, kNoSlot, kind, hash64(key), ttl_ns, version});
  }
  // Nodes by group; group i reaches group j when `reaches[i]` has bit j.
  void reach(double at, std::vector<std::uint8_t> group, std::vector<std::uint64_t> reaches) {
    plan::Reachability r = plan::Reachability::whole(static_cast<std::uint32_t>(plan.nodes.size()));
    r.group = std::move(group);
    for (std::size_t i = 0; i < reaches.size(); ++i) r.reaches[i] = reaches[i];
    measure->reachability(at_s(at), r);
  }

  // A request, from `at` to `done`; a version of nothing is a miss of a get, or a failure of a write.
  void get(double at, double done, std::uint32_t node, const std::string& key, Version found) {
    OpRecord op = begin_op(at, node, OpKind::kGet, key, {});
    op.reply.ok = static_cast<bool>(found);
    op.reply.error = ErrorCode::kNotFound;
    op.reply.version = found;
    end_op(op, done);
  }
  void put(double at, double done, std::uint32_t node, const std::string& key, Version version, Duration ttl = {},
           bool ok = true) {
    write(at, done, node, OpKind::kPut, key, version, ttl, ok);
  }
  void del(double at, double done, std::uint32_t node, const std::string& key, Version version, bool ok = true) {
    write(at, done, node, OpKind::kDel, key, version, {}, ok);
  }
  void write(double at, double done, std::uint32_t node, OpKind kind, const std::string& key, Version version,
             Duration ttl, bool ok) {
    OpRecord op = begin_op(at, node, kind, key, ttl);
    op.reply.ok = ok;
    op.reply.error = ErrorCode::kTimeout;
    op.reply.version = version;
    end_op(op, done);
  }
  // A put that these nodes take in before it is answered.
  void put_into(double at, double done, std::uint32_t node, const std::string& key, Version version,
                const std::vector<std::uint32_t>& takers, Duration ttl = {}, bool ok = true) {
    OpRecord op = begin_op(at, node, OpKind::kPut, key, ttl);
    for (const std::uint32_t taker : takers) store((at + done) / 2, taker, ObservationKind::kStored, key, version);
    op.reply.ok = ok;
    op.reply.error = ErrorCode::kTimeout;
    op.reply.version = version;
    end_op(op, done);
  }
  OpRecord begin_op(double at, std::uint32_t node, OpKind kind, const std::string& key, Duration ttl) {
    OpRecord op;
    op.id = next_op++;
    op.node = NodeSlot{node};
    op.client = client;
    op.op = kind;
    op.key = key;
    op.key_hash = placing->hash_key(key);
    op.ttl = ttl;
    op.invoked = at_s(at);
    measure->op_invoked(op);
    return op;
  }
  // The run ends before it is answered.
  void cut_off(OpRecord op, double end) {
    op.completed = at_s(end);
    op.cut_off = true;
    measure->op_completed(op);
  }
  void end_op(OpRecord op, double done) {
    op.completed = at_s(done);
    op.answered = true;
    measure->op_completed(op);
  }

  void sample(double at) { measure->sample(at_s(at), traffic); }
  const Results& finish(double at) {
    results = measure->finish(at_s(at), traffic);
    return results;
  }
  // A metric's value after finish(); -1 when it has none, -2 when there is no such metric.
  double value(const std::string& name) const {
    const Metric* metric = results.find(name);
    return metric == nullptr ? -2.0 : metric->value.value_or(-1.0);
  }
  bool censored(const std::string& name) const {
    const Metric* metric = results.find(name);
    return metric != nullptr && metric->censored;
  }

  plan::Plan plan;
  ModuloRing ring;
  const Ring* placing = &ring;
  std::uint32_t replicas;
  std::unique_ptr<Measure> measure;
  Traffic traffic;
  Results results;
  std::uint64_t next_op = 0;
  std::uint32_t client = kNoClient;  // who makes the requests from now on
};

inline Version version(std::uint64_t time, std::uint64_t node = 1) { return {time, NodeId{node}}; }

}  // namespace hearsay::measure
