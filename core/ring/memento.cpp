#include "core/ring/memento.hpp"

#include <utility>

#include "core/base/check.hpp"
#include "core/base/wide.hpp"
#include "core/ring/draw.hpp"
#include "core/ring/jump.hpp"

namespace hearsay {

void MementoBuckets::remove(std::uint32_t bucket) {
  HEARSAY_CHECK(working() > 0);
  if (taken_.empty() && bucket + 1 == size()) {
    values_.pop_back();
    missing_.resize((values_.size() + 63) / 64);
    return;
  }
  values_[bucket] = working() - 1;
  missing_[bucket / 64] |= std::uint64_t{1} << (bucket % 64);
  taken_.push_back(bucket);
}

std::uint32_t MementoBuckets::add() {
  if (taken_.empty()) {
    values_.push_back(0);
    missing_.resize((values_.size() + 63) / 64);
    return size() - 1;
  }
  const std::uint32_t bucket = taken_.back();
  taken_.pop_back();
  missing_[bucket / 64] &= ~(std::uint64_t{1} << (bucket % 64));
  return bucket;
}

std::uint32_t MementoBuckets::find(std::uint64_t hash) const {
  std::uint32_t bucket = jump_hash(hash, size());
  while (missing(bucket)) {
    // One of the places of those that worked just after it went: whoever had the place then, that is, who stood in for
    // those that had gone before.
    const std::uint32_t left = values_[bucket];
    auto next = static_cast<std::uint32_t>(scale_bits(draw(hash, bucket), left));
    while (missing(next) && values_[next] >= left) next = values_[next];
    bucket = next;
  }
  return bucket;
}

std::size_t MementoBuckets::memory_bytes() const {
  return (values_.capacity() + taken_.capacity()) * sizeof(std::uint32_t) + missing_.capacity() * sizeof(std::uint64_t);
}

MementoPlacement::MementoPlacement(std::span<const RingMember> members, MementoBuckets buckets,
                                   std::vector<BucketOwner> owners)
    : OwnerPlacement(members), buckets_(std::move(buckets)), owners_(std::move(owners)) {
  for (const BucketOwner& owner : owners_) buckets_.set_value(owner.bucket, raw(owner.slot));
}

std::size_t MementoPlacement::memory_bytes() const {
  return sizeof(*this) + slots_bytes() + buckets_.memory_bytes() + owners_.capacity() * sizeof(BucketOwner);
}

std::shared_ptr<const Placement> Memento::place(std::span<const RingMember> members) const {
  return std::make_shared<const MementoPlacement>(members, MementoBuckets(static_cast<std::uint32_t>(members.size())),
                                                  buckets_by_rank(members));
}

std::shared_ptr<const Placement> Memento::apply(const Placement& before, const RingChange&,
                                                std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const MementoPlacement*>(&before);
  if (old == nullptr) return place(members);
  MementoBuckets buckets = old->buckets();
  auto owners = buckets_after(
      old->owners(), members, [&](std::uint32_t bucket) { buckets.remove(bucket); }, [&] { return buckets.add(); });
  return std::make_shared<const MementoPlacement>(members, std::move(buckets), std::move(owners));
}

std::shared_ptr<const Component> MementoConfig::build() const { return std::make_shared<const Memento>(); }

CatalogueEntry memento_entry() { return entry_of<MementoConfig>(); }

}  // namespace hearsay
