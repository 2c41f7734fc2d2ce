// A node on real clocks, without its sockets: the strategies' state, what the node knows of others, its timers, and
// what its steps decided and a loop has yet to carry out. The loop (live_node.hpp) and callers that hold the node's
// lock step it; nothing here blocks.
//
// One thread at a time (the node's lock). Bounds: the directory's capacity, kMaxTimers, and the strategies' own.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/kv/store.hpp"
#include "core/protocol/node.hpp"
#include "core/protocol/private_views.hpp"
#include "core/ring/placement_history.hpp"
#include "transport/messages.hpp"

namespace hearsay::transport {

// Both clocks of a node, read from the machine's.
struct Now {
  MonoTime mono{};
  WallTime wall{};
  static MonoTime read_mono();
  static Now read();
};

struct CoreOptions {
  std::string name;
  std::string address;
  double weight = 1.0;
  std::uint32_t zone = 0;
  Epoch epoch = 1;
  std::uint64_t seed = 0;          // of the node's random streams
  std::uint32_t max_nodes = 8192;  // nodes it can ever have heard of
  std::vector<Card> peers;         // known from the start, as a configuration file would name them
  bool observed = false;           // observations are kept
};

class NodeCore {
 public:
  static constexpr std::size_t kMaxTimers = std::size_t{1} << 20;
  // Inputs that wait until the node has joined.
  static constexpr std::size_t kMaxEarly = 1024;

  // kInvalidArgument for a name, weight or peer that cannot be, or two message types with one tag.
  static Result<std::unique_ptr<NodeCore>> make(std::shared_ptr<const Composition> composition,
                                                const CoreOptions& options);
  ~NodeCore();
  NodeCore(const NodeCore&) = delete;
  NodeCore& operator=(const NodeCore&) = delete;

  // ---- inputs: what they decide is appended to the lists below ----
  void start(Now now, std::span<const NodeSlot> seeds, const Persisted* persisted = nullptr);
  bool started() const { return started_; }
  // A message of a strategy. Before the start it is kept, at most kMaxEarly of them.
  void receive(Now now, NodeSlot from, MessageRef message);
  // Runs up to `budget` due timers. Returns whether there are more.
  bool run_timers(Now now, std::size_t budget);
  MonoTime next_timer() const { return timers_.empty() ? MonoTime::max() : timers_.top().due; }
  // The reply is appended to `replies`, in this call or in a later one. Before the start it is kUnavailable.
  void request(Now now, const Request& request);
  void leave(Now now);

  // A get that this node's own copy answers, or nothing where request() is the way.
  std::optional<Lookup> read_alone(std::string_view key, MonoTime now);
  // The owner of a key, where its answer to a get is enough; kNoSlot where others count too, and where nobody owns it.
  NodeSlot sole_replica(std::string_view key);
  // null while nothing was ever held.
  const Store* store() const { return node_.store(); }
  std::uint64_t key_hash(std::string_view key) const { return placements_->hash_key(key); }
  void save(MonoTime now, Persisted& out) const { node_.save(now, out); }

  // ---- what is decided and not yet carried out; whoever takes it clears it ----
  struct Outgoing {
    NodeSlot to = kNoSlot;  // kNoSlot: to everybody
    MessageRef message;
    SendClass send_class{};
  };
  std::vector<Outgoing> outbox;
  std::vector<Reply> replies;
  std::vector<Observation> observations;
  std::vector<KeyChange> key_changes;

  void watch_keys(bool watched) { step_.watch_keys(watched); }

  // ---- inside ----
  NodeSlot self() const { return self_; }
  Epoch epoch() const { return options_.epoch; }
  Card card() const;
  const Composition& composition() const { return *composition_; }
  Directory& directory() { return directory_; }
  const Directory& directory() const { return directory_; }
  MessagePool& pool() { return pool_; }
  const MessageTypes& types() const { return types_; }
  View view() { return View(views_, self_); }
  std::uint64_t early_dropped() const { return early_dropped_; }

 private:
  struct FreeBlock {
    std::align_val_t alignment{1};
    void operator()(void* block) const { ::operator delete(block, alignment); }
  };
  struct Armed {
    MonoTime due{};
    std::uint64_t order = 0;  // of two that are due at once the one armed first
    Role role{};
    Timer timer;
    friend bool operator>(const Armed& a, const Armed& b) { return a.due != b.due ? a.due > b.due : a.order > b.order; }
  };

  NodeCore(std::shared_ptr<const Composition> composition, const CoreOptions& options);
  void begin(Now now);
  void drain(Now now);

  std::shared_ptr<const Composition> composition_;
  CoreOptions options_;
  Directory directory_;
  PrivateViews views_;
  MessagePool pool_;
  MessageTypes types_;
  std::unique_ptr<PlacementSource> placements_;
  Step step_;
  NodeSlot self_ = kNoSlot;
  std::unique_ptr<void, FreeBlock> block_;
  Node node_;
  bool started_ = false;
  std::priority_queue<Armed, std::vector<Armed>, std::greater<>> timers_;
  std::uint64_t armed_ = 0;
  std::deque<std::pair<NodeSlot, MessageRef>> early_;
  std::uint64_t early_dropped_ = 0;
  std::vector<MessageRef> to_self_;
};

}  // namespace hearsay::transport
