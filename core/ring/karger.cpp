#include "core/ring/karger.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/base/check.hpp"
#include "core/base/dmath.hpp"
#include "core/ring/taken.hpp"

namespace hearsay {

namespace {

constexpr std::string_view kDirections[] = {"next", "nearest"};

struct Tagged {
  std::uint64_t point = 0;
  std::uint32_t member = 0;  // index in the list of members, which is by id: ties fall to the smaller id
};

bool before(const Tagged& a, const Tagged& b) { return std::tie(a.point, a.member) < std::tie(b.point, b.member); }

// Points are uniform: distributing them by their top bits leaves next to nothing to sort. Two passes, because one into
// as many streams as there are points would miss the caches for every point.
void sort_points(std::vector<Tagged>& points) {
  constexpr unsigned kBits = 8;
  constexpr std::size_t kFew = 4096;
  if (points.size() <= kFew) {
    std::sort(points.begin(), points.end(), before);
    return;
  }
  std::vector<std::size_t> start((std::size_t{1} << kBits) + 1);
  for (const Tagged& t : points) ++start[(t.point >> (64 - kBits)) + 1];
  for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
  std::vector<Tagged> sorted(points.size());
  std::vector<std::size_t> next(start.begin(), start.end() - 1);
  for (const Tagged& t : points) sorted[next[t.point >> (64 - kBits)]++] = t;

  std::vector<Tagged> scratch;
  std::vector<std::uint32_t> counts;
  for (std::size_t bucket = 0; bucket + 1 < start.size(); ++bucket) {
    Tagged* const begin = sorted.data() + start[bucket];
    const std::size_t size = start[bucket + 1] - start[bucket];
    if (size > 16) {
      const auto fine = static_cast<unsigned>(ceil_log2(size));
      const auto digit = [fine](std::uint64_t point) { return (point << kBits) >> (64 - fine); };
      counts.assign((std::size_t{1} << fine) + 1, 0);
      for (std::size_t i = 0; i < size; ++i) ++counts[digit(begin[i].point) + 1];
      for (std::size_t i = 1; i < counts.size(); ++i) counts[i] += counts[i - 1];
      scratch.assign(begin, begin + size);
      for (const Tagged& t : scratch) begin[counts[digit(t.point)]++] = t;
    }
    // Insertion sort: everything is within a few places of where it belongs. Equal digits make it quadratic, which
    // points that are a hash of an id cannot be made to have; std::sort takes over when there are many, as with masked
    // points.
    std::size_t moves = 0;
    for (std::size_t i = 1; i < size && moves < 8 * size; ++i) {
      const Tagged t = begin[i];
      std::size_t k = i;
      for (; k > 0 && before(t, begin[k - 1]); --k) begin[k] = begin[k - 1];
      moves += i - k;
      begin[k] = t;
    }
    if (moves >= 8 * size) std::sort(begin, begin + size, before);
  }
  points.swap(sorted);
}

// A point that comes or goes.
struct Edit {
  std::uint64_t point = 0;
  NodeId id{};
  NodeSlot slot = kNoSlot;
  bool add = false;
};

bool edit_before(const Edit& a, const Edit& b) {
  return std::tie(a.point, a.id, a.add) < std::tie(b.point, b.id, b.add);
}

}  // namespace

template <class Visit>
void KargerPlacement::walk(std::uint64_t hash, Visit&& visit) const {
  if (nearest()) {
    nearest_.walk(hash, visit);
    return;
  }
  std::size_t at = position(hash);
  for (std::size_t walked = 0; walked < points(); ++walked, ++at) {
    if (at >= points()) at = 0;
    if (visit(owner(at))) return;
  }
}

std::size_t KargerPlacement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  if (!nearest() && zones_.count == 0) return PointPlacement::replicas(hash, out);
  const std::size_t wanted = std::min(out.size(), members());
  if (wanted == 0) return 0;
  std::size_t count = 0;
  // The first of each zone. Looking through those found is cheaper than marking zones, unless there are many of both.
  const std::size_t in_zones = std::min<std::size_t>(wanted, zones_.count);
  std::vector<bool> met(in_zones > Taken::kMaxCompared ? zones_.count : 0);
  const auto zone_met = [&](std::uint32_t zone) {
    if (!met.empty()) return bool{met[zone]};
    return std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count),
                       [&](NodeSlot slot) { return zones_.of[raw(slot)] == zone; });
  };
  if (in_zones > 0) {
    walk(hash, [&](NodeSlot owner) {
      const std::uint32_t zone = zones_.of[raw(owner)];
      if (!zone_met(zone)) {
        if (!met.empty()) met[zone] = true;
        out[count++] = owner;
      }
      return count == in_zones;
    });
  }
  if (count == wanted) return count;
  // Then whoever is not among them.
  std::vector<bool> seen;
  if (wanted > Taken::kMaxCompared) {
    std::uint32_t highest = 0;
    for (const Member& m : members_) highest = std::max(highest, raw(m.slot));
    seen.resize(std::size_t{highest} + 1);
    for (std::size_t i = 0; i < count; ++i) seen[raw(out[i])] = true;
  }
  walk(hash, [&](NodeSlot owner) {
    if (!(seen.empty() ? contains(out.first(count), owner) : bool{seen[raw(owner)]})) {
      if (!seen.empty()) seen[raw(owner)] = true;
      out[count++] = owner;
    }
    return count == wanted;
  });
  return count;
}

