#include "core/ring/karger.hpp"

#include <algorithm>
#include <tuple>

#include "core/base/check.hpp"
#include "core/base/dmath.hpp"

namespace hearsay {

namespace {

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

std::size_t KargerPlacement::memory_bytes() const {
  return PointPlacement::memory_bytes() + members_.capacity() * sizeof(members_[0]);
}

Karger::Karger(std::uint32_t points, unsigned point_bits, std::uint32_t max_points)
    : points_(points), max_points_(max_points), mask_(~std::uint64_t{0} << (64 - point_bits)) {
  HEARSAY_CHECK(points >= 1 && point_bits >= 1 && point_bits <= 64);
}

std::uint32_t Karger::points_of(double weight) const {
  const double wanted = static_cast<double>(points_) * weight + 0.5;
  if (!(wanted >= 1)) return 1;
  return wanted >= kMaxPointsPerMember ? kMaxPointsPerMember : static_cast<std::uint32_t>(wanted);
}

std::size_t Karger::allot(std::span<const RingMember> members, std::vector<KargerPlacement::Member>& list) const {
  list.reserve(members.size());
  std::uint64_t wanted = 0;
  for (const RingMember& member : members) {
    list.push_back({member.id, member.slot, points_of(member.weight)});
    wanted += list.back().points;
  }
  if (wanted <= max_points_) return wanted;
  std::uint64_t total = 0;
  for (KargerPlacement::Member& member : list) {
    member.points =
        static_cast<std::uint32_t>(std::max<std::uint64_t>(1, member.points * std::uint64_t{max_points_} / wanted));
    total += member.points;
  }
  return total;
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
  RingPoints points;
  points.reserve(total);
  for (const Tagged& t : tagged) points.add(t.point, list[t.member].slot);
  return std::make_shared<const KargerPlacement>(std::move(points), std::move(list));
}

std::shared_ptr<const Placement> Karger::apply(const Placement& former, const RingChange&,
                                               std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const KargerPlacement*>(&former);
  if (old == nullptr) return place(members);
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

  const auto id_of = [&](NodeSlot slot) {  // among equal points alone, so next to never
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
    while (is_at(e.point) && id_of(old->owner(at)) < e.id) copy_to(at + 1);
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
  return std::make_shared<const KargerPlacement>(std::move(points), std::move(list));
}

void KargerConfig::visit(ParamVisitor& v) {
  v.integer(
      "points", points, {1, 65536}, "points",
      "points on the circle of a node of weight 1; the load of N nodes varies by sqrt((N - 1) / (N points + 1)), so "
      "four times the points halve the imbalance, and cost four times the memory (14 to 16 bytes a point) and build "
      "time");
  v.integer("max_points", max_points, {1024, std::int64_t{1} << 30}, "points",
            "points of the whole circle; where the members' weights ask for more, all get proportionally fewer. Bounds "
            "the memory and the time to build a ring whatever weights are claimed (hearsay node has a million)");
}

std::shared_ptr<const Component> KargerConfig::build() const {
  return std::make_shared<const Karger>(static_cast<std::uint32_t>(points), 64, static_cast<std::uint32_t>(max_points));
}

CatalogueEntry karger_entry() { return entry_of<KargerConfig>(); }

}  // namespace hearsay
