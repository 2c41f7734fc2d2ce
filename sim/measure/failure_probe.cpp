#include "sim/measure/failure_probe.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hearsay::measure {

FailureProbe::FailureProbe(const plan::Plan& plan, std::uint64_t seed, const Target& target, const ViewProbe& views,
                           Findings& findings)
    : plan_(plan),
      seed_(seed),
      target_(target),
      views_(views),
      findings_(findings),
      deaths_(target.nodes()),
      troubled_(target.nodes(), false),
      accused_wrongly_(target.nodes(), false),
      doubted_wrongly_(target.nodes(), false),
      suspected_(target.nodes(), 0),
      suspected_wrongly_(target.nodes(), 0),
      gone_at_(target.nodes(), TrueTime::min()),
      per_event_(plan.events.size()) {}

void FailureProbe::event(TrueTime at, std::size_t index) {
  marked_ = index;
  marked_at_ = at;
  const plan::Action& action = plan_.events[index].action;
  const auto* slow = std::get_if<plan::SlowNode>(&action);
  const auto* clock = std::get_if<plan::ClockChange>(&action);
  if (slow == nullptr && clock == nullptr) return;
  const plan::NodeSet& nodes = slow != nullptr ? slow->nodes : clock->nodes;
  // The nodes that the simulator draws for the event: its stream is the event's index, part 0.
  for (const NodeSlot node : plan::resolve(nodes, seed_, std::uint64_t{index} << 8)) troubled_[raw(node)] = true;
}

void FailureProbe::process(TrueTime at, NodeSlot node, ProcessState before, ProcessState after) {
  if (after == ProcessState::kPaused) troubled_[raw(node)] = true;
  const bool was_live = before != ProcessState::kAbsent && before != ProcessState::kDown;
  const bool is_live = after != ProcessState::kAbsent && after != ProcessState::kDown;
  if (was_live && (!is_live || after == ProcessState::kLeaving)) {
    gone_at_[raw(node)] = at;
    observer_gone(at, node);
    if (after == ProcessState::kDown && before != ProcessState::kLeaving) died(at, node);
  }
  if (!was_live && is_live) {
    suspected_[raw(node)] = suspected_wrongly_[raw(node)] = 0;
    if (deaths_[raw(node)] != nullptr) close(at, node);
  }
}

void FailureProbe::died(TrueTime at, NodeSlot node) {
  auto death = std::make_unique<Death>();
  death->at = at;
  death->event = marked_ != kNoEvent && marked_at_ == at ? marked_ : kNoEvent;
  death->observers = target_.view(target_.component(node));
  death->observers.reset(raw(node));
  std::uint32_t observers = 0;
  for (std::uint32_t i = 0; i < target_.nodes(); ++i) {
    if (!death->observers.test(i)) continue;
    ++observers;
    death->left += views_.sees(NodeSlot{i}, node) ? 1U : 0U;
  }
  if (observers == 0) return;  // nobody is left to notice
  if (death->left < observers) death->first = at;
  if (death->left == 0) death->full = at;
  deaths_[raw(node)] = std::move(death);
  open_.push_back(node);
}

void FailureProbe::observer_gone(TrueTime at, NodeSlot observer) {
  for (const NodeSlot node : open_) {
    Death& death = *deaths_[raw(node)];
    if (!death.observers.test(raw(observer))) continue;
    death.observers.reset(raw(observer));
    if (views_.sees(observer, node) && --death.left == 0) death.full = at;
  }
}

void FailureProbe::close(TrueTime at, NodeSlot node) {
  const std::unique_ptr<Death> death = std::move(deaths_[raw(node)]);
  std::erase(open_, node);
  const bool full = death->full.has_value() && death->left == 0;
  const Duration first = death->first.value_or(at) - death->at;
  const Duration all = (full ? *death->full : at) - death->at;
  first_.add(first, !death->first);
  full_.add(all, !full);
  if (death->event == kNoEvent) return;
  PerEvent& event = per_event_[death->event];
  ++event.deaths;
  event.first = std::max(event.first, first);
  event.full = std::max(event.full, all);
  event.first_censored |= !death->first;
  event.full_censored |= !full;
}

void FailureProbe::end_mistake(std::uint64_t pair, TrueTime since, TrueTime at, bool retracted) {
  const TrueTime accuser_gone = gone_at_[pair >> 32];
  const TrueTime accused_gone = gone_at_[pair & 0xffffffff];
  TrueTime end = at;
  for (const TrueTime gone : {accuser_gone, accused_gone}) {
    if (gone < since) continue;
    retracted = false;
    end = std::min(end, gone);
  }
  durations_.add(end - since, !retracted);
}

