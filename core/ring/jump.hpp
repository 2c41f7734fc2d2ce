// The ring `jump`: jump consistent hash.
// Lamping, Veach, A Fast, Minimal Memory, Consistent Hash Algorithm (2014).
//
// The hash seeds a generator, and with it one draws at which number of members the key would next have moved, until
// that is more than there are. Balance is ideal and nothing is stored but who has which number (numbering.hpp); in
// return only the member with the last number can leave without moving other members' keys. Weights and zones are
// ignored, replicas are further hashes' owners. A lookup takes ln n + 0.6 steps on average.
//
// One division, multiplication and truncation of doubles a step, each exactly defined by IEEE 754: the same on every
// machine.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/protocol/catalogue.hpp"
#include "core/ring/numbering.hpp"

namespace hearsay {

// The bucket of a key among 1 to 2^31 - 1 buckets.
std::uint32_t jump_hash(std::uint64_t key, std::uint32_t buckets);

// The buckets of several keys, which take turns: a key's steps wait for each other, those of different keys do not. The
// same answers with the machine's vectors and without (for tests). `out` has room for all.
void jump_hashes(std::span<const std::uint64_t> keys, std::uint32_t buckets, std::span<std::uint32_t> out,
                 bool vectors = true);

class JumpPlacement final : public NumberedPlacement {
 public:
  JumpPlacement(std::span<const RingMember> members, MemberNumbers numbers);

  NodeSlot lookup(std::uint64_t hash) const override;
  void lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const override;
  std::size_t memory_bytes() const override { return sizeof(*this) + numbered_bytes(); }
};

class Jump final : public NumberedRing<JumpPlacement> {
 public:
  using NumberedRing::NumberedRing;
};

struct JumpConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "jump";
  static constexpr std::string_view kSummary =
      "Jump consistent hash: no table, ideal balance, but only the last member can leave without moving others' keys.";
  static constexpr std::string_view kSource = "Lamping, Veach, A Fast, Minimal Memory, Consistent Hash Algorithm, 2014";

  NumberingParam index;

  void visit(ParamVisitor& v) { index.visit(v); }
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const Jump>(index.numbering()); }
};

CatalogueEntry jump_entry();

}  // namespace hearsay
