// A node that runs: a thread that owns its sockets and steps its strategies, and calls for anybody in this process.
//
//   auto node = LiveNode::open(options, composition);
//   if (auto ready = (*node)->wait_ready(5s); !ready) ...
//   auto reply = (*node)->call({.op = OpKind::kGet, .key = "a"}, 500ms);
//
// The loop: poll, take what arrived, run timers that are due, send what the steps decided; a bounded piece of work at a
// time, the lock free in between. A caller takes the lock and steps the node itself: a get that this node answers alone
// costs no hop to the loop, and neither does a put of which it keeps the only copy.
//
// Joining: the node knocks at its seeds (link.Hello) until one answers (link.Welcome); the strategies start then, with
// the seeds that answered. Where the dissemination publishes, it first subscribes to all peers that the welcome names,
// and waits until they subscribed to it: its first announcement would otherwise be lost (the slow joiner). If a seed
// knows another node of the same name, that one is knocked at, too; if it answers, this node gives up.
//
// Nothing that a peer sends stops a node or makes it grow without bound: frames that are malformed, foreign, of another
// version or namespace, or about strangers are counted (counters()) and dropped.
//
// Threading: any thread, but the destructor, which belongs to whoever opened it, when nobody is in a call any longer.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <semaphore>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/kv/request.hpp"
#include "transport/address.hpp"
#include "transport/channel.hpp"
#include "transport/fault_filter.hpp"
#include "transport/links.hpp"
#include "transport/node_core.hpp"
#include "transport/turn_lock.hpp"
#include "transport/wake.hpp"

namespace hearsay::transport {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

struct NodeOptions {
  std::string name;  // empty: made up, and not the same at the next start
  double weight = 1.0;
  std::uint32_t zone = 0;
  LinkOptions links;
  std::vector<std::string> seeds;  // ROUTER endpoints of nodes to join through; none (or itself alone): begins alone
  std::vector<Card> peers;         // known from the start
  std::string topic{kDefaultTopic};
  std::string service{kDefaultService};
  // A node of no namespace serves clients of all of them.
  std::string name_space;
  SecurityOptions security;
  ContextOptions context_options;
  // To share inproc endpoints with; must outlive the node. Not with security.
  zmq::context_t* context = nullptr;
  std::uint32_t max_nodes = 8192;  // that it can ever have heard of
  std::uint32_t max_calls = 4096;  // of clients at a time; more are answered with unavailable
  std::uint64_t seed = 0;          // of its random streams; 0: drawn
  std::optional<Epoch> epoch;      // otherwise from the wall clock
  // Between telling the others and stopping, at most; it ends as soon as nothing is left to be handed over.
  Duration leave_grace = 30s;
  // For experiments: it binds and answers clients, but joins nobody, nor anybody through it, until begin() says so;
  // what survived a former life; faults in front of its sockets.
  bool hold = false;
  std::shared_ptr<const Persisted> persisted;
  std::optional<FaultFilterOptions> faults;
  // Both are called with the node's lock held, from any of its callers' threads: they must be quick, and not call back.
  std::function<void(LogLevel, const std::string&)> log;
  std::function<void(MonoTime, const Observation&, const Directory&)> observe;
};

// What a node sent of one type of message; of what is published, once for each node that listens.
struct SentOfType {
  const MessageType* type = nullptr;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

// What a node counts, by the names of to_string().
enum class Counted : std::uint8_t {
  kFramesReceived,
  kBytesReceived,
  kFramesSent,
  kBytesSent,
  kNewsPublished,
  kNewsMissed,        // published by others and lost on the way, by the gaps in their numbers
  kDroppedMalformed,  // not what the wire protocol says
  kDroppedForeign,    // MessagePack, but not ours
  kDroppedVersion,    // another major version
  kDroppedUnknown,    // a message nobody here knows
  kDroppedStranger,   // from or about a node never heard of
  kDroppedFull,       // introduces one node too many
  kDroppedChannel,    // another topic, service or namespace
  kDroppedEarly,      // before this node had joined, more than it keeps
  kDroppedQueue,      // could not be sent: a peer's queue is full
  kDroppedAnswers,    // to clients that are gone
  kCalls,             // of clients
  kOperations,        // in them
  kRefusedCalls,      // more than max_calls
  kNameConflicts,     // others that came with this node's name
};
inline constexpr int kCounted = static_cast<int>(Counted::kNameConflicts) + 1;
std::string_view to_string(Counted what);

class LiveNode {
 public:
  // Binds and starts the loop. Errors: as NodeCore::make(), bind() and load_security().
  static Result<std::unique_ptr<LiveNode>> open(const NodeOptions& options,
                                                std::shared_ptr<const Composition> composition);
  // Stops at once, without a word to the others.
  ~LiveNode();
  LiveNode(const LiveNode&) = delete;
  LiveNode& operator=(const LiveNode&) = delete;

  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }  // address.hpp
  std::string endpoint() const;                            // of the ROUTER: what others give as a seed

