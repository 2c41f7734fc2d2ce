// The membership `heartbeat`: R. van Renesse, Y. Minsky, M. Hayden, A Gossip-Style Failure Detection Service
// (Middleware '98). Every node counts; it gossips the counts it has heard to random members; whose count stands still
// for too long is dead. The worked example of docs/howto/write-a-strategy.md.
//
// Immutable, shared by all nodes. A node's state is bounded by the directory: one row for each slot heard of.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/quantity.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/step.hpp"
#include "core/protocol/strategy.hpp"

namespace hearsay {

// ---- what it says
// ----------------------------------------------------------------------------------------------------

// One member's count. A whole identity: the receiver may hear of this member for the first time.
struct Heartbeat {
  Identity node;
  Epoch epoch = 0;
  std::uint64_t count = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.node, "node", "whose count it is");
    v(m.epoch, "epoch", "its boot generation, so that a restart may count from one again");
    v(m.count, "count", "the highest count its sender has heard");
  }
  bool valid() const { return node.slot != kNoSlot; }
};

struct Heartbeats : MessageOf<Heartbeats> {
  static constexpr std::string_view kName = "heartbeat.Heartbeats";
  static constexpr Role kRole = Role::kMembership;
  std::vector<Heartbeat> beats;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.beats, "beats", "what the sender has heard of its members; at most 1024 a message");
  }
};

// An id is enough: who has never heard of the node has nothing to forget.
struct Farewell : MessageOf<Farewell> {
  static constexpr std::string_view kName = "heartbeat.Farewell";
  static constexpr Role kRole = Role::kMembership;
  static constexpr bool kDisseminated = true;  // everybody should get it
  NodeId node{};
  Epoch epoch = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.node, "node", "id of who leaves");
    v(m.epoch, "epoch", "the life it ends");
  }
};

// ---- what a user may set
// ---------------------------------------------------------------------------------------------

struct HeartbeatParams {
  static constexpr std::int64_t kMaxFanout = 16;

  Duration interval = 200ms;
  Duration fail_after = 5s;
  std::int64_t fanout = 2;
  bool call_dead = true;

  void visit(ParamVisitor& v) {
    v.duration("interval", interval, {1ms, 1h},
               "time between two gossips of a node; shorter detects sooner, and costs as many more bytes");
    v.duration(
        "fail_after", fail_after, {1ms, 24h},
        "how long a count may stand still before its node is dead; shorter detects sooner and buries more of the "
        "living: news takes about log2 n + ln n intervals to reach everybody");
    v.integer("fanout", fanout, {1, kMaxFanout}, "members",
              "random members that a gossip goes to; more spread counts faster at as many copies of the whole list");
    v.boolean("call_dead", call_dead,
              "send one more copy to a slot drawn from all, if a dead one has it; without, a split never heals");
  }
};

// ---- what a node remembers
// -------------------------------------------------------------------------------------------

struct HeartbeatState {
  struct Row {
    Epoch epoch = 0;  // 0: never heard of
    std::uint64_t count = 0;
    MonoTime heard{};  // by this node's own clock: nobody else's is compared with it
  };
  std::vector<Row> rows;        // by slot
  std::vector<NodeSlot> seeds;  // asked while nobody else is known
  bool leaving = false;
};

// ---- what it does
// ----------------------------------------------------------------------------------------------------

class HeartbeatMembership final : public StatefulOf<HeartbeatMembership, Role::kMembership, HeartbeatState> {
 public:
  explicit HeartbeatMembership(const HeartbeatParams& params) : params_(params) {}

  std::vector<const MessageType*> messages() const override {
    return {&message_type<Heartbeats>(), &message_type<Farewell>()};
  }

  void on_start(Step& step, HeartbeatState& state, const Boot& boot) const {
    state.seeds.assign(boot.seeds.begin(), boot.seeds.end());
    hear(step, state, step.self(), step.epoch(), 1);
    gossip(step, state);
    // A random first tick: nodes that start together would otherwise all send at the same instants for ever.
    step.arm(kTick, Duration(step.random().between(1, params_.interval.count())));
  }

  void on_message(Step& step, HeartbeatState& state, NodeSlot, const Message& message) const {
    if (is<Heartbeats>(message)) {
      // Each count stands for itself, so the order in which they are listed decides nothing.
      for (const Heartbeat& beat : as<Heartbeats>(message).beats) {
        if (beat.node.slot != step.self()) hear(step, state, beat.node.slot, beat.epoch, beat.count);
      }
    } else if (is<Farewell>(message)) {
      const auto& farewell = as<Farewell>(message);
      const NodeSlot node = step.directory().find(farewell.node);
      if (node == kNoSlot || !step.view().get(node).known) return;
      step.update_member(node, {farewell.epoch, 0, Status::kLeft});
    }
  }

