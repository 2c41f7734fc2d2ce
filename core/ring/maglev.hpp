// The ring `maglev`: the table of Google's load balancer.
// Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer (NSDI '16), section 3.4.
//
// Each member prefers the cells of a table in an order of its own, (offset + k * skip) mod M, with M prime so that the
// order has every cell. Members take turns in the order of ids, each turn takes the first free cell of its order, until
// the table is full. Of equal weights all have equally many cells, or one more; a weight is how often a member has a
// turn: with w of the greatest weight, in every (1/w)-th round. A member that is due less than once before the table is
// full has no cell.
//
// A change moves the keys it must move and a few others (0.6% at 1000 members and 65537 cells), fewer in a larger
// table; a hundred cells a member keep shares within 1%. The table is a function of the set of members. Replicas are
// further hashes' owners. A hash belongs to the cell floor(hash * M / 2^64), where the paper has hash mod M: as even,
// faster, and cells are arcs.
//
// O(M log M) expected to place, 1 to 2 ms for 65537 cells; a lookup is one multiplication and one access. 2 bytes a
// cell while all slots are below 2^16, 4 from there.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/wide.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/ring/owner_placement.hpp"

namespace hearsay {

// How a member comes to cells.
struct MaglevMember {
  static constexpr std::uint64_t kEveryRound = std::uint64_t{1} << 32;

  std::uint32_t offset = 0;               // below the size of the table
  std::uint32_t skip = 1;                 // 1 to that size - 1
  std::uint64_t frequency = kEveryRound;  // of turns, in 2^-32 a round; 1 to kEveryRound
};

// Which member (by index) has each cell of a table of a prime size; nothing when there is no member. Somebody's
// frequency is kEveryRound.
std::vector<std::uint32_t> maglev_table(std::uint32_t size, std::span<const MaglevMember> members);

class MaglevPlacement final : public OwnerPlacement {
 public:
  // A table without a member is one cell that is nobody's.
  MaglevPlacement(std::span<const RingMember> members, std::vector<NodeSlot> table);

  NodeSlot lookup(std::uint64_t hash) const override { return owner(scale_bits(hash, cells_)); }
  void lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const override;
  bool arcs(std::vector<Arc>& out) const override;
  std::size_t memory_bytes() const override {
    return sizeof(*this) + slots_bytes() + narrow_.capacity() * sizeof(narrow_[0]) +
           wide_.capacity() * sizeof(wide_[0]);
  }

  std::size_t cells() const { return cells_; }
  NodeSlot owner(std::size_t cell) const { return narrow_.empty() ? wide_[cell] : NodeSlot{narrow_[cell]}; }

 private:
  // One of them is empty. The narrower a table is, the nearer is the cache that holds it.
  std::vector<std::uint16_t> narrow_;
  std::vector<NodeSlot> wide_;
  std::size_t cells_;
};

class Maglev final : public Ring {
 public:
  static constexpr std::uint32_t kMaxTable = (std::uint32_t{1} << 24) - 3;  // the greatest prime below 2^24

  explicit Maglev(std::uint32_t table);  // a prime, up to kMaxTable

  RingTraits traits() const override { return {.weights = true, .minimal_disruption = false}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;

 private:
  std::uint32_t table_;
};

struct MaglevConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "maglev";
  static constexpr std::string_view kSummary =
      "A table that members fill in turns: one access a lookup, shares within 1%, a few more keys moved by a change.";
  static constexpr std::string_view kSource =
      "Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer, NSDI '16";

  std::int64_t table = 65537;

  void visit(ParamVisitor& v);
  Result<void> check() const;
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry maglev_entry();

}  // namespace hearsay
