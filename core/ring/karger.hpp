// The ring `karger`: consistent hashing with V points a node and unit of weight.
// Karger, Lehman, Leighton, Panigrahy, Levine, Lewin, Consistent Hashing and Random Trees (STOC '97).
//
// Point i of a node is a function of its id and i alone, so the ring is that of the set of members, in whatever order
// they came. Points are 64 bits wide: with 32, a thousand nodes of 160 points share three points. Should two still be
// equal, the smaller id has it. Each share of the circle is Beta(V, V (N - 1)) distributed: a coefficient of variation
// of sqrt((N - 1) / (N V + 1)). A change of the members moves the keys that it must move and no other.
//
// Two variants. `nearest`: a key belongs to the nearest point in either direction, and replicas come in order of
// distance (NearestPoints); the variance of shares is halved, for 12 bytes a point more. `zones`: replicas are the
// first of each zone on the walk, as long as there are zones left, and then whoever the walk meets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/ring/nearest_points.hpp"
#include "core/ring/point_placement.hpp"

namespace hearsay {

class KargerPlacement final : public PointPlacement {
 public:
  struct Member {
    NodeId id{};
    NodeSlot slot = kNoSlot;
    std::uint32_t points = 0;
    friend bool operator==(const Member&, const Member&) = default;
  };

  // The zone of each slot as a number below `count`; none where replicas do not heed zones.
  struct Zones {
    std::vector<std::uint32_t> of;
    std::uint32_t count = 0;
  };

  KargerPlacement(RingPoints points, std::vector<Member> members, Zones zones, NearestPoints nearest = {})
      : PointPlacement(std::move(points), members.size()),
        members_(std::move(members)),
        zones_(std::move(zones)),
        nearest_(std::move(nearest)) {}

  // With zones or by distance: O(points walked * replicas); beyond 32 replicas it allocates a bit a slot.
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override;
  std::span<const Member> member_list() const { return members_; }  // by id
  bool nearest() const { return !nearest_.empty(); }
  std::size_t memory_bytes() const override;

 private:
  // Calls visit(owner) for the points in the order of replicas until it returns true.
  template <class Visit>
  void walk(std::uint64_t hash, Visit&& visit) const;

  std::vector<Member> members_;
  Zones zones_;
  NearestPoints nearest_;
};

class Karger final : public Ring {
 public:
  static constexpr std::uint32_t kMaxPointsPerMember = 1U << 20;
  static constexpr std::uint32_t kMaxPoints = 1U << 26;  // of the whole circle, unless told otherwise: 0.9 GB

  // `points` for a member of weight 1. Where the members' points are more than `max_points` together, all get half of
  // them, and half again, one at least: what strangers say of their weights must not fill the memory. The change that
  // makes that necessary takes half the points of everybody, and so moves other members' keys. Fewer than 64 bits a
  // point are for tests that need equal points.
  explicit Karger(std::uint32_t points, unsigned point_bits = 64, std::uint32_t max_points = kMaxPoints)
      : Karger(points, point_bits, max_points, Variant{}) {}
  struct Variant {
    bool nearest = false;
    bool zones = false;
  };
  Karger(std::uint32_t points, unsigned point_bits, std::uint32_t max_points, Variant variant);

  RingTraits traits() const override { return {.weights = true, .native_replicas = true, .zones = variant_.zones}; }
  RingTheory theory(std::size_t members) const override;
  // O(P) expected for P points in all, O(P log P) at worst.
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
  // Merges the changed members' points into the old circle: O(c log c) for the c points that come and go and one copy
  // of the others. What changed is found by comparing `members` with the former ones, so a changed weight counts too; a
  // placement of another ring, one that changes in more than half, or one by distance is built anew.
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override;

  // How many points a weight gets, or a power of two's part of them: points * weight * part, rounded to the nearest, at
  // least 1, at most kMaxPointsPerMember.
  std::uint32_t points_of(double weight, double part = 1) const;
  // Point i of a node: half of the Philox block (i / 2) of its id.
  std::uint64_t point(NodeId id, std::uint32_t i) const {
    const Block block = philox(raw(id), i / 2, kPointDomain);
    return (i % 2 == 0 ? block.a : block.b) & mask_;
  }

 private:
  // Tells this use of Philox from the streams'; "karger" in ASCII.
  static constexpr std::uint64_t kPointDomain = 0x6b6172676572U;

  // The members with their points, by id; how many points there are in all.
  std::size_t allot(std::span<const RingMember> members, std::vector<KargerPlacement::Member>& list) const;
  // How many each of so many of weight 1 gets.
  std::uint32_t points_each(std::size_t members) const;

  // What replicas need to know of zones: nothing unless they heed them.
  KargerPlacement::Zones zones_of(std::span<const RingMember> members) const;

  // Calls with the points 0 to count - 1 of a node.
  template <class Visit>
  void each_point(NodeId id, std::uint32_t count, Visit&& visit) const {
    for (std::uint32_t i = 0; i < count; i += 2) {
      const Block block = philox(raw(id), i / 2, kPointDomain);
      visit(block.a & mask_);
      if (i + 1 < count) visit(block.b & mask_);
    }
  }

  std::uint32_t points_;
  std::uint32_t max_points_;
  std::uint64_t mask_;
  Variant variant_;
};

struct KargerConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "karger";
  static constexpr std::string_view kSummary =
      "Consistent hashing with several points a node, in proportion to its weight.";
  static constexpr std::string_view kSource =
      "Karger et al., Consistent Hashing and Random Trees, STOC '97; point index by the top bits of the hash";

  std::int64_t points = 160;
  std::int64_t max_points = Karger::kMaxPoints;
  int nearest = 0;
  bool zones = false;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry karger_entry();

}  // namespace hearsay
