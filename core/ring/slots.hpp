// The ring `slots`: a fixed number Q of equal partitions, dealt out to the members.
// Dynamo's third strategy (DeCandia et al., Dynamo: Amazon's Highly Available Key-value Store, SOSP 2007, section 6.2).
//
// Partition p is the p-th of Q equal parts of the key space and never changes; only whose it is does. How many a member
// gets follows from the weights alone, by the method of Webster (Sainte-Lague): the Q greatest of w / (2k - 1) over
// members and k = 1, 2, ... are the seats, equal ones by the smaller id. With equal weights counts differ by one at
// most. A divisor method is monotone: nobody's count falls when somebody leaves, or grows when somebody comes.
//
// Which partitions, `index` says:
// - names: a function of the set. Every partition asks the member that scores highest for it among those with room; of
//   those who ask a member takes the highest scores; who is refused asks again in the next round. Even counts and few
//   moves contradict each other here: a join moves 1.0 (3 members), 1.2 (10), 2.4 (50) and 5 times (200) what it must
//   of 1024 partitions. Members of unequal weight ask alike, so more of them are refused and more moves.
// - history: as the order of changes made it. A joiner takes one partition after another from whoever has the most for
//   its weight; a leaver's go to whoever has the fewest. Nothing else moves, and counts are as even. place() is that of
//   names. Two nodes that learned of the same changes in another order disagree.
//
// Replicas are the owners of the partitions that follow, distinct ones; members without a partition come last, by id.
// Lookup O(1); place O(Q n) at worst, n log n beside; memory 4 bytes a partition and 24 a member.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/wide.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay {

// Of partitions of which each member has as many as any other, or one more.
RingTheory theory_of_partitions(std::uint32_t partitions, std::size_t members);

class SlotsPlacement final : public Placement {
 public:
  struct Member {
    NodeId id{};
    double weight = 1.0;
    NodeSlot slot = kNoSlot;
    friend bool operator==(const Member&, const Member&) = default;
  };

  // One owner a partition (an index into `members`, which are by id); none when there is no member.
  SlotsPlacement(std::size_t partitions, std::span<const std::uint32_t> owners, std::vector<Member> members);

  NodeSlot lookup(std::uint64_t hash) const override { return owners_[partition(hash)]; }
  // Walks clockwise over partitions. O(partitions walked * replicas) up to 32 replicas, beyond that it marks slots.
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override;
  bool arcs(std::vector<Arc>& out) const override;
  std::size_t members() const override { return members_.size(); }
  std::size_t memory_bytes() const override;

  std::size_t partition(std::uint64_t hash) const { return scale_bits(hash, owners_.size()); }
  std::span<const NodeSlot> owners() const { return owners_; }      // of each partition
  std::span<const Member> member_list() const { return members_; }  // by id

 private:
  std::vector<NodeSlot> owners_;
  std::vector<Member> members_;
};

class Slots final : public Ring {
 public:
  enum class Index { kNames, kHistory };
  static constexpr std::uint32_t kMaxPartitions = 65536;
  // Weights outside of this, and what is no number, are moved into it.
  static constexpr double kMinWeight = 0x1p-20;
  static constexpr double kMaxWeight = 0x1p20;

  Slots(std::uint32_t partitions, Index index);

  RingTraits traits() const override {
    return {.weights = true, .set_pure = index_ == Index::kNames, .minimal_disruption = index_ == Index::kHistory};
  }
  RingTheory theory(std::size_t members) const override { return theory_of_partitions(partitions_, members); }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
  // history: O(n log n + Q) a member that comes or goes. What changed is found by comparing with the former members.
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override;

  // How many partitions each of these members gets.
  static std::vector<std::uint32_t> counts(std::uint32_t partitions, std::span<const SlotsPlacement::Member> members);
  // How much a member wants a partition, and the partition it.
  static std::uint64_t score(NodeId id, std::uint32_t partition);

 private:
  std::uint32_t partitions_;
  Index index_;
};

struct SlotsConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "slots";
  static constexpr std::string_view kSummary =
      "A fixed number of equal partitions, of which every member owns as many as any other.";
  static constexpr std::string_view kSource = "DeCandia et al., Dynamo, SOSP 2007, strategy 3: Q/S tokens a node";

  std::int64_t partitions = 1024;
  int index = 0;

  void visit(ParamVisitor& v);
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry slots_entry();

}  // namespace hearsay
