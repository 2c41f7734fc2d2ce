#include "core/ring/anchor.hpp"

#include <utility>

#include "core/base/check.hpp"
#include "core/base/wide.hpp"
#include "core/ring/draw.hpp"

namespace hearsay {

AnchorBuckets::AnchorBuckets(std::uint32_t buckets, std::uint32_t working) : cells_(buckets), working_(working) {
  HEARSAY_CHECK(buckets >= 1 && working <= buckets);
  order_.resize(buckets);
  place_.resize(buckets);
  for (std::uint32_t b = 0; b < buckets; ++b) {
    cells_[b] = {b < working ? 0 : b, b};
    order_[b] = place_[b] = b;
  }
  free_.reserve(buckets - working);
  for (std::uint32_t b = buckets; b-- > working;) free_.push_back(b);
}

void AnchorBuckets::remove(std::uint32_t bucket) {
  HEARSAY_CHECK(working_ > 0);
  free_.push_back(bucket);
  --working_;
  // Whoever is last takes its place.
  const std::uint32_t last = order_[working_];
  cells_[bucket] = {working_, last};
  order_[place_[bucket]] = last;
  place_[last] = place_[bucket];
}

std::uint32_t AnchorBuckets::add() {
  HEARSAY_CHECK(!free_.empty());
  const std::uint32_t bucket = free_.back();
  free_.pop_back();
  cells_[bucket] = {0, bucket};
  // Whoever took its place goes back to the end.
  place_[order_[working_]] = working_;
  order_[place_[bucket]] = bucket;
  ++working_;
  return bucket;
}

std::uint32_t AnchorBuckets::find(std::uint64_t hash) const {
  auto bucket = static_cast<std::uint32_t>(scale_bits(hash, cells_.size()));
  while (cells_[bucket].left > 0) {
    // One of the places of those that worked just after it went: whoever had the place then, that is, who took it over
    // from those that had gone before.
    const std::uint32_t left = cells_[bucket].left;
    auto next = static_cast<std::uint32_t>(scale_bits(draw(hash, bucket), left));
    while (cells_[next].left >= left) next = cells_[next].next;
    bucket = next;
  }
  return bucket;
}

std::size_t AnchorBuckets::memory_bytes() const {
  return cells_.capacity() * sizeof(Cell) +
         (order_.capacity() + place_.capacity() + free_.capacity()) * sizeof(std::uint32_t);
}

std::size_t AnchorPlacement::memory_bytes() const {
  return sizeof(*this) + slots_bytes() + buckets_.memory_bytes() + owners_.capacity() * sizeof(BucketOwner) +
         slot_of_.capacity() * sizeof(NodeSlot);
}

std::shared_ptr<const Placement> Anchor::place(std::span<const RingMember> members) const {
  AnchorBuckets buckets(buckets_for(capacity_, members.size()), static_cast<std::uint32_t>(members.size()));
  return std::make_shared<const AnchorPlacement>(members, capacity_, std::move(buckets), buckets_by_rank(members));
}

std::shared_ptr<const Placement> Anchor::apply(const Placement& before, const RingChange&,
                                               std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const AnchorPlacement*>(&before);
  if (old == nullptr || old->capacity() != capacity_ || members.size() > old->buckets().size()) return place(members);
  AnchorBuckets buckets = old->buckets();
  auto owners = buckets_after(
      old->owners(), members, [&](std::uint32_t bucket) { buckets.remove(bucket); }, [&] { return buckets.add(); });
  return std::make_shared<const AnchorPlacement>(members, capacity_, std::move(buckets), std::move(owners));
}

void AnchorConfig::visit(ParamVisitor& v) {
  v.integer("capacity", capacity, {1, std::int64_t{1} << 24}, "buckets",
            "most members without placing all keys anew; each costs 24 bytes, and ten times as many buckets as members "
            "mean two steps more a lookup");
}

std::shared_ptr<const Component> AnchorConfig::build() const {
  return std::make_shared<const Anchor>(static_cast<std::uint32_t>(capacity));
}

CatalogueEntry anchor_entry() { return entry_of<AnchorConfig>(); }

}  // namespace hearsay