std::size_t KargerPlacement::memory_bytes() const {
  return PointPlacement::memory_bytes() + sizeof(*this) - sizeof(PointPlacement) +
         members_.capacity() * sizeof(members_[0]) + zones_.of.capacity() * sizeof(zones_.of[0]) +
         nearest_.memory_bytes();
}

Karger::Karger(std::uint32_t points, unsigned point_bits, std::uint32_t max_points, Variant variant)
    : points_(points), max_points_(max_points), mask_(~std::uint64_t{0} << (64 - point_bits)), variant_(variant) {
  HEARSAY_CHECK(points >= 1 && point_bits >= 1 && point_bits <= 64);
}

KargerPlacement::Zones Karger::zones_of(std::span<const RingMember> members) const {
  KargerPlacement::Zones zones;
  if (!variant_.zones) return zones;
  std::vector<std::uint32_t> numbers;
  std::uint32_t slots = 0;
  for (const RingMember& m : members) {
    numbers.push_back(m.zone);
    slots = std::max(slots, raw(m.slot) + 1);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  zones.count = static_cast<std::uint32_t>(numbers.size());
  zones.of.resize(slots);
  for (const RingMember& m : members) {
    zones.of[raw(m.slot)] =
        static_cast<std::uint32_t>(std::lower_bound(numbers.begin(), numbers.end(), m.zone) - numbers.begin());
  }
  return zones;
}

std::uint32_t Karger::points_of(double weight, double part) const {
  const double wanted = static_cast<double>(points_) * weight * part + 0.5;
  if (!(wanted >= 1)) return 1;
  return wanted >= kMaxPointsPerMember ? kMaxPointsPerMember : static_cast<std::uint32_t>(wanted);
}

std::size_t Karger::allot(std::span<const RingMember> members, std::vector<KargerPlacement::Member>& list) const {
  list.reserve(members.size());
  for (const RingMember& member : members) list.push_back({member.id, member.slot, 0});
  // In halves, so that members that come and go move others' points at a few numbers of members only.
  for (double part = 1;; part /= 2) {
    std::size_t total = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      list[m].points = points_of(members[m].weight, part);
      total += list[m].points;
    }
    if (total <= max_points_ || total == members.size()) return total;
  }
}

std::shared_ptr<const Placement> Karger::place(std::span<const RingMember> members) const {
  std::vector<KargerPlacement::Member> list;
  const std::size_t total = allot(members, list);
  std::vector<Tagged> tagged;
  tagged.reserve(total);
  for (std::uint32_t m = 0; m < list.size(); ++m) {
    each_point(list[m].id, list[m].points, [&](std::uint64_t point) { tagged.push_back({point, m}); });
  }
  sort_points(tagged);
  if (variant_.nearest) {
    NearestPoints nearest;
    nearest.reserve(total);
    for (const Tagged& t : tagged) nearest.add(t.point, list[t.member].slot);
    RingPoints arcs = nearest.arcs();
    return std::make_shared<const KargerPlacement>(std::move(arcs), std::move(list), zones_of(members),
                                                   std::move(nearest));
  }
  RingPoints points;
  points.reserve(total);
  for (const Tagged& t : tagged) points.add(t.point, list[t.member].slot);
  return std::make_shared<const KargerPlacement>(std::move(points), std::move(list), zones_of(members));
}

