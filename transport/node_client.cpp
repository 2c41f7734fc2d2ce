#include "transport/node_client.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

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
    case ErrorCode::kUnavailable: return "too few replicas can be reached, or the node is not ready or too busy";
    case ErrorCode::kTimeout: return "too few replicas answered in time; a write may have been done";
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

template <class Use>
Result<void> NodeClient::with(const std::string& endpoint, Use&& use) {
  std::unique_ptr<CallConnection> connection;
  {
    const std::lock_guard guard(mutex_);
    if (const auto found = idle_.find(endpoint); found != idle_.end() && !found->second.empty()) {
      connection = std::move(found->second.back());
      found->second.pop_back();
    }
  }
  if (connection == nullptr) {
    auto opened = CallConnection::open({&context_, endpoint, channel_, sockets_, &security_});
    if (!opened) return tl::unexpected(opened.error());
    connection = std::move(*opened);
  }
  Result<void> done = use(*connection);
  const std::lock_guard guard(mutex_);
  if (idle_.size() >= kMaxEndpoints && !idle_.contains(endpoint)) idle_.clear();
  std::vector<std::unique_ptr<CallConnection>>& idle = idle_[endpoint];
  if (idle.size() < kMaxIdle) idle.push_back(std::move(connection));
  return done;
}

std::vector<Result<Reply>> NodeClient::operate(const std::string& endpoint, std::span<const ClientOp> ops,
                                               MonoTime deadline) {
  std::vector<Result<Reply>> replies(ops.size());
  std::vector<std::size_t> open(ops.size());  // not answered yet, in order
  std::iota(open.begin(), open.end(), std::size_t{0});
  const Result<void> done = with(endpoint, [&](CallConnection& connection) -> Result<void> {
    while (!open.empty()) {
      auto call = connection.make<Call>();
      std::size_t bytes = 0;
      for (const std::size_t i : open) {
        bytes += bytes_of(ops[i]);
        if (call->ops.size() == Call::kMaxOps || (bytes > kMaxCallBytes && !call->ops.empty())) break;
        call->ops.push_back(ops[i]);
      }
      const std::size_t asked = call->ops.size();
      Result<void> sense;
      auto answered = connection.ask<Answer>(
          std::move(call), deadline, [&](const Answer& answer) { sense = take_answer(answer, asked, open, replies); });
      if (!answered) return answered;
      if (!sense) return sense;
    }
    return {};
  });
  for (const std::size_t i : open) replies[i] = tl::unexpected(done.error());
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