  void on_timer(Step& step, HeartbeatState& state, Timer timer) const {
    if (timer.kind != kTick || state.leaving) return;
    step.arm(kTick, params_.interval);
    hear(step, state, step.self(), step.epoch(), state.rows[raw(step.self())].count + 1);
    bury_the_silent(step, state);
    gossip(step, state);
  }

  void on_leave(Step& step, HeartbeatState& state) const {
    state.leaving = true;
    auto farewell = step.make<Farewell>();
    farewell->node = step.id(step.self());
    farewell->epoch = step.epoch();
    step.disseminate(std::move(farewell));  // the dissemination strategy knows how to reach everybody
  }

  void on_digest(const HeartbeatState& state, Hasher& hasher) const {
    hasher.add(state.leaving);
    hasher.add(state.rows.size());
    for (const HeartbeatState::Row& row : state.rows) {
      hasher.add(row.epoch);
      hasher.add(row.count);
      hasher.add(row.heard);
    }
  }

 private:
  static constexpr std::uint8_t kTick = 1;

  void hear(Step& step, HeartbeatState& state, NodeSlot node, Epoch epoch, std::uint64_t count) const {
    if (state.rows.size() <= raw(node)) state.rows.resize(raw(node) + std::size_t{1});
    HeartbeatState::Row& row = state.rows[raw(node)];
    // An older count says nothing new, in particular nothing about a member that was buried meanwhile.
    if (epoch < row.epoch || (epoch == row.epoch && count <= row.count)) return;
    row = {epoch, count, step.mono()};
    const MaybeBelief before = step.view().get(node);
    if (before.known && before.belief.epoch == epoch) {
      if (before.belief.status == Status::kLeft) return;
      // By the order of beliefs a life sign of the same incarnation does not undo a death. A higher count does here.
      if (before.belief.status == Status::kDead) step.forget_member(node);
    }
    step.update_member(node, {epoch, 0, Status::kAlive});
  }

  void bury_the_silent(Step& step, HeartbeatState& state) const {
    for (std::uint32_t i = 0; i < state.rows.size(); ++i) {
      const NodeSlot node{i};
      const MaybeBelief belief = step.view().get(node);
      if (node == step.self() || !belief.member() || step.mono() - state.rows[i].heard <= params_.fail_after) continue;
      step.update_member(node, {belief.belief.epoch, belief.belief.incarnation, Status::kDead});
    }
  }

  void gossip(Step& step, HeartbeatState& state) const {
    std::array<NodeSlot, kMaxTargets> targets;
    std::size_t count = 0;
    for (std::int64_t i = 0; i < params_.fanout; ++i) {
      const NodeSlot peer = step.view().random_member(step.random());
      if (peer != kNoSlot) targets[count++] = peer;
    }
    if (count == 0 && !state.seeds.empty()) targets[count++] = state.seeds[step.random().below(state.seeds.size())];
    if (params_.call_dead) {
      const NodeSlot any{static_cast<std::uint32_t>(step.random().below(step.view().domain()))};
      const MaybeBelief belief = step.view().get(any);
      if (belief.known && belief.belief.status == Status::kDead) targets[count++] = any;
    }
    // One message for all targets: it is sized once and shared. More members than a message may list take several.
    for (std::uint32_t i = 0; i < state.rows.size();) {
      auto message = step.make<Heartbeats>();
      for (; i < state.rows.size() && message->beats.size() < kMaxElements; ++i) {
        if (step.view().is_member(NodeSlot{i})) {
          message->beats.push_back({{NodeSlot{i}}, state.rows[i].epoch, state.rows[i].count});
        }
      }
      const MessageRef sealed = step.sealed(std::move(message));
      for (std::size_t t = 0; t < count; ++t) step.send(targets[t], sealed);
    }
  }

  static constexpr std::size_t kMaxTargets = static_cast<std::size_t>(HeartbeatParams::kMaxFanout) + 1;
  HeartbeatParams params_;
};

// ---- its entry in the catalogue
// --------------------------------------------------------------------------------------

struct HeartbeatConfig : HeartbeatParams {
  static constexpr Role kRole = Role::kMembership;
  static constexpr std::string_view kName = "heartbeat";
  static constexpr std::string_view kSummary = "Members gossip counts; whose count stands still is dead.";
  static constexpr std::string_view kSource =
      "R. van Renesse, Y. Minsky, M. Hayden, A Gossip-Style Failure Detection Service, Middleware '98";

  Result<void> check() const {
    if (fail_after <= interval) {
      return invalid("fail_after (" + format_duration(fail_after) + ") must exceed interval (" +
                     format_duration(interval) + "): every member would be dead between two of its counts");
    }
    return {};
  }
  std::shared_ptr<const Component> build() const { return std::make_shared<const HeartbeatMembership>(*this); }
};

inline CatalogueEntry heartbeat_entry() { return entry_of<HeartbeatConfig>(); }

}  // namespace hearsay
