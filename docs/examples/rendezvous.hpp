// The ring `rendezvous`: D. Thaler, C. Ravishankar, Using Name-Based Mappings to Increase Hit Rates (1998). Every
// member draws a score for the key; the highest owns it, the next ones are its replicas. The worked example of
// docs/howto/write-a-ring.md.
//
// A score is weight / -ln u, for a u of (0, 1) that depends on member and key alone: so a member owns a share of the
// keys in proportion to its weight, and when one goes only its own keys move. Lookups are O(n), and nothing is stored.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/dmath.hpp"
#include "core/base/random.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay {

class RendezvousPlacement final : public Placement {
 public:
  explicit RendezvousPlacement(std::span<const RingMember> members) {
    for (const RingMember& m : members) members_.push_back({m.id, m.slot, m.weight});
  }

  NodeSlot lookup(std::uint64_t hash) const override {
    NodeSlot best = kNoSlot;
    double highest = 0;
    // Members come sorted by id, so that equal scores are won by the smaller id and not by an accident.
    for (const Member& m : members_) {
      const double s = score(m, hash);
      if (s > highest) {
        highest = s;
        best = m.slot;
      }
    }
    return best;
  }

  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override {
    std::vector<std::pair<double, std::size_t>> order;  // minus the score, and the place by id
    for (std::size_t i = 0; i < members_.size(); ++i) order.emplace_back(-score(members_[i], hash), i);
    const std::size_t count = std::min(out.size(), order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end());
    for (std::size_t i = 0; i < count; ++i) out[i] = members_[order[i].second].slot;
    return count;
  }

  std::size_t members() const override { return members_.size(); }
  std::size_t memory_bytes() const override { return sizeof *this + members_.capacity() * sizeof(Member); }

 private:
  struct Member {
    NodeId id{};
    NodeSlot slot = kNoSlot;
    double weight = 1.0;
  };
  // Tells this use of Philox from all others; "rendezv" in ASCII.
  static constexpr std::uint64_t kDomain = 0x72656e64657a76U;

  static double score(const Member& m, std::uint64_t hash) {
    const double u = unit_from_bits(philox(raw(m.id), hash, kDomain).a);
    return m.weight / -dlog(u);
  }

  std::vector<Member> members_;
};

class Rendezvous final : public Ring {
 public:
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<RendezvousPlacement>(members);
  }
};

struct RendezvousConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "rendezvous";
  static constexpr std::string_view kSummary = "Every member draws a score for the key; the highest owns it.";
  static constexpr std::string_view kSource =
      "D. Thaler, C. Ravishankar, Using Name-Based Mappings to Increase Hit Rates, IEEE/ACM ToN 1998";

  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const Rendezvous>(); }
};

inline CatalogueEntry rendezvous_entry() { return entry_of<RendezvousConfig>(); }

}  // namespace hearsay
