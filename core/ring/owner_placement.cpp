#include "core/ring/owner_placement.hpp"

#include <algorithm>

#include "core/base/random.hpp"

namespace hearsay {

namespace {

constexpr std::uint64_t kReplicaDomain = 0x7265706c696361U;  // "replica"
constexpr std::uint64_t kMaxDraws = 64;

}  // namespace

OwnerPlacement::OwnerPlacement(std::span<const RingMember> members) {
  slots_.reserve(members.size());
  for (const RingMember& member : members) slots_.push_back(member.slot);
}

std::size_t OwnerPlacement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  const std::size_t wanted = std::min(out.size(), slots_.size());
  std::size_t count = 0;
  const auto take = [&](NodeSlot slot) {
    const auto found = out.first(count);
    if (std::find(found.begin(), found.end(), slot) == found.end()) out[count++] = slot;
  };
  if (wanted > 0) take(lookup(hash));
  for (std::uint64_t draw = 1; count < wanted && draw <= kMaxDraws * wanted; ++draw) {
    take(lookup(philox(hash, draw, kReplicaDomain).a));
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (count < wanted) take(slots_[(hash + i) % slots_.size()]);
  }
  return count;
}

}  // namespace hearsay
