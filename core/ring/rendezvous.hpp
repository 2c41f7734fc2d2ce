// The ring `rendezvous`, or highest random weight: every member draws a score for the key, the best one owns it and the
// next ones are its replicas.
// D. Thaler, C. Ravishankar, Using Name-Based Mappings to Increase Hit Rates (IEEE/ACM ToN 1998).
//
// A score is a function of member and key alone, so a change moves the keys it must move and no other, and the balance
// is that of independent draws. Members of unequal weights race: for a uniform u of the same score, one of weight w
// arrives at -ln(1 - u) / w, and the earliest wins, with a probability of its part of all weights. Equal weights leave
// the order of the scores, so the logarithm is spared (the placement notices). With unequal ones it is spared nearly
// always: u / w, which is never later than the arrival, rules out all but about ln n members.
//
// Replicas lie in distinct zones: members are taken by rank, of each zone one, then of each zone a second one, and so
// on. Who leaves without having been a replica changes none.
//
// A lookup takes O(n): 0.1 ns a member with AVX-512, 0.6 with AVX2, 1 without. All give the same answer: scores are
// integers, and arrivals come from IEEE arithmetic and our own logarithm. Memory: 12 bytes a member, 8 more where
// weights differ and 4 more where zones do. Classes are called Hrw because the example in docs/ has the ring's name.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"
#include "core/ring/rendezvous_scan.hpp"

namespace hearsay {

class HrwPlacement final : public Placement {
 public:
  HrwPlacement(std::span<const RingMember> members, bool zones, const RendezvousScan& scan);

  NodeSlot lookup(std::uint64_t hash) const override;
  void lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const override;
  // O(n), times the replicas a zone where zones differ. Beyond 32 replicas it sorts, and allocates.
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override;
  std::size_t members() const override { return members_; }
  std::size_t memory_bytes() const override;

  bool weighted() const { return !factors_.empty(); }

  // When a member of weight 1 / factor arrives. Never before score_fraction * factor.
  static double arrival(std::uint64_t score, double factor);

 private:
  // What a member is ranked by: the least first, of equal ones the first by id. Where weights differ it is the arrival,
  // as the bits of a double above 0, which order as the numbers do.
  struct Ranked {
    std::uint64_t cost = 0;
    std::size_t index = 0;
    friend auto operator<=>(const Ranked&, const Ranked&) = default;
  };
  class Best;

  std::uint64_t cost(std::size_t index, std::uint64_t hash) const;
  std::uint32_t zone(std::size_t index) const { return zones_.empty() ? 0 : zones_[index]; }
  // Calls with every member whose cost may be at most what `bound` returns at that time, by id.
  template <class Bound, class Visit>
  void scan(std::uint64_t hash, Bound&& bound, Visit&& visit) const;
  std::size_t few_replicas(std::uint64_t hash, std::span<NodeSlot> out) const;
  std::size_t many_replicas(std::uint64_t hash, std::span<NodeSlot> out) const;

  const RendezvousScan& scan_;
  std::size_t members_;
  std::size_t zone_count_ = 1;
  // By id, and filled up to whole blocks with copies of the last member.
  std::vector<std::uint64_t> ids_;
  std::vector<double> factors_;  // 1 / weight; empty when all are equal
  std::vector<NodeSlot> slots_;
  std::vector<std::uint32_t> zones_;  // empty when zones do not matter
};

class Hrw final : public Ring {
 public:
  // `scan` for tests: kernels that this machine has.
  explicit Hrw(bool zones, const RendezvousScan& scan = rendezvous_scan()) : zones_(zones), scan_(scan) {}

  RingTraits traits() const override { return {.weights = true, .native_replicas = true, .zones = zones_}; }
  RingTheory theory(std::size_t) const override { return {.share_cv = 0, .share_max = {}}; }
  // O(n); a merge would be no faster.
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const HrwPlacement>(members, zones_, scan_);
  }

 private:
  bool zones_;
  const RendezvousScan& scan_;
};

struct HrwConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "rendezvous";
  static constexpr std::string_view kSummary =
      "Every member draws a score for the key, in proportion to its weight; the best one owns it.";
  static constexpr std::string_view kSource =
      "Thaler, Ravishankar, Using Name-Based Mappings to Increase Hit Rates, IEEE/ACM ToN 1998; weights by "
      "exponential races";

  bool zones = true;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry hrw_entry();

}  // namespace hearsay
