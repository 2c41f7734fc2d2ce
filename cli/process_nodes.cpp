#include "cli/process_nodes.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/child_process.hpp"
#include "cli/control_link.hpp"
#include "cli/control_messages.hpp"
#include "cli/node_worker.hpp"
#include "core/protocol/wire.hpp"
#include "transport/address.hpp"
#include "transport/wake.hpp"

namespace hearsay::cli {

namespace {

// More is no experiment for one machine.
constexpr std::size_t kMaxProcesses = 512;
// Descriptors of a process here (eight), and what else the program has open.
constexpr std::size_t kDescriptorsBesides = 64;
// How long a process may take to be gone whose link is closed, and a link whose process is gone.
constexpr Duration kEndLimit = 2s;

// What is known of a process, shared with the thread that listens.
struct Process {
  Process(NodeSlot node, int fd) : slot(node), link(fd) {}
  const NodeSlot slot;
  ControlLink link;
  std::atomic<bool> ending{false};  // its end is no surprise

  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::optional<ChildProcess> child;  // until it is killed
  std::string address;
  std::string error;
  bool closed = false;
  std::string end;    // how it ended by itself, in words
  bool last = false;  // `totals` are final
  NodeTotals totals;
};

// Reads all links in a thread of its own, and writes what did not fit at once.
class Listener {
 public:
  Listener(const NodesContext& context, transport::Wake wake) : context_(context), wake_(std::move(wake)) {
    HEARSAY_CHECK(context.composition->register_messages(types_).has_value());
  }
  ~Listener() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    wake_.signal();
    thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Result<void> start() {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("no thread to listen to the nodes' processes: {}; raise the limit (ulimit -u)",
                              error.code().message()));
    }
    return {};
  }

  void add(const std::shared_ptr<Process>& process) {
    {
      const std::lock_guard guard(mutex_);
      processes_.push_back(process);
    }
    wake_.signal();
  }
  // Some link has more to write than it took.
  void look() { wake_.signal(); }
  void report_trouble(const Process& process, std::string text, bool fatal) {
    context_.inbox.push({transport::Now::read_mono(), process.slot, Trouble{std::move(text), fatal}});
  }

 private:
  void run() {
    std::vector<std::shared_ptr<Process>> there;
    std::vector<zmq::pollitem_t> items;
    while (!stopping_) {
      {
        const std::lock_guard guard(mutex_);
        std::erase_if(processes_, [](const auto& process) {
          const std::lock_guard its(process->mutex);
          return process->closed;
        });
        there = processes_;
      }
      items.clear();
      items.push_back(wake_.item());
      for (const auto& process : there) {
        const auto events = static_cast<short>(ZMQ_POLLIN | (process->link.waiting() ? ZMQ_POLLOUT : 0));
        items.push_back({nullptr, process->link.fd(), events, 0});
      }
      (void)transport::poll(items, -1ms);
      wake_.clear();
      for (std::size_t i = 0; i < there.size(); ++i) {
        if (items[i + 1].revents == 0) continue;
        there[i]->link.flush();
        read(*there[i]);
      }
    }
  }

  void read(Process& process) {
    for (;;) {
      const auto receipt = process.link.receive(frame_);
      if (receipt == ControlLink::Receipt::kNothing) return;
      const MessageRef message = receipt == ControlLink::Receipt::kFrame ? codec_.unpack(frame_) : MessageRef();
      if (!message) return close(process);
      take(process, *message);
    }
  }

  void close(Process& process) {
    const std::lock_guard guard(process.mutex);
    if (!process.ending) {
      if (process.child) process.end = process.child->ended(kEndLimit);
      if (process.end.empty()) process.end = "said what it could not mean";
      report_trouble(process, "its process " + process.end, true);
    }
    process.closed = true;
    process.changed.notify_all();
  }

  void take(Process& process, const Message& message) {
    if (is<control::Report>(message)) return report(process, as<control::Report>(message));
    if (is<control::Trouble>(message)) {
      const auto& trouble = as<control::Trouble>(message);
      return report_trouble(process, trouble.text, trouble.fatal);
    }
    const std::lock_guard guard(process.mutex);
    if (is<control::Ready>(message)) {
      process.address = as<control::Ready>(message).address;
      process.error = as<control::Ready>(message).error;
      if (!process.error.empty()) report_trouble(process, process.error, true);
    } else if (is<control::Totals>(message)) {
      take_totals(process, as<control::Totals>(message));
    }
    process.changed.notify_all();
  }

