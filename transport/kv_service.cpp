#include "transport/kv_service.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "transport/endpoint.hpp"
#include "transport/kv_nodes.hpp"
#include "transport/node_client.hpp"
#include "transport/node_core.hpp"

namespace hearsay {

namespace {

using namespace transport;

class ServiceKv final : public Kv {
 public:
  ServiceKv(const KvOptions& options, zmq::context_t context, Security security, Channel channel)
      : Kv(options.name_space),
        options_(options),
        context_(std::move(context)),
        security_(std::move(security)),
        channel_(std::move(channel)),
        client_(context_, channel_.calls, client_sockets(), security_) {}
  ~ServiceKv() override { (void)close(); }

  std::string string() const override {
    return fmt::format("service({}, namespace={}, service={})", fmt::join(options_.servers, ","), options_.name_space,
                       options_.service);
  }
  KvCapabilities capabilities() const override { return {.list = true, .watch = true}; }

 protected:
  Result<Item> do_get(std::string_view key) override {
    return item_of(std::move(operate({{OpKind::kGet, std::string(key), {}, {}}}).front()));
  }
  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    return outcome_of(operate({{OpKind::kPut, std::string(key), Bytes(value), ttl}}).front());
  }
  Result<void> do_del(std::string_view key) override {
    return outcome_of(operate({{OpKind::kDel, std::string(key), {}, {}}}).front());
  }
  std::vector<Result<Item>> do_get_many(std::span<const std::string_view> keys) override {
    std::vector<ClientOp> ops;
    for (const std::string_view key : keys) ops.push_back({OpKind::kGet, std::string(key), {}, {}});
    std::vector<Result<Item>> items;
    for (Result<Reply>& reply : operate(ops)) items.push_back(item_of(std::move(reply)));
    return items;
  }
  std::vector<Result<void>> do_put_many(std::span<const Item> items) override {
    std::vector<ClientOp> ops;
    for (const Item& item : items) ops.push_back({OpKind::kPut, item.key, Bytes(item.value), item.expiration});
    std::vector<Result<void>> done;
    for (const Result<Reply>& reply : operate(ops)) done.push_back(outcome_of(reply));
    return done;
  }
  Result<std::vector<std::string>> do_list(std::string_view prefix, std::size_t limit) override {
    auto members = this->members();
    if (!members) return tl::unexpected(members.error());
    return list_everywhere(client_, *members, prefix, limit, deadline());
  }
  Result<std::unique_ptr<KvWatcher>> do_watch(std::string_view prefix) override {
    NodeWatcher::Options watch;
    watch.context = &context_;
    watch.channel = channel_;
    watch.key_prefix = prefix;
    watch.strip = this->prefix().size();
    watch.security = &security_;
    watch.members = [this] { return members(); };
    watch.closed = gone_;
    return NodeWatcher::open(std::move(watch), options_.timeout);
  }
  Result<void> do_close() override {
    gone_->store(true, std::memory_order_release);
    return {};
  }

 private:
  MonoTime deadline() const { return Now::read_mono() + options_.timeout; }

  // Tries one server after another, as long as nothing was done by the one before, each for its part of what is left.
  template <class Attempt>
  auto with_server(Attempt&& attempt) -> decltype(attempt(std::string(), MonoTime())) {
    const MonoTime end = deadline();
    const std::size_t servers = options_.servers.size();
    const std::size_t first = preferred_.load(std::memory_order_relaxed);
    for (std::size_t i = 0;; ++i) {
      const std::size_t at = (first + i) % servers;
      const MonoTime now = Now::read_mono();
      const auto part = (end - now) / static_cast<std::int64_t>(servers - i);
      auto outcome = attempt(options_.servers[at], now + part);
      const bool reached = !failed_with(ErrorCode::kUnavailable, outcome);
      // Who let a call wait in vain is not asked first again.
      if (reached)
        preferred_.store(failed_with(ErrorCode::kTimeout, outcome) ? (at + 1) % servers : at,
                         std::memory_order_relaxed);
      if (reached || i + 1 == servers) return outcome;
    }
  }
  template <class T>
  static bool failed_with(ErrorCode code, const Result<T>& result) {
    return !result && result.error().code == code;
  }
  static bool failed_with(ErrorCode code, const std::vector<Result<Reply>>& replies) {
    return std::ranges::all_of(replies, [code](const auto& reply) { return failed_with(code, reply); });
  }

  std::vector<Result<Reply>> operate(const std::vector<ClientOp>& ops) {
    auto replies =
        with_server([&](const std::string& server, MonoTime until) { return client_.operate(server, ops, until); });
    if (closed()) std::ranges::fill(replies, fail(ErrorCode::kClosed, "the store was closed"));
    return replies;
  }

  Result<std::vector<Address>> members() {
    auto status = with_server([&](const std::string& server, MonoTime until) { return client_.status(server, until); });
    if (!status) return tl::unexpected(status.error());
    return addresses_of(*status);
  }

  KvOptions options_;
  zmq::context_t context_;
  Security security_;
  Channel channel_;
  NodeClient client_;
  std::atomic<std::size_t> preferred_{0};
  std::shared_ptr<std::atomic<bool>> gone_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

Result<std::unique_ptr<Kv>> open_service_kv(const KvOptions& options) {
  if (options.servers.empty()) return invalid("service: no servers; give the endpoint of a node (tcp://HOST:PORT)");
  for (const std::string& server : options.servers) {
    if (auto parsed = parse_endpoint(server, EndpointUse::kConnect); !parsed) return tl::unexpected(parsed.error());
  }
  auto channel = Channel::make(options.topic, options.service, options.name_space);
  if (!channel) return tl::unexpected(channel.error());
  auto security = load_security(options.security, false, true);
  if (!security) return tl::unexpected(security.error());
  auto context = make_context();
  if (!context) return tl::unexpected(context.error());
  return std::make_unique<ServiceKv>(options, std::move(*context), std::move(*security), std::move(*channel));
}

}  // namespace hearsay
