// Over 400 lines: all properties beside each other, with the walk through a case and the shrinking that they share.
#include "sim/rings/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <set>

#include "core/base/random.hpp"

namespace hearsay::rings {

namespace {

using Hashes = std::vector<std::uint64_t>;
// Sees to a case with these keys; sets hash and what where it is broken.
using Property = bool (*)(const Ring& ring, const Hashes& hashes, Case& at);

bool broken(Case& at, std::optional<std::uint64_t> hash, std::string what) {
  at.hash = hash;
  at.what = std::move(what);
  return true;
}

std::string who(const MemberSet& set, NodeSlot slot) {
  return slot == kNoSlot ? "nobody" : std::string(set.name(slot));
}

// A set with its placement, as they go through a case's changes.
struct Walk {
  Walk(const Ring& r, const Case& c) : ring(r), set(c.start), placement(r.place(set.list())) {}

  // False where the change is none.
  bool step(const Change& change) {
    if (!set.apply(change)) return false;
    before = std::exchange(placement, nullptr);
    placement = ring.apply(*before, set.ring_change(change), set.list());
    return true;
  }

  const Ring& ring;
  MemberSet set;
  std::shared_ptr<const Placement> placement;
  std::shared_ptr<const Placement> before;
};

std::vector<NodeSlot> replicas_of(const Placement& placement, std::uint64_t hash, std::size_t wanted) {
  std::vector<NodeSlot> out(wanted);
  out.resize(placement.replicas(hash, out));
  return out;
}

// "a, b, c", in their order.
std::string names_of(const MemberSet& set, const std::vector<NodeSlot>& slots) {
  std::vector<std::string> names;
  for (const NodeSlot slot : slots) names.push_back(who(set, slot));
  return names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, ", "));
}

constexpr std::size_t kCopies = 3;

// ---- what every ring must do ----------------------------------------------------------------------------------------

bool answers_wrongly(const Placement& placement, const MemberSet& set, const Hashes& hashes, Case& at) {
  if (placement.members() != set.size()) {
    return broken(at, {}, fmt::format("it says that it has {} members of {}", placement.members(), set.size()));
  }
  std::vector<NodeSlot> batch(hashes.size());
  placement.lookup_batch(hashes, batch);
  std::set<NodeSlot> members;
  for (const RingMember& member : set.list()) members.insert(member.slot);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const NodeSlot owner = placement.lookup(hashes[i]);
    if (set.size() == 0 ? owner != kNoSlot : !members.contains(owner)) {
      return broken(at, hashes[i], "its owner is not a member");
    }
    if (batch[i] != owner) {
      return broken(at, hashes[i], fmt::format("{} owns it, and in a batch {}", who(set, owner), who(set, batch[i])));
    }
    for (const std::size_t wanted : {std::size_t{0}, std::size_t{1}, std::size_t{3}, set.size(), set.size() + 2}) {
      const auto found = replicas_of(placement, hashes[i], wanted);
      const std::set<NodeSlot> distinct(found.begin(), found.end());
      if (found.size() != std::min(wanted, set.size())) {
        return broken(at, hashes[i], fmt::format("{} of {} replicas", found.size(), std::min(wanted, set.size())));
      }
      if (distinct.size() != found.size()) return broken(at, hashes[i], "a replica comes twice");
      if (!found.empty() && found.front() != owner) return broken(at, hashes[i], "its first replica is not its owner");
      if (!std::ranges::includes(members, distinct)) return broken(at, hashes[i], "a replica is not a member");
    }
    const auto all = replicas_of(placement, hashes[i], set.size());
    const auto few = replicas_of(placement, hashes[i], std::min<std::size_t>(3, set.size()));
    if (!std::equal(few.begin(), few.end(), all.begin())) {
      return broken(at, hashes[i], fmt::format("its {} replicas are not the first of its {}", few.size(), all.size()));
    }
  }
  return false;
}

bool wrong_answers(const Ring& ring, const Hashes& hashes, Case& at) {
  Walk walk(ring, at);
  if (answers_wrongly(*walk.placement, walk.set, hashes, at)) return true;
  return std::any_of(at.changes.begin(), at.changes.end(), [&](const Change& change) {
    return walk.step(change) && answers_wrongly(*walk.placement, walk.set, hashes, at);
  });
}

