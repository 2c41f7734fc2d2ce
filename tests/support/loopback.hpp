// A minimal deterministic driver for tests of strategies: nodes n0, n1, ... in one process and one directory, a queue
// ordered by (time, receiver, sender, sender's sequence), latencies that are a function of the seed. Not the simulator:
// no windows, no compact events, no weather, so that it can be read in one go and be compared with.
//
// One thread. Two runs with the same calls and the same seed are equal, event by event.
//
// To catch a strategy that mixes up clocks, every node's monotonic clock has an origin of its own, far from its wall
// clock's. `wire` packs and unpacks every message and throws std::logic_error when one does not come back as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/protocol/codec.hpp"
#include "core/protocol/node.hpp"
#include "core/protocol/private_views.hpp"

namespace hearsay::test {

// Placements by (ring, members), never dropped: a test's views are few.
class PlainPlacements final : public PlacementSource {
 public:
  explicit PlainPlacements(const Directory& directory) : directory_(directory) {}
  void use(const Ring& ring) { ring_ = &ring; }
  const Placement& placement(View view) override;
  std::uint64_t hash_key(std::string_view key) const override { return ring_->hash_key(key); }

 private:
  struct Key {
    const Ring* ring;
    std::uint64_t hi;
    std::uint64_t lo;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  const Directory& directory_;
  const Ring* ring_ = nullptr;
  std::map<Key, std::shared_ptr<const Placement>> built_;
};

// Frees a node's block of state.
struct FreeBlock {
  std::align_val_t alignment{1};
  void operator()(void* block) const { ::operator delete(block, alignment); }
};

class Loopback {
 public:
  struct Options {
    std::uint32_t nodes = 3;
    std::uint64_t seed = 1;
    // Uniform between the two, drawn for each message and receiver; equal ones make it constant.
    Duration latency_min = 1ms;
    Duration latency_max = 1ms;
    bool wire = false;
    // Names of more nodes that the directory can take than there are.
    std::uint32_t spare_slots = 0;
  };

  struct Counters {
    std::uint64_t sent = 0;  // counted for each receiver
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;  // by `drop`, or because the receiver was down
    std::uint64_t bytes = 0;    // of what was sent
  };

  struct Answer {
    NodeSlot node = kNoSlot;
    TrueTime at{};
    Reply reply;
  };

  Loopback(std::shared_ptr<const Composition> composition, const Options& options);
  ~Loopback();
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  // ---- settings, any time ----
  // Whom a starting node is told of, itself left out; n0 unless set.
  std::vector<NodeSlot> seeds{NodeSlot{0}};
  // True loses the message. Asked once for each receiver, when it is sent.
  std::function<bool(NodeSlot from, NodeSlot to, const Message& message)> drop;
  // Replaces the strategies of a node that is not running.
  void use(NodeSlot node, std::shared_ptr<const Composition> composition);
  // The node's wall clock is this far ahead of true time; a change is a step of the clock.
  void set_wall_offset(NodeSlot node, Duration offset) { nodes_[raw(node)].wall_offset = offset; }

  // ---- life of nodes ----
  void start(NodeSlot node);  // also after a crash: a new epoch
  void start_all();           // in order of slots
  // The process ends at once: timers and state are gone. `keep` preserves what the strategies save.
  void crash(NodeSlot node, bool keep = true);
  // A paused node's inputs wait, in order, until it is resumed.
  void pause(NodeSlot node) { nodes_[raw(node)].paused = true; }
  void resume(NodeSlot node);
  // The node says goodbye and goes on until crash() ends it.
  void leave(NodeSlot node);
  bool up(NodeSlot node) const { return nodes_[raw(node)].block != nullptr; }

  // ---- time ----
  TrueTime now() const { return now_; }
  void run_for(Duration duration);
  // Runs until `done` holds, asked after each event; false when `limit` passed first.
  bool run_until(const std::function<bool()>& done, Duration limit);

