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
#include "core/replication/coordinator.hpp"
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
  Replica replica;
  Coordinator coordinator;
  HandOver hand_over;
};

// Nothing until the first request, message or restart.
struct AntiEntropyState {
  std::unique_ptr<RepairedKv> kv;
};

class AntiEntropy final : public StatefulOf<AntiEntropy, Role::kReplication, AntiEntropyState> {
 public:
  explicit AntiEntropy(const AntiEntropyConfig& config);
  std::vector<const MessageType*> messages() const override;

  void on_start(Step& step, AntiEntropyState& state, const Boot& boot) const;
  void on_message(Step& step, AntiEntropyState& state, NodeSlot from, const Message& message) const;
  void on_timer(Step& step, AntiEntropyState& state, Timer timer) const;
  void on_member_change(Step& step, AntiEntropyState& state, const MemberChange& change) const;
  void on_leave(Step& step, AntiEntropyState& state) const;
  void on_request(Step& step, AntiEntropyState& state, const Request& request) const;
  void on_save(const AntiEntropyState& state, MonoTime now, Persisted& out) const;
  void on_digest(const AntiEntropyState& state, Hasher& hasher) const;

 private:
  // Makes the state, and starts the rounds at a random phase.
  RepairedKv& kv(Step& step, AntiEntropyState& state) const;
  void round(Step& step, RepairedKv& kv) const;
  void check_place(Step& step, RepairedKv& kv, std::uint64_t hash) const;

  ReplicationParams params_;
  Duration interval_;
  std::int64_t fanout_;
  bool hand_over_;
  HandOverLimits limits_;
};

CatalogueEntry anti_entropy_entry();

}  // namespace hearsay
