#include "transport/node_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "transport/node_core.hpp"

namespace hearsay::transport {

namespace {

// What one call may carry: keys, values, and the answer's values stay well below a frame's limit.
constexpr std::size_t kMaxCallBytes = std::size_t{2} << 20;

std::size_t bytes_of(const ClientOp& op) { return op.key.size() + op.value.size() + 32; }

std::string_view what_failed(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "there is no such key";
    case ErrorCode::kInvalidArgument: return "the node refused the request as invalid";
    case ErrorCode::kTooLarge: return "the node refused the request as too large";
    case ErrorCode::kUnavailable:
      return "too few replicas can be reached, or a store is full (--max-items, --max-bytes), or the node is not ready "
             "or too busy";
    case ErrorCode::kTimeout: return "too few replicas answered in time; what is no read may have been done";
    case ErrorCode::kClosed: return "the node is closing";
    case ErrorCode::kCorrupt: return "what the node holds does not decode";
    case ErrorCode::kInternal: return "the node failed";
  }
  return "the node failed";
}

// Puts the results of the first `asked` open operations in their places, and leaves open what had no room.
Result<void> take_answer(const Answer& answer, std::size_t asked, std::vector<std::size_t>& open,
                         std::vector<Result<Reply>>& replies) {
  if (answer.results.size() != asked || (!answer.results[0].ok && answer.results[0].error == ClientResult::kNoRoom)) {
    return fail(ErrorCode::kCorrupt, "a node's answer does not fit the question");
  }
  std::vector<std::size_t> again;
  for (std::size_t i = 0; i < asked; ++i) {
    const ClientResult& result = answer.results[i];
    if (!result.ok && result.error == ClientResult::kNoRoom) {
      again.push_back(open[i]);
      continue;
    }
    Reply reply;
    reply.ok = result.ok;
    reply.error = static_cast<ErrorCode>(result.error);
    reply.value = result.value;
    reply.ttl_left = result.ttl_left;
    reply.version = result.version;
    replies[open[i]] = std::move(reply);
  }
  again.insert(again.end(), open.begin() + static_cast<std::ptrdiff_t>(asked), open.end());
  open = std::move(again);
  return {};
}

}  // namespace

Result<Item> item_of(Result<Reply> reply) {
  if (!reply) return tl::unexpected(std::move(reply.error()));
  if (!reply->ok) return fail(reply->error, std::string(what_failed(reply->error)));
  return Item{{}, std::string(reply->value.view()), reply->ttl_left};
}

Result<void> outcome_of(const Result<Reply>& reply) {
  if (!reply) return tl::unexpected(reply.error());
  if (!reply->ok) return fail(reply->error, std::string(what_failed(reply->error)));
  return {};
}

NodeClient::Connection NodeClient::take(const std::string& endpoint) {
  const std::lock_guard guard(mutex_);
  const auto found = idle_.find(endpoint);
  if (found == idle_.end()) return nullptr;
  Connection connection = std::move(found->second.back());
  found->second.pop_back();
  --idle_count_;
  if (found->second.empty()) idle_.erase(found);
  return connection;
}

Result<NodeClient::Connection> NodeClient::connect(const std::string& endpoint) {
  if (Connection idle = take(endpoint)) return idle;
  auto opened = CallConnection::open({&context_, endpoint, channel_, sockets_, &security_});
  if (opened || opened.error().code != ErrorCode::kUnavailable) return opened;
  drop_idle();  // those of others may be what is missing
  return CallConnection::open({&context_, endpoint, channel_, sockets_, &security_});
}

void NodeClient::keep(const std::string& endpoint, Connection connection, const Result<void>& done) {
  const std::lock_guard guard(mutex_);
  if (!done && done.error().code == ErrorCode::kUnavailable) {  // nobody is there; one that may come back is found anew
    if (const auto found = idle_.find(endpoint); found != idle_.end()) {
      idle_count_ -= found->second.size();
      idle_.erase(found);
    }
    return;
  }
  if (idle_count_ >= kMaxIdle) return;
  idle_[endpoint].push_back(std::move(connection));
  ++idle_count_;
}

void NodeClient::drop_idle() {
  const std::lock_guard guard(mutex_);
  idle_.clear();
  idle_count_ = 0;
}

template <class Use>
Result<void> NodeClient::with(const std::string& endpoint, Use&& use) {
  auto connection = connect(endpoint);
  if (!connection) return tl::unexpected(connection.error());
  Result<void> done = use(**connection);
  keep(endpoint, std::move(*connection), done);
  return done;
}

namespace {

// Operations of one node that are being done.
struct Asked {
  const std::string* endpoint = nullptr;
  std::unique_ptr<CallConnection> connection;
  std::vector<std::size_t> open;  // not answered yet, in order
  std::size_t asked = 0;          // of these, from the first on: in the question that waits for its answer
  Result<void> done;

