#include "sim/measure/view_probe.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hearsay::measure {

namespace {

// More single changes in one instant than this, and computing everything anew is cheaper.
constexpr std::size_t kMaxFlips = 64;

constexpr std::string_view kNobodyLives = "no live node";

}  // namespace

ViewProbe::ViewProbe(const plan::Plan& plan, const Target& target)
    : plan_(plan),
      target_(target),
      kind_(target.nodes(), Kind::kNobody),
      own_(target.nodes()),
      nobody_(target.nodes()),
      everyone_(target.nodes()),
      mismatch_(target.nodes(), 0),
      since_(target.nodes()),
      counted_(target.nodes(), false),
      sizes_(1, 0),
      records_(plan.events.size()) {
  for (std::uint32_t i = 0; i < target.nodes(); ++i) everyone_.set(i);
}

void ViewProbe::event(TrueTime at, std::size_t index) {
  advance(at);
  marked_ = index;
  marked_at_ = at;
  if (current_ != index) {
    const Record& before = record_of(current_);
    // The change of targets of an event that this one supersedes at once is this one's, too.
    const bool inherits = before.changed && before.last_change == at;
    open_window(index, at);
    if (inherits) restart_clock(records_[index], at);
  }
  records_[index].last_step = at;
}

void ViewProbe::advance(TrueTime at) {
  if (at == now_) return;
  settle();
  const std::uint32_t members = target_.live_members();
  if (members > 0) {
    integral_ += static_cast<double>(disagreeing_) / members * seconds(at - now_);
    lived_ += at - now_;
  }
  now_ = at;
}

// Called between two instants, so that what happens within one counts as one.
void ViewProbe::settle() {
  if (dirty_) {
    recompute();
  } else {
    apply_flips();
  }
  dirty_ = false;
  flips_.clear();
  Record& record = record_of(current_);
  if (!all_agree()) record.lost = true;
  if (all_agree() && !agreed_) {
    entered_ = now_;
    integral_entered_ = integral_;
    if (!record.agreed) {
      record.agreed = true;
      record.first_agreement = now_;
    }
  } else if (!all_agree() && agreed_) {
    ++record.exits;
  }
  agreed_ = all_agree();
}

void ViewProbe::target_changed(TrueTime at, std::optional<NodeSlot> node) {
  advance(at);
  const std::size_t cause = marked_ != kStart && marked_at_ == at ? marked_ : kStart;
  if (current_ != cause) open_window(cause, at);
  Record& record = record_of(cause);
  // Several changes of one event in one instant are one.
  if (!record.changed || record.last_change != at) restart_clock(record, at);
  if (node && components_ == 1 && target_.components() == 1 && !dirty_) {
    // There and back within an instant is no flip.
    if (flips_.size() == kMaxFlips || std::ranges::find(flips_, *node) != flips_.end()) dirty_ = true;
    flips_.push_back(*node);
  } else {
    dirty_ = true;
  }
}

void ViewProbe::restart_clock(Record& record, TrueTime at) {
  if (!record.changed) {
    record.first_change = at;
    record.integral_first = integral_;
  }
  record.changed = true;
  ++record.changes;
  record.last_change = at;
  record.integral_last = integral_;
  record.agreed = false;
  record.exits = 0;
  agreed_ = false;  // whether it still agrees is seen at the end of the instant
  entered_ = at;
  integral_entered_ = integral_;
}

void ViewProbe::open_window(std::size_t cause, TrueTime at) {
  close_window(cause, false);
  current_ = cause;
  opened_ = at;
  integral_opened_ = integral_;
  Record& record = record_of(cause);
  record.opened = true;
  record.lost |= !agreed_;
}

void ViewProbe::close_window(std::size_t next, bool end) {
  Record& record = record_of(current_);
  record.window += now_ - opened_;
  record.window_integral += integral_ - integral_opened_;
  const TrueTime from = record.changed ? record.last_change : record.last_step;
  // Another event in the instant of this one: what all agree on is not yet known, and would be the other's work.
  const bool at_once = !end && from == now_;
  record.converged = agreed_ && !at_once;
  record.censored_by.clear();
  if (!record.converged) {
    record.censored_by = end ? "end of run" : next == kStart ? "start of a node" : plan_.events[next].label;
  }
  record.until = std::max(Duration::zero(), (record.converged ? entered_ : now_) - from);
  record.disagreement.reset();
  record.nodes = Samples();
  record.nobody = target_.live_members() == 0 && !at_once;
  if (record.nobody) return;
  if (!record.changed) {
    const double length = seconds(record.window);
    if (length > 0) record.disagreement = record.window_integral / length;
    return;
  }
  if (record.changes > 1) {
    const double span = seconds(record.last_change - record.first_change);
    if (span > 0) record.disagreement = (record.integral_last - record.integral_first) / span;
  } else if (record.until > Duration::zero()) {
    const double until = record.converged ? integral_entered_ : integral_;
    record.disagreement = (until - record.integral_first) / seconds(record.until);
  } else if (record.converged) {
    record.disagreement = 0;
  }
  for (std::uint32_t i = 0; i < target_.nodes(); ++i) {
    if (!counted_[i]) continue;
    const bool known = mismatch_[i] == 0 && !at_once;
    record.nodes.add((known ? since_[i] : now_) - record.last_change, !known);
  }
}

