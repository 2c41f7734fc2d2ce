#include "sim/measure/measure.hpp"

#include <algorithm>

#include "sim/measure/client_probe.hpp"
#include "sim/measure/cost_probe.hpp"
#include "sim/measure/expiry_probe.hpp"
#include "sim/measure/failure_probe.hpp"
#include "sim/measure/misroute_probe.hpp"
#include "sim/measure/ring_probe.hpp"
#include "sim/measure/target.hpp"
#include "sim/measure/value_probe.hpp"
#include "sim/measure/view_probe.hpp"

namespace hearsay::measure {

// Hands truth and observations to the probes, in an order that each of them relies on: time goes on, then who must know
// the state before a change, then the target, then the rest.
struct Measure::Impl {
  Impl(const plan::Plan& p, std::uint64_t s, const Ring& ring, std::uint32_t replicas, const PlacementSource* nodes)
      : plan(p),
        seed(s),
        target(static_cast<std::uint32_t>(p.nodes.size())),
        effects(p.events.size()),
        reached(p.events.size()) {
    if (plan.measure.views) {
      views.emplace(plan, target);
      failures.emplace(plan, seed, target, *views, findings);
      const bool set_pure = ring.traits().set_pure;
      if (set_pure) nodes = nullptr;
      if (plan.measure.ring && (set_pure || nodes != nullptr)) {
        rings.emplace(plan, ring, target, *views, nodes);
        misroutes.emplace(plan, ring, target, *views, nodes);
      }
    }
    if (plan.measure.values) {
      keys.emplace(target.nodes());
      expiry.emplace(plan, *keys, findings);
      values.emplace(plan, ring, replicas, target, *keys);
    }
    clients.emplace(plan, keys ? &*keys : nullptr, findings);
  }

  void advance(TrueTime at) {
    cost.advance(at, target.live_members());
    if (misroutes) misroutes->advance(at);
    if (views) views->advance(at);
  }

  void on_store(const Observation& o) {
    Key* key = keys->find(o.key);
    if (key == nullptr) return;
    Holder& holder = keys->holder(*key, o.node);
    const Holder before = holder;
    holder.held = o.kind == ObservationKind::kStored ? o.version : Version{};
    if (o.kind == ObservationKind::kDropped) {
      holder.seen = {};  // it no longer knows of the key
      holder.seen_gone = false;
    } else if (holder.seen <= o.version) {
      holder.seen = o.version;
      holder.seen_gone = o.kind != ObservationKind::kStored;
    }
    expiry->stored(o, *key, before);
    values->stored(o.at, *key);
  }