  // Joined. kTimeout: no seed answered within `limit` (it goes on knocking); kInvalidArgument: another node has this
  // name, and this one has given up.
  Result<void> wait_ready(Duration limit);
  // Waits at most this long; an error once the node has given up for good (another one has its name).
  Result<void> wait_end(Duration limit);
  bool ready() const { return ready_.load(std::memory_order_acquire); }

  // ---- for clients in this process ----
  // A get that this node answers alone; nothing where call() is the way. Never waits for the loop.
  std::optional<Lookup> read(std::string_view key);
  // The same for several under one lock, `visit(i, lookup)` for those that can be.
  template <class Visit>
  void read_each(std::span<const std::string_view> keys, Visit&& visit);
  // Coordinated by this node. kTimeout after `limit`: the outcome of a write is unknown.
  Result<Reply> call(Request request, Duration limit);
  // All at once; each reply stands for itself.
  std::vector<Result<Reply>> call_each(std::vector<Request> requests, Duration limit);
  // The endpoint of the one node whose answer to a get is enough; empty where that is this node, or others count too.
  std::string sole_endpoint(std::string_view key);

  // ---- to look at ----
  void status(StatusAnswer& out);
  std::uint32_t members();
  // ROUTER endpoints and XPUB endpoints of all members, this node's included.
  std::vector<Address> member_addresses();

  // Tells the others; the node goes on receiving and handing over.
  void begin_leave();
  // Tells the others and waits until nothing is left to be said or handed over, leave_grace at most. May be called
  // once.
  void leave();

  // ---- for experiments ----
  // Joins through these, after NodeOptions::hold. `peers` are known then, as NodeOptions::peers are from the start; it
  // takes no more of them than its directory has room for.
  void begin(std::vector<std::string> seeds, std::vector<Card> peers = {});
  // A peer's process ended, and another life of it may come to the same address: what a cut held for it is gone, and of
  // an inproc connection, which does not come back by itself as tcp's do, a new one is made when it is needed.
  void forget(NodeId peer);
  // Faults of what this node sends, and of news that others publish to it (`peers` are then whose). Needs
  // NodeOptions::faults. kInvalidArgument as FaultFilter::set_rules().
  Result<void> set_faults(std::vector<FaultRule> sending, std::vector<FaultRule> news);
  // What they did so far, by event, and what became of messages.
  std::map<std::uint32_t, FaultEffect> fault_effects(FaultTotals& totals);
  // A paused node's process is there and does nothing, as after SIGSTOP: from this call's return on.
  void pause(bool paused);
  // Hands a request to the loop. `replied` is called once, with the lock held, unless the node ends before. False: too
  // many wait, and it was not taken.
  bool submit(Request request, std::function<void(const Reply&)> replied);
  std::vector<SentOfType> sent();
  std::uint64_t counted(Counted what);
  void save(Persisted& out);

  // Called by whoever holds a handle that is being closed: calls end with kClosed.
  void refuse_calls();