// The same members in other slots, as another process has them.
bool depends_on_slots(const Ring& ring, const Hashes& hashes, Case& at) {
  const MemberSet set(at.start);
  std::vector<Member> backwards(at.start.rbegin(), at.start.rend());
  const MemberSet other(backwards);
  const auto here = ring.place(set.list());
  const auto there = ring.place(other.list());
  for (const std::uint64_t hash : hashes) {
    const auto a = replicas_of(*here, hash, kCopies);
    const auto b = replicas_of(*there, hash, kCopies);
    if (names_of(set, a) != names_of(other, b)) {
      return broken(
          at, hash,
          fmt::format("{} have it, and {} where members have other slots", names_of(set, a), names_of(other, b)));
    }
  }
  return false;
}

bool arcs_go_wrong(const Placement& placement, const MemberSet& set, Case& at) {
  std::vector<Arc> arcs;
  if (!placement.arcs(arcs)) return false;
  if (arcs.empty() || arcs.back().last != kLastHash) return broken(at, {}, "its arcs do not end at 2^64 - 1");
  std::uint64_t first = 0;
  for (const Arc& arc : arcs) {
    if (arc.last < first) return broken(at, arc.last, "its arcs do not ascend");
    for (const std::uint64_t hash : {first, first + (arc.last - first) / 2, arc.last}) {
      if (const NodeSlot owner = placement.lookup(hash); owner != arc.owner) {
        return broken(at, hash, fmt::format("its arc is of {}, and {} owns it", who(set, arc.owner), who(set, owner)));
      }
    }
    if (arc.last == kLastHash && &arc != &arcs.back()) return broken(at, {}, "it has arcs behind 2^64 - 1");
    first = arc.last + 1;
  }
  return false;
}

bool wrong_arcs(const Ring& ring, const Hashes&, Case& at) {
  Walk walk(ring, at);
  if (arcs_go_wrong(*walk.placement, walk.set, at)) return true;
  return std::ranges::any_of(at.changes, [&](const Change& change) {
    return walk.step(change) && arcs_go_wrong(*walk.placement, walk.set, at);
  });
}

// ---- what a ring may promise ----------------------------------------------------------------------------------------

bool depends_on_order(const Ring& ring, const Hashes& hashes, Case& at) {
  Walk walk(ring, at);
  for (const Change& change : at.changes) walk.step(change);
  const auto anew = ring.place(walk.set.list());
  for (const std::uint64_t hash : hashes) {
    const auto a = replicas_of(*walk.placement, hash, kCopies);
    const auto b = replicas_of(*anew, hash, kCopies);
    if (a != b) {
      return broken(at, hash,
                    fmt::format("{} have it after these steps, and {} where the same members came at once",
                                names_of(walk.set, a), names_of(walk.set, b)));
    }
  }
  return false;
}

// Those who left did so in one order, and in the other.
bool leaves_do_not_commute(const Ring& ring, const Hashes& hashes, Case& at) {
  Case other = at;
  std::ranges::reverse(other.changes);
  Walk forward(ring, at);
  Walk backward(ring, other);
  for (const Change& change : at.changes) forward.step(change);
  for (const Change& change : other.changes) backward.step(change);
  for (const std::uint64_t hash : hashes) {
    const auto a = replicas_of(*forward.placement, hash, kCopies);
    const auto b = replicas_of(*backward.placement, hash, kCopies);
    if (names_of(forward.set, a) != names_of(backward.set, b)) {
      return broken(at, hash,
                    fmt::format("{} have it then, and {} where they left in the opposite order",
                                names_of(forward.set, a), names_of(backward.set, b)));
    }
  }
  return false;
}

bool disrupts(const Ring& ring, const Hashes& hashes, Case& at) {
  Walk walk(ring, at);
  for (const Change& change : at.changes) {
    if (!walk.step(change) || change.kind == Change::Kind::kReweigh) continue;
    const NodeSlot mover = walk.set.slot(change.member.name);
    for (const std::uint64_t hash : hashes) {
      const NodeSlot a = walk.before->lookup(hash);
      const NodeSlot b = walk.placement->lookup(hash);
      if (a == b || a == kNoSlot || b == kNoSlot || (change.kind == Change::Kind::kLeave ? a : b) == mover) continue;
      return broken(
          at, hash,
          fmt::format("when {} {}, it goes from {} to {}", change.member.name,
                      change.kind == Change::Kind::kLeave ? "leaves" : "joins", who(walk.set, a), who(walk.set, b)));
    }
  }
  return false;
}

