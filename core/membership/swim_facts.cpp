// What a node makes of what it hears: beliefs, refutations, suspicions, deaths.
#include <algorithm>
#include <limits>

#include "core/membership/swim_strategy.hpp"

namespace hearsay {

using namespace swim;

namespace {
// Timers are rounded when a driver converts between clocks; what is due within this is due.
constexpr Duration kTimerSlack = 1us;
// Graves are looked through at most this often.
constexpr Duration kReapStep = 1s;
}  // namespace

void SwimStrategy::hear(Step& step, State& s, const Facts& facts) const {
  for (const AliveFact& fact : facts.alive) {
    hear(step, s, {fact.subject.slot, {fact.epoch, fact.incarnation, Status::kAlive}, kNoSlot}, Via::kGossip);
  }
  for (const GoneFact& fact : facts.gone) {
    const Directory& directory = step.directory();
    const NodeSlot accuser = fact.status == Status::kSuspect ? directory.find(fact.accuser) : kNoSlot;
    hear(step, s, {directory.find(fact.subject), {fact.epoch, fact.incarnation, fact.status}, accuser}, Via::kGossip);
  }
}

void SwimStrategy::hear(Step& step, State& s, Update update, Via via) const {
  // An id that nobody has introduced yet.
  if (update.subject == kNoSlot) return;
  if (update.subject == step.self()) {
    hear_of_self(step, s, update.belief);
    return;
  }
  const MaybeBelief known = step.view().get(update.subject);
  // Of somebody unknown only a life sign is news; an accusation could never be acted on, nor ever be refuted to us.
  if (!known.known && update.belief.status != Status::kAlive) return;
  if (via == Via::kSync && update.belief.status != Status::kAlive) {
    // Somebody's full state may be old, and a split makes whole sides dead to each other: whom we hold to be a member
    // we suspect on such evidence, on our own account, and so give it the time to refute.
    if (update.belief.status == Status::kDead && known.member()) update.belief.status = Status::kSuspect;
    update.accuser = step.self();
  }
  if (known.known && update.belief <= known.belief) {
    if (update.belief.status == Status::kSuspect && update.belief == known.belief) confirm_suspicion(step, s, update);
    return;
  }
  adopt(step, s, update);
}

void SwimStrategy::hear_of_self(Step& step, State& s, const Belief& belief) const {
  // What is said of a former life needs no answer: the new epoch outranks it wherever it arrives. And who leaves is
  // gone.
  if (s.leaving || belief.epoch != step.epoch()) return;
  const bool accused = belief.status != Status::kAlive;
  if (belief.incarnation < s.incarnation || (!accused && belief.incarnation == s.incarnation)) return;
  // Nothing outbids the last incarnation; only a new epoch does.
  if (belief.incarnation == std::numeric_limits<Incarnation>::max()) return;
  s.incarnation = belief.incarnation + 1;
  adjust_awareness(s, +1);
  step.observe(ObservationKind::kRefuted, kNoSlot, s.incarnation);
  announce_self(step, s, Status::kAlive);
}

void SwimStrategy::adopt(Step& step, State& s, const Update& update) const {
  if (!step.update_member(update.subject, update.belief)) return;
  s.suspicions.erase(update.subject);
  if (update.belief.status == Status::kSuspect) {
    begin_suspicion(step, s, update);
  } else if (!is_member(update.belief.status)) {
    bury(step, s, update);
  }
  pass_on(step, s, update);
}

void SwimStrategy::begin_suspicion(Step& step, State& s, const Update& update) const {
  const std::uint32_t n = step.view().known();
  Suspicion* suspicion =
      s.suspicions.start(update.subject, update.accuser, expected_confirmations(config_.suspicion_mult, n),
                         static_cast<std::size_t>(config_.suspicion_limit));
  if (suspicion == nullptr) {
    // It stays a suspect off the clock; the next accusation of it tries again.
    step.observe(ObservationKind::kOverflow, update.subject, 1);
    return;
  }
  suspicion->epoch = update.belief.epoch;
  suspicion->incarnation = update.belief.incarnation;
  suspicion->min = suspicion_min(config_.suspicion_mult, n, config_.probe_interval);
  suspicion->start = step.mono();
  suspicion->armed = suspicion->start + suspicion->min;
  step.arm(kSuspicion, suspicion->min, raw(update.subject));
}

void SwimStrategy::confirm_suspicion(Step& step, State& s, const Update& update) const {
  const std::uint32_t place = s.suspicions.find(update.subject);
  if (place == Suspicions::kNone) {
    begin_suspicion(step, s, update);
    return;
  }
  if (!s.suspicions.confirm(place, update.accuser)) return;
  Suspicion& suspicion = s.suspicions[place];
  const MonoTime deadline = suspicion.deadline(config_.suspicion_max_timeout_mult);
  if (deadline < suspicion.armed) {
    suspicion.armed = deadline;
    step.arm(kSuspicion, deadline - step.mono(), raw(update.subject));
  }
  // Passed on, so that others can count this accuser too.
  pass_on(step, s, update);
}

void SwimStrategy::on_suspicion_timer(Step& step, State& s, NodeSlot subject) const {
  const std::uint32_t place = s.suspicions.find(subject);
  if (place == Suspicions::kNone) return;
  Suspicion& suspicion = s.suspicions[place];
  // A former suspicion's timer: this one's is still to come.
  if (step.mono() + kTimerSlack < suspicion.armed) return;
  const MonoTime deadline = suspicion.deadline(config_.suspicion_max_timeout_mult);
  if (step.mono() + kTimerSlack < deadline) {
    suspicion.armed = deadline;
    step.arm(kSuspicion, deadline - step.mono(), raw(subject));
    return;
  }
  adopt(step, s, {subject, {suspicion.epoch, suspicion.incarnation, Status::kDead}, kNoSlot});
}

void SwimStrategy::bury(Step& step, State& s, const Update& update) const {
  const Grave grave{update.subject, update.belief, step.mono()};
  s.graves.add(grave, step.view());
  arm_reap(step, s, remembered_for(grave));
}

// Keeps the earliest one armed.
void SwimStrategy::arm_reap(Step& step, State& s, Duration delay) const {
  if (s.reap_at <= step.mono() + delay) return;
  s.reap_at = step.mono() + delay;
  step.arm(kReap, delay);
}

// Forgets the dead whose time is over. serf looks every 15 s; here the earliest one's end is waited for.
void SwimStrategy::on_reap(Step& step, State& s) const {
  if (step.mono() + kTimerSlack < s.reap_at) return;
  s.reap_at = MonoTime::max();
  s.graves.clear_empty(step.view());
  Duration next = Duration::max();
  for (const Grave& grave : s.graves.all()) {
    const Duration left = grave.since + remembered_for(grave) - step.mono();
    if (left <= kTimerSlack) {
      step.forget_member(grave.subject);
      s.broadcasts.remove(grave.subject);
    } else {
      next = std::min(next, left);
    }
  }
  s.graves.clear_empty(step.view());
  if (next != Duration::max()) arm_reap(step, s, std::max(next, kReapStep));
}

Duration SwimStrategy::remembered_for(const Grave& grave) const {
  return grave.belief.status == Status::kLeft ? config_.tombstone_timeout : config_.reconnect_timeout;
}

void SwimStrategy::announce_self(Step& step, State& s, Status status) const {
  const Belief belief{step.epoch(), s.incarnation, status};
  step.update_member(step.self(), belief);
  pass_on(step, s, {step.self(), belief, kNoSlot});
}

void SwimStrategy::adjust_awareness(State& s, int delta) const {
  s.awareness = awareness_after(s.awareness, delta, config_.awareness_max_multiplier);
}

}  // namespace hearsay