std::shared_ptr<const Placement> Karger::apply(const Placement& former, const RingChange&,
                                               std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const KargerPlacement*>(&former);
  if (old == nullptr || old->nearest() || variant_.nearest) return place(members);
  const auto old_members = old->member_list();

  std::vector<KargerPlacement::Member> list;
  const std::size_t total = allot(members, list);
  std::vector<Edit> edits;
  const auto edit = [&](const KargerPlacement::Member& member, bool add) {
    each_point(member.id, member.points,
               [&](std::uint64_t point) { edits.push_back({point, member.id, member.slot, add}); });
  };
  std::size_t o = 0;
  for (const KargerPlacement::Member& member : list) {
    for (; o < old_members.size() && old_members[o].id < member.id; ++o) edit(old_members[o], false);
    if (o < old_members.size() && old_members[o].id == member.id) {
      if (old_members[o] != member) {
        edit(old_members[o], false);
        edit(member, true);
      }
      ++o;
    } else {
      edit(member, true);
    }
    if (edits.size() > old->points() / 2 + 64) return place(members);
  }
  for (; o < old_members.size(); ++o) edit(old_members[o], false);
  std::sort(edits.begin(), edits.end(), edit_before);

  const auto id_of = [&](NodeSlot slot) {  // of two members at one point, so next to never
    return std::find_if(old_members.begin(), old_members.end(), [slot](const auto& m) { return m.slot == slot; })->id;
  };
  RingPoints points;
  points.reserve(total);
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    points.copy(*old, at, end);
    at = end;
  };
  const auto is_at = [&](std::uint64_t point) { return at < old->points() && old->end(at) == point; };
  for (const Edit& e : edits) {
    copy_to(std::max(at, old->position(e.point)));
    // Whoever has the same point and comes first by id.
    while (is_at(e.point) && (e.add || old->owner(at) != e.slot) && id_of(old->owner(at)) < e.id) copy_to(at + 1);
    if (e.add) {
      points.add(e.point, e.slot);
    } else {
      // A ring of other points than this one's is not a former placement of it.
      if (!is_at(e.point) || old->owner(at) != e.slot) return place(members);
      ++at;
    }
  }
  copy_to(old->points());
  HEARSAY_CHECK(points.size() == total);
  return std::make_shared<const KargerPlacement>(std::move(points), std::move(list), zones_of(members));
}

std::uint32_t Karger::points_each(std::size_t members) const {
  for (double part = 1;; part /= 2) {
    const std::uint32_t points = points_of(1, part);
    if (points * std::uint64_t{members} <= max_points_ || points == 1) return points;
  }
}

RingTheory Karger::theory(std::size_t members) const {
  const std::uint32_t points = points_each(members);
  if (!variant_.nearest) return theory_of_points(points, members);
  // Each member has half of the arcs at both sides of its points, and all of one between two of its own.
  const auto n = static_cast<double>(members);
  const auto v = static_cast<double>(points);
  if (n * v < 2) return {.share_cv = 0, .share_max = {}};
  const double own_next = (v - 1) / (n * v - 1);
  return {.share_cv = std::sqrt((n * (1 + own_next) / 2 - 1) / (n * v + 1)), .share_max = {}};
}

void KargerConfig::visit(ParamVisitor& v) {
  v.integer(
      "points", points, {1, 65536}, "points",
      "points on the circle of a node of weight 1; the load of N nodes varies by sqrt((N - 1) / (N points + 1)), so "
      "four times the points halve the imbalance, and cost four times the memory (13 bytes a point) and build "
      "time");
  v.integer("max_points", max_points, {1024, std::int64_t{1} << 30}, "points",
            "points of the whole circle; where the members' weights ask for more, all get proportionally fewer. Bounds "
            "the memory and the time to build a ring whatever weights are claimed (hearsay node has a million)");
  v.choice("nearest", nearest, kDirections,
           "whose a key is: the next point's, or the nearest one's in either direction, which halves the variance of "
           "loads for 12 bytes a point more");
  v.boolean("zones", zones, "replicas lie in distinct zones as long as there are zones left");
}

std::shared_ptr<const Component> KargerConfig::build() const {
  return std::make_shared<const Karger>(static_cast<std::uint32_t>(points), 64, static_cast<std::uint32_t>(max_points),
                                        Karger::Variant{nearest == 1, zones});
}

CatalogueEntry karger_entry() { return entry_of<KargerConfig>(); }

}  // namespace hearsay
