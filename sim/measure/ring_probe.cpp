#include "sim/measure/ring_probe.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

namespace hearsay::measure {

namespace {

// Key i of `count` evenly spread ones.
std::uint64_t spread_key(std::size_t i, std::size_t count) {
  const std::uint64_t step = std::numeric_limits<std::uint64_t>::max() / count + 1;
  return i * step + step / 2;
}

}  // namespace

RingProbe::RingProbe(const plan::Plan& plan, const Ring& ring, const Target& target, const ViewProbe& views,
                     const PlacementSource* nodes)
    : target_(target),
      views_(views),
      nodes_(nodes),
      quorums_(quorums_of(plan.replication)),
      placements_(ring, plan.directory, target.nodes()) {}

std::vector<RingProbe::Group> RingProbe::groups() {
  std::vector<Group> groups;
  // By hash of view and component: which groups may be the same. Looked up, never iterated.
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> index;
  for (std::uint32_t i = 0; i < target_.nodes(); ++i) {
    const NodeSlot node{i};
    if (!target_.member(node)) continue;
    const SlotSet& view = views_.view(node);
    const auto own = nodes_ == nullptr ? nullptr : nodes_->own(node);
    const std::uint32_t component = target_.component(node);
    auto& candidates = index[view.hash() + component];
    const auto same = std::ranges::find_if(candidates, [&](std::size_t g) {
      return groups[g].component == component && groups[g].source.own == own && groups[g].source.view == view;
    });
    if (same != candidates.end()) {
      ++groups[*same].nodes;
    } else {
      candidates.push_back(groups.size());
      groups.push_back({{view, own}, component, 1});
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

std::size_t RingProbe::owners(const Source& source) {
  static_assert(kMaxCached >= kMaxViews);
  ++uses_;
  if (const auto known = std::ranges::find(cache_, source, &Cached::source); known != cache_.end()) {
    known->used = uses_;
    return static_cast<std::size_t>(known - cache_.begin());
  }
  if (cache_.size() < kMaxCached) cache_.emplace_back();
  const auto oldest = std::ranges::min_element(cache_, {}, &Cached::used);  // a fresh one was never used
  const auto index = static_cast<std::size_t>(oldest - cache_.begin());
  oldest->source = source;
  oldest->used = uses_;
  const auto placement = source.own != nullptr ? source.own : placements_.place(source.view);
  Owners& owners = oldest->owners;
  if (!placement->arcs(owners.arcs) || owners.arcs.empty() || owners.arcs.size() > kMaxArcs) owners.arcs.clear();
  std::vector<std::uint64_t> keys(kSampledKeys);
  for (std::size_t i = 0; i < kSampledKeys; ++i) keys[i] = spread_key(i, kSampledKeys);
  owners.sampled.resize(kSampledKeys);
  placement->lookup_batch(keys, owners.sampled);
  const std::size_t copies = quorums_.copies();
  owners.replicas.assign(kQuorumKeys * copies, kNoSlot);
  for (std::size_t i = 0; copies > 0 && i < kQuorumKeys; ++i) {
    placement->replicas(spread_key(i, kQuorumKeys), std::span(owners.replicas).subspan(i * copies, copies));
  }
  pairs_.resize(kMaxCached * kMaxCached);
  for (std::size_t other = 0; other < kMaxCached; ++other) {
    pairs_[std::min(index, other) * kMaxCached + std::max(index, other)] = {};
  }
  return index;
}

const RingProbe::Pair& RingProbe::pair(std::size_t a, std::size_t b) {
  Pair& known = pairs_[std::min(a, b) * kMaxCached + std::max(a, b)];
  if (known.different < 0) {
    known = {distance(cache_[a].owners, cache_[b].owners), miss(cache_[a].owners, cache_[b].owners)};
  }
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

// Each of the two writes and the other reads, as often as not.
double RingProbe::miss(const Owners& a, const Owners& b) const {
  const std::size_t copies = quorums_.copies();
  double sum = 0;
  for (std::size_t i = 0; i < a.replicas.size(); i += copies) {
    const auto mine = std::span(a.replicas).subspan(i, copies);
    const auto others = std::span(b.replicas).subspan(i, copies);
    const auto has = [](NodeSlot slot) { return slot != kNoSlot; };
    const auto common = [&](NodeSlot slot) { return has(slot) && contains(others, slot); };
    const auto of_a = static_cast<std::size_t>(std::ranges::count_if(mine, has));
    const auto of_b = static_cast<std::size_t>(std::ranges::count_if(others, has));
    const auto both = static_cast<std::size_t>(std::ranges::count_if(mine, common));
    sum += quorums_.miss(of_a, of_b, both) + quorums_.miss(of_b, of_a, both);
  }
  return sum / (2 * kQuorumKeys);
}

double RingProbe::miss_of_equals(const SlotSet& view) const {
  if (quorums_.copies() == 0) return 0;
  const std::size_t replicas = std::min<std::size_t>(quorums_.copies(), view.count());
  return quorums_.miss(replicas, replicas, replicas);
}

void RingProbe::sample(TrueTime at) {
  const std::vector<Group> all = groups();
  // Nothing is placed while all agree.
  std::vector<std::size_t> placed;
  if (std::ranges::any_of(all, [&](const Group& group) { return group.source != all.front().source; })) {
    for (const Group& group : all) placed.push_back(owners(group.source));
  }
  double pairs[2] = {0, 0}, different[2] = {0, 0}, most[2] = {0, 0}, missed[2] = {0, 0}, most_missed[2] = {0, 0};
  for (std::size_t g = 0; g < all.size(); ++g) {
    const auto size = static_cast<double>(all[g].nodes);
    const Pair equal{0, miss_of_equals(all[g].source.view)};
    const auto add = [&](int where, double weight, const Pair& pair) {
      if (weight <= 0) return;
      pairs[where] += weight;
      different[where] += weight * pair.different;
      most[where] = std::max(most[where], pair.different);
      missed[where] += weight * pair.miss;
      most_missed[where] = std::max(most_missed[where], pair.miss);
    };
    add(0, size * (size - 1) / 2, equal);
    for (std::size_t h = g + 1; h < all.size(); ++h) {
      const bool same = all[g].source == all[h].source;
      add(all[g].component == all[h].component ? 0 : 1, size * static_cast<double>(all[h].nodes),
          same ? equal : pair(placed[g], placed[h]));
    }
  }
  for (const int where : {0, 1}) {
    if (pairs[where] <= 0) continue;
    const auto point = [&](Mean& mean, Series& series, double sum, double max) {
      mean.sum += sum / pairs[where];
      mean.max = std::max(mean.max, max);
      ++mean.points;
      series.points.push_back({seconds(at), sum / pairs[where]});
    };
    point(disagreement_[where], disagreement_series_[where], different[where], most[where]);
    if (quorums_.copies() > 0)
      point(quorum_miss_[where], quorum_miss_series_[where], missed[where], most_missed[where]);
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
  figures(disagreement_[0], "ring_disagreement_share", "ring_disagreement_max_share");
  figures(disagreement_[1], "ring_disagreement_across_share", "ring_disagreement_across_max_share");
  figures(quorum_miss_[0], "quorum_miss_share", "quorum_miss_max_share");
  figures(quorum_miss_[1], "quorum_miss_across_share", "quorum_miss_across_max_share");
  report.results().series.push_back(disagreement_series_[0]);
  for (const Series* series : {&disagreement_series_[1], &quorum_miss_series_[0], &quorum_miss_series_[1]}) {
    if (!series->points.empty()) report.results().series.push_back(*series);
  }
}

}  // namespace hearsay::measure