  void report(const Process& process, const control::Report& report) {
    for (const control::Seen& seen : report.seen) {
      Observation observation;
      observation.node = process.slot;
      observation.kind = seen.kind;
      observation.key = seen.key;
      observation.value = seen.value;
      observation.version = seen.version;
      if (seen.peer != NodeId{}) {
        observation.peer = context_.plan.directory.find(seen.peer);
        if (observation.peer == kNoSlot) continue;
      }
      context_.inbox.push({MonoTime(seen.at), process.slot, observation});
    }
    for (const control::Answered& answered : report.answered) {
      Reply reply;
      reply.id = RequestId{answered.id};
      reply.ok = answered.result.ok;
      reply.error = static_cast<ErrorCode>(answered.result.error);
      reply.value = answered.result.value;
      reply.ttl_left = answered.result.ttl_left;
      reply.version = answered.result.version;
      context_.inbox.push({MonoTime(answered.at), process.slot, std::move(reply)});
    }
  }

  void take_totals(Process& process, const control::Totals& from) const {
    NodeTotals totals;
    for (const control::SentOfType& sent : from.sent) {
      if (const MessageType* type = types_.find(sent.tag)) totals.sent.push_back({type, sent.messages, sent.bytes});
    }
    for (const control::EffectOf& e : from.effects) {
      totals.effects[e.event] = {e.dropped, e.delayed, e.held, e.duplicated, e.reordered, e.spared, e.sooner};
    }
    totals.filtered = {from.passed, from.dropped_cut, from.dropped_loss, from.dropped_queue, from.dropped_forgot};
    totals.received = from.received;
    totals.dropped_queue = from.not_sent;
    totals.lost = from.lost;
    process.totals = std::move(totals);
    process.last = from.last;
  }

  const NodesContext& context_;
  transport::Wake wake_;
  MessageTypes types_;
  ControlCodec codec_;
  std::string frame_;
  std::mutex mutex_;  // of processes_
  std::vector<std::shared_ptr<Process>> processes_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class ProcessNode final : public RealNode {
 public:
  ProcessNode(Listener& listener, ControlCodec& codec, std::shared_ptr<Process> process)
      : listener_(listener), codec_(codec), process_(std::move(process)) {}
  ~ProcessNode() override { kill(); }

  Result<std::string> address(Duration limit) override {
    std::unique_lock guard(process_->mutex);
    process_->changed.wait_for(
        guard, limit, [this] { return process_->closed || !process_->address.empty() || !process_->error.empty(); });
    if (!process_->address.empty()) return process_->address;
    if (!process_->error.empty()) return fail(ErrorCode::kUnavailable, process_->error);
    if (process_->closed) {
      return fail(ErrorCode::kUnavailable, fmt::format("its process {} before it was ready", process_->end));
    }
    return fail(ErrorCode::kTimeout, "its process is not ready");
  }

  void begin(const std::vector<std::string>& seeds, const std::vector<transport::Card>& peers) override {
    auto begin = codec_.make<control::Begin>();
    begin->seeds = seeds;
    begin->peers = peers;
    order(std::move(begin));
  }
  void set_faults(const FaultRules& rules) override {
    auto faults = codec_.make<control::Faults>();
    faults->events.assign(rules.in_force().begin(), rules.in_force().end());
    order(std::move(faults));
  }
  void pause(bool paused) override {
    const std::lock_guard guard(process_->mutex);
    if (process_->child) process_->child->signal(paused ? SIGSTOP : SIGCONT);
  }
  void leave() override { order(codec_.make<control::Leave>()); }
  bool request(Request request) override {
    auto ask = codec_.make<control::Ask>();
    ask->id = static_cast<std::uint64_t>(request.id);
    ask->op = request.op;
    ask->key = std::move(request.key);
    ask->value = std::move(request.value);
    ask->ttl = request.ttl;
    return send(std::move(ask), ControlLink::kMaxRefusable);
  }
  void forget(NodeId peer) override {
    auto forget = codec_.make<control::Forget>();
    forget->peer = peer;
    order(std::move(forget));
  }
  void ask_for_totals() override {
    process_->ending = true;
    pause(false);
    order(codec_.make<control::End>());
  }
  bool wait_totals(MonoTime until) override {
    std::unique_lock guard(process_->mutex);
    process_->changed.wait_until(guard, std::chrono::steady_clock::time_point(until.time_since_epoch()),
                                 [this] { return process_->closed || process_->last; });
    return process_->last;
  }
  NodeTotals totals() override {
    const std::lock_guard guard(process_->mutex);
    return process_->totals;
  }
  void end() override { kill(); }
  std::shared_ptr<const Persisted> save() override { return nullptr; }

 private:
  // And waits until all that it said is in the inbox.
  void kill() {
    process_->ending = true;
    std::unique_lock guard(process_->mutex);
    process_->child.reset();
    process_->changed.wait_for(guard, kEndLimit, [this] { return process_->closed; });
  }
  template <class M>
  bool send(Draft<M>&& draft, std::size_t most) {
    if (!process_->link.send(codec_.pack(std::move(draft)), most)) return false;
    if (process_->link.waiting()) listener_.look();
    return true;
  }
  // What a node must do, or the run is of something else.
  template <class M>
  void order(Draft<M>&& draft) {
    if (send(std::move(draft), ControlLink::kMaxQueued)) return;
    listener_.report_trouble(*process_, "its process reads so slowly that an order could not be given", true);
  }

  Listener& listener_;
  ControlCodec& codec_;
  std::shared_ptr<Process> process_;
};

class ProcessNodes final : public RealNodes {
 public:
  ProcessNodes(const NodesContext& context, ScenarioSource source, transport::Wake wake)
      : context_(context), source_(std::move(source)), listener_(context_, std::move(wake)) {}
  Result<void> start() { return listener_.start(); }

