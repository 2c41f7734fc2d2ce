// One step of a protocol: what a strategy may read while it handles one input, and where it writes its decisions.
//
// A driver (the simulator, a ZeroMQ loop) begins the step, the Node hands it to the strategies, and the driver drains
// the decisions afterwards: nothing re-enters a strategy, nothing blocks. A Step is reused from input to input, so that
// a steady state allocates nothing; references it hands out are valid until the step ends. One thread.
//
// Randomness: each role draws from a stream keyed by (seed, node, role, instant). A draw therefore depends on when it
// is made and on nothing that happened before: one more message changes no other decision's luck.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"
#include "core/kv/request.hpp"
#include "core/protocol/directory.hpp"
#include "core/protocol/envelope.hpp"
#include "core/protocol/message.hpp"
#include "core/protocol/observation.hpp"
#include "core/protocol/ring.hpp"
#include "core/protocol/role.hpp"
#include "core/protocol/strategy.hpp"
#include "core/protocol/view.hpp"

namespace hearsay {

// How a message wants to travel.
enum class SendClass : std::uint8_t {
  kDatagram,  // may be lost, duplicated and reordered (UDP)
  kStream,    // a connection of its own: not lost by a lossy link but by a cut (memberlist's TCP push-pull)
};

// The idiom for a timer that can be re-armed or cancelled: only the last armed one is current.
//
//   gate.arm(step, kProbeTimer, 1s);                          // supersedes what was armed before
//   if (!gate.is_current(timer)) return;                      // in on_timer
struct TimerGate {
  std::uint32_t generation = 0;

  inline void arm(class Step& step, std::uint8_t kind, Duration delay);
  void cancel() { generation = (generation + 1) & kMaxTimerArgument; }
  bool is_current(Timer timer) const { return timer.argument == generation; }
  void digest(Hasher& hasher) const { hasher.add(generation); }
};

// A change of a node's store, with the key itself: for whoever watches keys. Observations have the key's hash alone.
struct KeyChange {
  ObservationKind kind{};  // kStored, kTombstone, kExpired or kDropped
  Version version;
  std::string key;
};

class Step {
 public:
  // What a driver provides for all steps of all its nodes.
  struct Environment {
    std::uint64_t seed = 0;
    const Directory* directory = nullptr;
    ViewStore* views = nullptr;
    MessagePool* pool = nullptr;
    PlacementSource* placements = nullptr;
    // Observations are kept only if somebody listens.
    bool observed = true;
  };

  // What a driver drains.
  struct Action {
    enum class Kind : std::uint8_t { kSend, kPublish, kArm };
    Kind kind{};
    SendClass send_class{};
    Role role{};  // of a timer
    Timer timer;
    NodeSlot to = kNoSlot;     // of a send
    const Message* message{};  // of a send or publish: one count, which the driver adopts
    Duration delay{0};         // of a timer, by the node's monotonic clock; at least 1 ns
  };

