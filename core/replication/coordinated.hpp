// What the replication strategies share: a node's state, which is made when it is first needed, and the inputs that are
// the coordinator's and the replica's. A strategy derives from Coordinated and hides the hooks it has a use for.
//
// `Kv` has a `replica` and a `coordinator`, is made of (const ReplicationParams&, MonoTime), and feeds itself to a
// fingerprint by digest(Hasher&). Nothing is made before the first request, message or restart, since most of a million
// nodes may never see one. The strategy is immutable; a state belongs to its node's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/protocol/strategy.hpp"
#include "core/replication/coordinator.hpp"

namespace hearsay {

template <class Kv>
struct LazyKv {
  std::unique_ptr<Kv> kv;
};

template <class Derived, class Kv>
class Coordinated : public StatefulOf<Derived, Role::kReplication, LazyKv<Kv>> {
 public:
  using State = LazyKv<Kv>;

  explicit Coordinated(const ReplicationParams& params) : params_(params) {}
  std::vector<const MessageType*> messages() const override { return Coordinator::messages(); }

  void on_start(Step& step, State& state, const Boot& boot) const {
    if (!derived().begins(step, boot)) return;
    Kv& own = kv(step, state);
    if (boot.persisted != nullptr) own.replica.restore(step, *boot.persisted);
  }
  void on_message(Step& step, State& state, NodeSlot from, const Message& message) const {
    Kv& own = kv(step, state);
    std::optional<std::uint64_t> stored;
    if (!own.coordinator.message(step, own.replica, from, message, stored)) {
      derived().other_message(step, own, from, message);
    } else if (stored) {
      derived().stored(step, own, *stored);
    }
  }
  void on_timer(Step& step, State& state, Timer timer) const {
    if (state.kv == nullptr) return;
    Kv& own = *state.kv;
    if (timer.kind == kExpiryTimer) return own.replica.on_expiry_timer(step, timer);
    if (timer.kind == kRequestTimer) return own.coordinator.timer(step, own.replica, timer);
    derived().other_timer(step, own, timer);
  }
  void on_request(Step& step, State& state, const Request& request) const {
    Kv& own = kv(step, state);
    own.coordinator.request(step, own.replica, request);
  }
  void on_save(const State& state, MonoTime now, Persisted& out) const {
    if (state.kv != nullptr) state.kv->replica.save(now, out);
  }
  const Store* held(const State& state) const { return state.kv != nullptr ? &state.kv->replica.store() : nullptr; }
  bool answers_alone(const Placement& placement, NodeSlot self, std::uint64_t hash) const override {
    if (params_.n == 1) return placement.lookup(hash) == self;
    if (params_.read_repair || params_.read_order != static_cast<int>(ReadOrder::kQuorum)) return false;
    std::array<NodeSlot, kMaxReplicas> nodes;
    const std::size_t found = placement.replicas(hash, std::span(nodes).first(static_cast<std::size_t>(params_.n)));
    return params_.n != 0 && params_.needed(params_.r, found) <= 1 && contains(std::span(nodes).first(found), self);
  }
  void on_digest(const State& state, Hasher& hasher) const {
    hasher.add(state.kv != nullptr);
    if (state.kv != nullptr) state.kv->digest(hasher);
  }

  // ---- hooks ----
  // Whether a node that starts has something to do already.
  bool begins(const Step&, const Boot& boot) const {
    return boot.persisted != nullptr && !boot.persisted->items.empty();
  }
  // The state has just been made.
  void opened(Step&) const {}
  // Another node's copy changed a key of this hash.
  void stored(Step&, Kv&, std::uint64_t) const {}
  // What is not the coordinator's, or the replica's.
  void other_message(Step&, Kv&, NodeSlot, const Message&) const {}
  void other_timer(Step&, Kv&, Timer) const {}

 protected:
  Kv& kv(Step& step, State& state) const {
    if (state.kv == nullptr) {
      state.kv = std::make_unique<Kv>(params_, step.mono());
      derived().opened(step);
    }
    return *state.kv;
  }

 private:
  const Derived& derived() const { return static_cast<const Derived&>(*this); }

  ReplicationParams params_;
};

}  // namespace hearsay
