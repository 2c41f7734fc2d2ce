#include "transport/kv_gossip.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "core/dissemination/publish.hpp"
#include "core/dissemination/push.hpp"
#include "core/membership/announce.hpp"
#include "core/membership/swim.hpp"
#include "core/replication/anti_entropy.hpp"
#include "core/ring/karger.hpp"
#include "transport/kv_nodes.hpp"

namespace hearsay {

namespace {

using namespace transport;

template <class Part>
std::shared_ptr<const Part> part(std::shared_ptr<const Component> component) {
  auto typed = std::dynamic_pointer_cast<const Part>(std::move(component));
  HEARSAY_CHECK(typed != nullptr);
  return typed;
}

class GossipKv final : public Kv {
 public:
  GossipKv(const KvOptions& options, zmq::context_t context, Security security, Channel channel)
      : Kv(options.name_space),
        options_(options),
        context_(std::move(context)),
        security_(std::move(security)),
        channel_(std::move(channel)),
        client_(context_, channel_.calls, client_sockets(), security_) {}
  ~GossipKv() override { (void)close(); }

  Result<void> start(const NodeOptions& node, std::shared_ptr<const Composition> composition) {
    auto opened = LiveNode::open(node, std::move(composition));
    if (!opened) return tl::unexpected(opened.error());
    node_ = std::move(*opened);
    text_ = fmt::format("gossip({} at {}, namespace={}, replicas={})", node_->name(), node_->endpoint(),
                        options_.name_space, options_.replicas);
    auto ready = node_->wait_ready(options_.join_timeout);
    if (!ready && ready.error().code == ErrorCode::kTimeout) ready.error().code = ErrorCode::kUnavailable;
    return ready;
  }

  std::string string() const override { return text_; }
  KvCapabilities capabilities() const override { return {.list = true, .watch = true}; }

 protected:
  Result<Item> do_get(std::string_view key) override {
    if (const auto own = node_->read(key)) {
      if (!own->live()) return fail(ErrorCode::kNotFound, "there is no such key");
      return Item{{}, std::string(own->value.view()), own->ttl_left};
    }
    if (const std::string owner = node_->sole_endpoint(key); !owner.empty()) {
      const std::vector<ClientOp> ops{{OpKind::kGet, std::string(key), {}, {}}};
      auto reply = std::move(client_.operate(owner, ops, deadline()).front());
      if (closed()) return fail(ErrorCode::kClosed, "the store was closed");
      return item_of(std::move(reply));
    }
    return item_of(node_->call({{}, OpKind::kGet, std::string(key), {}, {}}, options_.timeout));
  }
  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    return outcome_of(node_->call({{}, OpKind::kPut, std::string(key), Bytes(value), ttl}, options_.timeout));
  }
  Result<void> do_del(std::string_view key) override {
    return outcome_of(node_->call({{}, OpKind::kDel, std::string(key), {}, {}}, options_.timeout));
  }

  std::vector<Result<Item>> do_get_many(std::span<const std::string_view> keys) override {
    const MonoTime end = deadline();
    std::vector<Result<Item>> items(keys.size(), fail(ErrorCode::kNotFound, "there is no such key"));
    std::vector<bool> done(keys.size());
    node_->read_each(keys, [&](std::size_t i, const Lookup& own) {
      done[i] = true;
      if (own.live()) items[i] = Item{{}, std::string(own.value.view()), own.ttl_left};
    });
    // By the owner who is asked, and by this node where several replicas count.
    std::map<std::string, std::vector<std::size_t>> by_owner;
    std::vector<ClientOp> ops;
    std::vector<std::size_t> asked;  // of each of `ops`: whose key it is
    std::vector<std::size_t> here;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (done[i]) continue;
      std::string owner = node_->sole_endpoint(keys[i]);
      if (owner.empty()) {
        here.push_back(i);
        continue;
      }
      by_owner[std::move(owner)].push_back(ops.size());
      ops.push_back({OpKind::kGet, std::string(keys[i]), {}, {}});
      asked.push_back(i);
    }
    std::vector<Result<Reply>> replies = coordinate(keys, here, end);
    for (std::size_t i = 0; i < here.size(); ++i) items[here[i]] = item_of(std::move(replies[i]));
    replies = client_.operate(std::move(by_owner), ops, end);
    for (std::size_t i = 0; i < ops.size(); ++i) items[asked[i]] = item_of(std::move(replies[i]));
    return items;
  }
  std::vector<Result<void>> do_put_many(std::span<const Item> items) override {
    const MonoTime end = deadline();
    std::vector<Result<void>> done;
    done.reserve(items.size());
    for (std::size_t begin = 0; begin < items.size(); begin += kAtOnce) {
      std::vector<Request> requests;
      for (const Item& item : items.subspan(begin, std::min(kAtOnce, items.size() - begin))) {
        requests.push_back({{}, OpKind::kPut, item.key, Bytes(item.value), item.expiration});
      }
      for (const Result<Reply>& reply : node_->call_each(std::move(requests), time_left(end))) {
        done.push_back(outcome_of(reply));
      }
    }
    return done;
  }

