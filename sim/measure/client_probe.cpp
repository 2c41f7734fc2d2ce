#include "sim/measure/client_probe.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hearsay::measure {

namespace {

// Whether `version` is that of a write that was over before `write` began: such a one cannot have superseded it.
bool is_earlier(const Key& key, const Write& write, Version version) {
  return std::ranges::any_of(key.writes, [&](const Write& other) {
    return other.version == version && other.id != write.id && other.completed <= write.invoked;
  });
}

}  // namespace

ClientProbe::ClientProbe(const plan::Plan& plan, KeyTable* keys, Findings& findings)
    : plan_(plan), keys_(keys), findings_(findings), by_client_(plan.clients.size()) {}

void ClientProbe::invoked(const OpRecord& op) {
  if (keys_ == nullptr || op.op != OpKind::kGet) return;
  Key* key = keys_->find(op.key);
  const Write* newest = key == nullptr ? nullptr : key->newest_acked(op.invoked);
  if (newest != nullptr) reads_.emplace(op.id, newest->version);
}

void ClientProbe::completed(const OpRecord& op, Key* key) {
  if (op.cut_off) {
    ++open_;
    reads_.erase(op.id);
    return;
  }
  const auto kind = static_cast<std::size_t>(op.op);
  const bool miss = is_miss(op);
  const bool succeeded = op.answered && (op.reply.ok || miss);
  ++by_op_[kind].requests;
  by_op_[kind].succeeded += succeeded ? 1U : 0U;
  if (op.client < by_client_.size()) {
    ++by_client_[op.client].requests;
    by_client_[op.client].succeeded += succeeded ? 1U : 0U;
  }
  if (succeeded) {
    latency_[kind].add(op.completed - op.invoked);
    misses_ += miss ? 1U : 0U;
    hits_ += op.op == OpKind::kGet && !miss ? 1U : 0U;
  } else {
    ++errors_[op.answered ? static_cast<std::size_t>(op.reply.error) : kUnanswered];
  }
  if (key == nullptr) return;
  if (op.op != OpKind::kGet) {
    if (succeeded) judge_write(op, *key);
    return;
  }
  const auto read = reads_.find(op.id);
  if (read == reads_.end()) return;
  if (succeeded && !miss) judge_read(op, *key, read->second);
  reads_.erase(read);
}

void ClientProbe::judge_read(const OpRecord& op, Key& key, Version acknowledged) {
  if (!op.reply.version || !(op.reply.version < acknowledged)) return;
  ++stale_;
  if (!findings_.wants("stale read")) return;
  const Write* newer = key.find(acknowledged);
  findings_.add("stale read", op.completed,
                fmt::format("{} returned an older {} than was acknowledged at {:.3f} s", plan_.directory.name(op.node),
                            op.key, newer == nullptr ? 0.0 : seconds(newer->completed)));
}

void ClientProbe::judge_write(const OpRecord& op, Key& key) {
  const auto self = std::ranges::find(key.writes, op.id, &Write::id);
  if (op.op == OpKind::kPut) ++acked_puts_;
  if (self == key.writes.end() || !self->version) return;
  for (Write& other : key.writes) {
    if (other.id == op.id || !other.version) continue;
    const bool overlap = other.invoked < self->completed && self->invoked < other.completed;
    if (overlap && other.acked) {
      Write& lower = other.version < self->version ? other : *self;
      if (lower.op == OpKind::kPut && !lower.lost_concurrently) {
        lower.lost_concurrently = true;
        ++losers_;
      }
    }
  }
  if (self->op != OpKind::kPut || !overtaken(key, *self)) return;
  self->shadowed = true;
  ++shadowed_;
  if (findings_.wants("lost write")) {
    findings_.add("lost write", op.completed,
                  fmt::format("{} at {} was acknowledged, but an earlier write has the higher version", op.key,
                              plan_.directory.name(op.node)));
  }
}

bool ClientProbe::overtaken(const Key& key, const Write& write) const {
  bool earlier = false;
  for (const Holder& holder : key.holders) {
    if (!keys_->current(holder)) continue;
    // A version that was given and then reached nobody says nothing: only what a replica has seen does.
    if (holder.held == write.version) return false;
    earlier |= write.version < holder.seen && is_earlier(key, write, holder.seen);
  }
  return earlier;
}

