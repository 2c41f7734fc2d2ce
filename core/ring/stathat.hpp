// The ring `stathat`: the one inside go-os/kv, to the point (github.com/stathat/consistent).
//
// A node has 20 points: CRC32 (IEEE) of the decimal index followed by its name. A key's hash is the CRC32 of the key,
// and it belongs to the first point strictly greater, wrapping. Weights and zones are ignored. CRC32 keeps the
// structure of what it hashes, and 20 points are few, so the balance is poor: that is the point of having it.
//
// Collisions: equal points of two nodes are one point ("1.0.0.1:80" and "11.0.0.1:80" have one: index 11 of the first
// and index 1 of the second spell the same). In the original the node added later takes it and removing either node
// deletes it, so two processes with the same members can disagree, for ever. A placement here is a function of the set
// alone, as if every node had been added to an empty ring in ascending order of names: the greater name has the point,
// and when that node goes the other gets it back. The lasting disagreement is therefore not reproduced; the shared
// point is. A node of whose points all are others', as two names of one length and one CRC32 have them, owns nothing
// and is everybody's last replica.
//
// With `collisions` off, there is no shared point: of those that want one, the least name has it (of one node's own the
// smaller index). Each of the others, in ascending order of name and index, is hashed again until it finds a free
// place: try j is the CRC32 of the index, the name, "#" and j, for j = 1, 2, ..., after all that were in nobody's way
// have theirs. When a point's owner comes or goes, the points that it displaced may move, and with them keys of third
// members.
//
// The 32-bit circle in the 64-bit interface: a hash h is h << 32, and a point p covers up to (p << 32) - 1, which turns
// "strictly greater" into "at or after"; p = 0, which the original reaches by wrapping only, becomes 2^64 - 1.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/protocol/catalogue.hpp"
#include "core/ring/point_placement.hpp"

namespace hearsay {

// CRC-32/ISO-HDLC, as in zlib and Ethernet; crc32("123456789") is 0xcbf43926. `before` continues an earlier result.
std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0);

class Stathat final : public Ring {
 public:
  explicit Stathat(std::uint32_t points, bool collisions = true) : points_(points), collisions_(collisions) {}

  RingTraits traits() const override { return {.minimal_disruption = collisions_}; }
  // With a good hash, which CRC32 of like texts is not.
  RingTheory theory(std::size_t members) const override { return theory_of_points(points_, members); }
  // CRC32 of the key, in the upper half.
  std::uint64_t hash_key(std::string_view key) const override { return std::uint64_t{crc32(key)} << 32; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;

 private:
  std::uint32_t points_;
  bool collisions_;
};

struct StathatConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "stathat";
  static constexpr std::string_view kSummary =
      "The consistent hash of go-os/kv: 20 CRC32 points a node, with its collisions.";
  static constexpr std::string_view kSource = "github.com/stathat/consistent, as used by go-os/kv";

  std::int64_t points = 20;
  bool collisions = true;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry stathat_entry();

}  // namespace hearsay
