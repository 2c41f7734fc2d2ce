#include "core/replication/anti_entropy.hpp"

#include <array>

namespace hearsay {

namespace {
constexpr std::array<std::string_view, 3> kModeNames{"push", "pull", "push-pull"};
}  // namespace

void AntiEntropyConfig::visit(ParamVisitor& v) {
  params.visit(v);
  v.duration("interval", interval, {1ms, 24h},
             "time between a node's rounds; differences last about interval x peers / fanout, a round costs a digest");
  v.choice("mode", mode, kModeNames,
           "whether a round sends what the peer lacks, fetches what the node lacks, or both for one digest");
  v.integer("fanout", fanout, {1, 64}, "peers", "peers compared with in a round; each costs a digest");
  v.size("packet_size", packet_size, {256, 60'000},
         "bytes of a digest or a delta; an item that is larger travels alone. Above the path's MTU, datagrams are "
         "fragmented and lost "
         "more often");
  v.boolean(
      "hand_over", hand_over,
      "whether items go to their new replicas when the ring changes; without it only rounds and read repair move them, "
      "and items that a node no longer owns stay where they are");
  v.duration("hand_over_interval", hand_over_interval, {1ms, 1h}, "time between two batches of a hand-over");
  v.integer("hand_over_batch", hand_over_batch, {1, 65536}, "items",
            "items looked at in a batch; each costs about 34 bytes of digest for each replica it is offered to");
  v.integer("max_surplus", max_surplus, {1, std::int64_t{1} << 20}, "items",
            "items of others that a node offers to their replicas at a time; the rest waits for the next lap");
}

std::shared_ptr<const Component> AntiEntropyConfig::build() const { return std::make_shared<AntiEntropy>(*this); }

CatalogueEntry anti_entropy_entry() { return entry_of<AntiEntropyConfig>(); }

AntiEntropy::AntiEntropy(const AntiEntropyConfig& config)
    : Coordinated(config.params), interval_(config.interval), fanout_(config.fanout), hand_over_(config.hand_over) {
  limits_.interval = config.hand_over_interval;
  limits_.retry = config.interval;
  limits_.batch = static_cast<std::size_t>(config.hand_over_batch);
  limits_.max_surplus = static_cast<std::size_t>(config.max_surplus);
  limits_.repair = {static_cast<RepairMode>(config.mode), static_cast<std::uint32_t>(config.packet_size)};
}

std::vector<const MessageType*> AntiEntropy::messages() const {
  std::vector<const MessageType*> types = Coordinator::messages();
  types.insert(types.end(), {&message_type<RepairDigest>(), &message_type<RepairWant>(), &message_type<RepairDelta>()});
  return types;
}

void AntiEntropy::other_message(Step& step, RepairedKv& own, NodeSlot from, const Message& message) const {
  if (is<RepairDigest>(message)) {
    Repairer::on_digest(step, own.replica, limits_.repair, own.hand_over.leaving(), from, as<RepairDigest>(message));
  } else if (is<RepairWant>(message)) {
    Repairer::on_want(step, own.replica, limits_.repair, from, as<RepairWant>(message));
    own.hand_over.on_held(step, own.replica, from, as<RepairWant>(message).held);
  } else if (is<RepairDelta>(message)) {
    std::vector<std::uint64_t> taken;
    Repairer::on_delta(step, own.replica, from, as<RepairDelta>(message), taken);
    for (const std::uint64_t hash : taken) stored(step, own, hash);
  }
}

void AntiEntropy::stored(Step& step, RepairedKv& own, std::uint64_t hash) const {
  if (hand_over_ && !own.replica.is_replica(step, hash)) own.hand_over.on_misplaced(step, limits_);
}

void AntiEntropy::other_timer(Step& step, RepairedKv& own, Timer timer) const {
  if (timer.kind == kRoundTimer) round(step, own);
  if (timer.kind == kHandOverTimer) own.hand_over.on_timer(step, own.replica, limits_, timer);
}

void AntiEntropy::round(Step& step, RepairedKv& own) const {
  step.arm(kRoundTimer, interval_);
  for (std::int64_t i = 0; i < fanout_; ++i) {
    const NodeSlot peer = Repairer::pick_peer(step, own.replica);
    if (peer == kNoSlot) return;
    Repairer::compare(step, own.replica, limits_.repair, peer);
  }
}

void AntiEntropy::on_member_change(Step& step, AntiEntropyState& state, const MemberChange& change) const {
  if (state.kv == nullptr || !hand_over_) return;
  state.kv->hand_over.on_member_change(step, limits_, change);
}

void AntiEntropy::on_leave(Step& step, AntiEntropyState& state) const {
  if (state.kv == nullptr || !hand_over_) return;
  state.kv->hand_over.on_leave(step, state.kv->replica, limits_);
}

}  // namespace hearsay
