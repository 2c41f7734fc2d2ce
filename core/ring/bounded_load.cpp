#include "core/ring/bounded_load.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/check.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/slots.hpp"
#include "core/ring/straw2.hpp"

namespace hearsay {

namespace {

constexpr std::string_view kBases[] = {"karger", "straw2", "slots"};

double weight_of(const RingMember& member) {
  return member.weight > 0x1p-20 ? std::min(member.weight, 0x1p20) : 0x1p-20;  // what is no number is the least
}

}  // namespace

BoundedLoad::BoundedLoad(std::shared_ptr<const Ring> base, double c) : base_(std::move(base)), c_(c) {
  HEARSAY_CHECK(c >= 1);
}

std::uint64_t BoundedAssignment::capacity_of(double c, std::uint64_t keys, double part) {
  const double exact = c * static_cast<double>(keys) * part;
  // What is a whole number but for rounding is that number.
  return static_cast<std::uint64_t>(std::ceil(exact * (1 - 1e-12)));
}

void BoundedLoad::assign(const Placement& placement, std::span<const RingMember> members,
                         std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
  const BoundedAssignment assignment(*this, placement, members, hashes);
  std::ranges::copy(assignment.owners(), out.begin());
}

BoundedAssignment::BoundedAssignment(const BoundedLoad& ring, const Placement& placement,
                                     std::span<const RingMember> members, std::span<const std::uint64_t> hashes)
    : owners_(hashes.size(), kNoSlot) {
  if (members.empty()) return;
  const bool weighted = ring.traits().weights;
  // Compensated (Kahan), so that ten million weights are as exact as one.
  double total = 0;
  double lost = 0;
  std::uint32_t slots = 0;
  for (const RingMember& m : members) {
    const double more = (weighted ? weight_of(m) : 1) - lost;
    const double sum = total + more;
    lost = (sum - total) - more;
    total = sum;
    slots = std::max(slots, raw(m.slot) + 1);
  }
  entries_.resize(slots);
  for (const RingMember& m : members) {
    entries_[raw(m.slot)].capacity = capacity_of(ring.c(), hashes.size(), (weighted ? weight_of(m) : 1) / total);
  }
  const auto take = [&](std::size_t key, NodeSlot slot) {
    Entry& entry = entries_[raw(slot)];
    if (entry.load >= entry.capacity) return false;
    ++entry.load;
    owners_[key] = slot;
    return true;
  };
  std::vector<NodeSlot> walk(members.size());
  for (std::size_t key = 0; key < hashes.size(); ++key) {
    ++looked_at_;
    bool placed = take(key, placement.lookup(hashes[key]));
    // More of the walk only as it is needed.
    std::size_t known = 1;
    for (std::size_t wanted = 8; !placed && known < members.size(); wanted *= 8) {
      const auto out = std::span(walk).first(std::min(wanted, members.size()));
      HEARSAY_CHECK(placement.replicas(hashes[key], out) == out.size());
      for (; known < out.size() && !placed; ++known) {
        ++looked_at_;
        placed = take(key, out[known]);
      }
    }
    HEARSAY_CHECK(placed);  // the capacities are no less than the keys together
  }
}

void BoundedLoadConfig::visit(ParamVisitor& v) {
  v.choice("base", base, kBases, "the ring that says whose a key is while nobody is full, with its own defaults");
  v.real("c", c, {1.0, 1000.0}, "means",
         "the most that a member takes, in mean loads; nearer to 1 is more even, and a change moves up to "
         "1 / (c - 1)^2 times as many keys");
}

std::shared_ptr<const Component> BoundedLoadConfig::build() const {
  std::shared_ptr<const Component> ring;
  switch (base) {
    case 1: ring = Straw2Config().build(); break;
    case 2: ring = SlotsConfig().build(); break;
    default: ring = KargerConfig().build(); break;
  }
  return std::make_shared<const BoundedLoad>(std::static_pointer_cast<const Ring>(ring), c);
}

CatalogueEntry bounded_load_entry() { return entry_of<BoundedLoadConfig>(); }

}  // namespace hearsay
