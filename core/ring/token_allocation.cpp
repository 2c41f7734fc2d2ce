#include "core/ring/token_allocation.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <tuple>

#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/base/wide.hpp"

namespace hearsay {

namespace {

using TokenMember = TokenPlacement::Member;

constexpr std::uint64_t kStartDomain = 0x746f6b656eU;  // "token"
constexpr std::uint64_t kProbeDomain = 0x70726f6265U;  // "probe"
// What a joiner considers, for each token that it is to have.
constexpr std::size_t kLargest = 1;
constexpr std::size_t kSampled = 4;
constexpr std::size_t kRevised = 16;  // gaps looked at again for a token; with 8 or 32 it is hardly worse or better

// The circle while members come and go. Lengths are in 2^-64 of it; the whole circle is 2^64, hence wide.
class Circle {
 public:
  Circle(std::uint32_t replication, std::uint32_t max_tokens) : replication_(replication), max_tokens_(max_tokens) {}

  // A member with the tokens that it has.
  std::uint32_t enter(const TokenMember& member) {
    units_.push_back({member, 0, 0});
    weights_ += member.tokens;
    return static_cast<std::uint32_t>(units_.size() - 1);
  }
  void put(std::uint64_t token, std::uint32_t unit) { tokens_.emplace_hint(tokens_.end(), token, unit); }

  // After the last put(), before the first join().
  void recount() {
    gaps_.clear();
    for (Unit& unit : units_) unit.stored = unit.owned = 0;
    for (auto at = tokens_.begin(); at != tokens_.end(); ++at) {
      const Int128 length = gap(at);
      gaps_.insert({short_length(length), at->first});
      units_[at->second].owned += length;
      owners_from(at);
      for (const std::uint32_t unit : walk_) units_[unit].stored += length;
    }
  }

  void join(const TokenMember& member) {
    const std::size_t room = max_tokens_ > tokens_.size() ? max_tokens_ - tokens_.size() : 1;
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(member.tokens, room));
    const std::uint32_t own = enter(member);
    if (tokens_.empty()) {
      const std::uint64_t start = philox(raw(member.id), 0, kStartDomain).a;
      for (std::uint32_t i = 0; i < wanted; ++i) {
        tokens_.emplace(start + static_cast<std::uint64_t>((static_cast<Uint128>(i) << 64) / wanted), own);
      }
      recount();
      return;
    }
    // The first who does not store everything: from here on it matters what the others do.
    if (units_.size() == std::size_t{replication_} + 1) recount();
    std::priority_queue<Gap> best;
    probes_ = 0;
    for (std::uint32_t placed = 0; placed < wanted; ++placed) {
      if (best.empty() && !consider(own, wanted, best)) return;  // no gap is left to halve
      // Every split changes what others are worth. The most promising are looked at again, and of those the best taken.
      revised_.clear();
      while (!best.empty() && revised_.size() < kRevised) {
        if (!revised_.empty() && best.top() < revised_.front()) break;
        revised_.push_back(worth(tokens_.find(best.top().end), own));
        best.pop();
        if (revised_.front() < revised_.back()) std::swap(revised_.front(), revised_.back());
      }
      split(tokens_.find(revised_.front().end), own);
      for (std::size_t i = 1; i < revised_.size(); ++i) best.push(revised_[i]);
    }
  }

  std::shared_ptr<const Placement> placement() const {
    RingPoints points;
    points.reserve(tokens_.size());
    for (const auto& [token, unit] : tokens_) points.add(token, units_[unit].member.slot);
    std::vector<TokenMember> members;
    members.reserve(units_.size());
    for (const Unit& unit : units_) members.push_back(unit.member);
    std::sort(members.begin(), members.end(), [](const TokenMember& a, const TokenMember& b) { return a.id < b.id; });
    return std::make_shared<const TokenPlacement>(std::move(points), std::move(members), replication_);
  }

 private:
  using Tokens = std::map<std::uint64_t, std::uint32_t>;
  using At = Tokens::const_iterator;

  struct Unit {
    TokenMember member;
    Int128 stored = 0;
    Int128 owned = 0;
  };
  // The gap that ends at a token, and by how much halving it brings the sum of squares down.
  struct Gap {
    Int128 gain = 0;
    std::uint64_t end = 0;
    friend bool operator<(const Gap& a, const Gap& b) {  // the least end of equal ones is the greatest
      return a.gain != b.gain ? a.gain < b.gain : a.end > b.end;
    }
  };
  struct Delta {
    std::uint32_t unit = 0;
    Int128 stored = 0;
    Int128 owned = 0;
  };

