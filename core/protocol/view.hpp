// A node's view: what it believes of every member. Beliefs about one member are ordered, so that two nodes that have
// heard the same things believe the same, in whatever order they heard them:
//
//   (epoch, incarnation, status) lexicographically, with alive < suspect < dead < left
//
// An accusation so overrides the life sign of the same incarnation, a refutation needs a higher incarnation, and a
// restarted node (a higher epoch) overrides every accusation of its former life.
//
// The beliefs live in a ViewStore that the driver owns: private arrays in a real node, one base with differences for
// all nodes of a simulation. Both behave alike; a test holds them to it.
//
// One thread at a time, as the driver's. A store is bounded by the directory: a belief a slot.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/random.hpp"

namespace hearsay {

enum class Status : std::uint8_t { kAlive, kSuspect, kDead, kLeft };

inline constexpr std::uint8_t kStatuses = 4;

std::string_view to_string(Status status);

// A suspect counts as a member until it is declared dead.
constexpr bool is_member(Status status) { return status <= Status::kSuspect; }

struct Belief {
  Epoch epoch = 0;
  Incarnation incarnation = 0;
  Status status = Status::kAlive;

  friend constexpr auto operator<=>(const Belief&, const Belief&) = default;
};

// A believed subject, or nothing: `known` is false for a node never heard of, or forgotten.
struct MaybeBelief {
  bool known = false;
  Belief belief;
  bool member() const { return known && is_member(belief.status); }
};

// One change of a node's view, as the other roles are told of it.
struct MemberChange {
  NodeSlot subject = kNoSlot;
  MaybeBelief before;
  MaybeBelief after;
  bool joined() const { return !before.member() && after.member(); }
  bool gone() const { return before.member() && !after.member(); }
  // The same node, started anew: its former state may be lost.
  bool restarted() const { return before.known && after.member() && after.belief.epoch != before.belief.epoch; }
};

// All views of a driver. `owner` is whose view; a store of a real node has one owner and ignores it.
class ViewStore {
 public:
  virtual ~ViewStore() = default;

  virtual MaybeBelief get(NodeSlot owner, NodeSlot subject) const = 0;
  // Replaces the belief when the new one is greater or the subject unknown; true when it did. Amortised O(1).
  virtual bool merge(NodeSlot owner, NodeSlot subject, Belief belief) = 0;
  // Merges one belief about every slot of the domain, the owner's own included. O(domain) by default; a store that
  // shares a base among its owners may do it in O(1).
  virtual void merge_everyone(NodeSlot owner, Belief belief);
  // Drops what is known of a subject. Amortised O(1).
  virtual void forget(NodeSlot owner, NodeSlot subject) = 0;
  // Forgets everything: a process that starts anew. O(what it knew).
  virtual void clear(NodeSlot owner) = 0;

  // Members (alive and suspect), the owner among them if it believes in itself. O(1).
  virtual std::uint32_t members(NodeSlot owner) const = 0;
  // Everyone known, the dead included. O(1).
  virtual std::uint32_t known(NodeSlot owner) const = 0;
  // Sum of hash128(id) over the members: equal views, equal hashes, whatever the order of slots. O(1).
  virtual Hash128 member_hash(NodeSlot owner) const = 0;
  // Slots are below this.
  virtual std::uint32_t domain() const = 0;
};

// One node's view: a light handle that a Step hands out.
class View {
 public:
  View(ViewStore& store, NodeSlot owner) : store_(&store), owner_(owner) {}

  NodeSlot owner() const { return owner_; }
  MaybeBelief get(NodeSlot subject) const { return store_->get(owner_, subject); }
  bool is_member(NodeSlot subject) const { return get(subject).member(); }
  std::uint32_t members() const { return store_->members(owner_); }
  std::uint32_t known() const { return store_->known(owner_); }
  Hash128 member_hash() const { return store_->member_hash(owner_); }
  std::uint32_t domain() const { return store_->domain(); }

  // A uniform random member other than the owner; kNoSlot when there is none. Expected O(domain / members), at most
  // O(domain).
  NodeSlot random_member(Random& random) const;

  // Calls visit(NodeSlot, const Belief&) for everyone known, in slot order. O(domain). Slot order differs between
  // processes: use it only where the order does not matter, or sort by id.
  template <class Visit>
  void for_each_known(Visit&& visit) const {
    for (std::uint32_t i = 0; i < domain(); ++i) {
      const MaybeBelief belief = get(NodeSlot{i});
      if (belief.known) visit(NodeSlot{i}, belief.belief);
    }
  }

 private:
  ViewStore* store_;
  NodeSlot owner_;
};

// Distinct nodes drawn into `out` until it is full; how many were found. `draw` gives a candidate, kNoSlot when there
// is none at all; `accept` says whether one will do. After `tries` draws it gives up: where nearly everybody is wanted,
// one is left out now and then, which is cheaper than to list them. O(tries * out.size()), allocates nothing.
template <class Draw, class Accept>
std::size_t draw_distinct(std::span<NodeSlot> out, std::size_t tries, Draw&& draw, Accept&& accept) {
  std::size_t count = 0;
  for (; count < out.size() && tries > 0; --tries) {
    const NodeSlot candidate = draw();
    if (candidate == kNoSlot) break;
    if (accept(candidate) && !contains(out.first(count), candidate)) out[count++] = candidate;
  }
  return count;
}

// What a member's id adds to the hash of a view.
Hash128 member_hash_of(NodeId id);

}  // namespace hearsay
