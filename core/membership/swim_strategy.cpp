#include "core/membership/swim_strategy.hpp"

#include <algorithm>

namespace hearsay {

using namespace swim;

namespace {

// A first tick's delay: uniform in (0, interval], so that nodes that start together do not act together.
Duration phase(Step& step, Duration interval) { return Duration(step.random().between(1, interval.count())); }

}  // namespace

std::vector<const MessageType*> SwimStrategy::messages() const {
  return {&message_type<Ping>(), &message_type<Ack>(),    &message_type<PingReq>(),
          &message_type<Nack>(), &message_type<Gossip>(), &message_type<Sync>()};
}

void SwimStrategy::on_start(Step& step, State& s, const Boot& boot) const {
  // A new epoch outranks every incarnation of the lives before; the old number goes on for whoever reads the records.
  if (boot.persisted != nullptr) s.incarnation = boot.persisted->incarnation;
  s.gossip_origin = step.mono() + phase(step, config_.gossip_interval);
  step.arm(kProbeTick, phase(step, config_.probe_interval));
  if (config_.push_pull_interval > 0ns) step.arm(kPushPull, phase(step, config_.push_pull_interval));
  if (config_.healer() == SwimRejoin::kPushPull) step.arm(kReconnect, phase(step, config_.reconnect_interval));

  if (config_.warm_start && step.epoch() <= 1) {
    // A life sign of everybody's first life, so that whoever is accused can refute.
    step.update_everyone({step.epoch(), s.incarnation, Status::kAlive});
    return;
  }
  announce_self(step, s, Status::kAlive);
  const std::size_t seeds = std::min(boot.seeds.size(), kMaxSeeds);
  if (seeds < boot.seeds.size()) step.observe(ObservationKind::kOverflow, kNoSlot, boot.seeds.size() - seeds);
  s.seeds.assign(boot.seeds.begin(), boot.seeds.begin() + static_cast<std::ptrdiff_t>(seeds));
  ask_seeds(step, s);
}

void SwimStrategy::on_message(Step& step, State& s, NodeSlot from, const Message& message) const {
  // Probes and gossips by far the most, so they are asked for first.
  if (is<Gossip>(message)) {
    hear(step, s, as<Gossip>(message).facts);
  } else if (is<Ping>(message)) {
    on_ping(step, s, from, as<Ping>(message));
  } else if (is<Ack>(message)) {
    on_ack(step, s, as<Ack>(message));
  } else if (is<PingReq>(message)) {
    on_ping_req(step, s, from, as<PingReq>(message));
  } else if (is<Nack>(message)) {
    on_nack(s, as<Nack>(message));
  } else if (is<Sync>(message)) {
    on_sync(step, s, from, as<Sync>(message));
  }
  wake_gossip(step, s);
}

void SwimStrategy::on_timer(Step& step, State& s, Timer timer) const {
  switch (timer.kind) {
    case kProbeTick: on_probe_tick(step, s); break;
    case kProbeTimeout: on_probe_timeout(step, s, timer.argument); break;
    case kRelayTimeout: on_relay_timeout(step, s, timer.argument); break;
    case kGossipTick: on_gossip_tick(step, s); break;
    case kSuspicion: on_suspicion_timer(step, s, NodeSlot{timer.argument}); break;
    case kPushPull: on_push_pull(step, s, timer.argument == 0); break;
    case kJoin: ask_seeds(step, s); break;
    case kReconnect: on_reconnect(step, s); break;
    case kReap: on_reap(step, s); break;
    case kIntroduce: on_introduce(step, s); break;
    default: break;
  }
  wake_gossip(step, s);
}

void SwimStrategy::on_leave(Step& step, State& s) const {
  if (s.leaving) return;
  s.leaving = true;
  s.probe = {};
  announce_self(step, s, Status::kLeft);
  // At once, and then at every tick until the driver stops the node: it may not be given another interval.
  gossip(step, s);
  wake_gossip(step, s);
}

void SwimStrategy::on_save(const State& s, MonoTime, Persisted& out) const { out.incarnation = s.incarnation; }

void SwimStrategy::on_digest(const State& s, Hasher& hasher) const { s.digest(hasher); }

}  // namespace hearsay
