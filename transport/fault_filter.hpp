// Faults on real links: stands in front of a node's sockets, on the sending side, and decides for every message to a
// peer whether it passes, is dropped, delayed, duplicated, put behind later ones, or held back. A controller gives it
// the rules in force; each counts what it did, so that a fault that did not bite is seen. Logic alone: no socket, no
// thread, the time is passed in. One thread. The same faults mean the same as in the simulator (sim/world/network.hpp):
//
//   - A rule that cuts (drop, hold) wins over everything. On a `zmq` link a cut never drops: it holds, and after the
//     heal the first retransmission that gets through brings the first one, and the others follow. On a `udp` link a
//     `drop` drops, and a `hold` goes on at the heal. What is held meets the rules that are in force at the heal.
//   - Cuts that delay add up. Of several rules that set loss, duplication, reordering or latency, the last one has its
//     way, for each of these on its own; what no rule sets is as the real link is.
//   - A `udp` link treats each datagram on its own. A `zmq` link is in order, whatever the delays are, and loses
//     nothing: a loss costs a retransmission's time (RFC 6298), and it neither duplicates nor reorders. A stream over
//     `udp` is a connection of its own: it loses nothing either, waits for no other, and fails at a `drop`.
//   - An effect is credited to a rule when the same message without that rule would have fared otherwise.
//
// One way is the normal case: a filter rules what its own node sends. A cut both ways is a rule at both ends.
//
// Delays come on top of what the real link takes. Draws are a function of (seed, this node, the peer, how many messages
// a rule has met on the way to it), so that what happens to one peer's messages changes nobody else's.
//
// What it cannot imitate of a cable that is cut: TCP's own retransmission and back-off of SYNs (a connection that was
// broken comes back when the kernel's timers say so), full kernel buffers and the pressure they make, half-open
// connections, heartbeats of ZMTP that stay away, a reconnect and the subscriptions that are sent again with it, and
// what lay in a socket's or the kernel's queue when the cut began: that still arrives. `drop` is therefore kinder than
// a cut cable, and `hold` is nearer to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/distribution.hpp"
#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/base/ratio.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/protocol/step.hpp"

namespace hearsay::transport {

enum class LinkKind : std::uint8_t {
  kUdp,  // each message on its own
  kZmq,  // in order, nothing lost but beyond the bounds
};

// A rule in force towards some peers.
struct FaultRule {
  // The scenario's event it comes from, below kMaxFaultEvents; none: the scenario's network itself, credited to nobody.
  std::optional<std::uint32_t> event;
  std::vector<NodeId> peers;  // in any order

  enum class Cut : std::uint8_t { kNone, kDrop, kDelay, kHold };
  Cut cut = Cut::kNone;
  Duration cut_delay{0};  // of kDelay

  std::optional<Ratio> loss;
  std::optional<Ratio> duplicate;
  std::optional<Ratio> reorder;                       // share of messages delayed by reorder_delay on top
  std::optional<DurationDistribution> latency;        // on top of the real link's
  std::optional<DurationDistribution> reorder_delay;  // zero where no rule sets it
};

// What an event did, in messages.
struct FaultEffect {
  std::uint64_t dropped = 0;
  std::uint64_t delayed = 0;
  std::uint64_t held = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t spared = 0;  // a loss, a duplication or being put behind others, which another rule would have brought
  std::uint64_t sooner = 0;  // than under another rule
  std::uint64_t total() const { return dropped + delayed + held + duplicated + reordered + spared + sooner; }
  FaultEffect& operator+=(const FaultEffect& other);
  friend bool operator==(const FaultEffect&, const FaultEffect&) = default;
};

// What became of messages, whoever is to blame.
struct FaultTotals {
  std::uint64_t passed = 0;          // at once
  std::uint64_t dropped_cut = 0;     // by a cut
  std::uint64_t dropped_loss = 0;    // by loss
  std::uint64_t dropped_queue = 0;   // beyond a bound of the filter's queues
  std::uint64_t dropped_forgot = 0;  // held for a peer that was forgotten
  FaultTotals& operator+=(const FaultTotals& other);
};

// Beyond these rules are refused: those in force, the number of an event, peers that rules have named so far.
inline constexpr std::size_t kMaxFaultRules = 1024;
inline constexpr std::uint32_t kMaxFaultEvents = 65'536;
inline constexpr std::size_t kMaxFaultPeers = 65'536;

struct FaultFilterOptions {
  LinkKind kind = LinkKind::kUdp;
  std::uint64_t seed = 1;
  // Messages held a peer; the newest is dropped beyond, as ZMQ_SNDHWM does.
  std::size_t held_per_peer = 1000;
  // Messages that wait, delayed and held, to all peers together, and their bytes; the newest is dropped beyond.
  std::size_t max_waiting = 100'000;
  std::size_t max_waiting_bytes = std::size_t{64} * 1024 * 1024;
  // A lost or held segment of a connection is sent again after this, doubling up to the maximum (RFC 6298).
  Duration retransmit_min = 200ms;
  Duration retransmit_max = 120s;
};

// A message that waited. `route` is the caller's, and means nothing here (which socket, say).
struct Parcel {
  NodeId to{};
  std::uint32_t route = 0;
  Bytes bytes;
};

class FaultFilter {
 public:
  enum class Verdict : std::uint8_t {
    kPass,   // send it now; a second copy may come from pop_due()
    kTaken,  // dropped, or kept to come from pop_due(); do not send it
  };

