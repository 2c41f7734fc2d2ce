// The ring `flip`: FlipHash.
// Masson, Lee, FlipHash: A Constant-Time Consistent Range-Hashing Algorithm (2024).
//
// A hash cut to the least power of two that holds all numbers is consistent by itself: one more bit moves half the keys
// into the new half. Where the upper half is not full, a key that lands beyond the last number draws again, until it
// lands on a number of the upper half or anywhere in the lower one, and then it has its place by one bit less. That
// place must know nothing of the draw that failed: hence the flip of the bits below the highest one, by a hash that
// depends on which one is the highest.
//
// Balance is ideal and a lookup takes O(1) steps, whatever the number of members: two hashes, and where the number is
// just beyond a power of two one to three more. As with jump, nothing is stored but who has which number
// (numbering.hpp), only the member with the last one can leave without moving other members' keys, weights and zones
// are ignored, and replicas are further hashes' owners.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/protocol/catalogue.hpp"
#include "core/ring/numbering.hpp"

namespace hearsay {

// The bucket of a key among 1 to 2^32 - 1 buckets.
std::uint32_t flip_hash(std::uint64_t key, std::uint32_t buckets);

class FlipPlacement final : public NumberedPlacement {
 public:
  FlipPlacement(std::span<const RingMember> members, MemberNumbers numbers)
      : NumberedPlacement(members, std::move(numbers)) {}

  NodeSlot lookup(std::uint64_t hash) const override;
  std::size_t memory_bytes() const override { return sizeof(*this) + numbered_bytes(); }
};

class Flip final : public NumberedRing<FlipPlacement> {
 public:
  using NumberedRing::NumberedRing;
};

struct FlipConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "flip";
  static constexpr std::string_view kSummary =
      "FlipHash: as jump, in constant time; only the last member can leave without moving others' keys.";
  static constexpr std::string_view kSource =
      "Masson, Lee, FlipHash: A Constant-Time Consistent Range-Hashing Algorithm, 2024";

  NumberingParam index;

  void visit(ParamVisitor& v) { index.visit(v); }
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const Flip>(index.numbering()); }
};

CatalogueEntry flip_entry();

}  // namespace hearsay
