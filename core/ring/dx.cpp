#include "core/ring/dx.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/check.hpp"
#include "core/ring/draw.hpp"

namespace hearsay {

namespace {

// A further hash makes two draws: of its upper and of its lower half.
std::uint32_t upper(std::uint64_t bits, unsigned shift) { return static_cast<std::uint32_t>(bits >> shift); }
std::uint32_t lower(std::uint64_t bits, unsigned shift) { return static_cast<std::uint32_t>(bits << 32 >> shift); }
unsigned shift_for(std::uint32_t buckets) { return 64 - static_cast<unsigned>(std::countr_zero(buckets)); }

}  // namespace

std::uint32_t DxPlacement::drawn(std::uint64_t hash, std::uint64_t i, std::uint32_t buckets) {
  const std::uint64_t bits = draw(hash, i / 2);
  return i % 2 == 0 ? upper(bits, shift_for(buckets)) : lower(bits, shift_for(buckets));
}

DxPlacement::DxPlacement(std::span<const RingMember> members, std::uint32_t capacity, std::uint32_t buckets,
                         std::vector<BucketOwner> owners, DxIndex index)
    : OwnerPlacement(members),
      capacity_(capacity),
      taken_((buckets + 63) / 64),
      slot_of_(slots_by_bucket(owners, buckets)) {
  HEARSAY_CHECK(buckets >= 2 && std::has_single_bit(buckets) && members.size() <= buckets);
  for (const BucketOwner& owner : owners) taken_[owner.bucket / 64] |= std::uint64_t{1} << (owner.bucket % 64);
  // One in e^64 keys draws that often in vain.
  if (!members.empty()) most_draws_ = 64 * (std::uint64_t{buckets} / members.size() + 1);
  if (index == DxIndex::kHistory) owners_ = std::move(owners);
}

NodeSlot DxPlacement::lookup(std::uint64_t hash) const {
  if (members() == 0) return kNoSlot;
  const unsigned shift = shift_for(buckets());
  // The first two alone: in a ring that is nearly full they are all that is needed.
  const std::uint64_t at_once = draw(hash, 0);
  if (taken(upper(at_once, shift))) return slot_of_[upper(at_once, shift)];
  if (taken(lower(at_once, shift))) return slot_of_[lower(at_once, shift)];
  for (std::uint64_t i = 2; i < most_draws_; i += 4) {
    // Four at a time: that they overlap saves more than a draw in vain costs.
    const std::uint64_t first = draw(hash, i / 2);
    const std::uint64_t second = draw(hash, i / 2 + 1);
    const std::uint32_t drawn[4] = {upper(first, shift), lower(first, shift), upper(second, shift),
                                    lower(second, shift)};
    const bool a = taken(drawn[0]);
    const bool b = taken(drawn[1]);
    const bool c = taken(drawn[2]);
    if (a || b || c || taken(drawn[3])) {
      const std::uint32_t late = c ? drawn[2] : drawn[3];
      const std::uint32_t later = b ? drawn[1] : late;
      return slot_of_[a ? drawn[0] : later];
    }
  }
  // Such a key: the member of the least bucket.
  return *std::find_if(slot_of_.begin(), slot_of_.end(), [](NodeSlot slot) { return slot != kNoSlot; });
}

std::size_t DxPlacement::memory_bytes() const {
  return sizeof(*this) + slots_bytes() + taken_.capacity() * sizeof(std::uint64_t) +
         slot_of_.capacity() * sizeof(NodeSlot) + owners_.capacity() * sizeof(BucketOwner);
}

Dx::Dx(std::uint32_t capacity, DxIndex index)
    : capacity_(std::bit_ceil(std::max(capacity, std::uint32_t{2}))), index_(index) {}

std::shared_ptr<const Placement> Dx::place(std::span<const RingMember> members) const {
  // By names, room to grow would be of no use: who comes first beyond a power of two moves most keys in any case.
  const std::uint32_t buckets =
      index_ == DxIndex::kHistory
          ? buckets_for(capacity_, members.size())
          : std::max(capacity_, static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(members.size(), 1))));
  return std::make_shared<const DxPlacement>(members, capacity_, buckets, buckets_by_rank(members), index_);
}

std::shared_ptr<const Placement> Dx::apply(const Placement& before, const RingChange&,
                                           std::span<const RingMember> members) const {
  const auto* const old = dynamic_cast<const DxPlacement*>(&before);
  if (index_ == DxIndex::kNames || old == nullptr || old->capacity() != capacity_ ||
      old->owners().size() != old->members() || members.size() > old->buckets()) {
    return place(members);
  }
  std::vector<bool> taken(old->buckets());
  for (const BucketOwner& owner : old->owners()) taken[owner.bucket] = true;
  std::uint32_t least = 0;
  auto owners = buckets_after(
      old->owners(), members, [&](std::uint32_t bucket) { taken[bucket] = false; },
      [&] {
        while (taken[least]) ++least;
        return least++;
      });
  return std::make_shared<const DxPlacement>(members, capacity_, old->buckets(), std::move(owners), index_);
}

void DxConfig::visit(ParamVisitor& v) {
  static constexpr std::string_view kIndex[] = {"names", "history"};
  v.integer("capacity", capacity, {2, std::int64_t{1} << 24}, "buckets",
            "most members without placing all keys anew, rounded up to a power of two; ten times as many buckets as "
            "members mean ten draws a lookup");
  v.choice(
      "index", index, kIndex,
      "who has which bucket: by rank of the name's hash, so that whoever knows the same members agrees but those "
      "behind a leaver move; or kept from when the member came, so that only a leaver's keys move but the order of "
      "changes matters");
}

std::shared_ptr<const Component> DxConfig::build() const {
  return std::make_shared<const Dx>(static_cast<std::uint32_t>(capacity),
                                    index == 0 ? DxIndex::kNames : DxIndex::kHistory);
}

CatalogueEntry dx_entry() { return entry_of<DxConfig>(); }

}  // namespace hearsay
