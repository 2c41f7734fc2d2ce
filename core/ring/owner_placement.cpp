#include "core/ring/owner_placement.hpp"

#include <algorithm>
#include <array>

#include "core/base/random.hpp"

namespace hearsay {

namespace {

constexpr std::uint64_t kReplicaDomain = 0x7265706c696361U;  // "replica"
constexpr int kMaxInVain = 64;
constexpr std::size_t kAtOnce = 16;

}  // namespace

OwnerPlacement::OwnerPlacement(std::span<const RingMember> members) {
  slots_.reserve(members.size());
  for (const RingMember& member : members) slots_.push_back(member.slot);
}

std::size_t OwnerPlacement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  const std::size_t wanted = std::min(out.size(), slots_.size());
  std::size_t count = 0;
  // Whether it was new.
  const auto take = [&](NodeSlot slot) {
    const auto found = out.first(count);
    if (std::find(found.begin(), found.end(), slot) != found.end()) return false;
    out[count++] = slot;
    return true;
  };
  // What comes next does not depend on how many are wanted: fewer replicas are the first of more. As many are drawn at
  // once as are missing, which is no more than one by one.
  std::array<std::uint64_t, kAtOnce> hashes;
  std::array<NodeSlot, kAtOnce> owners;
  std::uint64_t draw = 0;
  int in_vain = 0;
  while (count < wanted && in_vain < kMaxInVain) {
    const std::size_t some = std::min(kAtOnce, wanted - count);
    for (std::size_t i = 0; i < some; ++i, ++draw) {
      hashes[i] = draw == 0 ? hash : philox(hash, draw, kReplicaDomain).a;
    }
    lookup_batch(std::span(hashes).first(some), std::span(owners).first(some));
    for (std::size_t i = 0; i < some && in_vain < kMaxInVain; ++i) in_vain = take(owners[i]) ? 0 : in_vain + 1;
  }
  const std::size_t first = slots_.empty() ? 0 : hash % slots_.size();
  for (std::size_t i = 0; count < wanted && i < slots_.size(); ++i) take(slots_[(first + i) % slots_.size()]);
  return count;
}

}  // namespace hearsay
