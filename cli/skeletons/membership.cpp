// The membership `my-membership`. It begins as gossiped heartbeats: every node counts up and gossips the counts it has
// heard; whose count stands still for too long is dead. docs/howto/write-a-strategy.md goes through a longer version.
#include "core/protocol/codec.hpp"
#include "core/protocol/plugin.hpp"

namespace {

using namespace hearsay;

struct Beat {
  Identity node;  // whole: the receiver may hear of it for the first time
  Epoch epoch = 0;
  std::uint64_t count = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.node, "node", "whose count it is");
    v(m.epoch, "epoch", "its boot generation");
    v(m.count, "count", "the highest count its sender has heard");
  }
  bool valid() const { return node.slot != kNoSlot; }
};

struct Beats : MessageOf<Beats> {
  static constexpr std::string_view kName = "my-membership.Beats";
  static constexpr Role kRole = Role::kMembership;
  std::vector<Beat> beats;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.beats, "beats", "what the sender has heard");
  }
};

// What a node remembers, by slot. Who is a member is in the view, which the driver keeps.
struct Heard {
  Epoch epoch = 0;
  std::uint64_t count = 0;
  MonoTime at{};
};
struct State {
  std::vector<Heard> heard;
  std::vector<NodeSlot> seeds;
};

class MyMembership final : public StatefulOf<MyMembership, Role::kMembership, State> {
 public:
  explicit MyMembership(Duration fail_after) : fail_after_(fail_after) {}
  std::vector<const MessageType*> messages() const override { return {&message_type<Beats>()}; }

  void on_start(Step& step, State& state, const Boot& boot) const {
    state.seeds.assign(boot.seeds.begin(), boot.seeds.end());
    hear(step, state, step.self(), step.epoch(), 1);
    step.arm(0, Duration(step.random().between(1, kInterval.count())));
  }
  void on_message(Step& step, State& state, NodeSlot, const Message& message) const {
    for (const Beat& beat : as<Beats>(message).beats) hear(step, state, beat.node.slot, beat.epoch, beat.count);
  }
  void on_timer(Step& step, State& state, Timer) const {
    step.arm(0, kInterval);
    hear(step, state, step.self(), step.epoch(), state.heard[raw(step.self())].count + 1);
    auto beats = step.make<Beats>();
    for (std::uint32_t i = 0; i < state.heard.size(); ++i) {
      const MaybeBelief belief = step.view().get(NodeSlot{i});
      if (!belief.member()) continue;
      if (step.mono() - state.heard[i].at > fail_after_) {
        step.update_member(NodeSlot{i}, {belief.belief.epoch, 0, Status::kDead});
      } else if (beats->beats.size() < kMaxElements) {
        beats->beats.push_back({{NodeSlot{i}}, state.heard[i].epoch, state.heard[i].count});
      }
    }
    const MessageRef sealed = step.sealed(std::move(beats));
    // To a member and to anybody known: the dead are called, too, or a split would never heal.
    const NodeSlot any{static_cast<std::uint32_t>(step.random().below(step.view().domain()))};
    const NodeSlot peer = step.view().random_member(step.random());
    if (any != step.self() && step.view().get(any).known) step.send(any, sealed);
    if (peer != kNoSlot) step.send(peer, sealed);
    if (peer == kNoSlot && !state.seeds.empty()) {
      step.send(state.seeds[step.random().below(state.seeds.size())], sealed);
    }
  }
  void on_digest(const State& state, Hasher& hasher) const {
    for (const Heard& heard : state.heard) {
      hasher.add(heard.epoch);
      hasher.add(heard.count);
      hasher.add(heard.at);
    }
  }

 private:
  static constexpr Duration kInterval = 200ms;

  void hear(Step& step, State& state, NodeSlot node, Epoch epoch, std::uint64_t count) const {
    if (state.heard.size() <= raw(node)) state.heard.resize(raw(node) + std::size_t{1});
    Heard& heard = state.heard[raw(node)];
    if (epoch < heard.epoch || (epoch == heard.epoch && count <= heard.count)) return;
    heard = {epoch, count, step.mono()};
    // A higher count undoes a death, which a belief of the same incarnation would not.
    if (!step.view().get(node).member()) step.forget_member(node);
    step.update_member(node, {epoch, 0, Status::kAlive});
  }

  Duration fail_after_;
};

struct MyMembershipConfig {
  static constexpr Role kRole = Role::kMembership;
  static constexpr std::string_view kName = "my-membership";
  static constexpr std::string_view kSummary = "What it does, in one sentence.";
  static constexpr std::string_view kSource = "Where it comes from: authors, title, year.";
  void visit(ParamVisitor& v) {
    v.duration("fail_after", fail_after, {1s, 1h},
               "how long a count may stand still; shorter buries more of the living");
  }
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const MyMembership>(fail_after); }

  Duration fail_after = 5s;
};

}  // namespace

HEARSAY_PLUGIN(MyMembershipConfig)
