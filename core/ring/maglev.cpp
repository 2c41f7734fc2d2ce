#include "core/ring/maglev.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/random.hpp"

namespace hearsay {

namespace {

constexpr std::uint64_t kCellDomain = 0x6d61676c6576U;  // "maglev"
constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

bool is_prime(std::uint32_t number) {
  if (number < 2) return false;
  for (std::uint32_t divisor = 2; divisor <= number / divisor; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

// A weight that can be compared and divided: at least 0, finite.
double usable(double weight) { return weight > 0 ? std::min(weight, std::numeric_limits<double>::max()) : 0; }

}  // namespace

std::vector<std::uint32_t> maglev_table(std::uint32_t size, std::span<const MaglevMember> members) {
  if (members.empty()) return {};
  HEARSAY_CHECK(
      std::ranges::any_of(members, [](const MaglevMember& m) { return m.frequency == MaglevMember::kEveryRound; }));
  HEARSAY_CHECK(std::ranges::all_of(members, [&](const MaglevMember& m) {
    return m.offset < size && m.skip >= 1 && m.skip < size && m.frequency >= 1 &&
           m.frequency <= MaglevMember::kEveryRound;
  }));
  std::vector<std::uint32_t> table(size);
  // A bit a cell: where a turn looks for a free one is what takes the time, and this stays in the nearest cache.
  std::vector<std::uint64_t> taken(size / 64 + 1);
  std::vector<std::uint32_t> next(members.size());  // the cell that the member would look at next
  for (std::size_t m = 0; m < members.size(); ++m) next[m] = members[m].offset;

  // Who is due in which round: a list a round. A member is due the k-th time in the first round r that has
  // r * frequency >= k * kEveryRound; one of frequency kEveryRound in each, so there are at most `size` rounds.
  std::vector<std::uint32_t> due(std::size_t{size} + 2, kNobody);
  std::vector<std::uint32_t> behind(members.size(), kNobody);
  std::vector<std::uint64_t> turns(members.size());
  const auto schedule = [&](std::uint32_t m) {
    const std::uint64_t frequency = members[m].frequency;
    const std::uint64_t turn = ++turns[m];
    const std::uint64_t round =
        frequency == MaglevMember::kEveryRound ? turn : (turn * MaglevMember::kEveryRound + frequency - 1) / frequency;
    if (round >= due.size()) return;
    behind[m] = due[round];
    due[round] = m;
  };
  for (std::uint32_t m = 0; m < members.size(); ++m) schedule(m);

  std::vector<std::uint32_t> order;
  std::uint32_t filled = 0;
  for (std::size_t round = 1; filled < size; ++round) {
    order.clear();
    for (std::uint32_t m = due[round]; m != kNobody; m = behind[m]) order.push_back(m);
    // Lists are begun at their end; those of one former round are in order once turned round.
    std::reverse(order.begin(), order.end());
    if (!std::is_sorted(order.begin(), order.end())) std::sort(order.begin(), order.end());
    for (const std::uint32_t m : order) {
      std::uint32_t cell = next[m];
      const std::uint32_t skip = members[m].skip;
      const auto step = [&] {
        cell += skip;
        cell = cell >= size ? cell - size : cell;
      };
      while ((taken[cell / 64] >> (cell % 64) & 1) != 0) step();
      taken[cell / 64] |= std::uint64_t{1} << (cell % 64);
      table[cell] = m;
      step();
      next[m] = cell;
      if (++filled == size) break;
      schedule(m);
    }
  }
  return table;
}

MaglevPlacement::MaglevPlacement(std::span<const RingMember> members, std::vector<NodeSlot> table)
    : OwnerPlacement(members), cells_(table.size()) {
  HEARSAY_CHECK(!table.empty());
  if (std::ranges::all_of(table,
                          [](NodeSlot slot) { return raw(slot) <= std::numeric_limits<std::uint16_t>::max(); })) {
    narrow_.reserve(cells_);
    for (const NodeSlot slot : table) narrow_.push_back(static_cast<std::uint16_t>(raw(slot)));
  } else {
    wide_ = std::move(table);
  }
}

void MaglevPlacement::lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
  HEARSAY_CHECK(out.size() >= hashes.size());
  const auto look_up = [&](const auto* table) {
    for (std::size_t i = 0; i < hashes.size(); ++i) out[i] = NodeSlot{table[scale_bits(hashes[i], cells_)]};
  };
  narrow_.empty() ? look_up(wide_.data()) : look_up(narrow_.data());
}

bool MaglevPlacement::arcs(std::vector<Arc>& out) const {
  out.clear();
  for (std::size_t cell = 0; cell < cells_; ++cell) {
    if (!out.empty() && out.back().owner == owner(cell)) out.pop_back();
    // The last hash h with floor(h * cells / 2^64) = cell.
    const Uint128 end = (static_cast<Uint128>(cell + 1) << 64) + cells_ - 1;
    out.push_back({static_cast<std::uint64_t>(end / cells_ - 1), owner(cell)});
  }
  return true;
}

Maglev::Maglev(std::uint32_t table) : table_(table) { HEARSAY_CHECK(table <= kMaxTable && is_prime(table)); }

std::shared_ptr<const Placement> Maglev::place(std::span<const RingMember> members) const {
  double greatest = 0;
  for (const RingMember& member : members) greatest = std::max(greatest, usable(member.weight));
  std::vector<MaglevMember> list;
  list.reserve(members.size());
  for (const RingMember& member : members) {
    const Block block = philox(raw(member.id), 0, kCellDomain);
    MaglevMember entry;
    entry.offset = static_cast<std::uint32_t>(scale_bits(block.a, table_));
    entry.skip = static_cast<std::uint32_t>(scale_bits(block.b, table_ - 1)) + 1;
    if (greatest > 0) {
      const double share = usable(member.weight) / greatest * static_cast<double>(MaglevMember::kEveryRound);
      entry.frequency = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share + 0.5));
    }
    list.push_back(entry);
  }
  std::vector<NodeSlot> table;
  table.reserve(list.empty() ? 1 : table_);
  for (const std::uint32_t m : maglev_table(table_, list)) table.push_back(members[m].slot);
  if (table.empty()) table.push_back(kNoSlot);
  return std::make_shared<const MaglevPlacement>(members, std::move(table));
}

void MaglevConfig::visit(ParamVisitor& v) {
  v.integer("table", table, {2, Maglev::kMaxTable}, "cells",
            "cells of the table, a prime; a hundred a member keep shares within 1%. A larger one moves fewer keys that "
            "need not move (655373 instead of 65537 at 1000 members: 0.3% instead of 0.6%), and costs as much more "
            "memory (2 bytes a cell, 4 beyond 65536 nodes), cache and build time");
}

Result<void> MaglevConfig::check() const {
  if (!is_prime(static_cast<std::uint32_t>(table))) {
    return invalid(fmt::format("table = {} is not a prime, as 65537 and 655373 are", table));
  }
  return {};
}

std::shared_ptr<const Component> MaglevConfig::build() const {
  return std::make_shared<const Maglev>(static_cast<std::uint32_t>(table));
}

CatalogueEntry maglev_entry() { return entry_of<MaglevConfig>(); }

}  // namespace hearsay