  At next(At at) const { return ++at == tokens_.end() ? tokens_.begin() : at; }
  At previous(At at) const { return at == tokens_.begin() ? std::prev(tokens_.end()) : std::prev(at); }
  Int128 gap(At at) const {
    const std::uint64_t length = at->first - previous(at)->first;
    return length == 0 ? Int128{1} << 64 : Int128{length};  // one token has the whole circle
  }
  static std::uint64_t short_length(Int128 length) {
    return length >> 64 != 0 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(length);
  }
  bool all_store_all() const { return units_.size() <= replication_; }
  std::size_t copies() const { return std::min<std::size_t>(replication_, units_.size()); }

  // Into walk_: those who store the gap that ends here, the owner first. May be fewer than copies() while a joiner has
  // no token yet.
  void owners_from(At at) {
    walk_.clear();
    const At start = at;
    do {
      if (std::find(walk_.begin(), walk_.end(), at->second) == walk_.end()) walk_.push_back(at->second);
      at = next(at);
    } while (walk_.size() < copies() && at != start);
  }

  Delta& delta(std::uint32_t unit) {
    for (Delta& d : deltas_) {
      if (d.unit == unit) return d;
    }
    return deltas_.emplace_back(Delta{unit, 0, 0});
  }
  void hand_over(std::uint32_t own, Int128 length) {
    if (std::find(walk_.begin(), walk_.end(), own) != walk_.end()) return;  // has a copy already
    delta(own).stored += length;
    if (walk_.size() == copies()) delta(walk_.back()).stored -= length;
  }

  // Into deltas_: what changes hands when the joiner puts a token in the middle of the gap that ends here.
  void changes(At end, std::uint32_t own) {
    deltas_.clear();
    const Int128 half = gap(end) / 2;
    delta(own).owned += half;
    delta(end->second).owned -= half;
    if (all_store_all()) return;
    owners_from(end);
    hand_over(own, half);
    // Gaps before it that reach past it with their last copies.
    between_.clear();
    for (At at = previous(end);; at = previous(at)) {
      if (at->second == own) break;
      if (std::find(between_.begin(), between_.end(), at->second) == between_.end()) between_.push_back(at->second);
      if (between_.size() >= copies()) break;
      owners_from(at);
      if (at == end) {  // all around, as there are no more members than copies: the other half of the gap
        hand_over(own, gap(end) - half);
        break;
      }
      hand_over(own, gap(at));
    }
  }

  // How much (x + d)^2 is less than x^2, in units that do not overflow: 2^32 of them are 2^-16 of the circle squared.
  static Int128 gain_of(Int128 over, Int128 change) {
    const Int128 x = over >> 16;
    const Int128 d = change >> 16;
    return -d * (2 * x + d);
  }
  Gap worth(At end, std::uint32_t own) {
    changes(end, own);
    Gap gap{0, end->first};
    for (const Delta& d : deltas_) {
      const Unit& unit = units_[d.unit];
      const Int128 share = (static_cast<Int128>(unit.member.tokens) << 64) / weights_;
      if (!all_store_all()) gap.gain += gain_of(unit.stored - share * static_cast<Int128>(copies()), d.stored);
      gap.gain += gain_of(unit.owned - share, d.owned);
    }
    return gap;
  }

  // The largest gaps, and those at places that the joiner's id gives; false when none can be halved. Many gaps are of
  // equal length: the largest alone would be neighbours.
  bool consider(std::uint32_t own, std::uint32_t wanted, std::priority_queue<Gap>& best) {
    considered_.clear();
    for (auto at = gaps_.rbegin(); at != gaps_.rend() && considered_.size() < kLargest * wanted; ++at) {
      if (at->first >= 2) considered_.push_back(at->second);
    }
    const std::uint64_t id = raw(units_[own].member.id);
    for (std::uint64_t i = 0; i < kSampled * wanted; ++i) {
      auto at = tokens_.lower_bound(philox(id, ++probes_, kProbeDomain).a);
      if (at == tokens_.end()) at = tokens_.begin();
      if (gap(at) >= 2) considered_.push_back(at->first);
    }
    std::sort(considered_.begin(), considered_.end());
    considered_.erase(std::unique(considered_.begin(), considered_.end()), considered_.end());
    for (const std::uint64_t end : considered_) best.push(worth(tokens_.find(end), own));
    return !considered_.empty();
  }