 private:
  // Frames taken from each socket before the others have their turn.
  static constexpr int kFramesATurn = 64;

  // Requests of this process that are waited for together.
  struct Batch {
    std::vector<Result<Reply>> replies;
    std::size_t open = 0;
    std::binary_semaphore done{0};
  };
  // Operations of a client's call that are not all answered yet.
  struct ClientCall {
    std::string route;
    std::string channel;
    std::uint64_t id = 0;
    std::size_t open = 0;
    std::vector<ClientResult> results;
  };
  // Whose request it is: a batch of this process's, or a client's call.
  struct Origin {
    Batch* batch = nullptr;
    std::uint64_t call = 0;
    std::uint32_t index = 0;
    std::function<void(const Reply&)> replied = {};
  };
  // What stands in front of the sockets when faults are wanted.
  struct Faults {
    Faults(NodeId self, const FaultFilterOptions& options) : sending(self, options), news(self, options) {}
    FaultFilter sending;
    FaultFilter news;
  };
  // A client's operation that is done, and not yet in its answer.
  struct Finished {
    std::uint64_t call = 0;
    std::uint32_t index = 0;
    ClientResult result;
  };
  struct Submitted {
    Request request;
    std::function<void(const Reply&)> replied;
  };
  // A question to an endpoint, by a connection of its own.
  struct Knock {
    enum class Purpose : std::uint8_t { kSeed, kHolder, kExchange } purpose{};
    std::string endpoint;
    Inlet socket;
    MonoTime next_try{};
    MonoTime give_up = MonoTime::max();
    bool answered = false;
  };

  LiveNode(const NodeOptions& options, Channel channel);

  // ---- the loop ----
  void run_guarded();
  void run();
  void wait_for_work(std::vector<pollfd>& items);
  template <class Visit>
  void each_inlet(Visit&& visit);  // what it waits for messages on
  bool receive_some();
  void flush();
  // Whether something waits for the loop to carry it out.
  bool has_work() const {
    return !core_->outbox.empty() || !core_->key_changes.empty() || !submitted_.empty() || !client_results_.empty();
  }
  // Gives this process's callers their replies; those of clients are kept for the loop, whose sockets they go through.
  void settle();
  void send_out(const NodeCore::Outgoing& out);
  void transmit(NodeSlot to, std::string_view bytes);
  void release_delayed(MonoTime now);
  void run_submitted(Now now);
  void forget_peers();

  // ---- frames ----
  void on_router(Frames& frames);
  void on_news(Frames& frames);
  void on_news_bytes(std::string_view bytes, bool filtered);
  void on_subscription(Frames& frames);
  MessageRef decoded(std::string_view bytes, NodeId& origin);
  void on_message(NodeSlot from, MessageRef message);
  void on_hello(std::string_view route, const Hello& hello);
  void hold_hello(std::string_view route, const MessageRef& hello);
  void on_client(std::string_view route, std::string_view channel, const Message& message);
  void on_call(std::string_view route, std::string_view channel, const Call& call);
  void on_list(std::string_view route, std::string_view channel, const ListCall& call);
  template <class M>
  std::string encoded(Draft<M>&& draft, std::uint64_t number);
  std::string hello(bool answer);
  std::string_view client_word(std::string_view topic) const;
  void publish_changes();
  void fill_status(StatusAnswer& out);
  void answer(std::string_view route, std::string_view channel, std::string_view bytes);
  void count(Counted what, std::uint64_t by = 1) { counts_[static_cast<std::size_t>(what)] += by; }

  // ---- joining ----
  void begin_joining(MonoTime now);
  void join_step(MonoTime now);
  void knock(MonoTime now);
  bool asks(Knock::Purpose purpose) const;
  void open_knock(Knock::Purpose purpose, const std::string& endpoint, MonoTime now, MonoTime give_up);
  void on_welcome(std::size_t knock, const Welcome& welcome);
  void meet(const Card& card);
  void note_life(NodeSlot node, Epoch epoch);
  bool met_everybody() const;
  void begin_meeting(MonoTime now);
  void start(MonoTime now);
  void look_for_readiness();
  void give_up(std::string why);
  void exchange_peers(MonoTime now);
  void stop();