  // ---- input ----
  // Hands a request to a node now (when it is resumed, if it is paused); numbers it when its id is 0.
  RequestId request(NodeSlot node, Request request);
  // The same, and runs until it is answered; nothing when `limit` passed first.
  std::optional<Reply> call(NodeSlot node, Request request, Duration limit = 1min);
  // Puts a message on its way as if `from` had sent it (it need not run).
  void inject(NodeSlot from, NodeSlot to, MessageRef message);
  template <class M>
  void inject(NodeSlot from, NodeSlot to, Draft<M>&& draft) {
    seal(*draft, directory_);
    inject(from, to, std::move(draft).take());
  }

  // ---- results ----
  const std::vector<Answer>& answers() const { return answers_; }
  const Reply* reply(RequestId id) const;  // null while unanswered
  std::vector<Observation>& observations() { return observations_; }
  std::size_t count(ObservationKind kind, NodeSlot node = kNoSlot) const;  // of all nodes for kNoSlot
  Counters counters(std::string_view message) const;  // by the message's name; zeroes when it never occurred
  const std::map<std::string, Counters, std::less<>>& counters() const { return counters_; }
  // Of all running nodes' states: equal runs, equal digests.
  Hash128 digest() const;

  // ---- inside ----
  Directory& directory() { return directory_; }
  MessagePool& pool() { return pool_; }
  View view(NodeSlot node) { return View(views_, node); }
  const Composition& composition(NodeSlot node) const { return *nodes_[raw(node)].composition; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  Epoch epoch(NodeSlot node) const { return nodes_[raw(node)].epoch; }
  MonoTime mono(NodeSlot node) const;
  WallTime wall(NodeSlot node) const;
  // A strategy's state, of a type the test must know. The node must be up.
  template <class State>
  State& state(NodeSlot node, Role role) {
    HEARSAY_CHECK(up(node));
    return *static_cast<State*>(composition(node).state(nodes_[raw(node)].block.get(), role));
  }

 private:
  enum class Kind : std::uint8_t { kMessage, kTimer, kRequest };
  struct Event {
    TrueTime at{};
    NodeSlot to = kNoSlot;
    NodeSlot from = kNoSlot;
    std::uint64_t sequence = 0;
    Kind kind = Kind::kMessage;
    Role role{};  // of a timer
    Timer timer;
    Epoch life = 0;  // the epoch that armed the timer
    MessageRef message;
    Request request;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const;
  };

  struct Life {
    std::shared_ptr<const Composition> composition;
    std::unique_ptr<void, FreeBlock> block;  // null while down
    Epoch epoch = 0;
    bool paused = false;
    Duration wall_offset{0};
    std::uint64_t sequence = 0;  // of what it sends and arms; goes on after a restart
    std::optional<Persisted> persisted;
    TrueTime down_since{};
    std::vector<Event> backlog;
  };

  Node node(NodeSlot slot) { return Node(*nodes_[raw(slot)].composition, nodes_[raw(slot)].block.get()); }
  Step& begin(NodeSlot slot);
  void drain(NodeSlot slot);
  void post(NodeSlot from, NodeSlot to, MessageRef message);
  MessageRef over_the_wire(NodeSlot from, const Message& message);
  void handle(Event event);
  bool step_until(TrueTime end);

  Directory directory_;
  PrivateViews views_;
  MessagePool pool_;
  MessageTypes types_;
  PlainPlacements placements_;
  Options options_;
  std::uint64_t latency_key_;
  std::vector<Life> nodes_;
  std::priority_queue<Event, std::vector<Event>, Later> queue_;
  TrueTime now_{};
  std::uint64_t next_request_ = 1;
  std::string frame_;

  std::vector<Answer> answers_;
  std::vector<Observation> observations_;
  std::map<std::string, Counters, std::less<>> counters_;
  Step step_;
};

}  // namespace hearsay::test