bool ClientProbe::lost_at_end(TrueTime at, const Target& target, Key& key, const Write& write) {
  if (write.op != OpKind::kPut || !write.acked || !write.version || write.shadowed || at >= write.due()) return false;
  for (const Write& other : key.writes) {
    // Whatever is newer supersedes it; a write of unknown outcome may have. One that was over before cannot, whatever
    // its version.
    if (other.completed <= write.invoked) continue;
    if (write.version < other.version || !other.version) return false;
  }
  return std::ranges::none_of(key.holders, [&](const Holder& holder) {
    if (!keys_->current(holder) || !target.live(holder.node)) return false;
    return holder.held == write.version || (holder.seen > write.version && !is_earlier(key, write, holder.seen));
  });
}

void ClientProbe::sample(TrueTime at) {
  Tally all;
  for (const Tally& tally : by_op_) {
    all.requests += tally.requests;
    all.succeeded += tally.succeeded;
  }
  // An interval without a request has no availability.
  if (all.requests > sampled_.requests) {
    series_.points.push_back({seconds(at), static_cast<double>(all.succeeded - sampled_.succeeded) /
                                               static_cast<double>(all.requests - sampled_.requests)});
  }
  sampled_ = all;
}

void ClientProbe::finish(TrueTime at, const Target& target, Report& report, std::vector<InvariantResult>& invariants) {
  static constexpr std::array<std::pair<OpKind, std::string_view>, 3> kOps = {
      {{OpKind::kGet, "get"}, {OpKind::kPut, "put"}, {OpKind::kDel, "del"}}};
  std::uint64_t requests = 0, succeeded = 0;
  for (const auto& [op, name] : kOps) {
    const Tally& tally = by_op_[static_cast<std::size_t>(op)];
    const std::string population = op == OpKind::kDel ? "deletes" : fmt::format("{}s", name);
    report.share(fmt::format("{}_availability_share", name), tally.succeeded, tally.requests, population);
    report.distribution(fmt::format("{}_latency_*_ms", name), latency_[static_cast<std::size_t>(op)], population);
    requests += tally.requests;
    succeeded += tally.succeeded;
  }
  report.count("requests_count", requests);
  report.count("open_requests_count", open_);
  report.share("availability_share", succeeded, requests, "requests");
  for (std::size_t i = 0; i < by_client_.size(); ++i) {
    report.share(fmt::format("availability_share[{}]", plan_.clients[i].name), by_client_[i].succeeded,
                 by_client_[i].requests, "requests");
  }
  report.count("misses_count", misses_, fmt::format("{} gets", hits_ + misses_));
  report.count("errors_count", requests - succeeded, fmt::format("{} requests", requests));
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    if (errors_[i] == 0) continue;
    const std::string name(i == kUnanswered ? "unanswered" : to_string(static_cast<ErrorCode>(i)));
    report.count(fmt::format("errors_count[{}]", name), errors_[i], fmt::format("{} requests", requests));
  }
  if (requests > 0) report.results().series.push_back(series_);
  if (keys_ == nullptr) return;
  std::uint64_t lost = shadowed_;
  for (Key& key : keys_->keys()) {
    for (const Write& write : key.writes) {
      if (!lost_at_end(at, target, key, write)) continue;
      ++lost;
      if (findings_.wants("lost write")) {
        findings_.add("lost write", write.completed,
                      fmt::format("{} at {} was acknowledged, and no live process holds it", key.name,
                                  plan_.directory.name(write.node)));
      }
    }
  }
  report.count("stale_reads_count", stale_, fmt::format("{} gets", hits_ + misses_));
  report.share("stale_reads_share", stale_, hits_, "gets that returned a value");
  const std::string puts = keys_->not_followed() == 0
                               ? fmt::format("{} acknowledged puts", acked_puts_)
                               : fmt::format("{} acknowledged puts ({} requests for keys that are not followed)",
                                             acked_puts_, keys_->not_followed());
  report.count("lost_acknowledged_writes_count", lost, puts);
  report.count("concurrent_losers_count", losers_, fmt::format("{} acknowledged puts", acked_puts_));
  const auto outcome = [&](std::string_view name, std::uint64_t n, std::string_view what) {
    invariants.push_back({std::string(name), requests > 0, n == 0 ? "" : fmt::format("{} {}", n, what)});
  };
  outcome("no_stale_read", stale_, "stale reads");
  outcome("no_lost_acknowledged_write", lost, "lost acknowledged writes");
}

}  // namespace hearsay::measure