  void log(LogLevel level, const std::string& text) const {
    if (options_.log) options_.log(level, text);
  }
  void complete(std::uint64_t call, std::uint32_t index, ClientResult result);

  NodeOptions options_;
  Channel channel_;
  std::string name_;
  std::string address_;
  std::unique_ptr<zmq::context_t> own_context_;
  Security security_;
  std::unique_ptr<ZapHandler> zap_;
  std::unique_ptr<Links> links_;  // the loop's
  std::optional<Wake> wake_;
  bool publishes_ = false;

  TurnLock lock_;  // guards what follows
  std::unique_ptr<NodeCore> core_;
  std::array<std::uint64_t, kCounted> counts_{};
  std::condition_variable_any joined_;
  MonoTime polled_until_{};  // when the loop wakes by itself
  bool refusing_ = false;
  std::uint64_t next_request_ = 1;
  std::unordered_map<std::uint64_t, Origin> origins_;  // by request
  std::uint64_t next_client_call_ = 1;
  std::vector<Finished> client_results_;
  std::unordered_map<std::uint64_t, ClientCall> client_calls_;
  std::string error_;  // why it gave up
  MonoTime started_{};
  MonoTime last_traffic_{};
  std::uint64_t sequence_ = 0;       // of frames sent to one
  std::uint64_t news_sequence_ = 0;  // of those sent to everybody
  std::optional<Faults> faults_;
  std::vector<Submitted> submitted_;
  std::vector<std::string> held_seeds_;  // of begin(), until the loop takes them
  std::vector<Card> held_peers_;
  std::vector<NodeId> forgotten_;  // of forget(), until the loop closes their connections
  bool begun_ = false;
  // Of a held node, by route: who asked for it before begin(), and is answered then. kMaxHeldHellos at most.
  std::vector<std::pair<std::string, MessageRef>> held_hellos_;
  std::vector<SentOfType> sent_;  // few types: found by a scan
  std::size_t connections_ = 0;   // to peers
  std::string buffer_;

  // The loop's alone.
  enum class Phase : std::uint8_t { kHeld, kKnocking, kMeeting, kRunning, kGivenUp };
  Phase phase_ = Phase::kKnocking;
  std::vector<Knock> knocks_;
  MonoTime phase_until_{};
  MonoTime next_exchange_{};
  std::vector<NodeSlot> seed_slots_;
  std::vector<NodeSlot> to_meet_;
  std::unordered_set<NodeId> listeners_;                 // nodes that subscribed to us
  std::unordered_set<NodeId> welcomed_;                  // nodes whose XPUB welcomed us
  std::unordered_map<NodeId, std::uint64_t> news_seen_;  // number of the last, by origin
  std::unordered_map<NodeSlot, Epoch> lives_;            // of the last hello, by sender
  std::map<std::string, std::uint64_t> watched_;         // topics of watchers: number of the last change told there
  bool echoed_ = false;                                  // by the broker
  MonoTime next_echo_{};
  std::uint64_t exchanges_ = 0;
  std::uint64_t news_number_ = 0;  // of the frame decoded last

  std::atomic<bool> ready_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> paused_{false};
  std::atomic<bool> resting_{false};  // the loop has seen that it is paused
  std::thread thread_;
};

template <class Visit>
void LiveNode::read_each(std::span<const std::string_view> keys, Visit&& visit) {
  constexpr std::size_t kAtOnce = 64;  // under one lock
  for (std::size_t begin = 0; begin < keys.size(); begin += kAtOnce) {
    const std::lock_guard guard(lock_);
    const MonoTime now = Now::read_mono();
    for (std::size_t i = begin; i < std::min(keys.size(), begin + kAtOnce); ++i) {
      if (auto found = core_->read_alone(keys[i], now)) visit(i, *found);
    }
  }
}

}  // namespace hearsay::transport
