#include "sim/measure/misroute_probe.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "sim/measure/placing.hpp"

namespace hearsay::measure {

namespace {

std::uint32_t differing(const Answers& a, const Answers& b) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1U : 0U;
  return count;
}

}  // namespace

MisrouteProbe::MisrouteProbe(const plan::Plan& plan, const Ring& ring, const Target& target, const ViewProbe& views,
                             const PlacementSource* nodes)
    : plan_(plan),
      ring_(ring),
      target_(target),
      views_(views),
      nodes_(nodes),
      ordered_(KeyOrder::exists(ring, plan.directory, target.nodes())),
      keys_(kKeys),
      placements_(ring, plan.directory, target.nodes()),
      index_(target.nodes(), kNotFollowed),
      by_event_(plan.events.size()) {
  const std::uint64_t step = std::numeric_limits<std::uint64_t>::max() / kKeys + 1;
  for (std::size_t i = 0; i < kKeys; ++i) keys_[i] = i * step + step / 2;
  const std::uint32_t most = ordered_ || nodes_ != nullptr ? kMaxFollowed : kMaxPlaced;
  const std::uint32_t count = std::min(target.nodes(), most);
  followed_.resize(count);
  for (std::uint32_t f = 0; f < count; ++f) {
    const auto slot = static_cast<std::uint32_t>(std::uint64_t{f} * target.nodes() / count);
    followed_[f].node = NodeSlot{slot};
    index_[slot] = f;
  }
}

const KeyOrder& MisrouteProbe::order() {
  if (!order_) order_.emplace(ring_, plan_.directory, target_.nodes(), keys_);
  return *order_;
}

void MisrouteProbe::advance(TrueTime at) {
  if (at == now_) return;
  settle();
  if (live_ > 0) {
    const double length = seconds(at - now_);
    integral_ += share() * length;
    lived_ += length;
    max_ = std::max(max_, static_cast<double>(worst_) / kKeys);
  }
  now_ = at;
}

double MisrouteProbe::share() const {
  return live_ == 0 ? 0 : static_cast<double>(wrong_) / static_cast<double>(live_ * kKeys);
}

void MisrouteProbe::settle() {
  if (!any_changed_) return;
  any_changed_ = false;
  wrong_ = live_ = worst_ = 0;
  for (Followed& one : followed_) {
    if (one.changed) {
      one.changed = false;
      one.counted = target_.member(one.node);
      one.wrong = one.counted ? wrong_of(one) : 0;
    }
    live_ += one.counted ? 1U : 0U;
    wrong_ += one.wrong;
    worst_ = std::max(worst_, one.wrong);
  }
}

std::uint32_t MisrouteProbe::wrong_of(Followed& one) {
  const std::uint32_t component = target_.component(one.node);
  const SlotSet& view = views_.view(one.node);
  if (nodes_ != nullptr) {
    return one.own == nullptr ? kKeys : differing(look_up(*one.own), reference(component));
  }
  if (view == target_.view(component)) return 0;
  if (!by_order(component)) return differing(look_up(*placements_.place(view)), reference(component));
  if (!one.answers) one.answers = order().answers(view);
  return differing(*one.answers, reference(component));
}

// Small sides of a cut are placed: few of a key's first nodes are among them.
bool MisrouteProbe::by_order(std::uint32_t component) const {
  return ordered_ && KeyOrder::tells(target_.view(component).count(), target_.nodes());
}

const Answers& MisrouteProbe::reference(std::uint32_t component) {
  references_.resize(target_.components());
  std::optional<Answers>& known = references_[component];
  if (!known) {
    const SlotSet& view = target_.view(component);
    if (nodes_ != nullptr) {
      known = look_up(*ring_.place(ring_members(plan_.directory, view, target_.nodes())));
    } else {
      known = by_order(component) ? order().answers(view) : look_up(*placements_.place(view));
    }
  }
  return *known;
}

Answers MisrouteProbe::look_up(const Placement& placement) const {
  std::vector<NodeSlot> owners(kKeys);
  placement.lookup_batch(keys_, owners);
  Answers answers(kKeys);
  std::ranges::transform(owners, answers.begin(), [](NodeSlot slot) { return raw(slot); });
  return answers;
}

void MisrouteProbe::event(std::size_t index) {
  event_ = index;
  event_at_ = now_;
}

void MisrouteProbe::target_changed() {
  references_.clear();
  for (Followed& one : followed_) one.changed = true;
  any_changed_ = true;
  // Several changes in one instant are one, and the last event's.
  if (opened_ != now_) close_window();
  window_ = event_ && event_at_ == now_ ? event_ : std::nullopt;
  opened_ = now_;
  integral_opened_ = integral_;
}

void MisrouteProbe::close_window() {
  if (!window_) return;
  const double length = integral_ - integral_opened_;
  windows_.add(Duration(static_cast<std::int64_t>(length * 1e9 + 0.5)));
  by_event_[*window_] = by_event_[*window_].value_or(0) + length;
  window_.reset();
}

void MisrouteProbe::reset_node(NodeSlot node) {
  Followed* const one = followed(node);
  if (one == nullptr) return;
  one->answers.reset();
  one->own.reset();
  one->changed = any_changed_ = true;
}

void MisrouteProbe::view_changed(NodeSlot node, NodeSlot peer, bool member) {
  Followed* const one = followed(node);
  if (one == nullptr) return;
  if (one->answers) order().change(*one->answers, views_.view(node), peer, member);
  if (nodes_ != nullptr) one->own = nodes_->own(node);
  one->changed = any_changed_ = true;
}

void MisrouteProbe::view_replaced(NodeSlot node) {
  reset_node(node);
  if (Followed* const one = followed(node); one != nullptr && nodes_ != nullptr) one->own = nodes_->own(node);
}

void MisrouteProbe::sample(TrueTime at) {
  settle();
  if (live_ > 0) series_.points.push_back({seconds(at), share()});
}

void MisrouteProbe::finish(TrueTime at, Report& report) {
  advance(at);
  close_window();
  std::string nodes = fmt::format("{} nodes", target_.nodes());
  if (followed_.size() < target_.nodes()) nodes = fmt::format("{} of {}", followed_.size(), nodes);
  const bool any = lived_ > 0;
  report.figure("ring_misrouted_share", any ? std::optional(integral_ / lived_) : std::nullopt, nodes);
  report.figure("ring_misrouted_max_share", any ? std::optional(max_) : std::nullopt, nodes);
  report.distribution("ring_misroute_*_s", windows_, "changes of the targets by events");
  for (std::size_t i = 0; i < by_event_.size(); ++i) {
    if (by_event_[i]) report.figure(fmt::format("ring_misroute_s[{}]", plan_.events[i].label), by_event_[i], nodes);
  }
  report.results().series.push_back(series_);
}

}  // namespace hearsay::measure