  Result<std::vector<std::string>> do_list(std::string_view prefix, std::size_t limit) override {
    return list_everywhere(client_, node_->member_addresses(), prefix, limit, deadline());
  }
  Result<std::unique_ptr<KvWatcher>> do_watch(std::string_view prefix) override {
    NodeWatcher::Options watch;
    watch.context = &context_;
    watch.channel = channel_;
    watch.key_prefix = prefix;
    watch.strip = this->prefix().size();
    watch.security = &security_;
    watch.members = [this]() -> Result<std::vector<Address>> { return node_->member_addresses(); };
    watch.closed = gone_;
    return NodeWatcher::open(std::move(watch), options_.timeout);
  }

  Result<void> do_close() override {
    gone_->store(true, std::memory_order_release);
    if (node_ == nullptr) return {};
    node_->refuse_calls();
    node_->leave();
    return {};
  }

 private:
  // Requests that the node coordinates at a time: below its own limit, so that other threads have room.
  static constexpr std::size_t kAtOnce = 256;

  MonoTime deadline() const { return Now::read_mono() + options_.timeout; }
  static Duration time_left(MonoTime end) { return std::max(Duration::zero(), end - Now::read_mono()); }
  std::vector<Result<Reply>> coordinate(std::span<const std::string_view> keys, std::span<const std::size_t> places,
                                        MonoTime end) {
    std::vector<Result<Reply>> replies;
    for (std::size_t begin = 0; begin < places.size(); begin += kAtOnce) {
      std::vector<Request> requests;
      for (const std::size_t i : places.subspan(begin, std::min(kAtOnce, places.size() - begin))) {
        requests.push_back({{}, OpKind::kGet, std::string(keys[i]), {}, {}});
      }
      for (Result<Reply>& reply : node_->call_each(std::move(requests), time_left(end))) {
        replies.push_back(std::move(reply));
      }
    }
    return replies;
  }

  KvOptions options_;
  zmq::context_t context_;  // of calls to other nodes; the node has its own
  Security security_;
  Channel channel_;
  NodeClient client_;
  std::unique_ptr<LiveNode> node_;
  std::string text_;
  std::shared_ptr<std::atomic<bool>> gone_ = std::make_shared<std::atomic<bool>>(false);
};

// What remains of a call's time for its coordinator: its own answer has to come back within it.
Duration coordinators_part(Duration timeout) { return std::max<Duration>(1ms, timeout * 9 / 10); }

}  // namespace

Result<std::shared_ptr<const Composition>> make_composition(const KvOptions& options) {
  std::shared_ptr<const Strategy> membership;
  std::shared_ptr<const Strategy> dissemination;
  if (options.membership == "swim") {
    SwimConfig swim;
    swim.introduce = true;
    if (options.gossip_interval > Duration::zero()) swim.gossip_interval = options.gossip_interval;
    if (auto fits = swim.check(); !fits) return tl::unexpected(fits.error());
    membership = part<Strategy>(swim.build());
    dissemination = part<Strategy>(PushConfig{}.build());
  } else if (options.membership == "announce") {
    AnnounceConfig announce;
    if (options.gossip_interval > Duration::zero()) {
      announce.interval = options.gossip_interval;
      announce.reap_after = 5 * options.gossip_interval;
    }
    if (options.reaper_interval > Duration::zero()) announce.reap_interval = options.reaper_interval;
    if (auto fits = announce.check(); !fits) return tl::unexpected(fits.error());
    membership = part<Strategy>(announce.build());
    dissemination = part<Strategy>(PublishConfig{}.build());
  } else {
    return invalid(fmt::format("membership: '{}' is neither swim nor announce", options.membership));
  }
  if (options.replicas < 1 || options.replicas > kMaxReplicas) {
    return invalid(fmt::format("replicas: {} is not from 1 to {}", options.replicas, kMaxReplicas));
  }
  AntiEntropyConfig replication;
  replication.params.n = options.replicas;
  replication.params.request_timeout = coordinators_part(options.timeout);
  if (auto fits = replication.check(); !fits) return tl::unexpected(fits.error());
  KargerConfig ring;
  ring.max_points = kMaxRingPoints;
  return std::make_shared<const Composition>(std::move(membership), std::move(dissemination),
                                             part<Strategy>(replication.build()), part<Ring>(ring.build()));
}

NodeOptions node_options(const KvOptions& options) {
  NodeOptions node;
  node.name = options.name;
  node.links.bind = options.bind;
  node.seeds = options.servers;
  node.topic = options.topic;
  node.service = options.service;
  node.name_space = options.name_space;
  node.security = options.security;
  return node;
}

Result<std::unique_ptr<Kv>> open_gossip_kv(const KvOptions& options) {
  auto composition = make_composition(options);
  if (!composition) return tl::unexpected(composition.error());
  auto channel = Channel::make(options.topic, options.service, options.name_space);
  if (!channel) return tl::unexpected(channel.error());
  auto security = load_security(options.security, true, true);
  if (!security) return tl::unexpected(security.error());
  auto context = make_context();
  if (!context) return tl::unexpected(context.error());
  auto kv = std::make_unique<GossipKv>(options, std::move(*context), std::move(*security), std::move(*channel));
  if (auto started = kv->start(node_options(options), std::move(*composition)); !started) {
    return tl::unexpected(started.error());
  }
  return kv;
}

}  // namespace hearsay