void ViewProbe::reset_node(TrueTime at, NodeSlot node) {
  advance(at);
  const std::uint32_t i = raw(node);
  kind_[i] = Kind::kNobody;
  own_[i] = SlotSet();
  // Whoever begins or ends is counted anew at the end of the instant, unless it did both.
  if (counted_[i] && target_.member(node)) dirty_ = true;
}

std::uint32_t ViewProbe::mismatch_of(std::uint32_t node) const {
  const std::uint32_t component = target_.component(NodeSlot{node});
  switch (kind_[node]) {
    case Kind::kNobody: return sizes_[component];
    case Kind::kEveryone: return target_.nodes() - sizes_[component];
    case Kind::kOwn: return own_[node].distance(target_.view(component));
  }
  return 0;
}

void ViewProbe::set_mismatch(std::uint32_t node, std::uint32_t mismatch) {
  const std::uint32_t before = mismatch_[node];
  if (before == mismatch) return;
  mismatch_[node] = mismatch;
  if (before == 0) ++disagreeing_;
  if (mismatch == 0) {
    --disagreeing_;
    since_[node] = now_;
  }
}

void ViewProbe::recompute() {
  components_ = target_.components();
  sizes_.resize(components_);
  for (std::uint32_t c = 0; c < components_; ++c) sizes_[c] = target_.view(c).count();
  for (std::uint32_t i = 0; i < target_.nodes(); ++i) {
    counted_[i] = target_.member(NodeSlot{i});
    set_mismatch(i, counted_[i] ? mismatch_of(i) : 0);
  }
}

// The membership of a few nodes changed in the only target there is.
void ViewProbe::apply_flips() {
  if (flips_.empty()) return;
  sizes_[0] = target_.live_members();
  const SlotSet& view = target_.view(0);
  for (const NodeSlot flipped : flips_) counted_[raw(flipped)] = false;
  for (std::uint32_t i = 0; i < target_.nodes(); ++i) {
    if (!counted_[i]) continue;
    std::uint32_t mismatch = mismatch_[i];
    for (const NodeSlot x : flips_) mismatch += sees(NodeSlot{i}, x) == view.test(raw(x)) ? ~std::uint32_t{0} : 1;
    set_mismatch(i, mismatch);
  }
  for (const NodeSlot x : flips_) {
    counted_[raw(x)] = view.test(raw(x));
    set_mismatch(raw(x), counted_[raw(x)] ? mismatch_of(raw(x)) : 0);
  }
}

bool ViewProbe::sees(NodeSlot node, NodeSlot peer) const {
  const std::uint32_t i = raw(node);
  return kind_[i] == Kind::kEveryone || (kind_[i] == Kind::kOwn && own_[i].test(raw(peer)));
}

const SlotSet& ViewProbe::view(NodeSlot node) const {
  switch (kind_[raw(node)]) {
    case Kind::kNobody: return nobody_;
    case Kind::kEveryone: return everyone_;
    case Kind::kOwn: break;
  }
  return own_[raw(node)];
}

bool ViewProbe::observe(TrueTime at, NodeSlot node, NodeSlot peer, bool member) {
  advance(at);
  const std::uint32_t i = raw(node);
  if (sees(node, peer) == member) return false;
  if (kind_[i] != Kind::kOwn) {
    own_[i] = view(node);
    kind_[i] = Kind::kOwn;
  }
  if (member) {
    own_[i].set(raw(peer));
  } else {
    own_[i].reset(raw(peer));
  }
  if (dirty_ || !counted_[i]) return true;
  // A pending flip compares with the view as it will be then: a change of the same bit would be counted twice.
  if (std::ranges::find(flips_, peer) != flips_.end()) {
    dirty_ = true;
    return true;
  }
  const bool right = target_.view(target_.component(node)).test(raw(peer)) == member;
  set_mismatch(i, right ? mismatch_[i] - 1 : mismatch_[i] + 1);
  return true;
}