  const plan::Plan& plan;
  std::uint64_t seed;
  Target target;
  Findings findings;
  CostProbe cost;
  std::optional<ViewProbe> views;
  std::optional<FailureProbe> failures;
  std::optional<RingProbe> rings;
  std::optional<MisrouteProbe> misroutes;
  std::optional<KeyTable> keys;
  std::optional<ExpiryProbe> expiry;
  std::optional<ValueProbe> values;
  std::optional<ClientProbe> clients;
  std::vector<EventEffect> effects;
  std::vector<bool> reached;  // by event
};

Measure::Measure(const plan::Plan& plan, std::uint64_t seed, const Ring& ring, std::uint32_t replicas,
                 const PlacementSource* nodes)
    : impl_(std::make_unique<Impl>(plan, seed, ring, replicas, nodes)) {}
Measure::~Measure() = default;

void Measure::process(TrueTime at, NodeSlot node, ProcessState state, Epoch) {
  Impl& m = *impl_;
  m.advance(at);
  const ProcessState before = m.target.state(node);
  if (m.failures) m.failures->process(at, node, before, state);
  const bool changed = m.target.process(node, state);
  if (m.keys && (state == ProcessState::kDown || state == ProcessState::kAbsent)) m.keys->life_ended(node, at);
  if (changed && m.values) m.values->target_changed(at);
  if (!m.views) return;
  const bool resumed = before == ProcessState::kPaused && state == ProcessState::kUp;
  if (changed) m.views->target_changed(at, node);
  if (changed && m.misroutes) m.misroutes->target_changed();
  if (state == ProcessState::kDown || state == ProcessState::kAbsent || (state == ProcessState::kUp && !resumed)) {
    m.views->reset_node(at, node);
    if (m.misroutes) m.misroutes->reset_node(node);
  }
}

void Measure::reachability(TrueTime at, const plan::Reachability& reachability) {
  Impl& m = *impl_;
  m.advance(at);
  if (!m.target.reachability(reachability)) return;
  if (m.views) m.views->target_changed(at, std::nullopt);
  if (m.misroutes) m.misroutes->target_changed();
  if (m.values) m.values->target_changed(at);
}

void Measure::event(TrueTime at, std::size_t index) {
  Impl& m = *impl_;
  m.advance(at);
  m.reached[index] = true;
  if (m.views) m.views->event(at, index);
  if (m.misroutes) m.misroutes->event(index);
  if (m.failures) m.failures->event(at, index);
}

void Measure::event_effect(std::size_t index, const EventEffect& effect) { impl_->effects[index] = effect; }

void Measure::op_invoked(const OpRecord& op) {
  Impl& m = *impl_;
  if (m.keys) {
    Key* key = m.keys->add(op.key, op.key_hash);
    if (key != nullptr && op.op != OpKind::kGet) m.keys->add_write(*key, op);
  }
  m.clients->invoked(op);
}

void Measure::op_completed(const OpRecord& op) {
  Impl& m = *impl_;
  Key* key = m.keys ? m.keys->find(op.key) : nullptr;
  if (key != nullptr && op.op != OpKind::kGet) {
    const auto write = std::ranges::find(key->writes, op.id, &Write::id);
    if (write != key->writes.end()) {
      write->completed = op.completed;
      write->version = op.reply.version;
      write->acked = op.answered && op.reply.ok;
    }
  }
  m.clients->completed(op, key);
  if (key == nullptr) return;
  m.expiry->completed(op, *key);
  if (op.op != OpKind::kGet && op.answered && op.reply.ok) m.values->acknowledged(op, *key);
}

void Measure::observe(const Observation& o) {
  Impl& m = *impl_;
  switch (o.kind) {
    case ObservationKind::kMemberAlive:
    case ObservationKind::kMemberSuspect:
    case ObservationKind::kMemberDead:
    case ObservationKind::kMemberLeft:
    case ObservationKind::kMemberForgotten: {
      if (!m.views) break;
      const bool member = o.kind == ObservationKind::kMemberAlive || o.kind == ObservationKind::kMemberSuspect;
      if (m.misroutes) m.misroutes->advance(o.at);
      const bool changed = m.views->observe(o.at, o.node, o.peer, member);
      if (changed && m.misroutes) m.misroutes->view_changed(o.node, o.peer, member);
      m.failures->observe(o, changed);
      break;
    }
    case ObservationKind::kMembersAll:
      if (m.misroutes) m.misroutes->advance(o.at);
      if (m.views) m.views->observe_all(o.at, o.node);
      if (m.misroutes) m.misroutes->view_replaced(o.node);
      break;
    case ObservationKind::kRefuted:
      if (m.failures) m.failures->observe(o, false);
      break;
    case ObservationKind::kRepaired: m.cost.repaired(o.value); break;
    case ObservationKind::kOverflow: m.cost.overflow(o.value); break;
    case ObservationKind::kStored:
    case ObservationKind::kTombstone:
    case ObservationKind::kExpired:
    case ObservationKind::kDropped:
      if (m.keys) m.on_store(o);
      break;
  }
}

void Measure::sample(TrueTime at, const Traffic& traffic) {
  Impl& m = *impl_;
  m.advance(at);
  m.cost.sample(at, traffic);
  if (m.views) m.views->sample(at);
  if (m.rings) m.rings->sample(at);
  if (m.misroutes) m.misroutes->sample(at);
  if (m.values) m.values->sample(at);
  m.clients->sample(at);
}

Results Measure::finish(TrueTime at, const Traffic& traffic, std::optional<double> tolerance) {
  Impl& m = *impl_;
  m.advance(at);
  Results results;
  results.scenario = m.plan.name;
  results.seed = m.seed;
  results.duration_s = seconds(at);
  results.interrupted = at.time_since_epoch() < m.plan.duration;
  for (std::size_t i = 0; i < m.plan.events.size(); ++i) {
    const plan::Event& event = m.plan.events[i];
    EventReport report;
    report.index = i;
    report.label = event.label;
    report.kind = plan::kind_of(event.action);
    report.at_s = seconds(event.at);
    report.effect = m.effects[i];
    report.reached = m.reached[i];
    report.has_effect = m.effects[i].total() > 0;
    results.timeline.push_back(std::move(report));
  }
  Report report(results);
  std::vector<InvariantResult> invariants;
  if (m.views) {
    m.views->finish(at, report, results.timeline, invariants);
    m.failures->finish(at, report, results.timeline, invariants);
    const Metric& wrong = *std::ranges::find(results.metrics, "false_positives_count", &Metric::name);
    std::optional<double> rate;
    if (m.cost.node_seconds() > 0) rate = *wrong.value / m.cost.node_seconds();
    report.figure("mistake_rate_per_node_s", rate, "live nodes");
  }
  if (m.rings) m.rings->finish(report);
  if (m.misroutes) m.misroutes->finish(at, report);
  m.clients->finish(at, m.target, report, invariants);
  if (m.keys) {
    m.expiry->finish(at, report, invariants);
    m.values->finish(at, report, invariants);
  }
  m.cost.finish(traffic, report);
  results.findings = m.findings.take();
  std::ranges::sort(results.metrics, {}, &Metric::name);
  results.expectations = judge(m.plan.expectations, results, invariants, tolerance);
  return results;
}

}  // namespace hearsay::measure
