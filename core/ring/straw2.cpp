#include "core/ring/straw2.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <tuple>

#include "core/base/random.hpp"
#include "core/ring/taken.hpp"

namespace hearsay {

namespace {

constexpr std::uint64_t kMemberDomain = 0x7374726177U;  // "straw"
constexpr std::uint64_t kZoneDomain = 0x7a6f6e65U;      // "zone"
constexpr std::uint64_t kAttemptDomain = 0x747279U;     // "try"
constexpr std::uint64_t kAttempts = 50;
// floor(2^56 log2(1 + i / 128)): a bit of the logarithm for every squaring.
constexpr std::array<std::uint64_t, 128> kLog2 = [] {
  std::array<std::uint64_t, 128> table{};
  for (std::uint64_t i = 0; i < 128; ++i) {
    std::uint64_t x = (128 + i) << 56;  // in [1, 2), in units of 2^-63
    std::uint64_t log = 0;
    for (int bit = 0; bit < 56; ++bit) {
      const Uint128 square = static_cast<Uint128>(x) * x;  // in units of 2^-126
      const bool two = (square >> 127) != 0;
      log = log << 1 | (two ? 1U : 0U);
      x = static_cast<std::uint64_t>(square >> (two ? 64 : 63));
    }
    table[i] = log;
  }
  return table;
}();

// 2^71 / (128 + i), just below.
constexpr std::array<std::uint64_t, 128> kReciprocal = [] {
  std::array<std::uint64_t, 128> table{};
  for (std::uint64_t i = 0; i < 128; ++i) {
    table[i] = static_cast<std::uint64_t>(((static_cast<Uint128>(1) << 71) - 1) / (128 + i));
  }
  return table;
}();

// In 16.16, at least one unit; what is no number has the least.
std::uint64_t fixed_weight(double weight) {
  const double wanted = weight * 65536.0 + 0.5;
  if (!(wanted >= 1)) return 1;
  return wanted >= 0x1p32 ? std::uint64_t{1} << 32 : static_cast<std::uint64_t>(wanted);
}

struct Straw {
  std::uint64_t length = 0;
  std::uint64_t weight = 0;  // 0: none yet
};

// Whether -log2 of a draw over the weight is less than the best one's: the first item keeps it where they are equal.
// Most draws lose by -log2(u) >= 1 - u alone. A length near 0 is up to 100 units short, and the bound by more, so that
// leaving draws out changes no answer.
bool wins(std::uint64_t u, std::uint64_t weight, Straw& best) {
  const std::uint64_t least = ~u >> 8;
  const std::uint64_t bound = least > 256 ? least - 256 : 0;
  const Uint128 limit = static_cast<Uint128>(best.length) * weight;
  if (best.weight != 0 && static_cast<Uint128>(bound) * best.weight >= limit) return false;
  const std::uint64_t length = straw_length(u);
  if (best.weight != 0 && static_cast<Uint128>(length) * best.weight >= limit) return false;
  best = {length, weight};
  return true;
}

template <class Skip>
std::size_t choose(std::span<const Straw2Placement::Item> items, std::uint64_t attempt, Skip&& skip) {
  Straw best;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!skip(i) && wins(Straw2Placement::draw(items[i], attempt), items[i].weight, best)) chosen = i;
  }
  return chosen;
}

constexpr auto kNothing = [](std::size_t) { return false; };

}  // namespace

std::uint64_t straw_length(std::uint64_t u) {
  if (u == ~std::uint64_t{0}) return 0;
  const int zeros = std::countl_zero(u + 1);
  const std::uint64_t m = (u + 1) << zeros;  // in [1, 2) in units of 2^-63
  const std::uint64_t i = (m >> 56) & 127;
  // m = (1 + i / 128) (1 + r), r below 2^-7: r in units of 2^-71.
  const std::uint64_t r = mul_high(m << 8, kReciprocal[i]);
  // ln(1 + r) = r (1 - r (1/2 - r (1/3 - r (1/4 - r/5)))), each bracket in units of 2^-64.
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;
  std::uint64_t bracket = kHalf / 2 - (mul_high(r, ~std::uint64_t{0} / 5) >> 7);
  bracket = ~std::uint64_t{0} / 3 - (mul_high(r, bracket) >> 7);
  bracket = kHalf - (mul_high(r, bracket) >> 7);
  bracket = mul_high(r, bracket) >> 7;
  const std::uint64_t natural = r - mul_high(r, bracket);
  constexpr std::uint64_t kLog2E = 0xb8aa3b295c17f0bcU;  // log2(e) in units of 2^-63
  const std::uint64_t log = kLog2[i] + (mul_high(natural, kLog2E) >> 14);
  const std::uint64_t whole = static_cast<std::uint64_t>(zeros + 1) << 56;
  return whole > log ? whole - log : 0;
}

