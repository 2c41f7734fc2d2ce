#include "sim/rings/measure.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "core/base/random.hpp"
#include "sim/rings/members.hpp"

namespace hearsay::rings {

namespace {

using Hashes = std::vector<std::uint64_t>;

// Two-sided 95% of Student's t, by degrees of freedom.
constexpr std::array kStudent{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228};

class Mean {
 public:
  void add(double value) { values_.push_back(value); }
  Estimate estimate() const {
    if (values_.empty()) return {};
    const auto n = static_cast<double>(values_.size());
    const double mean = std::accumulate(values_.begin(), values_.end(), 0.0) / n;
    if (values_.size() < 2) return {mean, 0};
    double squares = 0;
    for (const double value : values_) squares += (value - mean) * (value - mean);
    const std::size_t degrees = values_.size() - 1;
    const double t = degrees <= kStudent.size() ? kStudent[degrees - 1] : 1.96;
    return {mean, t * std::sqrt(squares / (n - 1) / n)};
  }

 private:
  std::vector<double> values_;
};

Hashes draw_hashes(std::uint64_t seed, std::uint64_t stream, std::size_t count) {
  RandomStream random(seed, Purpose::kWorkload, stream);
  Hashes hashes(count);
  for (std::uint64_t& hash : hashes) hash = random.next();
  return hashes;
}

std::vector<NodeSlot> owners_of(const Placement& placement, const Hashes& hashes) {
  std::vector<NodeSlot> owners(hashes.size());
  placement.lookup_batch(hashes, owners);
  return owners;
}

// ---- shares
// -----------------------------------------------------------------------------------------------------------

// Of each member, by its place in the list, of the whole; exact where there are arcs.
std::vector<double> shares_of(const MemberSet& set, const Placement& placement, const Hashes& hashes, bool& exact) {
  std::map<NodeSlot, std::size_t> places;
  for (std::size_t i = 0; i < set.size(); ++i) places[set.list()[i].slot] = i;
  std::vector<double> shares(set.size());
  std::vector<Arc> arcs;
  exact = placement.arcs(arcs);
  if (exact) {
    std::uint64_t first = 0;
    for (const Arc& arc : arcs) {
      shares[places[arc.owner]] += static_cast<double>(arc.last - first) * 0x1p-64;
      first = arc.last + 1;
    }
    return shares;
  }
  for (const NodeSlot owner : owners_of(placement, hashes)) {
    shares[places[owner]] += 1.0 / static_cast<double>(hashes.size());
  }
  return shares;
}

struct BalanceSums {
  Mean max, min, p99, cv;
  void add(std::vector<double> shares) {
    const auto n = static_cast<double>(shares.size());
    for (double& share : shares) share *= n;  // over the mean
    std::sort(shares.begin(), shares.end());
    double squares = 0;
    for (const double share : shares) squares += (share - 1) * (share - 1);
    max.add(shares.back());
    min.add(shares.front());
    p99.add(shares[static_cast<std::size_t>(std::ceil(0.99 * n)) - 1]);
    cv.add(std::sqrt(squares / n));
  }
};

// ---- changes
// ----------------------------------------------------------------------------------------------------------

struct DisruptionSums {
  Mean leave, join, collateral, concentration, replica_churn;
};

constexpr std::size_t kReplicas = 3;
using Copies = std::array<NodeSlot, kReplicas>;

Copies copies_of(const Placement& placement, std::uint64_t hash) {
  Copies copies;
  copies.fill(kNoSlot);
  placement.replicas(hash, copies);
  std::sort(copies.begin(), copies.end());
  return copies;
}

// One member leaves, and comes back.
void disturb(const Ring& ring, MemberSet set, const Placement& before, const Hashes& hashes, const RingMember& mover,
             DisruptionSums& sums) {
  const Member member{std::string(mover.name), mover.weight, mover.zone};
  const Change leave{Change::Kind::kLeave, member};
  set.apply(leave);
  const auto without = ring.apply(before, set.ring_change(leave), set.list());
  const Change join{Change::Kind::kJoin, member};
  set.apply(join);
  const auto again = ring.apply(*without, set.ring_change(join), set.list());

  const auto at_first = owners_of(before, hashes);
  const auto then = owners_of(*without, hashes);
  const auto last = owners_of(*again, hashes);
  std::size_t had = 0, moved_out = 0, got = 0, moved_in = 0, collateral = 0;
  std::map<NodeSlot, std::size_t> heirs;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const bool was_its = at_first[i] == mover.slot;
    had += was_its ? 1 : 0;
    moved_out += at_first[i] != then[i] ? 1U : 0U;
    if (was_its) ++heirs[then[i]];
    collateral += !was_its && at_first[i] != then[i] ? 1U : 0U;
    got += last[i] == mover.slot ? 1U : 0U;
    moved_in += then[i] != last[i] ? 1U : 0U;
  }
  const auto over = [](std::size_t a, std::size_t b) { return static_cast<double>(a) / static_cast<double>(b); };
  if (had > 0) sums.leave.add(over(moved_out, had));
  if (got > 0) sums.join.add(over(moved_in, got));
  sums.collateral.add(over(collateral, hashes.size()));
  std::size_t most = 0;
  for (const auto& [heir, keys] : heirs) most = std::max(most, keys);
  if (had > 0) sums.concentration.add(over(most, had));

