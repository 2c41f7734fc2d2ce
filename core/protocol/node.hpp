// A node: three strategies and a ring, composed, over one block of state that the driver owns. The same object code
// runs in the simulator and behind real sockets.
//
// A driver calls one input function with a Step it has begun, then drains the Step. Role-to-role events are delivered
// inside that call, in a fixed order: view changes (to dissemination, then replication), then deliveries, then
// handoffs, until none is left.
#pragma once

#include <memory>
#include <vector>

#include "core/protocol/ring.hpp"
#include "core/protocol/step.hpp"
#include "core/protocol/strategy.hpp"

namespace hearsay {

// The strategies of a group of nodes and where their states lie in a node's block. Immutable, shared by the group.
class Composition {
 public:
  Composition(std::shared_ptr<const Strategy> membership, std::shared_ptr<const Strategy> dissemination,
              std::shared_ptr<const Strategy> replication, std::shared_ptr<const Ring> ring);

  const Strategy& strategy(Role role) const { return *strategies_[static_cast<std::size_t>(role)]; }
  const Ring& ring() const { return *ring_; }
  StateLayout layout() const { return layout_; }
  void* state(void* block, Role role) const {
    return static_cast<std::byte*>(block) + offsets_[static_cast<std::size_t>(role)];
  }
  const void* state(const void* block, Role role) const {
    return static_cast<const std::byte*>(block) + offsets_[static_cast<std::size_t>(role)];
  }
  // Every message type of the composition; an error when two have the same tag.
  Result<void> register_messages(MessageTypes& types) const;

 private:
  std::array<std::shared_ptr<const Strategy>, 3> strategies_;
  std::shared_ptr<const Ring> ring_;
  std::array<std::size_t, 3> offsets_{};
  StateLayout layout_;
};

// Inputs to a node. `block` is memory of composition.layout(); between construct() and destroy() it holds the state.
class Node {
 public:
  Node(const Composition& composition, void* block) : composition_(composition), block_(block) {}

  void construct() const;
  void destroy() const;

  void start(Step& step, const Boot& boot) const;
  void message(Step& step, NodeSlot from, const Message& message) const {
    const Role role = message.type->role;
    enter(step, role).message(step, state(role), from, message);
    settle(step);
  }
  void timer(Step& step, Role role, Timer timer) const {
    enter(step, role).timer(step, state(role), timer);
    settle(step);
  }
  void request(Step& step, const Request& request) const;
  void leave(Step& step) const;

  void save(MonoTime now, Persisted& out) const;
  // What the node holds itself, and whether its own copy answers a get of a key: see Strategy.
  const Store* store() const { return composition_.strategy(Role::kReplication).store(state(Role::kReplication)); }
  bool answers_alone(const Placement& placement, NodeSlot self, std::uint64_t hash) const {
    return composition_.strategy(Role::kReplication).answers_alone(placement, self, hash);
  }
  void digest(Hasher& hasher) const;

 private:
  void settle(Step& step) const {
    if (!step.changes().empty() || !step.handoffs().empty() || !step.deliveries().empty()) [[unlikely]] {
      settle_events(step);
    }
  }
  void settle_events(Step& step) const;
  const Strategy& enter(Step& step, Role role) const {
    step.act_as(role);
    return composition_.strategy(role);
  }
  void* state(Role role) const { return composition_.state(block_, role); }

  const Composition& composition_;
  void* block_;
};

}  // namespace hearsay