Straw2Placement::Item Straw2Placement::member_item(NodeId id, double weight) {
  const Block own = philox(raw(id), 0, kMemberDomain);
  return {own.a, own.b | 1, fixed_weight(weight)};
}

Straw2Placement::Item Straw2Placement::zone_item(std::uint32_t zone) {
  const Block own = philox(zone, 0, kZoneDomain);
  return {own.a, own.b | 1, 0};
}

std::uint64_t Straw2Placement::attempt_hash(std::uint64_t hash, std::uint64_t attempt) {
  return attempt == 0 ? hash : philox(hash, attempt, kAttemptDomain).a;
}

Straw2Placement::Straw2Placement(std::span<const RingMember> members) {
  std::vector<std::uint32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(members[a].zone, a) < std::tie(members[b].zone, b);
  });
  items_.reserve(order.size());
  slots_.reserve(order.size());
  for (const std::uint32_t m : order) {
    const auto at = static_cast<std::uint32_t>(items_.size());
    if (at == 0 || members[order[at - 1]].zone != members[m].zone) {
      zones_.push_back(zone_item(members[m].zone));
      ranges_.push_back({at, at});
    }
    items_.push_back(member_item(members[m].id, members[m].weight));
    slots_.push_back(members[m].slot);
    zones_.back().weight += items_.back().weight;
    ++ranges_.back().end;
  }
}

std::size_t Straw2Placement::choose_zone(std::uint64_t attempt) const {
  return zones_.size() == 1 ? 0 : choose(zones_, attempt, kNothing);
}

std::size_t Straw2Placement::choose_member(std::size_t zone, std::uint64_t attempt) const {
  const Range range = ranges_[zone];
  return range.begin + choose(std::span(items_).subspan(range.begin, range.end - range.begin), attempt, kNothing);
}

NodeSlot Straw2Placement::lookup(std::uint64_t hash) const {
  return items_.empty() ? kNoSlot : slots_[choose_member(choose_zone(hash), hash)];
}

std::size_t Straw2Placement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  const std::size_t wanted = std::min(out.size(), slots_.size());
  Taken members(wanted, slots_.size());
  Taken zones(std::min(wanted, zones_.size()), zones_.size());
  std::size_t count = 0;
  const auto take = [&](std::size_t member) {
    members.add(member);
    out[count++] = slots_[member];
  };
  // Attempts until one is new; they are those of a lookup where the attempt is 0.
  const auto attempt = [&](auto&& accept) {
    for (std::uint64_t failed = 0; failed < kAttempts; ++failed) {
      if (accept(attempt_hash(hash, count + failed))) return true;
    }
    return false;
  };
  while (count < std::min(wanted, zones_.size())) {
    const auto enter = [&](std::size_t zone, std::uint64_t with) {
      zones.add(zone);
      take(choose_member(zone, with));
    };
    const bool found = attempt([&](std::uint64_t with) {
      const std::size_t zone = choose_zone(with);
      if (zones.has(zone)) return false;
      enter(zone, with);
      return true;
    });
    if (!found) enter(choose(zones_, hash, [&](std::size_t z) { return zones.has(z); }), hash);
  }
  while (count < wanted) {
    const bool found = attempt([&](std::uint64_t with) {
      const std::size_t member = choose_member(choose_zone(with), with);
      if (members.has(member)) return false;
      take(member);
      return true;
    });
    if (!found) break;
  }
  for (std::size_t i = 0; i < slots_.size() && count < wanted; ++i) {
    const std::size_t member = (scale_bits(hash, slots_.size()) + i) % slots_.size();
    if (!members.has(member)) take(member);
  }
  return count;
}

std::size_t Straw2Placement::memory_bytes() const {
  return sizeof(*this) + (zones_.capacity() + items_.capacity()) * sizeof(Item) + ranges_.capacity() * sizeof(Range) +
         slots_.capacity() * sizeof(NodeSlot);
}

std::shared_ptr<const Placement> Straw2::place(std::span<const RingMember> members) const {
  return std::make_shared<const Straw2Placement>(members);
}

CatalogueEntry straw2_entry() { return entry_of<Straw2Config>(); }

}  // namespace hearsay