void FailureProbe::suspected(const Observation& o) {
  const auto first = [&](std::uint64_t& next) {
    if (o.value < next) return false;
    next = o.value + 1;
    return true;
  };
  if (first(suspected_[raw(o.peer)])) ++suspicions_;
  if (target_.together(o.node, o.peer) && first(suspected_wrongly_[raw(o.peer)])) {
    ++false_suspicions_;
    doubted_wrongly_[raw(o.peer)] = true;
  }
}

void FailureProbe::observe(const Observation& o, bool changed) {
  if (o.kind == ObservationKind::kRefuted) {
    ++refutations_;
    return;
  }
  if (o.kind == ObservationKind::kMemberSuspect) suspected(o);
  if (!changed) return;
  const bool member = o.kind == ObservationKind::kMemberAlive || o.kind == ObservationKind::kMemberSuspect;
  if (Death* death = deaths_[raw(o.peer)].get(); death != nullptr && death->observers.test(raw(o.node))) {
    if (member) {
      ++death->left;
    } else {
      if (!death->first) death->first = o.at;
      if (--death->left == 0) death->full = o.at;
    }
  }
  const std::uint64_t pair = pair_of(o.node, o.peer);
  if (member) {
    if (mistakes_.empty()) return;
    const auto open = mistakes_.find(pair);
    if (open == mistakes_.end()) return;
    end_mistake(pair, open->second, o.at, true);
    mistakes_.erase(open);
    return;
  }
  if (o.kind == ObservationKind::kMemberLeft || !target_.together(o.node, o.peer) || o.node == o.peer) return;
  ++false_positives_;
  accused_wrongly_[raw(o.peer)] = true;
  at_healthy_ += troubled_[raw(o.node)] ? 0U : 1U;
  if (findings_.wants("false positive")) {
    findings_.add(
        "false positive", o.at,
        fmt::format("{} declared {} dead, which lives", plan_.directory.name(o.node), plan_.directory.name(o.peer)));
  }
  const auto [open, fresh] = mistakes_.try_emplace(pair, o.at);
  if (!fresh) {  // of a former life of one of them
    end_mistake(pair, open->second, o.at, true);
    open->second = o.at;
  } else if (mistakes_.size() > kMaxOpenMistakes) {
    mistakes_.erase(open);
    ++untracked_;
  }
}

void FailureProbe::finish(TrueTime at, Report& report, std::vector<EventReport>& timeline,
                          std::vector<InvariantResult>& invariants) {
  while (!open_.empty()) close(at, open_.front());
  std::vector<std::pair<std::uint64_t, TrueTime>> unfinished(mistakes_.begin(), mistakes_.end());
  std::ranges::sort(unfinished);
  for (const auto& [pair, since] : unfinished) end_mistake(pair, since, at, false);
  for (const EventReport& event : timeline) {
    const PerEvent& deaths = per_event_[event.index];
    if (deaths.deaths == 0) continue;
    const std::string population = fmt::format("{} deaths", deaths.deaths);
    report.figure(fmt::format("first_detection_s[{}]", event.label), seconds(deaths.first), population,
                  deaths.first_censored);
    report.figure(fmt::format("full_detection_s[{}]", event.label), seconds(deaths.full), population,
                  deaths.full_censored);
  }
  report.distribution("first_detection_*_s", first_, "deaths");
  report.distribution("full_detection_*_s", full_, "deaths");
  report.count("false_positives_count", false_positives_, "declarations");
  const auto of_them = [](const std::vector<bool>& members) {
    return static_cast<std::uint64_t>(std::ranges::count(members, true));
  };
  report.count("false_positive_members_count", of_them(accused_wrongly_), "members");
  report.count("false_positives_healthy_count", at_healthy_, "declarations by healthy nodes");
  report.distribution(
      "mistake_duration_*_s", durations_,
      untracked_ == 0 ? "false positives" : fmt::format("false positives ({} more not followed)", untracked_));
  report.count("suspicions_count", suspicions_);
  report.count("false_suspicions_count", false_suspicions_);
  report.count("false_suspicion_members_count", of_them(doubted_wrongly_), "members");
  report.count("refutations_count", refutations_);
  const std::uint64_t members = of_them(accused_wrongly_);
  invariants.push_back({"no_false_positive", true,
                        false_positives_ == 0 ? ""
                                              : fmt::format("{} wrong declarations about {} {}", false_positives_,
                                                            members, members == 1 ? "member" : "members")});
}

}  // namespace hearsay::measure
