#include "cli/local_nodes.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "core/base/random.hpp"

namespace hearsay::cli {

namespace {

using transport::LiveNode;

// A node's sockets when everybody talks with everybody: one to each other node, its own three, what its loop is woken
// by, and some for questions.
constexpr std::size_t kOwnSockets = 8;
// Each socket has one descriptor; what else the program has open.
constexpr std::size_t kDescriptorsOfOthers = 64;
// libzmq gives a name that was bound free in a thread of its own, some time after the socket was closed.
constexpr Duration kRebindLimit = 2s;
constexpr Duration kRebindPause = 200us;

class LocalNode final : public RealNode {
 public:
  LocalNode(const NodesContext& context, NodeSlot slot, std::unique_ptr<LiveNode> node)
      : context_(context), slot_(slot), node_(std::move(node)) {}

  Result<std::string> address(Duration) override { return node_->address(); }
  void begin(const std::vector<std::string>& seeds, const std::vector<transport::Card>& peers) override {
    node_->begin(seeds, peers);
  }
  void set_faults(const FaultRules& rules) override {
    FaultRules::OfNode of = rules.of(slot_);
    if (auto set = node_->set_faults(std::move(of.sending), std::move(of.news)); !set) {
      context_.inbox.push({transport::Now::read_mono(), slot_, Trouble{set.error().message, true}});
    }
  }
  void pause(bool paused) override { node_->pause(paused); }
  void leave() override { node_->begin_leave(); }
  bool request(Request request) override {
    const RequestId id = request.id;
    return node_->submit(std::move(request), [&inbox = context_.inbox, slot = slot_, id](const Reply& reply) {
      FromNode entry{transport::Now::read_mono(), slot, reply};
      std::get<Reply>(entry.what).id = id;
      inbox.push(std::move(entry));
    });
  }
  void forget(NodeId peer) override { node_->forget(peer); }
  void ask_for_totals() override {}
  bool wait_totals(MonoTime) override { return true; }
  NodeTotals totals() override { return totals_of(*node_); }
  // From the call's return on it does nothing, and so it stays.
  void end() override { node_->pause(true); }
  std::shared_ptr<const Persisted> save() override {
    auto persisted = std::make_shared<Persisted>();
    node_->save(*persisted);
    return persisted;
  }

 private:
  const NodesContext& context_;
  NodeSlot slot_;
  std::unique_ptr<LiveNode> node_;
};

class LocalNodes final : public RealNodes {
 public:
  LocalNodes(const NodesContext& context, zmq::context_t zmq) : context_(context), zmq_(std::move(zmq)) {}

  Result<std::unique_ptr<RealNode>> open(NodeSlot slot, Epoch life,
                                         std::shared_ptr<const Persisted> persisted) override {
    transport::NodeOptions options = node_options(context_.plan, context_.seed, slot, life);
    options.context = &zmq_;
    options.links.bind = fmt::format("inproc://n{}", raw(slot));
    options.persisted = std::move(persisted);
    options.observe = [this, slot](MonoTime at, const Observation& seen, const Directory& directory) {
      Observation observation = seen;
      observation.node = slot;
      if (to_plan_slots(context_.plan, directory, observation)) context_.inbox.push({at, slot, observation});
    };
    options.log = [this, slot](transport::LogLevel level, const std::string& text) {
      if (level != transport::LogLevel::kError) return;
      context_.inbox.push({transport::Now::read_mono(), slot, Trouble{text, false}});
    };
    const MonoTime until = transport::Now::read_mono() + kRebindLimit;
    for (;;) {
      auto node = LiveNode::open(options, context_.composition);
      if (node) return std::unique_ptr<RealNode>(std::make_unique<LocalNode>(context_, slot, std::move(*node)));
      // The options are those of the first life: all that can be wrong with them is that the name is still taken.
      const bool in_use = life > 1 && node.error().code == ErrorCode::kInvalidArgument;
      if (!in_use || transport::Now::read_mono() >= until) return tl::unexpected(node.error());
      std::this_thread::sleep_for(kRebindPause);
    }
  }

 private:
  NodesContext context_;
  zmq::context_t zmq_;
};

}  // namespace

Result<std::unique_ptr<RealNodes>> make_local_nodes(const NodesContext& context) {
  const std::size_t nodes = context.plan.nodes.size();
  const std::size_t sockets = nodes * (nodes + kOwnSockets);
  constexpr std::size_t kMostSockets = 65'535;
  if (sockets > kMostSockets) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} nodes in one process need {} sockets, and a context has {} at most; give --processes",
                            nodes, sockets, kMostSockets));
  }
  if (auto allowed = allow_descriptors(sockets + kDescriptorsOfOthers); !allowed) {
    allowed.error().message += ", or give --processes";
    return tl::unexpected(allowed.error());
  }
  transport::ContextOptions options;
  options.max_sockets = static_cast<int>(std::max<std::size_t>(1024, sockets));
  auto zmq = transport::make_context(options);
  if (!zmq) return tl::unexpected(zmq.error());
  return std::unique_ptr<RealNodes>(std::make_unique<LocalNodes>(context, std::move(*zmq)));
}

transport::NodeOptions node_options(const plan::Plan& plan, std::uint64_t seed, NodeSlot node, Epoch life) {
  const NodeIdentity identity = plan.directory[node];
  transport::NodeOptions options;
  options.name = std::string(identity.name);
  options.weight = identity.weight;
  options.zone = identity.zone;
  options.epoch = life;
  options.max_nodes = std::max<std::uint32_t>(64, static_cast<std::uint32_t>(plan.nodes.size()));
  // Each node draws its own, and another life of it others.
  options.seed = philox(stream_key(seed, Purpose::kTransport), raw(identity.id), life).a | 1;
  options.hold = true;
  options.faults = FaultRules::filter_options(plan, seed);
  return options;
}

bool to_plan_slots(const plan::Plan& plan, const Directory& directory, Observation& observation) {
  if (observation.peer == kNoSlot) return true;
  observation.peer = plan.directory.find(directory.id(observation.peer));
  return observation.peer != kNoSlot;
}

NodeTotals totals_of(LiveNode& node) {
  NodeTotals totals;
  totals.sent = node.sent();
  totals.effects = node.fault_effects(totals.filtered);
  totals.received = node.counted(transport::Counted::kFramesReceived);
  totals.dropped_queue = node.counted(transport::Counted::kDroppedQueue);
  return totals;
}

Result<void> allow_descriptors(std::size_t wanted) {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return {};
  if (limit.rlim_max < wanted) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the run needs {} open files, and this process may have {}; raise it (ulimit -Hn {}, or "
                            "LimitNOFILE= of a service), take fewer nodes",
                            wanted, limit.rlim_max, wanted));
  }
  limit.rlim_cur = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  return fail(
      ErrorCode::kUnavailable,
      fmt::format("the limit of open files could not be raised to {}; do so before (ulimit -n {})", wanted, wanted));
}

}  // namespace hearsay::cli
