#include "core/ring/rendezvous.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <unordered_map>

#include "core/base/check.hpp"
#include "core/base/dmath.hpp"
#include "core/base/random.hpp"

namespace hearsay {

namespace {

// Up to this many replicas, comparing with the ones found is cheaper than sorting everybody.
constexpr std::size_t kFew = 32;

// Weights beyond these (a directory has none) count as these: arrivals stay above 0 and finite.
constexpr double kLeastWeight = 0x1p-100;
constexpr double kGreatestWeight = 0x1p100;

double used_weight(double weight) {
  if (!(weight >= kLeastWeight)) return kLeastWeight;
  return weight <= kGreatestWeight ? weight : kGreatestWeight;
}

// What rounding may take from an arrival or add to the fraction it is compared with, many times over.
constexpr double kSlack = 1 + 0x1p-40;

}  // namespace

double HrwPlacement::arrival(std::uint64_t score, double factor) {
  const double u = unit_from_bits(score);
  // -ln(1 - u) near 0 by the series of 2 artanh(u / (2 - u)), since who wins among many has a small u, of which 1 - u
  // would keep too few digits. The first term left out is below 2^-60 of the sum.
  if (u < 0x1p-5) {
    const double x = u / (2 - u);
    const double xx = x * x;
    return 2 * x * (1 + xx * (1.0 / 3 + xx * (1.0 / 5 + xx * (1.0 / 7 + xx * (1.0 / 9))))) * factor;
  }
  return -dlog(1 - u) * factor;  // 1 - u is exact
}

HrwPlacement::HrwPlacement(std::span<const RingMember> members, bool zones, const RendezvousScan& scan)
    : scan_(scan), members_(members.size()) {
  const std::size_t blocks = (members_ + RendezvousScan::kBlock - 1) / RendezvousScan::kBlock;
  const std::size_t count = blocks * RendezvousScan::kBlock;
  const auto differ = [&](auto&& of) {
    return std::any_of(members.begin(), members.end(), [&](const RingMember& m) { return of(m) != of(members[0]); });
  };
  const auto fill = [&](auto& list, auto&& of) {
    list.reserve(count);
    for (const RingMember& m : members) list.push_back(of(m));
    if (members_ > 0) list.resize(count, list.back());
  };
  fill(ids_, [](const RingMember& m) { return raw(m.id); });
  fill(slots_, [](const RingMember& m) { return m.slot; });
  if (differ([](const RingMember& m) { return used_weight(m.weight); }))
    fill(factors_, [](const RingMember& m) { return 1 / used_weight(m.weight); });
  if (zones && differ([](const RingMember& m) { return m.zone; })) {
    fill(zones_, [](const RingMember& m) { return m.zone; });
    std::vector<std::uint32_t> sorted = zones_;
    std::sort(sorted.begin(), sorted.end());
    zone_count_ = static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
  }
}

std::uint64_t HrwPlacement::cost(std::size_t index, std::uint64_t hash) const {
  const std::uint64_t score = rendezvous_score(ids_[index], hash);
  return weighted() ? std::bit_cast<std::uint64_t>(arrival(score, factors_[index])) : score;
}

template <class Bound, class Visit>
void HrwPlacement::scan(std::uint64_t hash, Bound&& bound, Visit&& visit) const {
  const std::size_t blocks = ids_.size() / RendezvousScan::kBlock;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::uint64_t most = bound();
    const RendezvousScan::Hit hit = weighted() ? scan_.scaled_up_to(ids_.data(), factors_.data(), ids_.size(), block,
                                                                    hash, std::bit_cast<double>(most) * kSlack)
                                               : scan_.up_to(ids_.data(), ids_.size(), block, hash, most);
    block = hit.block;
    for (std::uint32_t which = hit.which; which != 0; which &= which - 1) {
      const std::size_t index = block * RendezvousScan::kBlock + static_cast<std::size_t>(std::countr_zero(which));
      if (index >= members_) continue;
      // The members of this block before it may have ruled it out, and a logarithm is dear.
      if (weighted() && unit_from_bits(rendezvous_score(ids_[index], hash)) * factors_[index] >
                            std::bit_cast<double>(bound()) * kSlack) {
        continue;
      }
      visit(Ranked{cost(index, hash), index});
    }
  }
}

NodeSlot HrwPlacement::lookup(std::uint64_t hash) const {
  if (members_ == 0) return kNoSlot;
  if (!weighted()) return slots_[scan_.least(ids_.data(), ids_.size(), hash)];
  Ranked best{std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity()), 0};
  scan(hash, [&] { return best.cost; }, [&](const Ranked& found) { best = std::min(best, found); });
  return slots_[best.index];
}

