// One node's copy of the data: the store, its clock of versions, the tickets it holds of others, and the timer that
// drives expiry. Reports every change of the store. Below the coordinator and the repair strategies, which share it.
//
// Invariants: a value with a TTL that came from another node enters only with a fresh voucher (copy.hpp); a version
// never gives way to an older one (the store's own rule). One thread; belongs to one node's state. Tickets, deadlines
// and the time a peer was last dealt with are of the node's monotonic clock.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/kv/hlc.hpp"
#include "core/kv/store.hpp"
#include "core/protocol/step.hpp"
#include "core/replication/copy.hpp"
#include "core/replication/params.hpp"

namespace hearsay {

// Timers of the replication role.
enum ReplicationTimer : std::uint8_t { kExpiryTimer, kRequestTimer, kRoundTimer, kHandOverTimer };

// What a node remembers of others it deals with: the last ticket, and how far it has compared its items with theirs.
// At most kMaxPeers; the one not dealt with for longest gives way.
class PeerTable {
 public:
  static constexpr std::size_t kMaxPeers = 256;
  // A ticket older than this is not returned: drift of the clock that measures how long it was held would add up.
  static constexpr Duration kMaxHeld = 60s;

  struct Peer {
    NodeId id{};
    Ticket ticket;
    MonoTime received{};
    MonoTime used{};
    StoreCursor cursor;
  };

  Peer& at(NodeId id, MonoTime now);
  void keep_ticket(NodeId id, const Ticket& ticket, MonoTime now);
  // An empty ticket when there is none young enough.
  Voucher voucher(NodeId id, MonoTime now);
  std::size_t size() const { return peers_.size(); }
  void digest(Hasher& hasher) const;

 private:
  std::vector<Peer> peers_;  // by id
};

class Replica {
 public:
  Replica(const ReplicationParams& params, MonoTime now)
      : params_(&params), store_(params.store(), now), clock_(params.max_clock_offset) {}

  const ReplicationParams& params() const { return *params_; }
  const Store& store() const { return store_; }
  PeerTable& peers() { return peers_; }

  // Members that hold a key by this node's view, the owner first. `more` asks for that many beyond n. Valid until the
  // next call.
  std::span<const NodeSlot> replicas(Step& step, std::uint64_t hash, std::size_t more = 0);
  bool is_replica(Step& step, std::uint64_t hash) { return contains(replicas(step, hash), step.self()); }

  // A new version, above all that this node has seen (within max_clock_offset).
  Version next_version(Step& step) { return clock_.tick(step.wall(), step.id(step.self())); }
  void observe(Step& step, Version version) {
    if (version) (void)clock_.observe(version, step.wall());
  }

  // Whether next_version() would be above this one.
  bool overtakes(Version version) const { return clock_.last() >= version.time; }

  // ---- copies ----
  Ticket issue(const Step& step) const { return {step.epoch() + 1, step.mono().time_since_epoch()}; }
  bool is_fresh(const Step& step, const Voucher& voucher) const;
  // Takes a copy whose freshness was checked; reports the change.
  WriteResult apply(Step& step, const Copy& copy, std::uint64_t hash);
  // Takes a copy from another node: as above, but not when it must be fresh and is not (false).
  bool accepts(const Step& step, const Copy& copy, const Voucher& voucher) const {
    return !copy.ages() || params_->copy_window == Duration::zero() || is_fresh(step, voucher);
  }
  Lookup read(const Step& step, std::string_view key) const { return store_.get(key, step.mono()); }
  // What a store's item is as a copy.
  static Copy copy_of(const StoreItem& item);
  // Gives a key up.
  bool drop(Step& step, std::string_view key, Version held);

  // ---- life ----
  // Takes back what survived; discards it when the node was away for longer than tombstones are kept.
  void restore(Step& step, const Persisted& persisted);
  void save(MonoTime now, Persisted& out) const;
  void on_expiry_timer(Step& step, Timer timer);
  void digest(Hasher& hasher) const;

 private:
  void arm_expiry(Step& step);

  const ReplicationParams* params_;
  Store store_;
  Hlc clock_;
  PeerTable peers_;
  TimerGate expiry_;
  MonoTime armed_ = MonoTime::max();
  std::vector<NodeSlot> nodes_;
};

}  // namespace hearsay
