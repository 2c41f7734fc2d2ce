#include "core/ring/multi_probe.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/ring/draw.hpp"

namespace hearsay {

namespace {

// Every member has one point, whatever its weight.
std::vector<RingMember> weightless(std::span<const RingMember> members) {
  std::vector<RingMember> list(members.begin(), members.end());
  for (RingMember& m : list) m.weight = 1;
  return list;
}

}  // namespace

MultiProbePlacement::MultiProbePlacement(std::span<const RingMember> members, std::shared_ptr<const Placement> circle,
                                         std::uint32_t probes)
    : OwnerPlacement(members),
      circle_(std::move(circle)),
      points_(static_cast<const PointPlacement*>(circle_.get())),
      probes_(probes) {}

NodeSlot MultiProbePlacement::lookup(std::uint64_t hash) const {
  constexpr std::uint32_t kChunk = 32;
  constexpr std::uint32_t kFar = std::numeric_limits<std::uint32_t>::max();
  if (points_->points() == 0) return kNoSlot;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::size_t closest = 0;  // right where all are 2^64 - 1 away, which takes a single point
  std::array<std::uint64_t, kChunk> probes;
  std::array<std::uint32_t, kChunk> fetched;
  std::array<std::size_t, kChunk> found;
  std::array<std::uint32_t, kChunk> high;  // distance by upper halves alone: right, or one too much
  for (std::uint32_t from = 0; from < probes_; from += kChunk) {
    const std::uint32_t count = std::min(kChunk, probes_ - from);
    // In passes, so that the cache misses of all probes overlap.
    for (std::uint32_t i = 0; i < count; ++i) {
      probes[i] = MultiProbe::probe(hash, from + i);
      fetched[i] = points_->fetch(probes[i]);
    }
    std::uint32_t nearest = kFar;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::size_t position = points_->position(probes[i], fetched[i]);
      const bool wraps = position == points_->points();
      found[i] = wraps ? 0 : position;
      high[i] = points_->end_high(found[i]) - static_cast<std::uint32_t>(probes[i] >> 32);  // modulo 2^32
      if (wraps && high[i] == 0) high[i] = kFar;                                            // once round the circle
      nearest = std::min(nearest, high[i]);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (high[i] > nearest && high[i] - nearest > 1) continue;
      const std::uint64_t distance = points_->end(found[i]) - probes[i];  // clockwise: modulo 2^64
      if (distance < least) {                                             // of equal ones the first probe's
        closest = found[i];
        least = distance;
      }
    }
  }
  return points_->owner(closest);
}

std::size_t MultiProbePlacement::memory_bytes() const {
  return sizeof(*this) + slots_bytes() + circle_->memory_bytes();
}

std::uint64_t MultiProbe::probe(std::uint64_t hash, std::uint32_t i) { return draw(hash, i); }

std::shared_ptr<const Placement> MultiProbe::place(std::span<const RingMember> members) const {
  return std::make_shared<const MultiProbePlacement>(members, karger_.place(weightless(members)), probes_);
}

std::shared_ptr<const Placement> MultiProbe::apply(const Placement& before, const RingChange& change,
                                                   std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const MultiProbePlacement*>(&before);
  if (old == nullptr) return place(members);
  // Points do not depend on the number of probes, so those of another `multi-probe` do as well.
  auto circle = karger_.apply(old->former(), change, weightless(members));
  return std::make_shared<const MultiProbePlacement>(members, std::move(circle), probes_);
}

RingTheory MultiProbe::theory(std::size_t members) const {
  constexpr std::size_t kMany = 100;
  if (members < kMany || probes_ < 2) return {};
  const auto k = static_cast<double>(probes_);
  return {.share_cv = std::sqrt(1 / (2 * k - 1)), .share_max = k / (k - 1)};
}

void MultiProbeConfig::visit(ParamVisitor& v) {
  v.integer("probes", probes, {1, 1024}, "probes",
            "probes a key; the busiest of many nodes has k / (k - 1) times its share, and a lookup takes k times as "
            "long");
}

std::shared_ptr<const Component> MultiProbeConfig::build() const {
  return std::make_shared<const MultiProbe>(static_cast<std::uint32_t>(probes));
}

CatalogueEntry multi_probe_entry() { return entry_of<MultiProbeConfig>(); }

}  // namespace hearsay
