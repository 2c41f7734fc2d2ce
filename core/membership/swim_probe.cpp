// Failure detection: direct probes, probes through others, a last try over a stream, and what a node concludes about
// the target and about its own health.
#include <algorithm>
#include <array>

#include "core/base/permutation.hpp"
#include "core/membership/swim_strategy.hpp"

namespace hearsay {

using namespace swim;

namespace {
constexpr std::size_t kMaxHelpers = 16;  // the range of indirect_checks

// The part of a sequence that fits into a timer.
constexpr std::uint32_t timer_part(std::uint32_t sequence) { return sequence & kMaxTimerArgument; }
}  // namespace

// A probe lasts whole ticks, one more for every point of bad health (Lifeguard's scaled interval), so that a single
// timer ends the old probe and begins the next. One probe at a time, as in memberlist.
void SwimStrategy::on_probe_tick(Step& step, State& s) const {
  if (s.leaving) return;
  step.arm(kProbeTick, config_.probe_interval);
  if (s.probe.active()) {
    if (--s.probe.ticks_left > 0) return;
    fail_probe(step, s);
  }
  if (const NodeSlot target = next_target(step, s); target != kNoSlot) begin_probe(step, s, target);
}

void SwimStrategy::begin_probe(Step& step, State& s, NodeSlot target) const {
  s.probe = {};
  s.probe.target = target;
  s.probe.accused = step.view().get(target).belief;
  s.probe.sequence = ++s.sequence;
  s.probe.ticks_left = static_cast<std::uint8_t>(s.awareness + 1);

  auto ping = step.make<Ping>();
  ping->sequence = s.probe.sequence;
  if (s.probe.accused.status == Status::kSuspect) {
    // A suspect is told so with the probe, and can refute in the ack.
    ping->facts.add({target, s.probe.accused, step.self()}, step.directory());
  }
  load(step, s, ping->facts);
  step.send(target, std::move(ping));
  step.arm(kProbeTimeout, config_.probe_timeout, timer_part(s.probe.sequence));
}

void SwimStrategy::on_probe_timeout(Step& step, State& s, std::uint32_t argument) const {
  if (!s.probe.active() || timer_part(s.probe.sequence) != argument) return;
  std::array<NodeSlot, kMaxHelpers> helpers;
  const auto wanted = std::span(helpers).first(static_cast<std::size_t>(config_.indirect_checks));
  const std::size_t found = pick_helpers(step, s.probe.target, wanted);
  if (found > 0) {
    auto draft = step.make<PingReq>();
    draft->sequence = s.probe.sequence;
    draft->target = {s.probe.target};
    const MessageRef request = step.sealed(std::move(draft));
    for (const NodeSlot helper : std::span(helpers).first(found)) step.send(helper, request);
  }
  s.probe.nacks_expected = static_cast<std::uint8_t>(found);
  if (config_.disable_tcp_pings) return;
  auto ping = step.make<Ping>();
  ping->sequence = s.probe.sequence;
  ping->stream = true;
  step.send(s.probe.target, std::move(ping), SendClass::kStream);
}

void SwimStrategy::fail_probe(Step& step, State& s) const {
  // Helpers that said nothing at all hint that the fault is on this side; with no helper every failure does.
  adjust_awareness(s, s.probe.nacks_expected > 0 ? s.probe.nacks_expected - s.probe.nacks : 1);
  const Probe probe = s.probe;
  s.probe = {};
  // What it was when the probe began: whoever refuted meanwhile is not accused again.
  hear(step, s, {probe.target, {probe.accused.epoch, probe.accused.incarnation, Status::kSuspect}, step.self()},
       Via::kGossip);
}

NodeSlot SwimStrategy::next_target(Step& step, State& s) const {
  const View view = step.view();
  if (view.members() <= (view.is_member(step.self()) ? 1U : 0U)) return kNoSlot;
  if (config_.order() == SwimProbeOrder::kRandom) return view.random_member(step.random());
  // What is left of this round, and the whole next one: somebody is found. Who joins during a round is in the next.
  for (int rounds = 0; rounds < 2; ++rounds) {
    if (s.round_position < s.round_size) {
      const Permutation order(s.round_key, s.round_size);
      while (s.round_position < s.round_size) {
        const NodeSlot slot{order.at(s.round_position++)};
        if (slot != step.self() && view.is_member(slot)) return slot;
      }
    }
    s.round_key = step.random().next();
    s.round_size = view.domain();
    s.round_position = 0;
  }
  return view.random_member(step.random());
}

void SwimStrategy::on_ping(Step& step, State& s, NodeSlot from, const Ping& ping) const {
  hear(step, s, ping.facts);
  send_ack(step, s, from, ping.sequence, ping.stream ? SendClass::kStream : SendClass::kDatagram);
}

void SwimStrategy::on_ping_req(Step& step, State& s, NodeSlot from, const PingReq& request) const {
  if (request.target.slot == step.self()) {
    send_ack(step, s, from, request.sequence, SendClass::kDatagram);
    return;
  }
  if (s.relays.size() >= kMaxRelays) {
    step.observe(ObservationKind::kOverflow, from, 1);
    return;
  }
  s.relays.push_back({++s.sequence, from, request.sequence});
  auto ping = step.make<Ping>();
  ping->sequence = s.sequence;
  load(step, s, ping->facts);
  step.send(request.target.slot, std::move(ping));
  step.arm(kRelayTimeout, swim::nack_timeout(config_.probe_timeout, config_.nack_share), timer_part(s.sequence));
}

void SwimStrategy::on_ack(Step& step, State& s, const Ack& ack) const {
  hear(step, s, ack.facts);
  if (s.probe.active() && s.probe.sequence == ack.sequence) {
    s.probe = {};
    adjust_awareness(s, -1);
    return;
  }
  const auto relay =
      std::find_if(s.relays.begin(), s.relays.end(), [&](const Relay& r) { return r.sequence == ack.sequence; });
  if (relay == s.relays.end()) return;
  const Relay done = *relay;
  s.relays.erase(relay);
  send_ack(step, s, done.asker, done.asked, SendClass::kDatagram);
}

void SwimStrategy::on_nack(State& s, const Nack& nack) const {
  if (!s.probe.active() || s.probe.sequence != nack.sequence) return;
  // A duplicated datagram is not another helper.
  s.probe.nacks = static_cast<std::uint8_t>(std::min(s.probe.nacks + 1, int{s.probe.nacks_expected}));
}

void SwimStrategy::on_relay_timeout(Step& step, State& s, std::uint32_t argument) const {
  const auto relay = std::find_if(s.relays.begin(), s.relays.end(),
                                  [&](const Relay& r) { return timer_part(r.sequence) == argument; });
  if (relay == s.relays.end()) return;
  auto nack = step.make<Nack>();
  nack->sequence = relay->asked;
  step.send(relay->asker, std::move(nack));
  s.relays.erase(relay);
}

void SwimStrategy::send_ack(Step& step, State& s, NodeSlot to, std::uint32_t sequence, SendClass send_class) const {
  auto ack = step.make<Ack>();
  ack->sequence = sequence;
  load(step, s, ack->facts);
  step.send(to, std::move(ack), send_class);
}

}  // namespace hearsay