  explicit Step(const Environment& environment);
  ~Step() { clear(); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  // ---- what a strategy reads ----
  NodeSlot self() const { return self_; }
  Epoch epoch() const { return epoch_; }
  MonoTime mono() const { return mono_; }  // drifts, never steps: deadlines live here
  WallTime wall() const { return wall_; }  // offset, drift, steps: versions start here
  const Directory& directory() const { return *environment_.directory; }
  NodeId id(NodeSlot slot) const { return directory().id(slot); }
  View view() const { return View(*environment_.views, self_); }
  Random& random() { return randoms_[static_cast<std::size_t>(role_)]; }
  // Where keys live by this node's own view. Valid until the step ends. Built when first asked for.
  const Placement& placement() { return environment_.placements->placement(view()); }
  // Where a key is on the ring.
  std::uint64_t key_hash(std::string_view key) const { return environment_.placements->hash_key(key); }

  // ---- what a strategy decides ----
  template <class M>
  Draft<M> make() {
    return environment_.pool->make<M>();
  }
  // Sizes a draft and makes it shareable.
  template <class M>
  MessageRef sealed(Draft<M>&& draft) {
    seal(*draft, directory());
    return std::move(draft).take();
  }

  void send(NodeSlot to, MessageRef message, SendClass send_class = SendClass::kDatagram) {
    HEARSAY_CHECK(message->wire_bytes != 0);
    push({Action::Kind::kSend, send_class, role_, {}, to, message.detach(), Duration::zero()});
  }
  template <class M>
  void send(NodeSlot to, Draft<M>&& draft, SendClass send_class = SendClass::kDatagram) {
    send(to, sealed(std::move(draft)), send_class);
  }
  // To everybody who listens to the topic, known or not, the sender excluded. Only a dissemination strategy calls it,
  // and one that says so (Strategy::publishes).
  void publish(MessageRef message) {
    HEARSAY_CHECK(role_ == Role::kDissemination && message->wire_bytes != 0);
    push({Action::Kind::kPublish, SendClass::kDatagram, role_, {}, kNoSlot, message.detach(), Duration::zero()});
  }
  // Gives a message to the dissemination strategy, for everybody. Its type must be marked kDisseminated.
  void disseminate(MessageRef message) {
    HEARSAY_CHECK(message->type->disseminated);
    handoffs_.push_back(std::move(message));
  }
  template <class M>
  void disseminate(Draft<M>&& draft) {
    disseminate(sealed(std::move(draft)));
  }
  // A dissemination strategy hands a message that arrived inside one of its own to the role it is for.
  void deliver(NodeSlot origin, MessageRef message) { deliveries_.emplace_back(origin, std::move(message)); }

  void arm(std::uint8_t kind, Duration delay, std::uint32_t argument = 0) {
    HEARSAY_CHECK(kind <= kMaxTimerKind && argument <= kMaxTimerArgument);
    push({Action::Kind::kArm, {}, role_, {kind, argument}, kNoSlot, nullptr, delay < 1ns ? Duration(1ns) : delay});
  }

  // Merges a belief into the view; when that changed it, tells the other roles and whoever observes. Only membership.
  bool update_member(NodeSlot subject, Belief belief);
  void forget_member(NodeSlot subject);
  // Merges one belief about everybody the directory knows, the node itself included. Only membership, in its start: the
  // other roles start after it, find the view as it is and are not told of each member; one kMembersAll is observed.
  void update_everyone(Belief belief);

  // Answers a request.
  void reply(Reply reply) { replies_.push_back(std::move(reply)); }

  void observe(ObservationKind kind, NodeSlot peer = kNoSlot, std::uint64_t value = 0) {
    if (environment_.observed) observations_.push_back({{}, self_, peer, kind, 0, value, {}});
  }
  void observe_key(ObservationKind kind, std::string_view key, Version version, std::uint64_t value = 0) {
    if (environment_.observed) observations_.push_back({{}, self_, kNoSlot, kind, hash64(key), value, version});
    if (keys_watched_) key_changes_.push_back({kind, version, std::string(key)});
  }

  // ---- for the driver ----
  // `instant` positions the random streams: true time in a simulation, monotonic time on a real node, in ns.
  void begin(NodeSlot self, Epoch epoch, std::uint64_t instant, MonoTime mono, WallTime wall) {
    // Several inputs of one node at one instant go on in the same streams.
    if (instant != instant_ || self != self_) {
      for (std::uint64_t& draws : draws_) draws = std::uint64_t{raw(self)} << 32;
      for (Random& random : randoms_) random.seek(instant);
    }
    self_ = self;
    epoch_ = epoch;
    instant_ = instant;
    mono_ = mono;
    wall_ = wall;
  }
  std::vector<Action>& actions() { return actions_; }
  std::vector<Reply>& replies() { return replies_; }
  std::vector<Observation>& observations() { return observations_; }
  // Whether key_changes() are kept; not unless somebody watches.
  void watch_keys(bool watched) { keys_watched_ = watched; }
  std::vector<KeyChange>& key_changes() { return key_changes_; }
  MessagePool& pool() { return *environment_.pool; }
  // Lets go of everything undrained.
  void clear();

  // ---- for the Node ----
  void act_as(Role role) { role_ = role; }
  PlacementSource& placements() { return *environment_.placements; }
  std::vector<MemberChange>& changes() { return changes_; }
  std::vector<MessageRef>& handoffs() { return handoffs_; }
  std::vector<std::pair<NodeSlot, MessageRef>>& deliveries() { return deliveries_; }

 private:
  // More decisions than this in one step are a strategy's error, not a load.
  static constexpr std::size_t kMaxActions = std::size_t{1} << 20;

  void push(const Action& action) {
    HEARSAY_CHECK(actions_.size() < kMaxActions);
    actions_.push_back(action);
  }

  Environment environment_;
  NodeSlot self_ = kNoSlot;
  Epoch epoch_ = 0;
  Role role_ = Role::kMembership;
  std::uint64_t instant_ = ~std::uint64_t{0};
  MonoTime mono_{};
  WallTime wall_{};
  std::array<std::uint64_t, kRoles> draws_{};
  std::array<Random, kRoles> randoms_;

  std::vector<Action> actions_;
  std::vector<Reply> replies_;
  std::vector<Observation> observations_;
  bool keys_watched_ = false;
  std::vector<KeyChange> key_changes_;
  std::vector<MemberChange> changes_;
  std::vector<MessageRef> handoffs_;
  std::vector<std::pair<NodeSlot, MessageRef>> deliveries_;
};

inline void TimerGate::arm(Step& step, std::uint8_t kind, Duration delay) {
  cancel();
  step.arm(kind, delay, generation);
}

}  // namespace hearsay