  std::size_t among = 0, changed = 0;
  for (std::size_t i = 0; i < hashes.size() / 4; ++i) {
    const Copies a = copies_of(before, hashes[i]);
    among += std::find(a.begin(), a.end(), mover.slot) != a.end() ? 1U : 0U;
    changed += a != copies_of(*without, hashes[i]) ? 1U : 0U;
  }
  if (among > 0) sums.replica_churn.add(over(changed, among));
}

// ---- time
// -------------------------------------------------------------------------------------------------------------

using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point began) {
  return std::chrono::duration<double, std::nano>(Clock::now() - began).count();
}

// The shortest of several: what it takes when nothing else is in the way.
template <class Work>
double best_ns(int times, Work&& work) {
  double best = 1e300;
  for (int i = 0; i < times; ++i) {
    const auto began = Clock::now();
    work();
    best = std::min(best, ns_since(began));
  }
  return best;
}

// Something that the compiler must not leave out.
volatile std::uint64_t sink = 0;

Speed time_it(const Ring& ring, const MemberSet& set, const Placement& placement) {
  Speed speed;
  constexpr std::size_t kKeys = 1 << 14;
  const Hashes hashes = draw_hashes(7, 0, kKeys);
  std::vector<NodeSlot> owners(kKeys);
  const auto each = [](double ns) { return ns / static_cast<double>(kKeys); };
  speed.batch_ns = each(best_ns(5, [&] { placement.lookup_batch(hashes, owners); }));
  speed.hot_ns = each(best_ns(5, [&] {
    std::uint64_t sum = 0;
    for (const std::uint64_t hash : hashes) sum += raw(placement.lookup(hash));
    sink = sum;
  }));
  speed.dependent_ns = each(best_ns(5, [&] {
    std::uint64_t last = 0;
    for (const std::uint64_t hash : hashes) last = raw(placement.lookup(hash ^ last));
    sink = last;
  }));

  // Larger than what a core has for itself.
  std::vector<std::uint64_t> other(std::size_t{4} << 17);
  std::vector<double> cold;
  for (std::size_t i = 0; i < 64; ++i) {
    for (std::size_t k = 0; k < other.size(); k += 8) other[k] += i;
    const auto began = Clock::now();
    sink = raw(placement.lookup(hashes[i]));
    cold.push_back(ns_since(began));
  }
  std::sort(cold.begin(), cold.end());
  speed.cold_ns = cold[cold.size() / 2];
  speed.p99_ns = cold.back();

  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 1024; ++i) keys.push_back("key-0000000-" + std::to_string(1000 + i));
  speed.hash_ns = best_ns(9,
                          [&] {
                            std::uint64_t sum = 0;
                            for (const std::string& key : keys) sum += ring.hash_key(key);
                            sink = sum;
                          }) /
                  1024;

  speed.build_ms = best_ns(3, [&] { sink = ring.place(set.list())->members(); }) / 1e6;
  const RingMember& mover = set.list()[set.size() / 2];
  MemberSet changing = set;
  const Change leave{Change::Kind::kLeave, {std::string(mover.name), mover.weight, mover.zone}};
  Change join = leave;
  join.kind = Change::Kind::kJoin;
  changing.apply(leave);
  std::shared_ptr<const Placement> without;
  speed.leave_us =
      best_ns(3, [&] { without = ring.apply(placement, changing.ring_change(leave), changing.list()); }) / 1e3;
  changing.apply(join);
  speed.join_us =
      best_ns(3, [&] { sink = ring.apply(*without, changing.ring_change(join), changing.list())->members(); }) / 1e3;
  speed.bytes_a_member = static_cast<double>(placement.memory_bytes()) / static_cast<double>(set.size());
  return speed;
}

// ---- the rest
// ---------------------------------------------------------------------------------------------------------

void spread_out(const MemberSet& set, const Placement& placement, const Hashes& hashes, Mean& copysets, Mean& scatter) {
  std::set<Copies> distinct;
  for (const std::uint64_t hash : hashes) distinct.insert(copies_of(placement, hash));
  std::map<NodeSlot, std::set<NodeSlot>> partners;
  for (const Copies& copies : distinct) {
    for (const NodeSlot a : copies) {
      for (const NodeSlot b : copies) {
        if (a != b && a != kNoSlot && b != kNoSlot) partners[a].insert(b);
      }
    }
  }
  double sum = 0;
  for (const auto& [member, others] : partners) sum += static_cast<double>(others.size());
  const auto n = static_cast<double>(set.size());
  copysets.add(static_cast<double>(distinct.size()) / n);
  scatter.add(sum / n);
}

