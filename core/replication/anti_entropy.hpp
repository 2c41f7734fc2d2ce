// Replication repaired by anti-entropy: the coordinator, a comparison of digests with a random peer every interval
// (repairer.hpp), and hand-over when the ring changes (hand_over.hpp).
//
// What brings deleted things back, and what is done about it: tombstones, left by deletes and by expiries, travel like
// values until their grace ends; a replica that was down for longer than the grace discards what it had and fetches
// anew. A partition longer than the grace is not covered: its two sides cannot know of each other's forgotten
// deletions.
#pragma once

#include <memory>
#include <string_view>

#include "core/protocol/catalogue.hpp"
#include "core/replication/coordinated.hpp"
#include "core/replication/hand_over.hpp"
#include "core/replication/repairer.hpp"

namespace hearsay {

struct AntiEntropyConfig {
  static constexpr Role kRole = Role::kReplication;
  static constexpr std::string_view kName = "anti-entropy";
  static constexpr std::string_view kSummary =
      "Replicas compare digests with random peers and exchange what differs; items follow the ring when it changes.";
  static constexpr std::string_view kSource =
      "Demers et al. 1987 (anti-entropy, death certificates); DeCandia et al. 2007 (replica sets, quorums, read "
      "repair)";

  void visit(ParamVisitor& visitor);
  Result<void> check() const { return params.check(); }
  std::shared_ptr<const Component> build() const;

  ReplicationParams params;
  Duration interval = 1s;
  int mode = static_cast<int>(RepairMode::kPushPull);
  std::int64_t fanout = 1;
  std::int64_t packet_size = 1400;
  bool hand_over = true;
  Duration hand_over_interval = 100ms;
  std::int64_t hand_over_batch = 1024;
  std::int64_t max_surplus = 1024;
};

struct RepairedKv {
  RepairedKv(const ReplicationParams& params, MonoTime now) : replica(params, now) {}
  void digest(Hasher& hasher) const {
    replica.digest(hasher);
    coordinator.digest(hasher);
    hand_over.digest(hasher);
  }
  Replica replica;
  Coordinator coordinator;
  HandOver hand_over;
};

using AntiEntropyState = LazyKv<RepairedKv>;

class AntiEntropy final : public Coordinated<AntiEntropy, RepairedKv> {
 public:
  explicit AntiEntropy(const AntiEntropyConfig& config);
  std::vector<const MessageType*> messages() const override;

  void on_member_change(Step& step, AntiEntropyState& state, const MemberChange& change) const;
  void on_leave(Step& step, AntiEntropyState& state) const;

  // A node that was here before owns keys, whether or not it still has them: its rounds fetch them.
  bool begins(const Step& step, const Boot& boot) const { return boot.persisted != nullptr || step.epoch() > 1; }
  // Starts the rounds at a random phase.
  void opened(Step& step) const { step.arm(kRoundTimer, Duration(step.random().between(1, interval_.count()))); }
  void stored(Step& step, RepairedKv& own, std::uint64_t hash) const;
  void other_message(Step& step, RepairedKv& own, NodeSlot from, const Message& message) const;
  void other_timer(Step& step, RepairedKv& own, Timer timer) const;

 private:
  void round(Step& step, RepairedKv& own) const;

  Duration interval_;
  std::int64_t fanout_;
  bool hand_over_;
  HandOverLimits limits_;
};

CatalogueEntry anti_entropy_entry();

}  // namespace hearsay