void HrwPlacement::lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
  HEARSAY_CHECK(out.size() >= hashes.size());
  std::size_t i = 0;
  if (!weighted() && members_ > 0) {
    std::array<std::size_t, RendezvousScan::kBatch> found{};
    for (; i + found.size() <= hashes.size(); i += found.size()) {
      scan_.least_of_batch(ids_.data(), ids_.size(), hashes.data() + i, found.data());
      for (std::size_t k = 0; k < found.size(); ++k) out[i + k] = slots_[found[k]];
    }
  }
  for (; i < hashes.size(); ++i) out[i] = lookup(hashes[i]);
}

std::size_t HrwPlacement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  const std::size_t wanted = std::min(out.size(), members_);
  if (wanted == 1) {
    out[0] = lookup(hash);
    return 1;
  }
  return wanted <= kFew ? few_replicas(hash, out.first(wanted)) : many_replicas(hash, out.first(wanted));
}

// The best so far, by rank, at most one a zone where zones matter.
class HrwPlacement::Best {
 public:
  Best(const HrwPlacement& placement, std::size_t wanted) : placement_(placement), wanted_(wanted) {}

  std::size_t size() const { return size_; }
  const Ranked& operator[](std::size_t i) const { return list_[i]; }
  std::uint64_t bound() const { return size_ < wanted_ ? kAny : list_[size_ - 1].cost; }
  void add(const Ranked& found) {
    if (size_ == wanted_ && !(found < list_[size_ - 1])) return;
    std::size_t place = size_ < wanted_ ? size_ : size_ - 1;  // which is overwritten
    if (!placement_.zones_.empty()) {
      for (std::size_t i = 0; i < size_; ++i) {
        if (placement_.zone(list_[i].index) != placement_.zone(found.index)) continue;
        if (!(found < list_[i])) return;
        place = i;
      }
    }
    if (place == size_) ++size_;
    for (; place > 0 && found < list_[place - 1]; --place) list_[place] = list_[place - 1];
    list_[place] = found;
  }

 private:
  static constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
  const HrwPlacement& placement_;
  std::size_t wanted_;
  std::size_t size_ = 0;
  std::array<Ranked, kFew> list_{};
};

std::size_t HrwPlacement::few_replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  // A round takes one of each zone, and a single one is enough where zones do not matter.
  std::array<std::size_t, kFew> taken{};
  std::size_t count = 0;
  while (count < out.size()) {
    Best best(*this, zones_.empty() ? out.size() : std::min(out.size() - count, zone_count_));
    const std::size_t before = count;
    scan(
        hash,
        [&] {
          const std::uint64_t most = best.bound();
          return weighted() ? std::min(most, std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity()))
                            : most;
        },
        [&](const Ranked& found) {
          const auto end = taken.begin() + static_cast<std::ptrdiff_t>(before);
          if (std::find(taken.begin(), end, found.index) == end) best.add(found);
        });
    for (std::size_t i = 0; i < best.size(); ++i) {
      taken[count] = best[i].index;
      out[count++] = slots_[best[i].index];
    }
  }
  return count;
}

std::size_t HrwPlacement::many_replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  std::vector<Ranked> order(members_);
  for (std::size_t i = 0; i < members_; ++i) order[i] = {cost(i, hash), i};
  std::sort(order.begin(), order.end());
  if (!zones_.empty()) {  // the round that takes a member is the number of those of its zone before it
    std::unordered_map<std::uint32_t, std::size_t> seen;
    std::vector<std::pair<std::size_t, std::size_t>> rounds(members_);
    for (std::size_t i = 0; i < members_; ++i) rounds[i] = {seen[zone(order[i].index)]++, i};
    std::sort(rounds.begin(), rounds.end());
    std::vector<Ranked> by_round(members_);
    for (std::size_t i = 0; i < members_; ++i) by_round[i] = order[rounds[i].second];
    order.swap(by_round);
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = slots_[order[i].index];
  return out.size();
}

std::size_t HrwPlacement::memory_bytes() const {
  return sizeof(*this) + ids_.capacity() * sizeof(ids_[0]) + factors_.capacity() * sizeof(double) +
         slots_.capacity() * sizeof(NodeSlot) + zones_.capacity() * sizeof(std::uint32_t);
}

void HrwConfig::visit(ParamVisitor& v) {
  v.boolean(
      "zones", zones,
      "whether replicas lie in distinct zones, as far as there are enough; without it they are the members of the "
      "best scores, and a zone that fails may take all of them");
}

std::shared_ptr<const Component> HrwConfig::build() const { return std::make_shared<const Hrw>(zones); }

CatalogueEntry hrw_entry() { return entry_of<HrwConfig>(); }

}  // namespace hearsay
