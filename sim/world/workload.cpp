#include "sim/world/workload.hpp"

#include <algorithm>

namespace hearsay::world {

namespace {

// What a draw of a client decides; part of every fingerprint with clients.
enum Draw : std::uint32_t { kGap, kKind, kKey, kSize, kTtl, kDraws };

// A closed-loop client that was refused tries again no sooner than this: one that fails at once would otherwise ask for
// ever within one instant.
constexpr Duration kRefusedPause = 100ms;
// And one that was answered thinks at least this long, however short its think time: an answer that is there at once
// (its own replica, and r = 1) takes no time either.
constexpr Duration kMinThink = 1us;

std::string value_of(std::uint32_t client, std::uint64_t number, std::int64_t bytes) {
  std::string value = std::to_string(client) + ":" + std::to_string(number) + ";";
  value.resize(static_cast<std::size_t>(bytes), '.');
  return value;
}

}  // namespace

Workload::Workload(const plan::Plan& plan, std::uint64_t seed, const Ring& ring, WorkloadHost& host)
    : plan_(plan), ring_(ring), host_(host), key_(stream_key(seed, Purpose::kClient)) {
  for (std::uint32_t i = 0; i < plan.clients.size(); ++i) {
    const plan::ClientSpec& spec = plan.clients[i];
    Behaviour behaviour;
    behaviour.put = spec.put_weight;
    behaviour.get = spec.get_weight;
    behaviour.del = spec.del_weight;
    set_rate(behaviour, spec, spec.rate_hz);
    if (spec.popularity == plan::ClientSpec::Popularity::kZipf) {
      const auto zipf = Zipf::of(spec.keys, spec.zipf_exponent);
      HEARSAY_CHECK(zipf.has_value());
      behaviour.zipf = *zipf;
    }
    behaviours_.push_back(behaviour);
    // A stream of its own tells the client's choice of nodes from an event's.
    for (const NodeSlot node : plan::resolve(spec.nodes, seed, (std::uint64_t{1} << 62) + i)) {
      for (std::uint32_t copy = 0; copy < spec.per_node; ++copy) clients_.push_back({i, node, 0});
    }
  }
}

void Workload::set_rate(Behaviour& behaviour, const plan::ClientSpec& spec, double rate_hz) {
  if (!spec.open_loop) return;
  const Duration mean(std::max<std::int64_t>(1, clamp_round(1e9 / rate_hz, 1, kTenYears.count())));
  const auto gap = spec.steady ? DurationDistribution::constant(mean) : DurationDistribution::exponential(mean, 1ns);
  HEARSAY_CHECK(gap.has_value());
  behaviour.gap = *gap;
}

std::uint64_t Workload::draw(std::uint32_t client, std::uint32_t what) const {
  return philox(key_, std::uint64_t{client} << 8 | what, clients_[client].issued).a;
}

void Workload::begin() {
  for (std::uint32_t i = 0; i < clients_.size(); ++i) {
    const plan::ClientSpec& spec = plan_.clients[clients_[i].spec];
    const Duration period = spec.open_loop ? behaviours_[clients_[i].spec].gap.mean() : spec.think.mean();
    // Clients of one kind do not start as one.
    const auto phase = static_cast<std::int64_t>(
        scale_bits(draw(i, kDraws), static_cast<std::uint64_t>(std::max<std::int64_t>(1, period.count()))));
    schedule(i, TrueTime(spec.start + Duration(phase)));
  }
  for (std::size_t i = 0; i < plan_.ops.size(); ++i) {
    host_.push_client(TrueTime(plan_.ops[i].at), static_cast<std::uint32_t>(clients_.size()), plan_.ops[i].node,
                      static_cast<std::uint32_t>(i));
  }
}

void Workload::schedule(std::uint32_t client, TrueTime at) {
  const plan::ClientSpec& spec = plan_.clients[clients_[client].spec];
  if (at.time_since_epoch() >= spec.stop) return;
  host_.push_client(at, client, clients_[client].node, 0);
}

void Workload::schedule_next(std::uint32_t client, bool after_answer, TrueTime from) {
  const plan::ClientSpec& spec = plan_.clients[clients_[client].spec];
  if (spec.open_loop == after_answer) return;
  const DurationDistribution& pause = spec.open_loop ? behaviours_[clients_[client].spec].gap : spec.think;
  const Duration least = spec.open_loop ? Duration(1ns) : kMinThink;
  schedule(client, from + std::max(least, pause.sample(draw(client, kGap))));
}

void Workload::on_client_event(std::uint32_t client, NodeSlot node, std::uint32_t argument, TrueTime due) {
  if (!is_client(client)) {
    const plan::OpSpec& op = plan_.ops[argument];
    issue(client, node, {RequestId{std::uint64_t{client} << 32 | argument}, op.op, op.key, Bytes(op.value), op.ttl});
    return;
  }
  const plan::ClientSpec& spec = plan_.clients[clients_[client].spec];
  const bool there = host_.state(node) != measure::ProcessState::kAbsent;
  Request request = next_request(client);
  ++clients_[client].issued;
  schedule_next(client, false, due);
  if (there) {
    issue(client, node, std::move(request));
  } else if (!spec.open_loop) {
    schedule(client, host_.now() + std::max<Duration>(kRefusedPause, spec.think.mean()));
  }
}

Request Workload::next_request(std::uint32_t client) {
  const Client& who = clients_[client];
  const plan::ClientSpec& spec = plan_.clients[who.spec];
  const Behaviour& behaviour = behaviours_[who.spec];
  Request request;
  request.id = RequestId{std::uint64_t{client} << 32 | (who.issued & 0xffffffffU)};

  const std::uint64_t kind = scale_bits(draw(client, kKind), behaviour.put + behaviour.get + behaviour.del);
  request.op = kind < behaviour.put ? OpKind::kPut : kind < behaviour.put + behaviour.get ? OpKind::kGet : OpKind::kDel;

  std::uint64_t key = 0;
  switch (spec.popularity) {
    case plan::ClientSpec::Popularity::kUniform: key = scale_bits(draw(client, kKey), spec.keys); break;
    case plan::ClientSpec::Popularity::kZipf:
      HEARSAY_CHECK(behaviour.zipf.has_value());
      key = behaviour.zipf->sample(philox(key_, std::uint64_t{client} << 8 | kKey, who.issued)) - 1;
      break;
    case plan::ClientSpec::Popularity::kSequential: key = who.issued % spec.keys; break;
  }
  request.key = spec.key_prefix + std::to_string(key);

  if (request.op == OpKind::kPut) {
    const Block size = philox(key_, std::uint64_t{client} << 8 | kSize, who.issued);
    request.value = Bytes(value_of(client, who.issued, spec.value_bytes.sample(size)));
    // Zero would mean for ever: a drawn TTL is at least a nanosecond.
    if (spec.ttl) request.ttl = std::max<Duration>(1ns, spec.ttl->sample(draw(client, kTtl)));
  }
  return request;
}

void Workload::issue(std::uint32_t client, NodeSlot node, Request request) {
  Pending pending;
  pending.client = client;
  measure::OpRecord& record = pending.record;
  record.id = next_op_++;
  record.node = node;
  record.client = is_client(client) ? clients_[client].spec : measure::kNoClient;
  record.op = request.op;
  record.key = request.key;
  record.key_hash = ring_.hash_key(request.key);
  record.ttl = request.ttl;
  record.invoked = host_.now();
  host_.op_invoked(record);
  Reply refused;
  refused.id = request.id;
  refused.error = ErrorCode::kUnavailable;
  if (!host_.running(node)) {
    complete(std::move(pending), refused, false);
    return;
  }
  const auto id = static_cast<std::uint64_t>(request.id);
  pending_.emplace(id, std::move(pending));
  // The reply may come within this call.
  if (host_.request(node, client, std::move(request))) return;
  // So many wait at a paused or slow node that it takes no more.
  Pending turned_away = std::move(pending_.at(id));
  pending_.erase(id);
  complete(std::move(turned_away), refused, false);
}

void Workload::on_reply(const Reply& reply) {
  const auto found = pending_.find(static_cast<std::uint64_t>(reply.id));
  HEARSAY_CHECK(found != pending_.end());  // a strategy answers each request once
  Pending pending = std::move(found->second);
  pending_.erase(found);
  complete(std::move(pending), reply, true);
}

void Workload::complete(Pending pending, const Reply& reply, bool answered) {
  pending.record.completed = host_.now();
  pending.record.answered = answered;
  pending.record.reply = reply;
  host_.op_completed(pending.record);
  const std::uint32_t client = pending.client;
  if (!is_client(client) || plan_.clients[clients_[client].spec].open_loop) return;
  // A miss is an answer.
  const bool at_once = pending.record.completed == pending.record.invoked;
  const bool refused = !answered || (at_once && !reply.ok && reply.error != ErrorCode::kNotFound);
  if (!refused) {
    schedule_next(client, true, host_.now());
  } else {
    const plan::ClientSpec& spec = plan_.clients[clients_[client].spec];
    schedule(client, host_.now() + std::max<Duration>(kRefusedPause, spec.think.mean()));
  }
}

void Workload::on_process_end(NodeSlot node) {
  std::vector<std::uint64_t> lost;
  for (const auto& [id, pending] : pending_) {
    if (pending.record.node == node) lost.push_back(id);
  }
  std::sort(lost.begin(), lost.end());
  for (const std::uint64_t id : lost) {
    Pending pending = std::move(pending_.at(id));
    pending_.erase(id);
    Reply none;
    none.id = RequestId{id};
    none.error = ErrorCode::kUnavailable;
    complete(std::move(pending), none, false);
  }
}

std::size_t Workload::change(const plan::WorkloadChange& change) {
  std::size_t changed = 0;
  for (std::size_t i = 0; i < plan_.clients.size(); ++i) {
    const plan::ClientSpec& spec = plan_.clients[i];
    if (spec.name != change.client) continue;
    Behaviour& behaviour = behaviours_[i];
    if (change.rate_hz) set_rate(behaviour, spec, *change.rate_hz);
    if (change.put_weight) behaviour.put = *change.put_weight;
    if (change.get_weight) behaviour.get = *change.get_weight;
    if (change.del_weight) behaviour.del = *change.del_weight;
    for (const Client& client : clients_) changed += client.spec == i ? 1 : 0;
  }
  return changed;
}

void Workload::finish() {
  std::vector<std::uint64_t> open;
  open.reserve(pending_.size());
  for (const auto& [id, pending] : pending_) open.push_back(id);
  std::sort(open.begin(), open.end());
  for (const std::uint64_t id : open) {
    Pending& pending = pending_.at(id);
    pending.record.completed = host_.now();
    pending.record.cut_off = true;
    host_.op_completed(pending.record);
  }
  pending_.clear();
}

}  // namespace hearsay::world
