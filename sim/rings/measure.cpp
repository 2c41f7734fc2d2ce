// Over 400 lines: all figures beside each other, counted on the same sets of members and keys.
#include "sim/rings/measure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "core/base/dmath.hpp"
#include "core/base/random.hpp"
#include "core/base/student.hpp"
#include "sim/rings/key_sets.hpp"
#include "sim/rings/members.hpp"

namespace hearsay::rings {

namespace {

using Hashes = std::vector<std::uint64_t>;

constexpr std::uint64_t kSetDomain = 0x73657473U;  // "sets"

class Mean {
 public:
  void add(double value) { values_.push_back(value); }
  Estimate estimate() const {
    if (values_.empty()) return {.mean = std::numeric_limits<double>::quiet_NaN()};
    const auto n = static_cast<double>(values_.size());
    const double mean = std::accumulate(values_.begin(), values_.end(), 0.0) / n;
    if (values_.size() < 2) return {mean, 0};
    double squares = 0;
    for (const double value : values_) squares += (value - mean) * (value - mean);
    const double error = std::sqrt(squares / (n - 1) / n);
    return {mean, student_t975(values_.size() - 1) * error, error};
  }
  // Beside what it should be, where that has a standard error of its own for each value.
  Estimate beside(double expected, double error_of_one) const {
    Estimate found = estimate();
    if (values_.empty()) return found;
    const double error = std::max(found.standard_error, error_of_one / std::sqrt(static_cast<double>(values_.size())));
    const double off = found.mean - expected;
    found.expected = expected;
    // What has no error at all is right or wrong; sums of shares are right to some 1e-9.
    found.off = error > 1e-9 ? off / error : std::abs(off) < 1e-9 ? 0 : std::copysign(1e9, off);
    return found;
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

// Of a set's placement by the ring.
std::vector<NodeSlot> owners_of(const Ring& ring, const MemberSet& set, const Placement& placement,
                                const Hashes& hashes) {
  std::vector<NodeSlot> owners(hashes.size());
  ring.assign(placement, set.list(), hashes, owners);
  return owners;
}

// ---- shares ---------------------------------------------------------------------------------------------------------

// Of each member, by its place in the list, of the whole; exact where there are arcs.
std::vector<double> shares_of(const Ring& ring, const MemberSet& set, const Placement& placement, const Hashes& hashes,
                              bool& exact) {
  std::map<NodeSlot, std::size_t> places;
  for (std::size_t i = 0; i < set.size(); ++i) places[set.list()[i].slot] = i;
  std::vector<double> shares(set.size());
  std::vector<Arc> arcs;
  exact = !ring.traits().needs_loads && placement.arcs(arcs);
  if (exact) {
    std::uint64_t first = 0;
    for (const Arc& arc : arcs) {
      shares[places[arc.owner]] += static_cast<double>(arc.last - first) * 0x1p-64;
      first = arc.last + 1;
    }
    return shares;
  }
  for (const NodeSlot owner : owners_of(ring, set, placement, hashes)) {
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

// ---- changes --------------------------------------------------------------------------------------------------------

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
  const auto at_first = owners_of(ring, set, before, hashes);
  set.apply(leave);
  const auto without = ring.apply(before, set.ring_change(leave), set.list());
  const auto then = owners_of(ring, set, *without, hashes);
  const Change join{Change::Kind::kJoin, member};
  set.apply(join);
  const auto again = ring.apply(*without, set.ring_change(join), set.list());
  const auto last = owners_of(ring, set, *again, hashes);
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

// ---- replicas and views ---------------------------------------------------------------------------------------------

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

// Members of the set, drawn.
std::vector<RingMember> some_of(const MemberSet& set, std::size_t count, RandomStream random) {
  std::vector<RingMember> members(set.list().begin(), set.list().end());
  for (std::size_t i = 0; i < count; ++i) std::swap(members[i], members[i + random.below(members.size() - i)]);
  members.resize(count);
  return members;
}

Change leave_of(const RingMember& member) {
  return {Change::Kind::kLeave, {std::string(member.name), member.weight, member.zone}};
}

double share_of_different(const std::vector<NodeSlot>& a, const std::vector<NodeSlot>& b) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different += a[i] != b[i] ? 1U : 0U;
  return static_cast<double>(different) / static_cast<double>(a.size());
}

// The same tenth leaves, in one order and in the other; until it should stop.
template <class Stop>
double disagree(const Ring& ring, const MemberSet& set, std::uint64_t seed, const Hashes& hashes, Stop stop) {
  std::size_t count = std::max<std::size_t>(2, set.size() / 10);
  // One step is enough to break the promise, and many take a set-pure ring without a merge long.
  count = std::min<std::size_t>(count, ring.traits().set_pure ? 10 : 100);
  if (set.size() <= count) return 0;
  const auto leavers = some_of(set, count, RandomStream(seed, Purpose::kRing, 1));
  const auto after = [&](const std::vector<RingMember>& order) {
    MemberSet left = set;
    auto placement = ring.place(left.list());
    for (const RingMember& leaver : order) {
      if (stop()) break;
      const Change leave = leave_of(leaver);
      left.apply(leave);
      placement = ring.apply(*placement, left.ring_change(leave), left.list());
    }
    return owners_of(ring, left, *placement, hashes);
  };
  return share_of_different(after(leavers), after({leavers.rbegin(), leavers.rend()}));
}

// Members that each of two do not know and the other does.
std::size_t unknown_of(std::size_t members) { return std::max<std::size_t>(1, members / 20); }

double differ_by_views(const Ring& ring, const MemberSet& set, std::uint64_t seed, const Hashes& hashes) {
  const std::size_t each = unknown_of(set.size());
  const auto unknown = some_of(set, 2 * each, RandomStream(seed, Purpose::kRing, 3));
  const auto seen_without = [&](std::span<const RingMember> members) {
    const MemberSet view = set.without(members);
    return owners_of(ring, view, *ring.place(view.list()), hashes);
  };
  const std::span all(unknown);
  return share_of_different(seen_without(all.first(each)), seen_without(all.last(each)));
}

// ---- keys -----------------------------------------------------------------------------------------------------------

// Keys of each kind, hashed by a ring.
struct HostileKeys {
  HostileKeys(const Ring& ring, std::uint64_t keys) : zipf(zipf_shares(keys)) {
    constexpr std::size_t kCrafted = 1000;  // they all go one way
    const auto hashed = [&](std::size_t count, auto key) {
      Hashes hashes;
      hashes.reserve(count);
      for (std::size_t i = 0; i < count; ++i) hashes.push_back(ring.hash_key(key(i)));
      return hashes;
    };
    sequential = hashed(keys, sequential_key);
    crc16 = hashed(kCrafted, one_crc16_key);
    crc32 = hashed(kCrafted, one_crc32_key);
  }

  Hashes sequential, crc16, crc32;
  std::vector<double> zipf;
};

struct HostileSums {
  Mean sequential, zipf, crc16, crc32;
};

// What the busiest member has over the mean, of keys that are asked for equally often or by these shares.
double busiest(const Ring& ring, const MemberSet& set, const Placement& placement, const Hashes& hashes,
               const std::vector<double>* shares = nullptr) {
  const auto owners = owners_of(ring, set, placement, hashes);
  std::map<NodeSlot, double> loads;
  double busiest = 0;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    double& load = loads[owners[i]];
    load += shares != nullptr ? (*shares)[i] : 1.0 / static_cast<double>(owners.size());
    busiest = std::max(busiest, load);
  }
  return busiest * static_cast<double>(set.size());
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
  const auto shares = shares_of(ring, set, *placement, hashes, exact);
  double worst = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    worst = std::max(worst, std::abs(shares[i] * total / set.list()[i].weight - 1));
  }
  return worst;
}

// What the sums come to beside what theory and promises say.
void put_balance(const Ring& ring, const MeasureOptions& options, const BalanceSums& sums, Balance& balance) {
  const auto n = static_cast<double>(options.nodes);
  balance.keys = balance.exact ? 0 : options.keys;
  balance.noise_cv = balance.exact ? 0 : std::sqrt((n - 1) / static_cast<double>(options.keys));
  balance.max = sums.max.estimate();
  balance.min = sums.min.estimate();
  balance.p99 = sums.p99.estimate();
  balance.cv = sums.cv.estimate();
  if (options.nodes < 2) return;
  const RingTheory theory = ring.theory(options.nodes);
  if (theory.share_cv) {
    const double expected = std::sqrt(*theory.share_cv * *theory.share_cv + balance.noise_cv * balance.noise_cv);
    balance.cv = sums.cv.beside(expected, expected / std::sqrt(2 * (n - 1)));
  }
  if (theory.share_max) {
    // The largest of n is off by about that much from the noise of counting alone.
    balance.max = sums.max.beside(*theory.share_max, balance.noise_cv * std::sqrt(2 * dlog(n)));
  }
}

Disruption disruption_of(const RingTraits& traits, const DisruptionSums& sums) {
  Disruption found{sums.leave.estimate(), sums.join.estimate(), sums.collateral.estimate(),
                   sums.concentration.estimate(), sums.replica_churn.estimate()};
  if (traits.minimal_disruption && traits.any_removal) {
    found.leave = sums.leave.beside(1, 0);
    found.join = sums.join.beside(1, 0);
    found.collateral = sums.collateral.beside(0, 0);
  }
  return found;
}

}  // namespace

std::optional<Figures> measure(const Ring& ring, const MeasureOptions& options) {
  Figures figures;
  figures.nodes = options.nodes;
  const RingTraits traits = ring.traits();
  BalanceSums balance;
  DisruptionSums disruption;
  HostileSums hostile;
  Mean copysets, scatter, disagreement, views, weights;
  const Hashes few = draw_hashes(options.seed, 1000, std::min<std::uint64_t>(options.keys, 20'000));
  const HostileKeys keys(ring, options.keys);
  const auto stop = [&] {
    return options.interrupted != nullptr && options.interrupted->load(std::memory_order_relaxed);
  };
  for (std::uint32_t s = 0; s < options.sets; ++s) {
    // Seeds next to each other have no set in common.
    const std::uint64_t set_seed = philox(options.seed, s, kSetDomain).a;
    const MemberSet set = MemberSet::numbered(options.nodes, set_seed);
    const auto placement = ring.place(set.list());
    const Hashes hashes = draw_hashes(options.seed, s, options.keys);
    balance.add(shares_of(ring, set, *placement, hashes, figures.balance.exact));
    if (stop()) return std::nullopt;
    RandomStream random(set_seed, Purpose::kRing, 2);
    if (set.size() > 1) disturb(ring, set, *placement, few, set.list()[random.below(set.size())], disruption);
    spread_out(set, *placement, few, copysets, scatter);
    if (stop()) return std::nullopt;
    disagreement.add(disagree(ring, set, set_seed, few, stop));
    if (stop()) return std::nullopt;
    if (set.size() > 2) views.add(differ_by_views(ring, set, set_seed, few));
    if (stop()) return std::nullopt;
    hostile.sequential.add(busiest(ring, set, *placement, keys.sequential));
    hostile.zipf.add(busiest(ring, set, *placement, keys.sequential, &keys.zipf));
    hostile.crc16.add(busiest(ring, set, *placement, keys.crc16));
    hostile.crc32.add(busiest(ring, set, *placement, keys.crc32));
    if (traits.weights) weights.add(weight_error(ring, options, set_seed, hashes));
    if (s == 0 && options.times && set.size() > 1) figures.speed = time_ring(ring, set, *placement);
  }
  put_balance(ring, options, balance, figures.balance);
  figures.disruption = disruption_of(traits, disruption);
  figures.spread = {copysets.estimate(), scatter.estimate(), in_too_few_zones(ring, options, few)};
  figures.hostile = {hostile.sequential.estimate(), hostile.zipf.estimate(), hostile.crc16.estimate(),
                     hostile.crc32.estimate()};
  figures.disagreement = traits.set_pure ? disagreement.beside(0, 0) : disagreement.estimate();
  figures.views = views.estimate();
  if (traits.set_pure && traits.minimal_disruption && traits.any_removal && options.nodes > 2) {
    // Whoever owns a key by both sets together is known to one of the two only: |A xor B| / |A or B|.
    // It varies with the keys that are drawn, and as the shares of these members do.
    const auto n = static_cast<double>(options.nodes);
    const double share = 2 * static_cast<double>(unknown_of(options.nodes)) / n;
    const double by_keys = share * (1 - share) / static_cast<double>(few.size());
    const double cv = figures.balance.cv.mean;
    figures.views = views.beside(share, std::sqrt(by_keys + share * (1 - share) * cv * cv / (n - 1)));
  }
  if (traits.weights) figures.weight_error = weights.estimate();
  return figures;
}

}  // namespace hearsay::rings
