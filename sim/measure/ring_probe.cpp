#include "sim/measure/ring_probe.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "sim/measure/placing.hpp"

namespace hearsay::measure {

RingProbe::RingProbe(const plan::Plan& plan, const Ring& ring, const Target& target, const ViewProbe& views)
    : plan_(plan), ring_(ring), target_(target), views_(views) {}

std::vector<RingProbe::Group> RingProbe::groups() {
  std::vector<Group> groups;
  // By hash of view and component: which groups may be the same. Looked up, never iterated.
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> index;
  SlotSet all(target_.nodes());
  const SlotSet none(target_.nodes());
  for (std::uint32_t i = 0; i < target_.nodes(); ++i) all.set(i);
  for (std::uint32_t i = 0; i < target_.nodes(); ++i) {
    const NodeSlot node{i};
    if (!target_.member(node)) continue;
    const SlotSet* own = views_.view(node);
    const SlotSet& view = own != nullptr ? *own : views_.sees_everyone(node) ? all : none;
    const std::uint32_t component = target_.component(node);
    auto& candidates = index[view.hash() + component];
    const auto same = std::ranges::find_if(
        candidates, [&](std::size_t g) { return groups[g].component == component && groups[g].view == view; });
    if (same != candidates.end()) {
      ++groups[*same].nodes;
    } else {
      candidates.push_back(groups.size());
      groups.push_back({view, component, 1});
    }
  }
  // A placement costs about a hundred points a member: fewer views where there are many members.
  const std::size_t limit = std::clamp<std::size_t>(40'000 / (target_.nodes() + 1), 4, kMaxViews);
  if (groups.size() > limit) {
    std::ranges::stable_sort(groups, [](const Group& a, const Group& b) { return a.nodes > b.nodes; });
    for (std::size_t i = limit; i < groups.size(); ++i) left_out_ += groups[i].nodes;
    groups.resize(limit);
  }
  return groups;
}

std::size_t RingProbe::owners(const SlotSet& view) {
  static_assert(kMaxCached >= kMaxViews);
  ++uses_;
  if (const auto known = std::ranges::find(cache_, view, &Cached::view); known != cache_.end()) {
    known->used = uses_;
    return static_cast<std::size_t>(known - cache_.begin());
  }
  if (cache_.size() < kMaxCached) cache_.emplace_back();
  const auto oldest = std::ranges::min_element(cache_, {}, &Cached::used);  // a fresh one was never used
  const auto index = static_cast<std::size_t>(oldest - cache_.begin());
  oldest->view = view;
  oldest->used = uses_;
  const auto placement = place(view);
  Owners& owners = oldest->owners;
  if (!placement->arcs(owners.arcs) || owners.arcs.empty() || owners.arcs.size() > kMaxArcs) owners.arcs.clear();
  std::vector<std::uint64_t> keys(kSampledKeys);
  const std::uint64_t step = std::numeric_limits<std::uint64_t>::max() / kSampledKeys + 1;
  for (std::size_t i = 0; i < kSampledKeys; ++i) keys[i] = i * step + step / 2;
  owners.sampled.resize(kSampledKeys);
  placement->lookup_batch(keys, owners.sampled);
  distances_.resize(kMaxCached * kMaxCached, -1);
  for (std::size_t other = 0; other < kMaxCached; ++other) {
    distances_[std::min(index, other) * kMaxCached + std::max(index, other)] = -1;
  }
  return index;
}

// From the former placement with the fewest members to change, unless those are many (as in PlacementCache).
std::shared_ptr<const Placement> RingProbe::place(const SlotSet& view) {
  const auto members = ring_members(plan_.directory, view, target_.nodes());
  const auto nearest = std::ranges::min_element(former_, {}, [&](const Former& f) { return f.view.distance(view); });
  std::shared_ptr<const Placement> placement;
  if (nearest != former_.end() && nearest->view.distance(view) <= std::max<std::size_t>(1, members.size() / 8)) {
    RingChange change;
    const auto before = ring_members(plan_.directory, nearest->view, target_.nodes());
    const auto by_id = &RingMember::id;
    std::ranges::set_difference(members, before, std::back_inserter(change.joined), {}, by_id, by_id);
    std::ranges::set_difference(before, members, std::back_inserter(change.left), {}, by_id, by_id);
    placement = ring_.apply(*nearest->placement, change, members);
    former_.erase(nearest);
  } else {
    placement = ring_.place(members);
    if (former_.size() == kMaxFormer) former_.erase(former_.begin());
  }
  former_.push_back({view, placement});
  return placement;
}

double RingProbe::distance(std::size_t a, std::size_t b) {
  double& known = distances_[std::min(a, b) * kMaxCached + std::max(a, b)];
  if (known < 0) known = distance(cache_[a].owners, cache_[b].owners);
  return known;
}

double RingProbe::distance(const Owners& a, const Owners& b) {
  if (a.arcs.empty() || b.arcs.empty()) {
    std::size_t different = 0;
    for (std::size_t i = 0; i < kSampledKeys; ++i) different += a.sampled[i] != b.sampled[i] ? 1U : 0U;
    return static_cast<double>(different) / kSampledKeys;
  }
  // Both begin at 0 and end at 2^64 - 1: one pass over the ends of both. Without a branch on what they hold, which
  // would be guessed wrong at every other arc.
  std::uint64_t begin = 0;
  std::uint64_t different = 0;  // 2^64 is 0, hence `same`
  bool same = false;
  for (std::size_t i = 0, j = 0; i < a.arcs.size() && j < b.arcs.size();) {
    const Arc& x = a.arcs[i];
    const Arc& y = b.arcs[j];
    const std::uint64_t last = std::min(x.last, y.last);
    const bool differ = x.owner != y.owner;
    different += (last - begin + 1) & (std::uint64_t{0} - static_cast<std::uint64_t>(differ));
    same |= !differ;
    begin = last + 1;
    i += static_cast<std::size_t>(x.last == last);
    j += static_cast<std::size_t>(y.last == last);
  }
  return same ? static_cast<double>(different) / 18446744073709551616.0 : 1;
}

void RingProbe::sample(TrueTime at) {
  const std::vector<Group> all = groups();
  // Nothing is placed while all agree.
  std::vector<std::size_t> placed;
  if (std::ranges::any_of(all, [&](const Group& group) { return group.view != all.front().view; })) {
    for (const Group& group : all) placed.push_back(owners(group.view));
  }
  double sum[2] = {0, 0}, max[2] = {0, 0}, pairs[2] = {0, 0};
  for (std::size_t g = 0; g < all.size(); ++g) {
    const auto size = static_cast<double>(all[g].nodes);
    pairs[0] += size * (size - 1) / 2;
    for (std::size_t h = g + 1; h < all.size(); ++h) {
      const int where = all[g].component == all[h].component ? 0 : 1;
      const double weight = size * static_cast<double>(all[h].nodes);
      pairs[where] += weight;
      if (all[g].view == all[h].view) continue;
      const double d = distance(placed[g], placed[h]);
      sum[where] += weight * d;
      max[where] = std::max(max[where], d);
    }
  }
  for (const int where : {0, 1}) {
    if (pairs[where] <= 0) continue;
    Mean& mean = where == 0 ? within_ : across_;
    mean.sum += sum[where] / pairs[where];
    mean.max = std::max(mean.max, max[where]);
    ++mean.points;
    (where == 0 ? within_series_ : across_series_).points.push_back({seconds(at), sum[where] / pairs[where]});
  }
}

void RingProbe::finish(Report& report) {
  const auto figures = [&](const Mean& mean, const char* name, const char* max_name) {
    std::string population = fmt::format("pairs of live nodes at {} samples", mean.points);
    if (left_out_ > 0) population += fmt::format(", without {} nodes of rare views", left_out_);
    const bool any = mean.points > 0;
    report.figure(name, any ? std::optional(mean.sum / static_cast<double>(mean.points)) : std::nullopt, population);
    report.figure(max_name, any ? std::optional(mean.max) : std::nullopt, population);
  };
  figures(within_, "ring_disagreement_share", "ring_disagreement_max_share");
  figures(across_, "ring_disagreement_across_share", "ring_disagreement_across_max_share");
  report.results().series.push_back(within_series_);
  if (across_.points > 0) report.results().series.push_back(across_series_);
}

}  // namespace hearsay::measure