  void split(At end, std::uint32_t own) {
    changes(end, own);
    for (const Delta& d : deltas_) {
      units_[d.unit].stored += d.stored;
      units_[d.unit].owned += d.owned;
    }
    const Int128 whole = gap(end);
    const auto half = static_cast<std::uint64_t>(whole / 2);
    const std::uint64_t token = previous(end)->first + half;
    gaps_.erase({short_length(whole), end->first});
    gaps_.insert({half, token});
    gaps_.insert({short_length(whole - half), end->first});
    tokens_.emplace(token, own);
  }

  std::uint32_t replication_;
  std::uint32_t max_tokens_;
  Tokens tokens_;
  std::vector<Unit> units_;
  Int128 weights_ = 0;                                      // the members' tokens together
  std::set<std::pair<std::uint64_t, std::uint64_t>> gaps_;  // length and end
  std::vector<std::uint32_t> walk_;
  std::vector<std::uint32_t> between_;
  std::vector<Delta> deltas_;
  std::vector<Gap> revised_;  // the best first
  std::vector<std::uint64_t> considered_;
  std::uint64_t probes_ = 0;  // drawn for the present joiner
};

}  // namespace

std::size_t TokenPlacement::memory_bytes() const {
  return PointPlacement::memory_bytes() + sizeof(*this) - sizeof(PointPlacement) +
         members_.capacity() * sizeof(members_[0]);
}

TokenAllocation::TokenAllocation(std::uint32_t num_tokens, std::uint32_t replication, std::uint32_t max_tokens)
    : num_tokens_(num_tokens), replication_(replication), max_tokens_(max_tokens) {
  HEARSAY_CHECK(num_tokens >= 1 && replication >= 1);
}

std::uint32_t TokenAllocation::tokens_of(double weight) const {
  const double wanted = static_cast<double>(num_tokens_) * weight + 0.5;
  if (!(wanted >= 1)) return 1;
  return wanted >= kMaxTokensPerMember ? kMaxTokensPerMember : static_cast<std::uint32_t>(wanted);
}

std::shared_ptr<const Placement> TokenAllocation::place(std::span<const RingMember> members) const {
  Circle circle(replication_, max_tokens_);
  for (const RingMember& m : members) circle.join({m.id, m.slot, tokens_of(m.weight)});
  return circle.placement();
}

std::shared_ptr<const Placement> TokenAllocation::apply(const Placement& former, const RingChange&,
                                                        std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const TokenPlacement*>(&former);
  if (old == nullptr || old->made_for() != replication_) return place(members);
  Circle circle(replication_, max_tokens_);
  std::vector<std::pair<NodeSlot, std::uint32_t>> stay;  // by the slot that they had
  std::vector<TokenMember> joiners;
  const auto before = old->member_list();
  for (const RingMember& m : members) {
    const TokenMember member{m.id, m.slot, tokens_of(m.weight)};
    const auto found =
        std::lower_bound(before.begin(), before.end(), m.id, [](const TokenMember& a, NodeId id) { return a.id < id; });
    if (found != before.end() && found->id == member.id && found->tokens == member.tokens) {
      stay.emplace_back(found->slot, circle.enter(member));
    } else {
      joiners.push_back(member);
    }
  }
  std::sort(stay.begin(), stay.end());
  for (std::size_t i = 0; i < old->points(); ++i) {
    const auto found = std::lower_bound(stay.begin(), stay.end(), std::pair{old->owner(i), std::uint32_t{0}});
    if (found != stay.end() && found->first == old->owner(i)) circle.put(old->end(i), found->second);
  }
  circle.recount();
  for (const TokenMember& member : joiners) circle.join(member);
  return circle.placement();
}

void TokenAllocationConfig::visit(ParamVisitor& v) {
  v.integer("num_tokens", num_tokens, {1, 1024}, "tokens",
            "points on the circle of a member of weight 1; 16 chosen ones do as well as hundreds of random ones, and "
            "more make a join slower");
  v.integer("replication", replication, {1, 16}, "copies",
            "copies of a key that its walk's first members store: what tokens are chosen to even out");
}

std::shared_ptr<const Component> TokenAllocationConfig::build() const {
  return std::make_shared<const TokenAllocation>(static_cast<std::uint32_t>(num_tokens),
                                                 static_cast<std::uint32_t>(replication));
}

CatalogueEntry token_allocation_entry() { return entry_of<TokenAllocationConfig>(); }

}  // namespace hearsay
