// The ring `ketama`: the one of libmemcached's MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, to the byte, so that a key lies
// where the clients of a memcached cluster look for it. (BEHAVIOR_KETAMA alone has other points and another hash.)
// libmemcached, after libketama (R. Jones, Last.fm, 2007).
//
// A member's name is "host:port"; without a port it is a host at memcached's own, 11211. Its weight is rounded to an
// integer, at least 1. Of all points, 160 times the number of members, it has its share in whole fours, rounded down in
// float, in libmemcached's order of operations; a member far below the mean weight may so have none and own nothing.
// Each four are the MD5 of "host-i", or "host:port-i" off the own port, as little-endian words. A key's hash is the
// first word of its MD5, and it belongs to the first point at or after.
//
// Equal points of two members, about three pairs of a thousand members, go to the first in order of host and port:
// libmemcached has the one that comes first in its list of servers, which it keeps in that order if told to sort hosts.
//
// A point count depends on the mean weight, so a change may move a few points of everybody; between equal weights only
// where the float falls just short of 40 and everybody has 156 points. Replicas are found by walking on, which
// libmemcached does not (it takes the next servers of its list).
//
// O(n log n) to place, a microsecond a digest of four points; 13 bytes a point, at most 160 points a member on
// average whatever the weights.
//
// The 32-bit circle in the 64-bit interface: a hash h is h << 32, and a point p covers up to the end of its words.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/ring/point_placement.hpp"

namespace hearsay {

class Ketama final : public Ring {
 public:
  static constexpr std::uint32_t kPointsPerMember = 160;

  RingTraits traits() const override { return {.weights = true, .minimal_disruption = false}; }
  RingTheory theory(std::size_t members) const override { return theory_of_points(kPointsPerMember, members); }
  // The first word of the key's MD5, in the upper half.
  std::uint64_t hash_key(std::string_view key) const override;
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;

  // libmemcached's weight of a member: rounded to the nearest, 1 to 2^32 - 1.
  static std::uint32_t weight_of(double weight);
  // How many points a weight has among this many members that weigh so much together.
  static std::uint32_t points_of(std::uint32_t weight, std::uint64_t total, std::size_t members);
};

struct KetamaConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "ketama";
  static constexpr std::string_view kSummary =
      "The weighted consistent hash of memcached clients: 160 MD5 points a node, as libmemcached places them.";
  static constexpr std::string_view kSource = "libmemcached, KETAMA_WEIGHTED; libketama, R. Jones, Last.fm, 2007";

  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const Ketama>(); }
};

CatalogueEntry ketama_entry();

}  // namespace hearsay