void ViewProbe::observe_all(TrueTime at, NodeSlot node) {
  advance(at);
  const std::uint32_t i = raw(node);
  kind_[i] = Kind::kEveryone;
  own_[i] = SlotSet();
  if (counted_[i] && !flips_.empty()) dirty_ = true;
  if (!dirty_ && counted_[i]) set_mismatch(i, mismatch_of(i));
}

void ViewProbe::sample(TrueTime at) {
  advance(at);
  settle();
  const std::uint32_t members = target_.live_members();
  series_.points.push_back({seconds(at), members == 0 ? 0.0 : static_cast<double>(disagreeing_) / members});
}

// What an event that changed no target did to the views all the same.
void ViewProbe::report_disturbance(const Record& record, EventReport& event, Report& report) const {
  event.measured = record.opened && !record.nobody;
  if (!event.measured) return;
  event.lost = record.lost;
  event.exits = record.exits;
  event.censored = !record.converged;
  event.censored_by = record.censored_by;
  if (record.converged) event.regained_s = seconds(record.until);
  const std::string population =
      event.censored ? fmt::format("{} live nodes, cut off by {}", target_.live_members(), event.censored_by)
                     : "live nodes";
  const auto named = [&](std::string_view name) { return fmt::format("{}[{}]", name, event.label); };
  report.figure(named("agreement_regained_s"), seconds(record.until), population, !record.converged);
  report.count(named("agreement_exits_count"), record.exits, population);
  report.figure(named("disagreement_share"), record.disagreement, population);
}

// How the views followed an event that changed targets.
void ViewProbe::report_convergence(const Record& record, EventReport& event, Report& report) const {
  event.changes_views = true;
  event.measured = !record.nobody;
  event.node_convergence_s = record.nodes.distribution();
  event.nodes = static_cast<std::uint32_t>(event.node_convergence_s.count);
  event.lost = true;
  event.exits = record.exits;
  const auto named = [&](std::string_view name) { return fmt::format("{}[{}]", name, event.label); };
  if (record.nobody) {
    for (const char* name : {"convergence_s", "first_agreement_s", "first_node_s", "disagreement_share"}) {
      report.figure(named(name), std::nullopt, std::string(kNobodyLives));
    }
    return;
  }
  event.first_s = event.node_convergence_s.min;
  if (record.agreed) event.first_agreement_s = seconds(record.first_agreement - record.last_change);
  if (record.converged) event.converged_s = seconds(record.until);
  event.censored = !record.converged;
  event.censored_by = record.censored_by;
  const std::string population = event.censored ? fmt::format("{} nodes, cut off by {}", event.nodes, event.censored_by)
                                                : fmt::format("{} nodes", event.nodes);
  report.figure(named("convergence_s"), seconds(record.until), population, !record.converged);
  // What was not seen by the end of the window is known to take longer than it.
  report.figure(named("first_agreement_s"), event.first_agreement_s.value_or(seconds(record.until)), population,
                !event.first_agreement_s);
  report.figure(named("first_node_s"), event.first_s.value_or(seconds(record.until)), population, !event.first_s);
  report.distribution(named("node_convergence_*_s"), record.nodes, "nodes");
  report.count(named("agreement_exits_count"), record.exits, population);
  report.figure(named("disagreement_share"), record.disagreement, population);
}

void ViewProbe::finish(TrueTime at, Report& report, std::vector<EventReport>& timeline,
                       std::vector<InvariantResult>& invariants) {
  advance(at);
  settle();
  close_window(kStart, true);
  if (start_.changed) {
    const std::string nodes = fmt::format("{} nodes", start_.nodes.count());
    const bool known = !start_.nobody;
    report.figure("start_convergence_s", known ? std::optional(seconds(start_.until)) : std::nullopt,
                  !known             ? std::string(kNobodyLives)
                  : start_.converged ? nodes
                                     : fmt::format("{}, cut off by {}", nodes, start_.censored_by),
                  known && !start_.converged);
  }
  for (EventReport& event : timeline) {
    const Record& record = records_[event.index];
    if (record.changed) {
      report_convergence(record, event, report);
    } else {
      report_disturbance(record, event, report);
    }
  }
  // Of the time in which somebody lived: nobody is not of one mind.
  const double length = seconds(lived_);
  std::optional<double> share;
  if (length > 0) share = integral_ / length;
  report.figure("view_disagreement_share", share, fmt::format("{} nodes", target_.nodes()));
  report.results().series.push_back(series_);
  const std::uint32_t live = target_.live_members();
  invariants.push_back({"views_agree_at_end", live > 0,
                        live == 0     ? fmt::format("{}: not measured", kNobodyLives)
                        : all_agree() ? ""
                                      : fmt::format("{} of {} live nodes disagree", disagreeing_, live)});
}

}  // namespace hearsay::measure
