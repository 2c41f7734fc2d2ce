// The ring `multi-probe`: one point a member, and k probes a key; the key belongs to the point that follows one of its
// probes most closely.
// B. Appleton, M. O'Reilly, Multi-probe consistent hashing (2015).
//
// It buys balance with time instead of memory. A member with g times the mean distance before its point gets
// k / (k - 1) * (1 - e^(-(k - 1) g)) times the mean share: never more than k / (k - 1), 1.05 for 21 probes. But members
// shortly behind another one starve: shares vary by 16%, and the least of n is k / (n + k - 1) of the mean, 2% of it
// for a thousand. A peak alone does not show that.
//
// The points are those of `karger` with one a member, so ties, merges and the index are its own. A change moves the
// keys that it must move and no other. Weights and zones are ignored. A lookup takes k times one of `karger`; memory:
// 13 bytes a member for the points and 20 to know them by.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/protocol/catalogue.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/owner_placement.hpp"

namespace hearsay {

class MultiProbePlacement final : public OwnerPlacement {
 public:
  MultiProbePlacement(std::span<const RingMember> members, std::shared_ptr<const Placement> circle,
                      std::uint32_t probes);

  NodeSlot lookup(std::uint64_t hash) const override;
  std::size_t memory_bytes() const override;

  const PointPlacement& circle() const { return *points_; }
  const Placement& former() const { return *circle_; }

 private:
  std::shared_ptr<const Placement> circle_;
  const PointPlacement* points_;  // the same
  std::uint32_t probes_;
};

class MultiProbe final : public Ring {
 public:
  explicit MultiProbe(std::uint32_t probes) : probes_(probes), karger_(1) {}

  RingTraits traits() const override { return {}; }
  // For many members arcs are exponential: one of x times the mean has k / (k - 1) (1 - e^(-(k - 1) x)) of the keys.
  RingTheory theory(std::size_t members) const override;
  // O(n) expected.
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
  // One copy of the points that stay.
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override;

  // Where a member is, and where a key looks.
  std::uint64_t point(NodeId id) const { return karger_.point(id, 0); }
  static std::uint64_t probe(std::uint64_t hash, std::uint32_t i);

 private:
  std::uint32_t probes_;
  Karger karger_;
};

struct MultiProbeConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "multi-probe";
  static constexpr std::string_view kSummary =
      "Consistent hashing with one point a node and several probes a key, the closest of which counts.";
  static constexpr std::string_view kSource = "Appleton, O'Reilly, Multi-probe consistent hashing, 2015";

  std::int64_t probes = 21;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry multi_probe_entry();

}  // namespace hearsay
