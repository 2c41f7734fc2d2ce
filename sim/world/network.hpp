// The simulated network: what becomes of one message between two nodes. Latency, loss, duplication, reordering,
// bandwidth, the two link kinds, partitions and link changes.
//
// Draws are a function of (seed, sender, receiver, send time, index among that instant's sends to that receiver):
// Philox has no state to share, so one more message, probe or fault changes nobody else's weather. Reachability is
// looked up at sending; whether the receiver is up, at delivery. One thread.
//
// A `udp` link treats every datagram on its own. A `zmq` link is a TCP connection for everything between two nodes: in
// order, a lost segment is sent again after a timeout instead of vanishing. A stream over `udp` is a short connection
// of its own: nothing vanishes, and it waits for no other. Across a cut a `zmq` link holds what is sent (up to the
// high-water mark a pair, the newest is dropped beyond) and replays it after the heal, at the first retransmission that
// gets through; a stream over `udp` fails.
//
// What was held meets the link as it is at the heal: the latency, loss and duplication of the changes then in force,
// and the delay of the partitions that remain. What begins between the heal and the retransmission does not touch it.
// It has left the sender's uplink before, and is not charged again.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/protocol/step.hpp"
#include "sim/measure/truth.hpp"
#include "sim/plan/plan.hpp"
#include "sim/plan/reachability.hpp"

namespace hearsay::world {

// A partition in force, its sides resolved to nodes.
struct ActivePartition {
  std::size_t event = 0;  // index in the plan
  std::string name;
  std::vector<std::uint8_t> side;  // by slot; kNoSide: reaches and is reached by everybody
  std::vector<std::vector<bool>> allowed;
  plan::Partition::Mode mode{};
  std::int64_t delay_ns = 0;
  static constexpr std::uint8_t kNoSide = 0xff;
  // Whether it stands between the two, in this direction.
  bool separates(std::uint32_t src, std::uint32_t dst) const {
    const std::uint8_t src_side = side[src];
    const std::uint8_t dst_side = side[dst];
    return src_side != kNoSide && dst_side != kNoSide && !allowed[src_side][dst_side];
  }
};

// A link change in force.
struct ActiveLinkChange {
  std::size_t event = 0;
  std::vector<bool> from;  // by slot
  std::vector<bool> to;
  bool both_ways = true;
  const plan::LinkChange* change = nullptr;
  bool applies(std::uint32_t src, std::uint32_t dst) const {
    return (from[src] && to[dst]) || (both_ways && from[dst] && to[src]);
  }
};

// What happens to one message.
struct Fate {
  int copies = 0;                  // 0: dropped or held
  bool held = false;               // the caller gives its reference to hold()
  std::int64_t at_ns[2] = {0, 0};  // arrival of each copy
  bool connection = false;         // of a held one: goes on as a connection's segment, not as a datagram
};

class Network {
 public:
  Network(const plan::Plan& plan, std::uint64_t seed);

  // Decides. `effects` (by event index) and `traffic` are counted up.
  Fate send(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, std::uint32_t bytes, SendClass send_class) {
    const std::uint32_t index = instant_index(now_ns, src, dst);
    instant_.sent.push_back(dst);
    return send_indexed(now_ns, src, dst, bytes, send_class, index);
  }
  // The same for each receiver of a publish; end_publish() then counts it once for everybody.
  Fate send_published(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, std::uint32_t bytes) {
    return send_indexed(now_ns, src, dst, bytes, SendClass::kDatagram, instant_index(now_ns, src, dst));
  }
  void end_publish() { ++instant_.publishes; }

  // Takes a message that send() said is held; `connection` is the fate's.
  void hold(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, MessageRef message, bool connection);
  // A node's process died: its connections, and what they held, are gone (counted as dropped_down). What it sends or is
  // sent in its next life waits for nothing of this one; what is on its way already still arrives, at whoever runs
  // then. O(pairs that hold something).
  void forget_node(std::uint32_t node);
  void forget_held() { held_.clear(); }

  // Changes the partitions in force. Error (kInvalidArgument): more than 64 groups of nodes would result.
  Result<void> add(ActivePartition partition);
  // Ends those of an event, of a name, or (empty name) all; returns how many.
  std::size_t remove_event(std::size_t event);
  std::size_t remove_named(std::string_view name);
  // Messages that can go on after a heal, with their arrival, in a fixed order; a duplicate is one more.
  struct Released {
    std::uint32_t src, dst;
    std::int64_t at_ns;
    MessageRef message;
  };
  std::vector<Released> release(std::int64_t now_ns);

  void add(ActiveLinkChange change);
  std::size_t remove_link_changes(std::size_t event);

  // What the schedule implies: only partitions that drop or hold count as unreachable.
  const plan::Reachability& reachability() const { return reachability_; }
  // The smallest latency that any message can have: the length of a window for parallel runs. Above zero.
  std::int64_t shortest_latency_ns() const { return shortest_ns_; }
  // Pairs whose last arrival is remembered for the order of a zmq link. At most twice as many as have something on its
  // way, or kFewConnections.
  std::size_t connections() const { return connections_.size(); }
  static constexpr std::size_t kFewConnections = 4096;

  measure::Traffic traffic;                   // the drop, duplicate and hold counters; the driver owns the rest
  std::vector<measure::EventEffect> effects;  // by event index