// Where the owner leaves, a copy is already where the key goes.
bool second_does_not_follow(const Ring& ring, const Hashes& hashes, Case& at) {
  const Walk start(ring, at);
  if (start.set.size() < 2) return false;
  for (const std::uint64_t hash : hashes) {
    const auto both = replicas_of(*start.placement, hash, 2);
    Walk walk(ring, at);
    const auto first = std::ranges::find(at.start, walk.set.name(both[0]), &Member::name);
    walk.step({Change::Kind::kLeave, *first});
    if (const NodeSlot next = walk.placement->lookup(hash); next != both[1]) {
      return broken(at, hash,
                    fmt::format("{} owns it and {} comes second; without the first {} owns it", who(walk.set, both[0]),
                                who(walk.set, both[1]), who(walk.set, next)));
    }
  }
  return false;
}

bool shares_a_zone(const Ring& ring, const Hashes& hashes, Case& at) {
  const MemberSet set(at.start);
  const auto placement = ring.place(set.list());
  std::map<NodeSlot, std::uint32_t> zone_of;
  std::set<std::uint32_t> zones;
  for (const RingMember& member : set.list()) zones.insert(zone_of[member.slot] = member.zone);
  for (const std::uint64_t hash : hashes) {
    for (const std::size_t wanted : {std::size_t{2}, std::size_t{3}}) {
      std::set<std::uint32_t> found;
      const auto copies = replicas_of(*placement, hash, wanted);
      for (const NodeSlot slot : copies) found.insert(zone_of[slot]);
      if (found.size() < std::min(copies.size(), zones.size())) {
        return broken(at, hash,
                      fmt::format("{} replicas lie in {} of {} zones", copies.size(), found.size(), zones.size()));
      }
    }
  }
  return false;
}

bool heeds_weights(const Ring& ring, const Hashes& hashes, Case& at) {
  const MemberSet set(at.start);
  std::vector<Member> equal = at.start;
  for (Member& member : equal) member.weight = 1.0;
  const MemberSet other(equal);
  const auto weighted = ring.place(set.list());
  const auto plain = ring.place(other.list());
  for (const std::uint64_t hash : hashes) {
    const NodeSlot a = weighted->lookup(hash);
    const NodeSlot b = plain->lookup(hash);
    if (who(set, a) != who(other, b)) {
      return broken(at, hash, fmt::format("{} owns it, and {} where all weigh the same", who(set, a), who(other, b)));
    }
  }
  return false;
}

// Of a member with four times the weight of each of four others: half of all keys. Rings of few points are rough, hence
// the mean of several sets, and a wide band.
bool weights_fail(const Ring& ring, const Hashes& hashes, Case& at) {
  constexpr std::size_t kSets = 12;
  constexpr std::size_t kKeys = 4000;
  RandomStream random(hashes.back(), Purpose::kRing);
  Hashes keys(kKeys);
  std::vector<NodeSlot> owners(kKeys);
  double share = 0;
  for (std::size_t i = 0; i < kSets; ++i) {
    at.start.clear();
    for (int k = 0; k < 5; ++k) at.start.push_back({fmt::format("w{:x}", random.next()), k == 0 ? 4.0 : 1.0, 0});
    const MemberSet set(at.start);
    const auto placement = ring.place(set.list());
    const NodeSlot heavy = set.slot(at.start.front().name);
    for (std::uint64_t& hash : keys) hash = random.next();
    placement->lookup_batch(keys, owners);  // a ring may live in another process
    share += static_cast<double>(std::count(owners.begin(), owners.end(), heavy));
  }
  share /= static_cast<double>(kSets * kKeys);
  if (share > 0.42 && share < 0.58) return false;
  return broken(
      at, {},
      fmt::format("a member of weight 4 beside four of weight 1 has {:.1f}% of the keys, not 50%", 100 * share));
}

// ---- cases ----------------------------------------------------------------------------------------------------------

struct Shape {
  bool changes = true;  // members come and go
  bool leaves_only = false;
  bool tail_only = false;  // only the last of the order by id, which is the last that joined
  bool weights = false;
  bool zones = false;
  bool reweighs = false;
};

