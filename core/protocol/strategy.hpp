// What the pluggable parts have in common.
//
// A strategy object is immutable and shared by all nodes of a group; what a node remembers is a block of memory that
// the driver places, so that a million nodes lie in one arena. A strategy is called with one input and a Step and
// returns.
//
// Threading: the strategy may be used by several threads at once, a state by one at a time. A strategy bounds its state
// and what it does in one call; a call in a steady state allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/persisted.hpp"
#include "core/protocol/role.hpp"

namespace hearsay {

class Placement;
class Step;
class Store;
struct Message;
struct MessageType;
struct MemberChange;
struct Request;

// A timer of a role: a kind (0 to 15) and an argument (25 bits). It is never cancelled: a strategy that no longer wants
// one ignores it, by an argument that is out of date (TimerGate).
struct Timer {
  std::uint8_t kind = 0;
  std::uint32_t argument = 0;
};
inline constexpr std::uint8_t kMaxTimerKind = 15;
inline constexpr std::uint32_t kMaxTimerArgument = (1U << 25) - 1;

// A pluggable part, of any role.
class Component {
 public:
  virtual ~Component() = default;
  virtual Role role() const = 0;
};

// Size and alignment of a node's state; {0, 1} for none.
struct StateLayout {
  std::size_t bytes = 0;
  std::size_t alignment = 1;
};

// How a node comes up.
struct Boot {
  std::span<const NodeSlot> seeds;       // whom to ask first
  const Persisted* persisted = nullptr;  // what survived the former life; null at a first start or when it was lost
};

// A part with state and messages: membership, dissemination or replication. `state` is the node's block.
// Implementations derive from StatefulOf below, which supplies the casts.
class Strategy : public Component {
 public:
  virtual StateLayout layout() const = 0;
  virtual void construct(void* state) const = 0;
  virtual void destroy(void* state) const = 0;

  // Dissemination: whether it ever calls Step::publish. Where nobody does, a driver need not listen to every member's
  // announcements, which on real sockets is a connection each; drivers hold a strategy to what it says here.
  virtual bool publishes() const { return false; }

  // Every message type it sends or receives.
  virtual std::vector<const MessageType*> messages() const = 0;

  virtual void start(Step& step, void* state, const Boot& boot) const = 0;
  // A message of one of its types. `from` is the sender, or the origin of what dissemination delivered.
  virtual void message(Step& step, void* state, NodeSlot from, const Message& message) const = 0;
  // A timer it armed in this life of the node. May be out of date: compare the argument.
  virtual void timer(Step& step, void* state, Timer timer) const = 0;
  // The view changed (told to dissemination and replication, in this order).
  virtual void member_change(Step& step, void* state, const MemberChange& change) const = 0;
  // The node is about to leave on purpose. It goes on receiving until the driver stops it, `leave_grace` later at most.
  virtual void leave(Step& step, void* state) const = 0;
  // Dissemination: a message of another role that everybody should get.
  virtual void disseminate(Step& step, void* state, const Message& message) const = 0;
  // Replication: a client's request.
  virtual void request(Step& step, void* state, const Request& request) const = 0;
  // What shall survive a crash, added to `out`. Called at any time; `now` is the node's monotonic clock.
  virtual void save(const void* state, MonoTime now, Persisted& out) const = 0;
  // Replication: what this node holds itself; null where nothing was ever held. For a driver that reads between steps
  // (a list of keys, a get that answers_alone()).
  virtual const Store* store([[maybe_unused]] const void* state) const { return nullptr; }
  // Replication: whether this node's own copy is the answer to a get, so that nobody needs to be asked: it is one of
  // the key's replicas, one answer is enough, and a read repairs nothing. O(replicas).
  virtual bool answers_alone([[maybe_unused]] const Placement& placement, [[maybe_unused]] NodeSlot self,
                             [[maybe_unused]] std::uint64_t hash) const {
    return false;
  }
  // Feeds everything that a later decision depends on to the fingerprint, in an order that does not depend on addresses
  // or hash tables: two states with one digest act alike from here on. What follows from the rest may be left out.
  virtual void digest(const void* state, Hasher& hasher) const = 0;
};

// Implements Strategy for a strategy class and its state struct. `Derived` writes the on_... functions it needs; the
// others do nothing. Calls are direct: one virtual call a step.
template <class Derived, Role kRole, class State, class Base = Strategy>
class StatefulOf : public Base {
 public:
  Role role() const final { return kRole; }
  StateLayout layout() const final {
    return std::is_empty_v<State> ? StateLayout{} : StateLayout{sizeof(State), alignof(State)};
  }
  void construct(void* state) const final { new (state) State(); }
  void destroy(void* state) const final { of(state).~State(); }

  void start(Step& step, void* state, const Boot& boot) const final { self().on_start(step, of(state), boot); }
  void message(Step& step, void* state, NodeSlot from, const Message& message) const final {
    self().on_message(step, of(state), from, message);
  }
  void timer(Step& step, void* state, Timer timer) const final { self().on_timer(step, of(state), timer); }
  void member_change(Step& step, void* state, const MemberChange& change) const final {
    self().on_member_change(step, of(state), change);
  }
  void leave(Step& step, void* state) const final { self().on_leave(step, of(state)); }
  void disseminate(Step& step, void* state, const Message& message) const final {
    self().on_disseminate(step, of(state), message);
  }
  void request(Step& step, void* state, const Request& request) const final {
    self().on_request(step, of(state), request);
  }
  void save(const void* state, MonoTime now, Persisted& out) const final { self().on_save(of(state), now, out); }
  const Store* store(const void* state) const final { return self().held(of(state)); }
  void digest(const void* state, Hasher& hasher) const final { self().on_digest(of(state), hasher); }

  // Defaults, hidden by the derived class where it has its own.
  void on_start(Step&, State&, const Boot&) const {}
  void on_message(Step&, State&, NodeSlot, const Message&) const {}
  void on_member_change(Step&, State&, const MemberChange&) const {}
  void on_leave(Step&, State&) const {}
  void on_disseminate(Step&, State&, const Message&) const {}
  void on_request(Step&, State&, const Request&) const {}
  void on_save(const State&, MonoTime, Persisted&) const {}
  void on_timer(Step&, State&, Timer) const {}
  const Store* held(const State&) const { return nullptr; }
  void on_digest(const State&, Hasher&) const {}

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
  static State& of(void* state) { return *static_cast<State*>(state); }
  static const State& of(const void* state) { return *static_cast<const State*>(state); }
};

}  // namespace hearsay
