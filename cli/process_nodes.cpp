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
#include <thread>
#include <utility>

#include "cli/child_process.hpp"
#include "cli/control_link.hpp"
#include "cli/control_messages.hpp"
#include "cli/node_worker.hpp"
#include "transport/address.hpp"
#include "transport/wake.hpp"

namespace hearsay::cli {

namespace {

// More is no experiment for one machine.
constexpr std::size_t kMaxProcesses = 512;
// Descriptors of a process here (eight), and what else the program has open.
constexpr std::size_t kDescriptorsBesides = 64;
// How long a process has to say its last totals.
constexpr Duration kLastWords = 2s;

// What is known of a process, shared with the thread that listens.
struct Process {
  Process(NodeSlot node, int fd) : slot(node), link(fd) {}
  const NodeSlot slot;
  ControlLink link;
  std::atomic<bool> ending{false};  // its end is no surprise

  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::string address;
  std::string error;
  bool closed = false;
  bool last = false;  // `totals` are final
  NodeTotals totals;
};

// Reads all links in a thread of its own, and writes what did not fit at once.
class Listener {
 public:
  Listener(const NodesContext& context, transport::Wake wake) : context_(context), wake_(std::move(wake)) {
    HEARSAY_CHECK(context.composition->register_messages(types_).has_value());
    thread_ = std::thread([this] { run(); });
  }
  ~Listener() {
    stopping_ = true;
    wake_.signal();
    thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void add(const std::shared_ptr<Process>& process) {
    {
      const std::lock_guard guard(mutex_);
      processes_.push_back(process);
    }
    wake_.signal();
  }
  // Some link has more to write than it took.
  void look() { wake_.signal(); }

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
      if (!message) {
        if (!process.ending) {
          context_.inbox.push({transport::Now::read_mono(), process.slot, Trouble{"its process ended", true}});
        }
        const std::lock_guard guard(process.mutex);
        process.closed = true;
        process.changed.notify_all();
        return;
      }
      take(process, *message);
    }
  }

  void take(Process& process, const Message& message) {
    if (is<control::Report>(message)) return report(process, as<control::Report>(message));
    const std::lock_guard guard(process.mutex);
    if (is<control::Ready>(message)) {
      process.address = as<control::Ready>(message).address;
      process.error = as<control::Ready>(message).error;
      if (!process.error.empty()) {
        context_.inbox.push({transport::Now::read_mono(), process.slot, Trouble{process.error, true}});
      }
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
  ProcessNode(Listener& listener, ControlCodec& codec, std::shared_ptr<Process> process, ChildProcess child)
      : listener_(listener), codec_(codec), process_(std::move(process)), child_(std::move(child)) {}
  ~ProcessNode() override { process_->ending = true; }

  Result<std::string> address(Duration limit) override {
    std::unique_lock guard(process_->mutex);
    process_->changed.wait_for(
        guard, limit, [this] { return process_->closed || !process_->address.empty() || !process_->error.empty(); });
    if (!process_->address.empty()) return process_->address;
    if (!process_->error.empty()) return fail(ErrorCode::kUnavailable, process_->error);
    if (process_->closed) return fail(ErrorCode::kUnavailable, "a node's process ended before it was ready");
    return fail(ErrorCode::kTimeout, fmt::format("a node's process was not ready within {} s", limit / 1s));
  }

  void begin(const std::vector<std::string>& seeds, const std::vector<transport::Card>& peers) override {
    auto begin = codec_.make<control::Begin>();
    begin->seeds = seeds;
    begin->peers = peers;
    send(std::move(begin));
  }
  void set_faults(const FaultRules& rules) override {
    auto faults = codec_.make<control::Faults>();
    faults->events.assign(rules.in_force().begin(), rules.in_force().end());
    send(std::move(faults));
  }
  void pause(bool paused) override { child_.signal(paused ? SIGSTOP : SIGCONT); }
  void leave() override { send(codec_.make<control::Leave>()); }
  bool request(Request request) override {
    auto ask = codec_.make<control::Ask>();
    ask->id = static_cast<std::uint64_t>(request.id);
    ask->op = request.op;
    ask->key = std::move(request.key);
    ask->value = std::move(request.value);
    ask->ttl = request.ttl;
    return send(std::move(ask));
  }
  void forget(NodeId peer) override {
    auto forget = codec_.make<control::Forget>();
    forget->peer = peer;
    send(std::move(forget));
  }
  void ask_for_totals() override {
    process_->ending = true;
    pause(false);
    send(codec_.make<control::End>());
  }
  NodeTotals totals(bool last) override {
    std::unique_lock guard(process_->mutex);
    if (last) {
      process_->changed.wait_for(guard, kLastWords, [this] { return process_->closed || process_->last; });
    }
    return process_->totals;
  }
  std::shared_ptr<const Persisted> save() override { return nullptr; }

 private:
  template <class M>
  bool send(Draft<M>&& draft) {
    if (!process_->link.send(codec_.pack(std::move(draft)))) return false;
    if (process_->link.waiting()) listener_.look();
    return true;
  }

  Listener& listener_;
  ControlCodec& codec_;
  std::shared_ptr<Process> process_;
  ChildProcess child_;
};

class ProcessNodes final : public RealNodes {
 public:
  ProcessNodes(const NodesContext& context, ScenarioSource source, transport::Wake wake)
      : context_(context), source_(std::move(source)), listener_(context_, std::move(wake)) {}

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
    process->address = order.address;
    last = process;
    listener_.add(process);
    return std::unique_ptr<RealNode>(
        std::make_unique<ProcessNode>(listener_, codec_, std::move(process), std::move(*child)));
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
  // A process that connects to all others and is connected to by them needs the same: it inherits the limit.
  if (auto allowed = allow_descriptors(8 * nodes + kDescriptorsBesides); !allowed)
    return tl::unexpected(allowed.error());
  auto wake = transport::Wake::make();
  if (!wake) return tl::unexpected(wake.error());
  return std::unique_ptr<RealNodes>(std::make_unique<ProcessNodes>(context, source, std::move(*wake)));
}

}  // namespace hearsay::cli