class Cases {
 public:
  Cases(std::uint64_t seed, Shape shape) : random_(seed, Purpose::kRing), shape_(shape) {}

  Case next() {
    // Small sets show most, large ones the rest.
    const auto size = random_.below(8) == 0 ? 10 + random_.below(30) : random_.below(9);
    Case made;
    std::vector<Member> pool;
    for (std::uint64_t i = 0; i < size + 8; ++i) pool.push_back(draw());
    if (shape_.tail_only) {
      std::sort(pool.begin(), pool.end(),
                [](const Member& a, const Member& b) { return node_id(a.name) < node_id(b.name); });
    }
    made.start.assign(pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(size));
    if (!shape_.changes) return made;
    std::vector<Member> in = made.start;
    std::vector<Member> out(pool.begin() + static_cast<std::ptrdiff_t>(size), pool.end());
    for (std::uint64_t steps = 1 + random_.below(6); steps > 0; --steps) {
      if (shape_.leaves_only && in.empty()) break;
      if (shape_.reweighs && !in.empty() && random_.below(4) == 0) {
        Member& member = in[random_.below(in.size())];
        member.weight = static_cast<double>(1 + random_.below(4));
        made.changes.push_back({Change::Kind::kReweigh, member});
        continue;
      }
      const bool leave = shape_.leaves_only || (!in.empty() && (out.empty() || random_.below(2) == 0));
      std::vector<Member>& from = leave ? in : out;
      std::vector<Member>& to = leave ? out : in;
      const std::size_t at = !shape_.tail_only ? random_.below(from.size()) : leave ? from.size() - 1 : 0;
      const Member member = from[at];
      from.erase(from.begin() + static_cast<std::ptrdiff_t>(at));
      to.insert(leave && shape_.tail_only ? to.begin() : to.end(), member);
      made.changes.push_back({leave ? Change::Kind::kLeave : Change::Kind::kJoin, member});
    }
    return made;
  }

  Hashes hashes(std::size_t count) {
    Hashes list{0, kLastHash};
    while (list.size() < count) list.push_back(random_.next());
    return list;
  }

 private:
  Member draw() {
    Member member{fmt::format("m{}", ++last_), 1.0, 0};
    if (shape_.weights) member.weight = static_cast<double>(1 + random_.below(4));
    if (shape_.zones) member.zone = static_cast<std::uint32_t>(random_.below(4));
    return member;
  }

  RandomStream random_;
  Shape shape_;
  std::uint64_t last_ = 0;
};

// What a ring throws breaks whatever was tried.
bool breaks(Property property, const Ring& ring, const Hashes& hashes, Case& at) {
  try {
    return property(ring, hashes, at);
  } catch (const std::exception& thrown) {
    return broken(at, {}, thrown.what());
  }
}

// Leaves out members and steps, one after another, as long as it stays broken, and then weights and zones.
Case shrunk(const Ring& ring, Property property, Hashes hashes, Case at) {
  const auto still = [&](Case& candidate) { return breaks(property, ring, hashes, candidate); };
  const auto leave_out = [&](auto list) {
    for (std::size_t i = (at.*list).size(); i-- > 0;) {
      Case candidate = at;
      (candidate.*list).erase((candidate.*list).begin() + static_cast<std::ptrdiff_t>(i));
      if (still(candidate)) at = std::move(candidate);
    }
  };
  for (std::size_t size = 0; size != at.start.size() + at.changes.size();) {
    size = at.start.size() + at.changes.size();
    leave_out(&Case::changes);
    leave_out(&Case::start);
  }
  for (std::size_t i = 0; i < at.start.size(); ++i) {
    Case candidate = at;
    candidate.start[i].weight = 1.0;
    candidate.start[i].zone = 0;
    if (at.start[i] != candidate.start[i] && still(candidate)) at = std::move(candidate);
  }
  return at;
}

struct Trial {
  std::string_view property;
  std::string_view meaning;
  Property breaks;
  bool promised;
  Shape shape;
  std::uint32_t most = ~std::uint32_t{0};  // trials
  bool shrinks = true;
};