double in_too_few_zones(const Ring& ring, const MeasureOptions& options, const Hashes& hashes) {
  const MemberSet set = MemberSet::numbered(options.nodes, options.seed, kReplicas);
  const auto placement = ring.place(set.list());
  std::map<NodeSlot, std::uint32_t> zone_of;
  std::set<std::uint32_t> zones;
  for (const RingMember& member : set.list()) zones.insert(zone_of[member.slot] = member.zone);
  std::size_t few = 0;
  for (const std::uint64_t hash : hashes) {
    std::set<std::uint32_t> found;
    for (const NodeSlot slot : copies_of(*placement, hash)) {
      if (slot != kNoSlot) found.insert(zone_of[slot]);
    }
    few += found.size() < zones.size() ? 1U : 0U;
  }
  return static_cast<double>(few) / static_cast<double>(hashes.size());
}

// The same tenth leaves, in one order and in the other.
double disagree(const Ring& ring, const MemberSet& set, std::uint64_t seed, const Hashes& hashes) {
  RandomStream random(seed, Purpose::kRing, 1);
  std::vector<RingMember> leavers(set.list().begin(), set.list().end());
  const std::size_t count = std::max<std::size_t>(2, leavers.size() / 10);
  if (leavers.size() <= count) return 0;
  for (std::size_t i = 0; i < count; ++i) std::swap(leavers[i], leavers[i + random.below(leavers.size() - i)]);
  leavers.resize(count);
  const auto after = [&](auto begin, auto end) {
    MemberSet left = set;
    auto placement = ring.place(left.list());
    for (auto at = begin; at != end; ++at) {
      const Change leave{Change::Kind::kLeave, {std::string(at->name), at->weight, at->zone}};
      left.apply(leave);
      placement = ring.apply(*placement, left.ring_change(leave), left.list());
    }
    return owners_of(*placement, hashes);
  };
  const auto a = after(leavers.begin(), leavers.end());
  const auto b = after(leavers.rbegin(), leavers.rend());
  std::size_t different = 0;
  for (std::size_t i = 0; i < hashes.size(); ++i) different += a[i] != b[i] ? 1U : 0U;
  return static_cast<double>(different) / static_cast<double>(hashes.size());
}

double weight_error(const Ring& ring, const MeasureOptions& options, std::uint64_t set_seed, const Hashes& hashes) {
  const MemberSet plain = MemberSet::numbered(options.nodes, set_seed);
  std::vector<Member> members;
  double total = 0;
  for (const RingMember& member : plain.list()) {
    const auto weight = static_cast<double>(1 + members.size() % 4);
    members.push_back({std::string(member.name), weight, 0});
    total += weight;
  }
  const MemberSet set(members);
  const auto placement = ring.place(set.list());
  bool exact = false;
  const auto shares = shares_of(set, *placement, hashes, exact);
  double worst = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    worst = std::max(worst, std::abs(shares[i] * total / set.list()[i].weight - 1));
  }
  return worst;
}

}  // namespace

Figures measure(const Ring& ring, const MeasureOptions& options) {
  Figures figures;
  figures.nodes = options.nodes;
  BalanceSums balance;
  DisruptionSums disruption;
  Mean copysets, scatter, disagreement, weights;
  const Hashes few = draw_hashes(options.seed, 1000, std::min<std::uint64_t>(options.keys, 20'000));
  for (std::uint32_t s = 0; s < options.sets; ++s) {
    const std::uint64_t set_seed = options.seed + s;
    const MemberSet set = MemberSet::numbered(options.nodes, set_seed);
    const auto placement = ring.place(set.list());
    const Hashes hashes = draw_hashes(options.seed, s, options.keys);
    balance.add(shares_of(set, *placement, hashes, figures.balance.exact));
    RandomStream random(set_seed, Purpose::kRing, 2);
    if (set.size() > 1) disturb(ring, set, *placement, few, set.list()[random.below(set.size())], disruption);
    spread_out(set, *placement, few, copysets, scatter);
    disagreement.add(disagree(ring, set, set_seed, few));
    if (ring.traits().weights) weights.add(weight_error(ring, options, set_seed, hashes));
    if (s == 0 && options.times && set.size() > 1) figures.speed = time_it(ring, set, *placement);
  }
  figures.balance.keys = figures.balance.exact ? 0 : options.keys;
  figures.balance.noise_cv =
      figures.balance.exact ? 0 : std::sqrt(static_cast<double>(options.nodes) / static_cast<double>(options.keys));
  figures.balance.max = balance.max.estimate();
  figures.balance.min = balance.min.estimate();
  figures.balance.p99 = balance.p99.estimate();
  figures.balance.cv = balance.cv.estimate();
  figures.disruption = {disruption.leave.estimate(), disruption.join.estimate(), disruption.collateral.estimate(),
                        disruption.concentration.estimate(), disruption.replica_churn.estimate()};
  figures.spread = {copysets.estimate(), scatter.estimate(), in_too_few_zones(ring, options, few)};
  figures.disagreement = disagreement.estimate();
  if (ring.traits().weights) figures.weight_error = weights.estimate();
  return figures;
}

}  // namespace hearsay::rings