  Result<std::unique_ptr<RealNode>> open(NodeSlot node, Epoch life, std::shared_ptr<const Persisted>) override {
    auto ends = ControlLink::make_pair();
    if (!ends) return tl::unexpected(ends.error());
    WorkerOrder order;
    order.run = std::to_string(::getpid());
    order.node = node;
    order.life = life;
    order.seed = context_.seed;
    order.file = source_.file;
    order.overrides = source_.overrides;
    std::shared_ptr<Process>& last = processes_[node];
    if (last) {
      const std::lock_guard guard(last->mutex);
      order.address = last->address;
    }
    auto process = std::make_shared<Process>(node, ends->first);
    auto child = ChildProcess::start(order.words(), ends->second);
    if (!child) return tl::unexpected(child.error());
    process->child.emplace(std::move(*child));
    process->address = order.address;
    last = process;
    listener_.add(process);
    return std::unique_ptr<RealNode>(std::make_unique<ProcessNode>(listener_, codec_, std::move(process)));
  }

 private:
  NodesContext context_;
  ScenarioSource source_;
  ControlCodec codec_;
  std::map<NodeSlot, std::shared_ptr<Process>> processes_;  // the last one of each node
  Listener listener_;
};

}  // namespace

Result<std::unique_ptr<RealNodes>> make_process_nodes(const NodesContext& context, const ScenarioSource& source) {
  const std::size_t nodes = context.plan.nodes.size();
  if (nodes > kMaxProcesses) {
    return invalid(fmt::format("{} nodes are too many for a process each; at most {}", nodes, kMaxProcesses));
  }
  // What a list of the link may hold: of faults in force, and of their effects.
  if (context.plan.events.size() > kMaxElements) {
    return invalid(fmt::format("{} events are too many for --processes; at most {}, or leave it out",
                               context.plan.events.size(), kMaxElements));
  }
  // A process that connects to all others and is connected to by them needs the same: it inherits the limit.
  if (auto allowed = allow_descriptors(8 * nodes + kDescriptorsBesides); !allowed)
    return tl::unexpected(allowed.error());
  auto wake = transport::Wake::make();
  if (!wake) return tl::unexpected(wake.error());
  auto made = std::make_unique<ProcessNodes>(context, source, std::move(*wake));
  if (auto started = made->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<RealNodes>(std::move(made));
}

}  // namespace hearsay::cli
