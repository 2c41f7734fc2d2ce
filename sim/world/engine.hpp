// The event engine: nodes in an arena, the queue, the network between them, and the loop that runs one input after the
// other. It knows no scenario: the world (world.hpp) applies the time line and the workload through it.
//
// Every input a node handles is one event with a place in the total order (time, receiver, sender, sender's sequence),
// and one term of the fingerprint: a hash of (time, receiver, sender, sequence, type, index at the receiver), summed
// modulo 2^128, so that a change of any event or of the order at any node shows, and sums of threads could be added up.
// Final states are hashed on top. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/hash.hpp"
#include "core/protocol/node.hpp"
#include "sim/measure/truth.hpp"
#include "sim/world/armed_timers.hpp"
#include "sim/world/clock.hpp"
#include "sim/world/event_queue.hpp"
#include "sim/world/network.hpp"
#include "sim/world/node_arena.hpp"

namespace hearsay::world {

// Who hears of what the nodes do.
class EngineListener {
 public:
  virtual ~EngineListener() = default;
  virtual void on_observation(const Observation& observation) = 0;
  virtual void on_reply(NodeSlot node, const Reply& reply) = 0;
  // An event that a client pushed (Engine::push_client): `client` and `argument` are its own.
  virtual void on_client_event(std::uint32_t client, NodeSlot node, std::uint32_t argument) = 0;
};

struct EngineOptions {
  bool wire = false;     // pack, unpack and compare every message
  bool observed = true;  // false: observations are not even made
};

class Engine {
 public:
  // What a node's socket buffer and run queue hold while it is paused or slow; more messages are dropped.
  static constexpr std::size_t kMaxBacklog = 65'536;
  // What it holds of its clients' requests; more are refused.
  static constexpr std::size_t kMaxQueuedRequests = 65'536;

