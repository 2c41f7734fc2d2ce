// SWIM, the protocol: round-robin probes with indirect ones behind them, suspicion with incarnations and confirmations,
// refutation, local health, updates that ride on probes and on gossips of their own, join and repair by exchange of the
// full state, and a healer of splits.
//
// Immutable, shared by all nodes. Where it departs from memberlist, the function that does says so and why.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/membership/swim_config.hpp"
#include "core/membership/swim_messages.hpp"
#include "core/membership/swim_state.hpp"
#include "core/protocol/envelope.hpp"
#include "core/protocol/step.hpp"

namespace hearsay {

class SwimStrategy final : public StatefulOf<SwimStrategy, Role::kMembership, swim::SwimState> {
 public:
  using State = swim::SwimState;

  explicit SwimStrategy(const SwimConfig& config) : config_(config) {}

  std::vector<const MessageType*> messages() const override;
  void on_start(Step& step, State& s, const Boot& boot) const;
  void on_message(Step& step, State& s, NodeSlot from, const Message& message) const;
  void on_timer(Step& step, State& s, Timer timer) const;
  void on_leave(Step& step, State& s) const;
  void on_save(const State& s, MonoTime now, Persisted& out) const;
  void on_digest(const State& s, Hasher& hasher) const;

  const SwimConfig& config() const { return config_; }

 private:
  enum TimerKind : std::uint8_t {
    kProbeTick,     // the next probe; the end of the last one
    kProbeTimeout,  // no direct ack yet; argument: sequence
    kRelayTimeout,  // no ack for somebody else's probe; argument: sequence
    kGossipTick,
    kSuspicion,  // argument: the suspect's slot
    kPushPull,   // argument: 0 for the first, which only staggers
    kJoin,
    kReconnect,
    kReap,
    kIntroduce,
  };
  // How a fact was heard of.
  enum class Via : std::uint8_t {
    kGossip,
    kSync,  // in somebody's full state, where the dead are only suspects to us
  };

  // ---- facts: what is believed, refuted, passed on (swim_facts.cpp) ----
  void hear(Step& step, State& s, const swim::Facts& facts) const;
  void hear(Step& step, State& s, swim::Update update, Via via) const;
  void hear_of_self(Step& step, State& s, const Belief& belief) const;
  void adopt(Step& step, State& s, const swim::Update& update) const;
  void begin_suspicion(Step& step, State& s, const swim::Update& update) const;
  void confirm_suspicion(Step& step, State& s, const swim::Update& update) const;
  void on_suspicion_timer(Step& step, State& s, NodeSlot subject) const;
  void bury(Step& step, State& s, const swim::Update& update) const;
  void arm_reap(Step& step, State& s, Duration delay) const;
  void on_reap(Step& step, State& s) const;
  Duration remembered_for(const swim::Grave& grave) const;
  void announce_self(Step& step, State& s, Status status) const;
  void adjust_awareness(State& s, int delta) const;

  // ---- probes (swim_probe.cpp) ----
  void on_probe_tick(Step& step, State& s) const;
  void begin_probe(Step& step, State& s, NodeSlot target) const;
  void on_probe_timeout(Step& step, State& s, std::uint32_t argument) const;
  void fail_probe(Step& step, State& s) const;
  NodeSlot next_target(Step& step, State& s) const;
  void on_ping(Step& step, State& s, NodeSlot from, const swim::Ping& ping) const;
  void on_ping_req(Step& step, State& s, NodeSlot from, const swim::PingReq& request) const;
  void on_ack(Step& step, State& s, const swim::Ack& ack) const;
  void on_nack(State& s, const swim::Nack& nack) const;
  void on_relay_timeout(Step& step, State& s, std::uint32_t argument) const;
  void send_ack(Step& step, State& s, NodeSlot to, std::uint32_t sequence, SendClass send_class) const;

  // ---- gossip (swim_gossip.cpp) ----
  void pass_on(Step& step, State& s, const swim::Update& update) const;
  void load(Step& step, State& s, swim::Facts& facts) const;
  void wake_gossip(Step& step, State& s) const;
  void on_gossip_tick(Step& step, State& s) const;
  bool gossip(Step& step, State& s) const;
  NodeSlot pick_gossip_target(Step& step, const State& s, std::size_t recent_dead) const;
  std::size_t recent_dead(Step& step, const State& s) const;
  std::size_t pick_helpers(Step& step, NodeSlot except, std::span<NodeSlot> out) const;
  std::size_t room() const;

  // ---- the full state (swim_sync.cpp) ----
  void ask_seeds(Step& step, State& s) const;
  void on_sync(Step& step, State& s, NodeSlot from, const swim::Sync& sync) const;
  void introduce(Step& step, State& s, NodeSlot joiner) const;
  void on_introduce(Step& step, State& s) const;
  void send_state(Step& step, NodeSlot to, bool reply) const;
  void on_push_pull(Step& step, State& s, bool stagger) const;
  void on_reconnect(Step& step, State& s) const;

  SwimConfig config_;
};

}  // namespace hearsay
