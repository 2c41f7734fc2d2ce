#include "core/replication/coordinator.hpp"

#include <algorithm>
#include <utility>

#include "core/protocol/envelope.hpp"

namespace hearsay {

namespace {

// Sends what is too large for a datagram over a connection.
template <class M>
void send_sized(Step& step, NodeSlot to, Draft<M>&& draft) {
  MessageRef message = step.sealed(std::move(draft));
  const bool large = message->wire_bytes > Coordinator::kMaxDatagram;
  step.send(to, std::move(message), large ? SendClass::kStream : SendClass::kDatagram);
}

}  // namespace

const std::vector<const MessageType*>& Coordinator::messages() {
  static const std::vector<const MessageType*> types{&message_type<KvGreet>(), &message_type<KvTicket>(),
                                                     &message_type<KvStore>(), &message_type<KvStored>(),
                                                     &message_type<KvFetch>(), &message_type<KvFound>()};
  return types;
}

// ---- requests ------------------------------------------------------------------------------------------------------

void Coordinator::request(Step& step, Replica& replica, const Request& request) {
  Reply refusal;
  refusal.id = request.id;
  if (const auto checked = check(request); !checked) {
    refusal.error = checked.error().code;
    return step.reply(std::move(refusal));
  }
  const ReplicationParams& params = replica.params();
  const bool read = request.op == OpKind::kGet;
  const bool first_hit = read && params.read_order == static_cast<int>(ReadOrder::kFirstHit);
  const std::uint64_t hash = step.key_hash(request.key);
  const auto nodes = replica.replicas(step, hash);
  const std::size_t need = first_hit ? 1 : params.needed(read ? params.r : params.w, nodes.size());
  refusal.error = ErrorCode::kUnavailable;
  if (nodes.empty() || nodes.size() < need) return step.reply(std::move(refusal));
  Pending* opened = pending_.open(static_cast<std::size_t>(params.max_pending), step.epoch());
  if (opened == nullptr) {
    step.observe(ObservationKind::kOverflow, kNoSlot, 1);
    return step.reply(std::move(refusal));
  }

  Pending& pending = *opened;
  pending.client = request.id;
  pending.op = request.op;
  pending.key = request.key;
  pending.hash = hash;
  pending.value = request.value;
  pending.ttl = request.ttl;
  pending.started = step.mono();
  pending.deadline = step.mono() + params.request_timeout;
  pending.need = need;
  for (const NodeSlot node : nodes) pending.targets.push_back({node, Target::State::kIdle, 0, {}});

  const std::uint64_t id = pending.id;
  if (first_hit) return read_next(step, replica, pending);
  if (read) {
    read_all(step, replica, pending);
  } else {
    write_all(step, replica, pending);
  }
  // What this node could answer alone needs no timer.
  if (pending_.find(id) != nullptr) {
    step.arm(kRequestTimer, params.request_timeout, PendingTable::timer_argument(pending));
  }
}

void Coordinator::timer(Step& step, Replica& replica, Timer timer) {
  Pending* pending = pending_.find_by_timer(timer.argument);
  if (pending == nullptr || step.mono() < pending->deadline) return;
  if (pending->op == OpKind::kGet) {
    if (replica.params().read_order == static_cast<int>(ReadOrder::kFirstHit)) {
      pending->targets[pending->next - 1].state = Target::State::kFailed;
      return read_next(step, replica, *pending);
    }
    if (!pending->answered) reply(step, *pending, false, ErrorCode::kTimeout);
    return close_read(step, replica, *pending);
  }
  if (!pending->answered) reply(step, *pending, false, ErrorCode::kTimeout);
  pending_.close(*pending);
}

void Coordinator::reply(Step& step, Pending& pending, bool ok, ErrorCode error) {
  pending.answered = true;
  Reply answer;
  answer.id = pending.client;
  answer.ok = ok;
  answer.error = error;
  answer.version = pending.op == OpKind::kGet ? pending.best.version : pending.version;
  if (ok && pending.op == OpKind::kGet) {
    answer.value = pending.best.value;
    if (pending.best.until != MonoTime::max()) answer.ttl_left = pending.best.until - step.mono();
  }
  step.reply(std::move(answer));
}

// ---- writes --------------------------------------------------------------------------------------------------------

Copy Coordinator::copy_of(const Step& step, const Replica& replica, const Pending& pending) const {
  Copy copy{pending.key, {}, pending.version, pending.op == OpKind::kDel, Duration::zero()};
  if (copy.tombstone) return copy;
  if (pending.ttl > Duration::zero()) {
    // Counted from when the client asked. What is over already is as good as deleted, and must not become 0 = for ever.
    copy.left = pending.ttl - (step.mono() - pending.started);
    if (copy.left <= Duration::zero()) return {pending.key, {}, pending.version, true, Duration::zero()};
    if (replica.params().original_ttl) copy.left = pending.ttl;
  }
  copy.value = pending.value;
  return copy;
}

void Coordinator::write_all(Step& step, Replica& replica, Pending& pending) {
  pending.version = replica.next_version(step);
  pending.answers = 0;
  pending.failures = 0;
  pending.overtaken = false;
  for (Target& target : pending.targets) {
    target.state = Target::State::kWaiting;
    target.sends = 0;
    write_one(step, replica, pending, target);
  }
  settle_write(step, replica, pending);
}

void Coordinator::write_one(Step& step, Replica& replica, Pending& pending, Target& target) {
  Copy copy = copy_of(step, replica, pending);
  if (target.node == step.self()) {
    const WriteResult result = replica.apply(step, copy, pending.hash);
    const bool held = changed(result) || result == WriteResult::kSame;
    const StoreOutcome outcome = held                            ? StoreOutcome::kHeld
                                 : result == WriteResult::kOlder ? StoreOutcome::kSuperseded
                                                                 : StoreOutcome::kRefused;
    return on_outcome(step, replica, pending, target, outcome, replica.read(step, pending.key).version);
  }
  if (++target.sends > kMaxSends) return;  // the request's timeout will tell
  Voucher voucher;
  if (copy.ages() && replica.params().copy_window > Duration::zero()) {
    voucher = replica.peers().voucher(step.id(target.node), step.mono());
    if (!voucher.ticket) {
      auto greet = step.make<KvGreet>();
      greet->id = pending.id;
      return step.send(target.node, std::move(greet));
    }
  }
  auto store = step.make<KvStore>();
  store->id = pending.id;
  store->copy = std::move(copy);
  store->voucher = voucher;
  send_sized(step, target.node, std::move(store));
}

void Coordinator::on_outcome(Step& step, Replica& replica, Pending& pending, Target& target, StoreOutcome outcome,
                             Version newest) {
  target.state = Target::State::kAnswered;
  if (outcome == StoreOutcome::kHeld) {
    ++pending.answers;
  } else if (outcome == StoreOutcome::kRefused) {
    ++pending.failures;
  } else {
    replica.observe(step, newest);
    if (pending.answered) return;  // what was acknowledged has been overwritten since
    if (pending.attempts + 1 >= kMaxAttempts) {
      ++pending.answers;  // concurrent writers keep overtaking each other; one of them wins, and this one was before it
    } else if (replica.overtakes(newest)) {
      pending.overtaken = true;
    } else {
      ++pending.failures;  // from a clock further ahead than is tolerated
    }
  }
}

void Coordinator::settle_write(Step& step, Replica& replica, Pending& pending) {
  if (pending.overtaken) {
    ++pending.attempts;
    return write_all(step, replica, pending);
  }
  if (!pending.answered && pending.answers >= pending.need) reply(step, pending, true);
  if (!pending.answered && pending.targets.size() - pending.failures < pending.need) {
    reply(step, pending, false, ErrorCode::kUnavailable);
  }
  // The other copies are on their way, or wait for a ticket.
  if (pending.answered && !pending.waiting()) pending_.close(pending);
}

// ---- reads ---------------------------------------------------------------------------------------------------------

void Coordinator::ask(Step& step, Pending& pending, Target& target) {
  target.state = Target::State::kWaiting;
  auto fetch = step.make<KvFetch>();
  fetch->id = pending.id;
  fetch->key = pending.key;
  step.send(target.node, std::move(fetch));
}

void Coordinator::read_all(Step& step, Replica& replica, Pending& pending) {
  if (Target* own = pending.target(step.self()); own != nullptr) {
    const Lookup held = replica.read(step, pending.key);
    on_answer(step, replica, pending, *own, {held.live(), held.version, &held.value, held.ttl_left, true});
    if (pending.answered && !replica.params().read_repair) return close_read(step, replica, pending);
  }
  std::size_t asked = 0;
  for (Target& target : pending.targets) {
    if (target.node == step.self()) continue;
    ask(step, pending, target);
    ++asked;
  }
  if (asked == 0) close_read(step, replica, pending);
}

void Coordinator::read_next(Step& step, Replica& replica, Pending& pending) {
  while (pending.next < pending.targets.size()) {
    Target& target = pending.targets[pending.next++];
    if (target.node != step.self()) {
      pending.deadline = step.mono() + replica.params().request_timeout;
      step.arm(kRequestTimer, replica.params().request_timeout, PendingTable::timer_argument(pending));
      return ask(step, pending, target);
    }
    const Lookup held = replica.read(step, pending.key);
    on_answer(step, replica, pending, target, {held.live(), held.version, &held.value, held.ttl_left, true});
    if (pending.answered) return pending_.close(pending);
  }
  reply(step, pending, false, ErrorCode::kNotFound);
  pending_.close(pending);
}

void Coordinator::on_answer(Step& step, Replica& replica, Pending& pending, Target& target, const Answer& answer) {
  const bool first_hit = replica.params().read_order == static_cast<int>(ReadOrder::kFirstHit);
  target.state = Target::State::kAnswered;
  target.version = answer.version;
  replica.observe(step, answer.version);
  ++pending.answers;
  if (first_hit ? answer.live : static_cast<bool>(answer.version)) {
    const bool forever = !answer.live || answer.left == Duration::zero();
    Best found{true,
               answer.live,
               answer.version,
               *answer.value,
               forever ? MonoTime::max() : step.mono() + answer.left,
               answer.live ? Duration::zero() : answer.left,
               answer.fresh};
    Best& best = pending.best;
    if (!best.any || found.version > best.version) {
      best = std::move(found);
    } else if (found.version == best.version && (!found.live || found.until < best.until)) {
      // Copies of one version: the one that ends first is right, and an expired one ended already.
      if (best.live) best = std::move(found);
    }
  }
  if (!pending.answered && pending.answers >= pending.need && (!first_hit || answer.live)) reply_get(step, pending);
}

void Coordinator::reply_get(Step& step, Pending& pending) {
  const bool live = pending.best.any && pending.best.live && pending.best.until > step.mono();
  reply(step, pending, live, live ? ErrorCode::kInternal : ErrorCode::kNotFound);
}

void Coordinator::close_read(Step& step, Replica& replica, Pending& pending) {
  if (replica.params().read_repair) repair(step, replica, pending);
  pending_.close(pending);
}

void Coordinator::repair(Step& step, Replica& replica, Pending& pending) {
  const Best& best = pending.best;
  if (!best.any) return;
  Copy copy{pending.key, best.value, best.version, !best.live, best.grace};
  if (best.live && best.until != MonoTime::max()) {
    copy.left = best.until - step.mono();
    if (copy.left <= Duration::zero() || !best.fresh) return;
  }
  for (const Target& target : pending.targets) {
    if (target.state != Target::State::kAnswered || target.version >= best.version) continue;
    if (!best.live && !target.version) continue;  // nothing there that a tombstone would have to end
    step.observe(ObservationKind::kRepaired, target.node, 1);
    if (target.node == step.self()) {
      (void)replica.apply(step, copy, pending.hash);
      continue;
    }
    auto store = step.make<KvStore>();
    store->copy = copy;
    store->voucher = replica.peers().voucher(step.id(target.node), step.mono());
    send_sized(step, target.node, std::move(store));
  }
}

// ---- messages ------------------------------------------------------------------------------------------------------

bool Coordinator::message(Step& step, Replica& replica, NodeSlot from, const Message& message,
                          std::optional<std::uint64_t>& stored) {
  if (is<KvStore>(message)) {
    on_store(step, replica, from, as<KvStore>(message), stored);
  } else if (is<KvStored>(message)) {
    on_stored(step, replica, from, as<KvStored>(message));
  } else if (is<KvFetch>(message)) {
    on_fetch(step, replica, from, as<KvFetch>(message));
  } else if (is<KvFound>(message)) {
    on_found(step, replica, from, as<KvFound>(message));
  } else if (is<KvGreet>(message)) {
    auto ticket = step.make<KvTicket>();
    ticket->id = as<KvGreet>(message).id;
    ticket->ticket = replica.issue(step);
    step.send(from, std::move(ticket));
  } else if (is<KvTicket>(message)) {
    on_ticket(step, replica, from, as<KvTicket>(message));
  } else {
    return false;
  }
  return true;
}

void Coordinator::on_store(Step& step, Replica& replica, NodeSlot from, const KvStore& store,
                           std::optional<std::uint64_t>& stored) {
  if (!replica.accepts(step, store.copy, store.voucher)) {
    if (store.id == 0) return;
    auto ticket = step.make<KvTicket>();
    ticket->id = store.id;
    ticket->ticket = replica.issue(step);
    return step.send(from, std::move(ticket));
  }
  const std::uint64_t hash = step.key_hash(store.copy.key);
  const WriteResult result = replica.apply(step, store.copy, hash);
  if (changed(result)) stored = hash;
  if (store.id == 0) return;
  auto answer = step.make<KvStored>();
  answer->id = store.id;
  answer->version = store.copy.version;
  answer->ticket = replica.issue(step);
  if (result == WriteResult::kOlder) {
    answer->outcome = StoreOutcome::kSuperseded;
    answer->newest = replica.read(step, store.copy.key).version;
  } else if (!changed(result) && result != WriteResult::kSame) {
    answer->outcome = StoreOutcome::kRefused;
  }
  step.send(from, std::move(answer));
}

void Coordinator::on_fetch(Step& step, Replica& replica, NodeSlot from, const KvFetch& fetch) const {
  const Lookup held = replica.read(step, fetch.key);
  auto answer = step.make<KvFound>();
  answer->id = fetch.id;
  answer->version = held.version;
  answer->live = held.live();
  answer->value = held.value;
  answer->left = held.ttl_left;
  answer->ticket = replica.issue(step);
  send_sized(step, from, std::move(answer));
}

void Coordinator::on_ticket(Step& step, Replica& replica, NodeSlot from, const KvTicket& ticket) {
  replica.peers().keep_ticket(step.id(from), ticket.ticket, step.mono());
  Pending* pending = pending_.find(ticket.id);
  if (pending == nullptr || pending->op != OpKind::kPut) return;
  Target* target = pending->target(from);
  if (target != nullptr && target->state == Target::State::kWaiting) write_one(step, replica, *pending, *target);
}

void Coordinator::on_stored(Step& step, Replica& replica, NodeSlot from, const KvStored& stored) {
  replica.peers().keep_ticket(step.id(from), stored.ticket, step.mono());
  Pending* pending = pending_.find(stored.id);
  if (pending == nullptr || pending->op == OpKind::kGet || stored.version != pending->version) return;
  Target* target = pending->target(from);
  if (target == nullptr || target->state != Target::State::kWaiting) return;
  on_outcome(step, replica, *pending, *target, stored.outcome, stored.newest);
  settle_write(step, replica, *pending);
}

void Coordinator::on_found(Step& step, Replica& replica, NodeSlot from, const KvFound& found) {
  replica.peers().keep_ticket(step.id(from), found.ticket, step.mono());
  Pending* pending = pending_.find(found.id);
  if (pending == nullptr || pending->op != OpKind::kGet) return;
  Target* target = pending->target(from);
  if (target == nullptr || target->state != Target::State::kWaiting) return;
  const Duration window = replica.params().copy_window;
  const bool fresh = window == Duration::zero() || step.mono() - pending->started <= window;
  on_answer(step, replica, *pending, *target, {found.live, found.version, &found.value, found.left, fresh});
  if (replica.params().read_order == static_cast<int>(ReadOrder::kFirstHit)) {
    if (pending->answered) return pending_.close(*pending);
    return read_next(step, replica, *pending);
  }
  if (!pending->answered) return;
  if (!pending->waiting() || !replica.params().read_repair) close_read(step, replica, *pending);
}

}  // namespace hearsay