  FaultFilter(NodeId self, const FaultFilterOptions& options);
  FaultFilter(FaultFilter&&) = default;
  FaultFilter& operator=(FaultFilter&&) = default;
  FaultFilter(const FaultFilter&) = delete;
  FaultFilter& operator=(const FaultFilter&) = delete;

  // Replaces the rules in force, in the order of their beginning. What was held for a peer that no rule cuts any longer
  // goes on its way. kInvalidArgument, and nothing changed: a bound from above, a delay below 0 or over ten years.
  // O(peers named, peers known, messages let go).
  Result<void> set_rules(std::vector<FaultRule> rules, MonoTime now);

  // Whether every message would pass and none waits: then admit() need not be called, and `passed` is not counted.
  bool idle() const { return rules_.empty() && waiting_ == 0; }

  // Whether a rule in force drops or holds everything to a peer.
  bool cuts(NodeId peer) const;

  // Decides about one message; `bytes` are copied if it is kept. O(rules in force), and O(log waiting) if it is kept.
  Verdict admit(MonoTime now, NodeId to, SendClass send_class, std::string_view bytes, std::uint32_t route = 0);

  // When the next one that waits is due; a time that has passed is possible.
  std::optional<MonoTime> next_due() const;
  // The next one that is due, in order of due time, then of admission; to be sent at once. Not to be admitted again.
  std::optional<Parcel> pop_due(MonoTime now);

  // The peer's process died: what a cut held for it is gone, and the next one waits for nothing of before. Delayed ones
  // still arrive. O(held).
  void forget(NodeId peer);

  // By event, ascending; of events whose rules are gone too. An event that did nothing may be missing.
  const std::map<std::uint32_t, FaultEffect>& effects() const { return effects_; }
  const FaultTotals& totals() const { return totals_; }
  std::size_t waiting() const { return waiting_; }  // messages, delayed and held
  std::size_t held(NodeId peer) const;

 private:
  using Cut = FaultRule::Cut;

  struct Held {
    MonoTime since;
    SendClass send_class{};
    std::uint32_t route = 0;
    Bytes bytes;
  };
  struct Peer {
    std::vector<const FaultRule*> rules;  // that name it, in their order
    std::vector<std::uint32_t> events;    // these rules' own, each once
    std::deque<Held> held;                // in order
    std::uint64_t drawn = 0;              // messages that had draws
    std::size_t delayed = 0;              // messages of this life that wait in delayed_
    MonoTime last_due{};                  // of the latest of these
    std::uint32_t life = 0;               // how often it was forgotten
  };
  struct Delayed {
    MonoTime due;
    std::uint64_t number = 0;  // in the order of delaying
    std::uint32_t life = 0;
    Parcel parcel;
    // For a heap whose top is due first.
    friend bool operator<(const Delayed& x, const Delayed& y) {
      return x.due != y.due ? x.due > y.due : x.number > y.number;
    }
  };
  // One on its way through the filter; its bytes are copied when it is kept.
  struct Message {
    SendClass send_class{};
    std::uint32_t route = 0;
    std::string_view text;
    Bytes bytes{};
    std::optional<MonoTime> resumes{};  // of one that was held: when it departs
    const Bytes& keep() {
      if (bytes.empty()) bytes = Bytes(text);
      return bytes;
    }
  };
  // What the cuts in force do to a peer's messages.
  struct CutState {
    bool drop = false;
    bool hold = false;
    Duration delay{0};
  };
  // The values one message meets, and what its draws make of it under them.
  struct Weather;
  struct Passage;

  static CutState cut_of(const Peer& peer);
  static Weather weather_of(const Peer& peer, std::optional<std::uint32_t> without_event);
  Passage passage(NodeId to, std::uint64_t number, const Weather& weather, bool connection) const;
  Duration retransmission_delay(NodeId to, std::uint64_t number, Ratio loss) const;
  Block draw(NodeId to, std::uint64_t number, std::uint64_t what) const;

  bool has_room(std::size_t bytes) const;
  Verdict travel(MonoTime now, NodeId to, Peer& peer, const CutState& cut, Message& message);
  void delay(MonoTime due, NodeId to, Peer& peer, Message& message);
  void release(MonoTime now, NodeId to, Peer& peer);
  template <class Concerns>
  void credit(const Peer& peer, std::uint64_t FaultEffect::* count, Concerns concerns);
  void credit_changes(NodeId to, const Peer& peer, std::uint64_t number, bool connection, const Passage& is);

  FaultFilterOptions options_;
  std::uint64_t key_;  // of all draws of this node
  std::vector<FaultRule> rules_;
  std::map<NodeId, Peer> peers_;  // that a rule has named
  std::vector<Delayed> delayed_;  // a heap
  std::size_t waiting_ = 0;       // delayed and held
  std::size_t waiting_bytes_ = 0;
  std::uint64_t delayed_so_far_ = 0;
  std::map<std::uint32_t, FaultEffect> effects_;
  FaultTotals totals_;
};

}  // namespace hearsay::transport