Verdict try_property(const Ring& ring, const Trial& trial, const CheckOptions& options) {
  Verdict verdict{trial.property, trial.meaning, Verdict::Outcome::kHolds, 0, {}};
  Cases cases(options.seed, trial.shape);
  const std::uint32_t trials = std::min(trial.most, options.trials);
  for (; verdict.trials < trials && !verdict.example; ++verdict.trials) {
    Case at = cases.next();
    const Hashes hashes = cases.hashes(64);
    if (!breaks(trial.breaks, ring, hashes, at)) continue;
    verdict.example = trial.shrinks ? shrunk(ring, trial.breaks, hashes, std::move(at)) : std::move(at);
  }
  if (!trial.promised) {
    verdict.outcome = Verdict::Outcome::kNotPromised;
  } else if (verdict.example) {
    verdict.outcome = Verdict::Outcome::kBroken;
  }
  return verdict;
}

std::string member_text(const Member& member) {
  std::string text = member.name;
  if (member.weight != 1.0) text += fmt::format("={}", member.weight);
  if (member.zone != 0) text += fmt::format(" in zone {}", member.zone);
  return text;
}

}  // namespace

std::string text_of(const Case& example) {
  std::vector<std::string> members;
  for (const Member& member : example.start) members.push_back(member_text(member));
  std::string text = members.empty() ? "no members" : fmt::format("members {}", fmt::join(members, ", "));
  for (const Change& change : example.changes) {
    const std::string_view verb = change.kind == Change::Kind::kJoin    ? "joins"
                                  : change.kind == Change::Kind::kLeave ? "leaves"
                                                                        : "gets another weight";
    text += fmt::format("; {} {}", member_text(change.member), verb);
  }
  if (example.hash) text += fmt::format("; hash 0x{:016x}", *example.hash);
  return text + ": " + example.what;
}

std::vector<Verdict> check(const Ring& ring, const CheckOptions& options) {
  const RingTraits traits = ring.traits();
  const Shape still{.changes = false};
  // What a ring heeds is drawn.
  const Shape any{.weights = traits.weights, .zones = traits.zones, .reweighs = traits.weights};
  const Trial trials[] = {
      {"answers", "each key has one member as its owner, and distinct replicas of which that is the first",
       wrong_answers, true, any},
      {"no slots", "members' slots, which differ between processes, decide nothing", depends_on_slots, true, still},
      {"arcs", "the arcs it gives, if it gives any, are what its lookups say", wrong_arcs, true, any},
      {"set-pure", "the same members lead to the same placement, whatever happened before", depends_on_order,
       traits.set_pure, any},
      {"order of leaves",
       "who left first decides nothing",
       leaves_do_not_commute,
       traits.set_pure,
       {.leaves_only = true, .weights = traits.weights, .zones = traits.zones}},
      {"minimal disruption",
       traits.any_removal
           ? "who comes takes keys, who goes gives its own away, and no other key moves"
           : "who comes takes keys, who goes gives its own away, and no other key moves, at the order's end",
       disrupts,
       traits.minimal_disruption,
       {.tail_only = !traits.any_removal}},
      {"any removal",
       "the same for whoever comes or goes",
       disrupts,
       traits.any_removal && traits.minimal_disruption,
       {}},
      {"native replicas",
       "a key whose owner goes belongs to its second replica then",
       second_does_not_follow,
       traits.native_replicas,
       {.changes = false, .weights = true, .zones = !traits.zones}},
      {"weights", "shares are in proportion to weights", weights_fail, traits.weights, still, 1, false},
      {"zones",
       "replicas lie in distinct zones as long as there are zones left",
       shares_a_zone,
       traits.zones,
       {.changes = false, .zones = true}},
  };
  std::vector<Verdict> verdicts;
  for (const Trial& trial : trials) verdicts.push_back(try_property(ring, trial, options));
  if (!traits.weights) {
    // A ring that heeds weights without promising proportion is worse than one that ignores them.
    verdicts.push_back(try_property(ring,
                                    {"weights ignored",
                                     "weights, which it does not heed, decide nothing",
                                     heeds_weights,
                                     true,
                                     {.changes = false, .weights = true}},
                                    options));
  }
  return verdicts;
}

bool passed(const std::vector<Verdict>& verdicts) {
  return std::ranges::none_of(verdicts, [](const Verdict& v) { return v.outcome == Verdict::Outcome::kBroken; });
}

}  // namespace hearsay::rings
