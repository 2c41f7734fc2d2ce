#include "core/ring/slots.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>

#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/ring/taken.hpp"

namespace hearsay {

namespace {

constexpr std::string_view kIndexes[] = {"names", "history"};
constexpr std::uint64_t kPartitionDomain = 0x736c6f7473U;  // "slots"

using Member = SlotsPlacement::Member;

std::vector<Member> list_of(std::span<const RingMember> members) {
  std::vector<Member> list;
  list.reserve(members.size());
  for (const RingMember& m : members) {
    // Written so that what is no number becomes the least.
    const double weight = m.weight > Slots::kMinWeight ? std::min(m.weight, Slots::kMaxWeight) : Slots::kMinWeight;
    list.push_back({m.id, weight, m.slot});
  }
  return list;
}

// The value of a member's seat number `seat` (from 1). Computed alike wherever it is compared, so rounding harms
// nobody.
double value(double weight, std::uint32_t seat) { return weight / (2.0 * seat - 1.0); }

// A seat in the order in which they are given: greater values first, of equal ones the smaller id's.
struct Seat {
  double value = 0;
  std::uint32_t member = 0;  // by id
  friend bool operator<(const Seat& a, const Seat& b) {
    return a.value != b.value ? a.value > b.value : a.member < b.member;
  }
};
struct Later {
  bool operator()(const Seat& a, const Seat& b) const { return b < a; }
};
struct Earlier {
  bool operator()(const Seat& a, const Seat& b) const { return a < b; }
};
using NextSeats = std::priority_queue<Seat, std::vector<Seat>, Later>;    // on top the one to be given
using LastSeats = std::priority_queue<Seat, std::vector<Seat>, Earlier>;  // on top the one to be taken

std::uint64_t score_of(std::uint64_t id, std::uint64_t partition) {
  const Uint128 product = static_cast<Uint128>(id ^ 0x243f6a8885a308d3U) * partition;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t partition_hash(std::uint32_t partition) { return philox(kPartitionDomain, partition, 0).a | 1; }

struct Bid {
  std::uint32_t member = 0;
  std::uint64_t score = 0;
  std::uint32_t partition = 0;
};

// The assignment by names: see the header.
std::vector<std::uint32_t> deal(std::uint32_t partitions, std::span<const Member> members) {
  std::vector<std::uint32_t> room = Slots::counts(partitions, members);
  std::vector<std::uint32_t> owners(partitions);
  std::vector<std::uint32_t> left(members.empty() ? 0 : partitions);
  for (std::uint32_t p = 0; p < left.size(); ++p) left[p] = p;
  std::vector<std::uint32_t> open;
  std::vector<Bid> bids;
  while (!left.empty()) {
    open.clear();
    for (std::uint32_t m = 0; m < members.size(); ++m) {
      if (room[m] > 0) open.push_back(m);
    }
    bids.clear();
    for (const std::uint32_t p : left) {
      const std::uint64_t own = partition_hash(p);
      Bid best{open.front(), 0, p};
      for (const std::uint32_t m : open) {
        const std::uint64_t score = score_of(raw(members[m].id), own);
        if (score > best.score) best = {m, score, p};
      }
      bids.push_back(best);
    }
    std::sort(bids.begin(), bids.end(), [](const Bid& a, const Bid& b) {
      return std::tie(a.member, b.score, a.partition) < std::tie(b.member, a.score, b.partition);
    });
    left.clear();
    for (const Bid& bid : bids) {
      if (room[bid.member] > 0) {
        --room[bid.member];
        owners[bid.partition] = bid.member;
      } else {
        left.push_back(bid.partition);
      }
    }
    std::sort(left.begin(), left.end());
  }
  return owners;
}

// Members with their partitions, while some come and go.
class Table {
 public:
  explicit Table(const SlotsPlacement& from) {
    std::vector<std::pair<NodeSlot, NodeId>> by_slot;
    for (const Member& m : from.member_list()) {
      rows_.push_back({m, {}});
      by_slot.emplace_back(m.slot, m.id);
    }
    std::sort(by_slot.begin(), by_slot.end());
    for (std::uint32_t p = 0; p < from.owners().size(); ++p) {
      const auto found = std::lower_bound(by_slot.begin(), by_slot.end(), std::pair{from.owners()[p], NodeId{}});
      if (found == by_slot.end()) {
        free_.push_back(p);  // nobody was there
      } else {
        at(found->second)->partitions.push_back(p);
      }
    }
  }

  void leave(NodeId id) {
    const auto row = at(id);
    free_ = std::move(row->partitions);
    rows_.erase(row);
    if (free_.empty()) return;
    NextSeats seats;
    for (std::uint32_t m = 0; m < rows_.size(); ++m) seats.push({next_value(rows_[m]), m});
    if (seats.empty()) return;
    for (const std::uint32_t p : free_) {
      const std::uint32_t m = seats.top().member;
      seats.pop();
      auto& list = rows_[m].partitions;
      list.insert(std::lower_bound(list.begin(), list.end(), p), p);
      seats.push({next_value(rows_[m]), m});
    }
    free_.clear();
  }

  void join(const Member& member) {
    const auto place = std::lower_bound(rows_.begin(), rows_.end(), member.id, before);
    const auto own = static_cast<std::uint32_t>(place - rows_.begin());
    const bool first = rows_.empty();
    rows_.insert(place, {member, {}});
    auto& mine = rows_[own].partitions;
    if (first) {
      mine = std::move(free_);
      free_.clear();
      return;
    }
    // What each has, in the order in which the joiner takes it, the first one last: sorted once it gives one.
    struct Wish {
      std::uint64_t score = 0;
      std::uint32_t partition = 0;
    };
    std::vector<std::vector<Wish>> wishes(rows_.size());
    LastSeats seats;
    const auto offer = [&](std::uint32_t m) {
      const std::size_t count = wishes[m].empty() ? rows_[m].partitions.size() : wishes[m].size();
      if (count > 0) seats.push({value(rows_[m].member.weight, static_cast<std::uint32_t>(count)), m});
    };
    for (std::uint32_t m = 0; m < rows_.size(); ++m) {
      if (m != own) offer(m);
    }
    while (!seats.empty() && Seat{next_value(rows_[own]), own} < seats.top()) {
      const std::uint32_t m = seats.top().member;
      seats.pop();
      auto& theirs = rows_[m].partitions;
      auto& wanted = wishes[m];
      if (wanted.empty()) {
        for (const std::uint32_t p : theirs) wanted.push_back({Slots::score(member.id, p), p});
        std::sort(wanted.begin(), wanted.end(), [](const Wish& a, const Wish& b) {
          return std::tie(a.score, b.partition) < std::tie(b.score, a.partition);
        });
      }
      mine.push_back(wanted.back().partition);
      wanted.pop_back();
      if (wanted.empty()) theirs.clear();
      offer(m);
    }
    for (std::uint32_t m = 0; m < rows_.size(); ++m) {
      if (wishes[m].empty()) continue;
      auto& theirs = rows_[m].partitions;
      theirs.clear();
      for (const Wish& wish : wishes[m]) theirs.push_back(wish.partition);
      std::sort(theirs.begin(), theirs.end());
    }
    std::sort(mine.begin(), mine.end());
  }

  // It has this slot now.
  void rename(const Member& member) { at(member.id)->member.slot = member.slot; }

  std::shared_ptr<const Placement> placement(std::uint32_t partitions) const {
    std::vector<std::uint32_t> owners(partitions);
    std::vector<Member> list;
    list.reserve(rows_.size());
    for (std::uint32_t m = 0; m < rows_.size(); ++m) {
      list.push_back(rows_[m].member);
      for (const std::uint32_t p : rows_[m].partitions) owners[p] = m;
    }
    return std::make_shared<const SlotsPlacement>(partitions, owners, std::move(list));
  }

 private:
  struct Row {
    Member member;
    std::vector<std::uint32_t> partitions;  // ascending
  };
  static bool before(const Row& row, NodeId id) { return row.member.id < id; }
  static double next_value(const Row& row) {
    return value(row.member.weight, static_cast<std::uint32_t>(row.partitions.size()) + 1);
  }
  std::vector<Row>::iterator at(NodeId id) { return std::lower_bound(rows_.begin(), rows_.end(), id, before); }

  std::vector<Row> rows_;            // by id
  std::vector<std::uint32_t> free_;  // of nobody, ascending
};

}  // namespace

SlotsPlacement::SlotsPlacement(std::size_t partitions, std::span<const std::uint32_t> owners,
                               std::vector<Member> members)
    : owners_(partitions, kNoSlot), members_(std::move(members)) {
  if (members_.empty()) return;
  HEARSAY_CHECK(owners.size() == partitions);
  for (std::size_t p = 0; p < partitions; ++p) owners_[p] = members_[owners[p]].slot;
}

std::size_t SlotsPlacement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  const std::size_t wanted = std::min(out.size(), members_.size());
  if (wanted == 0) return 0;
  std::uint32_t slots = 0;
  if (wanted > Taken::kMaxCompared) {
    for (const Member& m : members_) slots = std::max(slots, raw(m.slot) + 1);
  }
  Taken taken(wanted, slots);
  std::size_t count = 0;
  const auto take = [&](NodeSlot slot) {
    if (taken.take(raw(slot))) out[count++] = slot;
  };
  std::size_t at = partition(hash);
  for (std::size_t walked = 0; walked < owners_.size() && count < wanted; ++walked) {
    take(owners_[at]);
    if (++at == owners_.size()) at = 0;
  }
  for (std::size_t m = 0; m < members_.size() && count < wanted; ++m) take(members_[m].slot);
  return count;
}

bool SlotsPlacement::arcs(std::vector<Arc>& out) const {
  out.clear();
  const std::uint64_t count = owners_.size();
  for (std::uint64_t p = 0; p < count; ++p) {
    // The last hash of partition p: one less than (p + 1) 2^64 / count, rounded up.
    const Uint128 end = ((static_cast<Uint128>(p + 1) << 64) + count - 1) / count;
    const auto last = static_cast<std::uint64_t>(end - 1);
    if (!out.empty() && out.back().owner == owners_[p]) {
      out.back().last = last;
    } else {
      out.push_back({last, owners_[p]});
    }
  }
  return true;
}

std::size_t SlotsPlacement::memory_bytes() const {
  return sizeof(*this) + owners_.capacity() * sizeof(owners_[0]) + members_.capacity() * sizeof(members_[0]);
}

Slots::Slots(std::uint32_t partitions, Index index) : partitions_(partitions), index_(index) {
  HEARSAY_CHECK(partitions >= 1 && partitions <= kMaxPartitions);
}

std::uint64_t Slots::score(NodeId id, std::uint32_t partition) { return score_of(raw(id), partition_hash(partition)); }

RingTheory theory_of_partitions(std::uint32_t partitions, std::size_t members) {
  if (members == 0) return {};
  const std::size_t more = partitions % members;
  const auto spread = static_cast<double>(more) * static_cast<double>(members - more);
  return {.share_cv = std::sqrt(spread) / static_cast<double>(partitions), .share_max = {}};
}

std::vector<std::uint32_t> Slots::counts(std::uint32_t partitions, std::span<const Member> members) {
  std::vector<std::uint32_t> count(members.size());
  if (members.empty()) return count;
  double total = 0;
  for (const Member& m : members) total += m.weight;
  // Near the answer: what the divisor total / partitions gives. Then seats are taken back or given as they should be.
  std::uint64_t given = 0;
  for (std::size_t m = 0; m < members.size(); ++m) {
    count[m] = static_cast<std::uint32_t>(members[m].weight / total * partitions + 0.5);
    given += count[m];
  }
  NextSeats next;
  LastSeats last;
  for (std::uint32_t m = 0; m < members.size(); ++m) {
    next.push({value(members[m].weight, count[m] + 1), m});
    if (count[m] > 0) last.push({value(members[m].weight, count[m]), m});
  }
  // A seat on a heap may be out of date; it is the one that its member's count says, or it is dropped.
  const auto fresh = [&](const Seat& seat, std::uint32_t number) {
    return number > 0 && seat.value == value(members[seat.member].weight, number);
  };
  const auto changed = [&](std::uint32_t m) {
    next.push({value(members[m].weight, count[m] + 1), m});
    if (count[m] > 0) last.push({value(members[m].weight, count[m]), m});
  };
  for (;;) {
    while (!fresh(next.top(), count[next.top().member] + 1)) next.pop();
    while (!last.empty() && !fresh(last.top(), count[last.top().member])) last.pop();
    if (given < partitions || (given == partitions && !last.empty() && next.top() < last.top())) {
      const std::uint32_t m = next.top().member;
      next.pop();
      ++count[m];
      ++given;
      changed(m);
    } else if (given > partitions) {
      const std::uint32_t m = last.top().member;
      last.pop();
      --count[m];
      --given;
      changed(m);
    } else {
      return count;
    }
  }
}

std::shared_ptr<const Placement> Slots::place(std::span<const RingMember> members) const {
  std::vector<Member> list = list_of(members);
  const std::vector<std::uint32_t> owners = deal(partitions_, list);
  return std::make_shared<const SlotsPlacement>(partitions_, owners, std::move(list));
}

std::shared_ptr<const Placement> Slots::apply(const Placement& former, const RingChange&,
                                              std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const SlotsPlacement*>(&former);
  if (index_ == Index::kNames || old == nullptr || old->owners().size() != partitions_) return place(members);
  const std::vector<Member> list = list_of(members);
  const auto old_list = old->member_list();
  const auto by_id = [](const Member& a, const Member& b) { return a.id < b.id; };
  // Whoever has another slot now, as in another process, is the same member.
  const auto has = [&](std::span<const Member> all, const Member& m) {
    const auto found = std::lower_bound(all.begin(), all.end(), m, by_id);
    return found != all.end() && found->id == m.id && found->weight == m.weight;
  };
  Table table(*old);
  for (const Member& m : old_list) {
    if (!has(list, m)) table.leave(m.id);
  }
  for (const Member& m : list) {
    if (has(old_list, m)) {
      table.rename(m);
    } else {
      table.join(m);
    }
  }
  return table.placement(partitions_);
}

void SlotsConfig::visit(ParamVisitor& v) {
  v.integer("partitions", partitions, {1, Slots::kMaxPartitions}, "partitions",
            "parts of the key space; with n members the busiest has 1 / (partitions / n) more than the idlest at most, "
            "and with fewer partitions than members some own nothing; each costs 4 bytes");
  v.choice("index", index, kIndexes,
           "names: whose a partition is follows from the members alone; history: a joiner takes from all and a leaver "
           "gives to all, which moves no more than it must, but nodes that saw changes in another order disagree");
}

std::shared_ptr<const Component> SlotsConfig::build() const {
  return std::make_shared<const Slots>(static_cast<std::uint32_t>(partitions),
                                       index == 0 ? Slots::Index::kNames : Slots::Index::kHistory);
}

CatalogueEntry slots_entry() { return entry_of<SlotsConfig>(); }

}  // namespace hearsay