  bool unfinished() const { return done && !open.empty(); }
};

// Asks for as many of the open operations as a call has room for.
Result<void> ask_some(Asked& of, std::span<const ClientOp> ops, MonoTime deadline) {
  auto call = of.connection->make<Call>();
  std::size_t bytes = 0;
  for (const std::size_t i : of.open) {
    bytes += bytes_of(ops[i]);
    if (call->ops.size() == Call::kMaxOps || (bytes > kMaxCallBytes && !call->ops.empty())) break;
    call->ops.push_back(ops[i]);
  }
  const std::size_t asked = call->ops.size();
  return of.connection->begin(std::move(call), deadline).map([&] { of.asked = asked; });
}

Result<void> hear_answer(Asked& of, std::vector<Result<Reply>>& replies, MonoTime deadline) {
  Result<void> sense;
  auto heard = of.connection->finish<Answer>(
      deadline, [&](const Answer& answer) { sense = take_answer(answer, of.asked, of.open, replies); });
  if (heard) of.asked = 0;
  return heard ? sense : heard;
}

// One node alone: its answer is waited for where it arrives, which costs less than to poll for it.
void operate_alone(Asked& of, std::span<const ClientOp> ops, std::vector<Result<Reply>>& replies, MonoTime deadline) {
  while (of.unfinished()) {
    of.done = ask_some(of, ops, deadline);
    if (of.done) of.done = hear_answer(of, replies, deadline);
  }
}

constexpr MonoTime kTry{};  // a deadline that has passed

// Each goes on when it can, so that who is not there or does not answer holds up nobody.
void operate_together(std::vector<Asked>& nodes, std::span<const ClientOp> ops, std::vector<Result<Reply>>& replies,
                      MonoTime deadline) {
  std::vector<Asked*> waiting;
  std::vector<zmq::pollitem_t> items;
  for (bool late = false;;) {
    waiting.clear();
    items.clear();
    for (Asked& of : nodes) {
      if (!of.unfinished()) continue;
      waiting.push_back(&of);
      items.push_back(of.connection->item(of.asked == 0 ? ZMQ_POLLOUT : ZMQ_POLLIN));
    }
    if (waiting.empty()) return;
    const Duration left = deadline - Now::read_mono();
    if (auto polled = poll(items, std::max(Duration::zero(), left)); !polled) {
      for (Asked* of : waiting) of->done = tl::unexpected(polled.error());
      return;
    }
    // The last look is at all of them: what it finds is the outcome.
    late = late || Now::read_mono() >= deadline;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      Asked& of = *waiting[i];
      if (items[i].revents == 0 && !late) continue;
      const bool asks = of.asked == 0;
      Result<void> tried = asks ? ask_some(of, ops, kTry) : hear_answer(of, replies, kTry);
      const bool not_yet = !tried && tried.error().code == (asks ? ErrorCode::kUnavailable : ErrorCode::kTimeout);
      if (!not_yet || late) of.done = std::move(tried);
    }
  }
}

}  // namespace

std::vector<Result<Reply>> NodeClient::operate(const std::string& endpoint, std::span<const ClientOp> ops,
                                               MonoTime deadline) {
  std::vector<std::size_t> all(ops.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::map<std::string, std::vector<std::size_t>> one;
  one.emplace(endpoint, std::move(all));
  return operate(std::move(one), ops, deadline);
}

std::vector<Result<Reply>> NodeClient::operate(std::map<std::string, std::vector<std::size_t>> places,
                                               std::span<const ClientOp> ops, MonoTime deadline) {
  std::vector<Result<Reply>> replies(ops.size());
  std::vector<Asked> nodes;
  nodes.reserve(places.size());
  for (auto& [endpoint, open] : places) {
    Asked& of = nodes.emplace_back();
    of.endpoint = &endpoint;
    of.open = std::move(open);
    auto connection = connect(endpoint);
    if (connection) {
      of.connection = std::move(*connection);
    } else {
      of.done = tl::unexpected(connection.error());
    }
  }
  if (nodes.size() == 1) {
    operate_alone(nodes.front(), ops, replies, deadline);
  } else {
    operate_together(nodes, ops, replies, deadline);
  }
  for (Asked& of : nodes) {
    for (const std::size_t i : of.open) {
      Error error = of.done.error();
      if (error.code == ErrorCode::kTimeout && ops[i].op != OpKind::kGet) error.message += "; it may have been done";
      replies[i] = tl::unexpected(std::move(error));
    }
    if (of.connection) keep(*of.endpoint, std::move(of.connection), of.done);
  }
  return replies;
}

Result<void> NodeClient::list(const std::string& endpoint, std::string_view prefix, MonoTime deadline,
                              const std::function<void(const std::string&)>& keep) {
  return with(endpoint, [&](CallConnection& connection) -> Result<void> {
    std::uint64_t hash = 0;
    std::string key;
    for (bool more = true; more;) {
      auto call = connection.make<ListCall>();
      call->prefix = prefix;
      call->hash = hash;
      call->key = key;
      auto answered = connection.ask<ListAnswer>(std::move(call), deadline, [&](const ListAnswer& page) {
        for (const std::string& found : page.keys) keep(found);
        // A page that leads nowhere would be asked for without end.
        more = page.more && (page.hash != hash || page.key != key);
        hash = page.hash;
        key = page.key;
      });
      if (!answered) return answered;
    }
    return {};
  });
}

Result<StatusAnswer> NodeClient::status(const std::string& endpoint, MonoTime deadline) {
  StatusAnswer status;
  auto asked = with(endpoint, [&](CallConnection& connection) {
    return connection.ask<StatusAnswer>(connection.make<StatusCall>(), deadline, [&](const StatusAnswer& answer) {
      status.node = answer.node;
      status.ready = answer.ready;
      status.uptime = answer.uptime;
      status.members = answer.members;
      status.known = answer.known;
      status.counters = answer.counters;
    });
  });
  if (!asked) return tl::unexpected(asked.error());
  return status;
}

}  // namespace hearsay::transport
