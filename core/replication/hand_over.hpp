// Hand-over: when the ring changes, items go to the replicas they now belong to. One for each node's state.
//
// A change of the view starts a lap over the store, `batch` items each `interval`. An item is offered, by digest, to
// whoever may be new among its replicas: a member that joined or restarted; after somebody went, the replicas further
// down the ring. An item that this node is no longer a replica of is offered to all of its replicas, and dropped once
// every one of them has confirmed that it holds this version or a newer one and considers itself a replica. A leaving
// node offers everything to the replicas that there will be without it.
//
// Bounds: kMaxNews members remembered by name (more: an item is offered to all of its other replicas), max_surplus
// items waiting for confirmations (more: the next lap), kMaxOffers digests a step, or those of a single item. Refused:
// sending copies unasked, which would need no answer but also no ticket.
//
// One thread; belongs to one node's state. Times are of the node's monotonic clock. A step looks at `batch` items, each
// in O(replicas); a confirmation is found in O(log surplus).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/protocol/step.hpp"
#include "core/replication/repairer.hpp"

namespace hearsay {

// Items but for the two times.
struct HandOverLimits {
  Duration interval = 100ms;  // between batches
  Duration retry = 1s;        // between laps while something waits to be confirmed
  std::size_t batch = 1024;
  std::size_t max_surplus = 1024;
  RepairLimits repair;
};

class HandOver {
 public:
  static constexpr std::size_t kMaxNews = 64;
  static constexpr std::size_t kMaxOffers = 256;

  void on_member_change(Step& step, const HandOverLimits& limits, const MemberChange& change);
  // This node holds an item that is not its own.
  void on_misplaced(Step& step, const HandOverLimits& limits);
  void on_leave(Step& step, Replica& replica, const HandOverLimits& limits);
  void on_timer(Step& step, Replica& replica, const HandOverLimits& limits, Timer timer);
  // A replica confirms what it holds.
  void on_held(Step& step, Replica& replica, NodeSlot from, std::span<const DigestEntry> held);

  bool leaving() const { return leaving_; }
  std::size_t surplus() const { return surplus_.size(); }
  void digest(Hasher& hasher) const;

 private:
  // What a lap looks for.
  struct News {
    std::vector<NodeSlot> arrived;
    bool everybody = false;  // more arrived than are remembered
    bool gone = false;
    bool any = false;
    void digest(Hasher& hasher) const;
  };
  struct Surplus {
    Version version;
    std::vector<NodeSlot> confirmed;
  };
  using SurplusMap = std::map<std::pair<std::uint64_t, std::string>, Surplus>;
  struct Offers;

  // The earliest of what is scheduled counts.
  void schedule(Step& step, Duration delay);
  void lap(Step& step, Replica& replica, const HandOverLimits& limits);
  // Whom an item is to be offered to, and how.
  std::uint8_t choose(Step& step, Replica& replica, const HandOverLimits& limits, const StoreItem& item,
                      std::vector<NodeSlot>& receivers);
  // False when there is no room for its offers in this step.
  bool visit(Step& step, Replica& replica, const HandOverLimits& limits, const StoreItem& item, Offers& offers);
  // Forgets the entry if it is settled: dropped, or this node's own again. Returns the next one.
  SurplusMap::iterator settle(Step& step, Replica& replica, SurplusMap::iterator at);

  TimerGate gate_;
  bool scheduled_ = false;
  MonoTime due_{};        // when scheduled
  bool running_ = false;  // a lap is under way
  bool leaving_ = false;
  bool skipped_ = false;  // the lap met more surplus than may wait
  StoreCursor cursor_;
  News news_;  // of the lap
  News next_;  // since it began
  SurplusMap surplus_;
};

}  // namespace hearsay