  // All must outlive the engine.
  Engine(const Composition& composition, const Directory& directory, ViewStore& views, PlacementSource& placements,
         Network& network, std::uint64_t seed, EngineListener& listener, EngineOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  TrueTime now() const { return TrueTime(Duration(now_ns_)); }
  // Handles all events before `end`, then it is `end`; or stops after `most` of them, those that came to nothing (at a
  // node that is down, say) included, when it is before `end`. Returns how many inputs nodes handled.
  std::uint64_t run_before(TrueTime end, std::uint64_t most = ~std::uint64_t{0});

  // ---- a node's life; each says whether it did anything ----
  // Starts the process: the first time, or after a crash (`keep_state`: with what survived) or a leave.
  bool start(NodeSlot node, bool keep_state, std::span<const NodeSlot> seeds);
  bool crash(NodeSlot node);
  bool leave(NodeSlot node);  // tells the others; goes on running until stop()
  bool stop(NodeSlot node);   // ends a leaver's process; what a crash leaves behind survives this too
  bool pause(NodeSlot node, measure::EventEffect* effect);
  bool resume(NodeSlot node);
  // Slowness is the machine's: it outlives the process, and of several causes in force (the events of the time line, by
  // number) the one that began last sets the pace. slow() says whether a process felt it at once, end_slow() whether
  // the cause was in force.
  bool slow(NodeSlot node, std::size_t cause, Duration step, measure::EventEffect* effect);
  bool end_slow(NodeSlot node, std::size_t cause);

  // ---- clocks; timers follow their node's ----
  void step_clock(NodeSlot node, Duration by);
  // Says, before the process starts, that set_drift() will come while it runs: only then are its timers kept.
  void expect_drift(NodeSlot node);
  void set_drift(NodeSlot node, std::int64_t ppb);

  measure::ProcessState state(NodeSlot node) const { return arena_[raw(node)].state; }
  Epoch epoch(NodeSlot node) const { return arena_[raw(node)].epoch; }
  bool running(NodeSlot node) const { return arena_[raw(node)].running; }

  // ---- clients ----
  // Calls on_client_event at `at`, in the total order with `client` as the sender.
  void push_client(TrueTime at, std::uint32_t client, NodeSlot node, std::uint32_t argument);
  // Hands a request to a running node, now or when its backlog gets to it. False: refused, the backlog is full, and no
  // reply will come.
  [[nodiscard]] bool request(NodeSlot node, std::uint32_t client, Request request);

  // After a heal: what the cut held goes on.
  void release_held();

  // ---- results ----
  std::uint64_t events() const { return events_; }
  // The whole run's: events so far and the states of all nodes. O(nodes).
  Hash128 fingerprint() const;
  void add_traffic(measure::Traffic& traffic) const;
  std::size_t memory_bytes() const;
  std::size_t pending_events() const { return queue_.size(); }

 private:
  // An input that waits at a paused or slow node.
  struct Waiting {
    Event event;
    MessageRef message;                // of a message
    std::unique_ptr<Request> request;  // of a client's
  };
  struct Backlog {
    std::deque<Waiting> waiting;
    bool paused = false;
    bool serving = false;      // an event is on its way that serves the next input
    std::int64_t step_ns = 0;  // of a slow node
    std::size_t messages = 0;
    std::size_t requests = 0;
    measure::EventEffect* paused_by = nullptr;
    measure::EventEffect* slowed_by = nullptr;
    // Whose doing it is that an input waits.
    measure::EventEffect* effect() const { return paused ? paused_by : slowed_by; }
  };
  // One cause of a node's slowness.
  struct Slowness {
    std::size_t cause;
    std::int64_t step_ns;
    measure::EventEffect* effect;
  };

  void handle(const Event& event);
  void handle_driver_event(const Event& event);
  bool divert(const Event& event, MessageRef message, std::unique_ptr<Request> request);
  void serve(std::uint32_t node);
  bool settle_pace(std::uint32_t node);
  void input(NodeRecord& record, const Event& event, const Message* message, const Request* request);
  void begin(const NodeRecord& record, std::uint32_t node);
  void count(NodeRecord& record, const Event& event, std::uint32_t type);
  void drain(NodeRecord& record, std::uint32_t node);
  void drain_reports(std::uint32_t node);
  void count_sent(const Message& message);
  void arm_by_clock(NodeRecord& record, std::uint32_t node, const Step::Action& action);
  void transmit(NodeRecord& record, std::uint32_t node, std::uint32_t to, const Message& message, const Fate& fate);
  void publish(NodeRecord& record, std::uint32_t node, const Message& message);
  MessageRef through_the_wire(NodeRecord& record, std::uint32_t node, const MessageRef& message);
  void keep(const NodeRecord& record, std::uint32_t node);
  void end_process(NodeRecord& record, std::uint32_t node);
  NodeClock& clock_of(NodeSlot node);
  MonoTime mono(const NodeRecord& record) const;

  const Composition& composition_;
  const Directory& directory_;
  ViewStore& views_;
  Network& network_;
  EngineListener& listener_;
  EngineOptions options_;

  MessagePool pool_;
  Step step_;
  NodeArena arena_;
  EventQueue queue_;
  std::int64_t now_ns_ = 0;
  std::uint64_t events_ = 0;
  Hash128 sum_;

  std::vector<NodeClock> clocks_;                            // 0: true time
  std::vector<ArmedTimers> armed_;                           // as clocks_; of those that change their rate
  std::map<std::uint32_t, Backlog> backlogs_;                // by node
  std::map<std::uint32_t, std::vector<Slowness>> slowness_;  // by node, in force, in the order they began
  struct Kept {
    Persisted persisted;
    MonoTime at;
  };
  std::map<std::uint32_t, Kept> kept_;  // what survived a crash or a stop, by node
  std::vector<std::uint32_t> client_seq_;
  std::vector<measure::TypeTraffic> sent_;  // by the pool's family
  std::uint64_t delivered_ = 0;
  std::uint64_t dropped_down_ = 0;
  std::uint64_t dropped_backlog_ = 0;
  // --wire
  std::unique_ptr<Directory> wire_directory_;
  MessageTypes wire_types_;
  std::string wire_buffer_;
};

}  // namespace hearsay::world