 private:
  static std::uint64_t pair(std::uint32_t src, std::uint32_t dst) { return std::uint64_t{src} << 32 | dst; }
  std::size_t link_index(std::uint32_t src, std::uint32_t dst) const {
    return regions_ == 1 ? 0 : std::size_t{region_[src]} * regions_ + region_[dst];
  }

  // Index of this send among those of (now, src) to dst. Inputs of one node at one instant follow each other, so one
  // list is enough.
  std::uint32_t instant_index(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst) {
    if (now_ns != instant_.now_ns || src != instant_.src) begin_instant(now_ns, src);
    std::uint32_t index = instant_.publishes;
    for (const std::uint32_t earlier : instant_.sent) index += earlier == dst ? 1 : 0;
    return index;
  }
  void begin_instant(std::int64_t now_ns, std::uint32_t src) {
    instant_.now_ns = now_ns;
    instant_.src = src;
    instant_.publishes = 0;
    instant_.sent.clear();
  }

  Fate send_indexed(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, std::uint32_t bytes,
                    SendClass send_class, std::uint32_t index) {
    if (plain_ && send_class == SendClass::kDatagram) [[likely]] {
      const Block block = philox(latency_key_ + index, pair(src, dst), static_cast<std::uint64_t>(now_ns));
      const plan::LinkSpec& link = links_[link_index(src, dst)];
      if (link.loss.hit(block.b)) [[unlikely]] {
        ++traffic.dropped_loss;
        return {};
      }
      return {1, false, {now_ns + link.latency.sample(block.a).count(), 0}};
    }
    return send_slowly(now_ns, src, dst, bytes, send_class, index);
  }
  Fate send_slowly(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, std::uint32_t bytes, SendClass send_class,
                   std::uint32_t index);
  // The draws of one send.
  struct Draws {
    std::uint64_t pair;
    std::uint64_t time;
    std::uint32_t index;
    Block block(std::uint64_t key) const { return philox(key + index, pair, time); }
  };
  // The values that one message meets, and what its draws make of it under them.
  struct Weather {
    const Ratio* loss;
    const Ratio* duplicate;
    const Ratio* reorder;
    const DurationDistribution* latency;
    const DurationDistribution* reorder_delay;
  };
  struct Passage {
    bool lost = false;
    bool duplicated = false;
    bool reordered = false;
    std::int64_t delay_ns = 0;            // latency, retransmissions of a connection, reordering
    std::int64_t duplicate_delay_ns = 0;  // of the second copy
  };
  static constexpr std::size_t kAllChanges = ~std::size_t{0};
  // Under the changes in force, but for those of one event.
  Weather weather(std::uint32_t src, std::uint32_t dst, std::size_t without_event) const;
  Passage passage(const Draws& draws, const Weather& weather, bool connection) const;
  void credit_changes(std::uint32_t src, std::uint32_t dst, const Draws& draws, bool connection, const Passage& is);
  // What partitions do to the pair.
  struct Cut {
    bool drop = false;
    bool hold = false;
    std::int64_t delay_ns = 0;
  };
  Cut cut_between(std::uint32_t src, std::uint32_t dst);
  // Counts up what the partitions of these modes that separate the pair have done to a message.
  void credit_cut(std::uint32_t src, std::uint32_t dst, std::initializer_list<plan::Partition::Mode> modes,
                  std::uint64_t measure::EventEffect::* count);
  // The fate of a message that no partition stops. It draws as the one with `index` among those sent at now_ns.
  Fate travel(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, std::int64_t departs_ns, const Cut& cut,
              std::uint32_t index, bool connection);
  bool depart(std::int64_t now_ns, std::uint32_t src, std::uint32_t bytes, std::int64_t& departs_ns);
  std::int64_t retransmission_delay(const Draws& draws, Ratio loss) const;
  std::int64_t in_order(std::uint32_t src, std::uint32_t dst, std::int64_t at_ns);
  void forget_idle_connections(std::int64_t now_ns);
  Result<void> regroup();
  void settle_plain();

  const plan::Plan& plan_;
  const plan::NetworkSpec& spec_;
  std::uint64_t latency_key_, loss_key_, duplicate_key_, reorder_key_;
  std::size_t regions_;
  std::vector<std::uint16_t> region_;  // by slot; empty with one region
  const plan::LinkSpec* links_;
  bool plain_ = true;  // datagrams over one kind of loss: the fast path suffices
  std::int64_t shortest_ns_ = 1;

  struct Instant {
    std::int64_t now_ns = -1;
    std::uint32_t src = 0;
    std::uint32_t publishes = 0;
    std::vector<std::uint32_t> sent;
  } instant_;

  std::vector<ActivePartition> partitions_;
  std::vector<ActiveLinkChange> changes_;
  plan::Reachability reachability_;
  std::vector<std::int64_t> uplink_free_ns_;  // by slot; empty without a bandwidth

  struct Held {
    std::int64_t since_ns;
    MessageRef message;
    bool connection;
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::deque<Held>> held_;  // ordered: released in a fixed order
  // A connection ends with either process: it is of the lives that both had together when it was made.
  struct Connection {
    std::int64_t last_arrival_ns = 0;
    std::uint32_t lives = 0;
  };
  std::unordered_map<std::uint64_t, Connection> connections_;  // by pair, of zmq links; no decision hangs on its order
  std::size_t many_connections_ = kFewConnections;             // when to forget the idle ones
  std::vector<std::uint32_t> lives_;                           // by slot: how many have ended
};

}  // namespace hearsay::world
