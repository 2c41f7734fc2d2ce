// The push-gossip workload that simulators are compared by: N nodes, each with a timer of period 1 s and a random
// phase; a tick sends the node's heartbeat counter to one uniformly random other node; latency uniform 10..100 ms; the
// receiver merges it. Events are ticks and deliveries.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "core/protocol/codec.hpp"
#include "core/protocol/node.hpp"

namespace hearsay::bench {

struct Heartbeat : MessageOf<Heartbeat> {
  static constexpr std::string_view kName = "bench.Heartbeat";
  static constexpr Role kRole = Role::kMembership;
  std::uint64_t counter = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.counter, "counter", "ticks of the sender's clock that the sender has heard of");
  }
};

struct PushGossipState {
  std::uint64_t counter = 0;
};

class PushGossip final : public StatefulOf<PushGossip, Role::kMembership, PushGossipState> {
 public:
  explicit PushGossip(std::uint32_t nodes) : nodes_(nodes) {}
  std::vector<const MessageType*> messages() const override { return {&message_type<Heartbeat>()}; }

  void on_start(Step& step, PushGossipState&, const Boot&) const {
    step.arm(0, Duration(static_cast<std::int64_t>(step.random().below(1'000'000'000))));
  }
  void on_timer(Step& step, PushGossipState& state, Timer) const {
    auto message = step.make<Heartbeat>();
    message->counter = ++state.counter;
    auto peer = static_cast<std::uint32_t>(step.random().below(nodes_ - 1));
    peer += peer >= raw(step.self()) ? 1U : 0U;
    step.send(NodeSlot{peer}, std::move(message));
    step.arm(0, 1s);
  }
  void on_message(Step&, PushGossipState& state, NodeSlot, const Message& message) const {
    state.counter = std::max(state.counter, as<Heartbeat>(message).counter);
  }
  void on_digest(const PushGossipState& state, Hasher& hasher) const { hasher.add(state.counter); }

 private:
  std::uint32_t nodes_;
};

// A role that does nothing.
struct Nothing {};
template <Role kRole>
class NoStrategy final : public StatefulOf<NoStrategy<kRole>, kRole, Nothing> {
 public:
  std::vector<const MessageType*> messages() const override { return {}; }
};

class NoRing final : public Ring {
 public:
  std::shared_ptr<const Placement> place(std::span<const RingMember>) const override { return nullptr; }
};

inline Composition push_gossip(std::uint32_t nodes) {
  return Composition(std::make_shared<PushGossip>(nodes), std::make_shared<NoStrategy<Role::kDissemination>>(),
                     std::make_shared<NoStrategy<Role::kReplication>>(), std::make_shared<NoRing>());
}

}  // namespace hearsay::bench
