// The ring `token-allocation`: few points a member, put where they even out what members store.
// Apache Cassandra's replication-aware token allocation, of 3.0 (CASSANDRA-7032) and 4.0 (CASSANDRA-15260, 13701).
//
// A member has num_tokens points (16) for a weight of 1 on a circle as that of `karger`, but a joiner chooses its own:
// the middles of existing gaps, one after another the one that leaves the ownerships nearest to their targets. What
// counts is what a member stores: of a key, the first `replication` distinct members of the walk. Nearest is by the sum
// of squares of (stored - target) and (owned - target) over all members, targets being in proportion to tokens.
// Cassandra considers every gap; here it is the largest ones and four times as many at places that the joiner's id
// gives, so that a join does not take longer in a larger circle. A gap's worth is computed anew before it is taken, and
// the next one preferred if it was worth more, 16 times at most. The first member spreads its tokens evenly, from a
// place that its id gives. Everything is integers.
//
// With 16 tokens and 3 copies what members store varies by 3% (100 or 1000 members; random tokens: 14%), what they own
// by 15 to 17% (random: 25%). With fewer members than copies all store everything.
//
// Tokens stay until their member leaves, so a change moves the keys that it must and no other. But where they are
// depends on who was there when a member joined: the order of changes matters, and two nodes that learned of the same
// changes in another order disagree. place() adds members in order of id; apply() takes leavers away and then adds
// joiners, in order of id. Leavers take their tokens with them, and those who stay keep theirs, as uneven as that is.
//
// place: n joins of O(num_tokens (replication^2 + log n)), about 0.1 ms each; apply: one pass over the circle
// and the joins. Lookup and memory are a PointPlacement's, and 16 bytes a member.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/ring/point_placement.hpp"

namespace hearsay {

class TokenPlacement final : public PointPlacement {
 public:
  struct Member {
    NodeId id{};
    NodeSlot slot = kNoSlot;
    std::uint32_t tokens = 0;
    friend bool operator==(const Member&, const Member&) = default;
  };

  // `made_for` is how many copies its tokens were chosen for.
  TokenPlacement(RingPoints points, std::vector<Member> members, std::uint32_t made_for)
      : PointPlacement(std::move(points), members.size()), members_(std::move(members)), made_for_(made_for) {}

  std::span<const Member> member_list() const { return members_; }  // by id
  std::uint32_t made_for() const { return made_for_; }
  std::size_t memory_bytes() const override;

 private:
  std::vector<Member> members_;
  std::uint32_t made_for_;
};

class TokenAllocation final : public Ring {
 public:
  static constexpr std::uint32_t kMaxTokensPerMember = 4096;
  // Of the circle; whoever joins when it is full gets one.
  static constexpr std::uint32_t kMaxTokens = 1U << 22;

  TokenAllocation(std::uint32_t num_tokens, std::uint32_t replication, std::uint32_t max_tokens = kMaxTokens);

  RingTraits traits() const override { return {.weights = true, .native_replicas = true, .set_pure = false}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
  // What changed is found by comparing with the former members: who has another weight, or number of tokens, leaves and
  // joins. A placement for another number of copies is none.
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override;

  // How many tokens a weight gets: num_tokens * weight, rounded to the nearest, in [1, kMaxTokensPerMember].
  std::uint32_t tokens_of(double weight) const;

 private:
  std::uint32_t num_tokens_;
  std::uint32_t replication_;
  std::uint32_t max_tokens_;
};

struct TokenAllocationConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "token-allocation";
  static constexpr std::string_view kSummary =
      "Few points a member, put by each joiner where they even out what members store.";
  static constexpr std::string_view kSource =
      "Apache Cassandra 3.0 and 4.0, replication-aware token allocation (CASSANDRA-7032, CASSANDRA-15260)";

  std::int64_t num_tokens = 16;
  std::int64_t replication = 3;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry token_allocation_entry();

}  // namespace hearsay
