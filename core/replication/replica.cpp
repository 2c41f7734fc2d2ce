#include "core/replication/replica.hpp"

namespace hearsay {

namespace {

// Units of work of one expiry step: about 100 us; what is left follows at once in a step of its own.
constexpr std::size_t kExpiryBudget = 4096;

std::uint64_t ns(Duration duration) { return static_cast<std::uint64_t>(duration.count()); }

}  // namespace

// ---- peers ---------------------------------------------------------------------------------------------------------

PeerTable::Peer& PeerTable::at(NodeId id, MonoTime now) {
  const auto by_id = [](const Peer& peer, NodeId other) { return peer.id < other; };
  auto place = std::lower_bound(peers_.begin(), peers_.end(), id, by_id);
  if (place == peers_.end() || place->id != id) {
    if (peers_.size() == kMaxPeers) {
      peers_.erase(
          std::min_element(peers_.begin(), peers_.end(), [](const Peer& a, const Peer& b) { return a.used < b.used; }));
      place = std::lower_bound(peers_.begin(), peers_.end(), id, by_id);
    }
    place = peers_.insert(place, Peer{id, {}, {}, now, {}});
  }
  place->used = now;
  return *place;
}

void PeerTable::keep_ticket(NodeId id, const Ticket& ticket, MonoTime now) {
  Peer& peer = at(id, now);
  // An answer that was overtaken brings an older one.
  if (peer.ticket && peer.ticket.life == ticket.life && peer.ticket.issued > ticket.issued) return;
  peer.ticket = ticket;
  peer.received = now;
}

Voucher PeerTable::voucher(NodeId id, MonoTime now) {
  const Peer& peer = at(id, now);
  const Duration held = now - peer.received;
  if (!peer.ticket || held > kMaxHeld) return {};
  return {peer.ticket, held};
}

void PeerTable::digest(Hasher& hasher) const {
  hasher.add(peers_.size());
  for (const Peer& peer : peers_) {
    hasher.add(peer.id);
    hasher.add(peer.ticket.life);
    hasher.add(peer.ticket.issued);
    hasher.add(peer.received);
    hasher.add(peer.used);
    hasher.add(peer.cursor.hash);
    hasher.add(peer.cursor.key);
  }
}

// ---- the replica ---------------------------------------------------------------------------------------------------

std::span<const NodeSlot> Replica::replicas(Step& step, std::uint64_t hash, std::size_t more) {
  const Placement& placement = step.placement();
  const std::size_t wanted = params_->n == 0 ? placement.members() : static_cast<std::size_t>(params_->n) + more;
  nodes_.resize(std::min(wanted, placement.members()));
  nodes_.resize(placement.replicas(hash, nodes_));
  return nodes_;
}

bool Replica::is_fresh(const Step& step, const Voucher& voucher) const {
  if (voucher.ticket.life != step.epoch() + 1 || voucher.held < Duration::zero()) return false;
  const Duration age = step.mono().time_since_epoch() - voucher.ticket.issued;
  // Both are this node's own readings; a ticket from the future was made up.
  return age >= Duration::zero() && age - voucher.held <= params_->copy_window;
}

WriteResult Replica::apply(Step& step, const Copy& copy, std::uint64_t hash) {
  observe(step, copy.version);
  const Duration grace = params_->tombstone_grace;
  const MonoTime now = step.mono();
  const WriteResult result = !copy.tombstone ? store_.put(copy.key, hash, copy.value, copy.version, copy.left, now)
                             : copy.left == Duration::zero() || copy.left >= grace
                                 ? store_.erase(copy.key, hash, copy.version, now)
                                 : store_.erase(copy.key, hash, copy.version, now, copy.left);
  if (changed(result)) {
    if (copy.tombstone) {
      step.observe_key(ObservationKind::kTombstone, copy.key, copy.version);
    } else {
      step.observe_key(ObservationKind::kStored, copy.key, copy.version, ns(copy.left));
    }
  } else if (result == WriteResult::kFull) {
    step.observe(ObservationKind::kOverflow, kNoSlot, 1);
  }
  arm_expiry(step);
  return result;
}

Copy Replica::copy_of(const StoreItem& item) {
  return {std::string(item.key), *item.value, item.version, item.state == ItemState::kTombstone, item.ttl_left};
}

bool Replica::drop(Step& step, std::string_view key, Version held) {
  if (!store_.drop(key, held)) return false;
  step.observe_key(ObservationKind::kDropped, key, held);
  return true;
}

void Replica::restore(Step& step, const Persisted& persisted) {
  // Its own clock's last reading needs no bound; the items do, as most of their versions are other nodes'.
  clock_.resume(persisted.clock);
  for (const PersistedItem& item : persisted.items) observe(step, item.version);
  const Duration grace = params_->tombstone_grace;
  if (grace > Duration::zero() && persisted.away > grace) {
    // Others may have forgotten what was deleted meanwhile: what is held here could bring it back.
    for (const PersistedItem& item : persisted.items) {
      if (!item.tombstone) step.observe_key(ObservationKind::kDropped, item.key, item.version);
    }
    return;
  }
  store_.restore(persisted, step.mono(), [&step](std::string_view key) { return step.key_hash(key); });
  for (const PersistedItem& item : persisted.items) {
    const Lookup held = read(step, item.key);
    if (item.tombstone) continue;
    if (held.live()) {
      step.observe_key(ObservationKind::kStored, item.key, held.version, ns(held.ttl_left));
    } else {
      step.observe_key(ObservationKind::kExpired, item.key, item.version);
    }
  }
  arm_expiry(step);
}

void Replica::save(MonoTime now, Persisted& out) const {
  out.clock = clock_.last();
  store_.save(now, out);
}

void Replica::arm_expiry(Step& step) {
  const MonoTime due = store_.next_due(step.mono());
  if (due >= armed_ || due == MonoTime::max()) return;
  armed_ = due;
  expiry_.arm(step, kExpiryTimer, due - step.mono());
}

void Replica::on_expiry_timer(Step& step, Timer timer) {
  if (!expiry_.is_current(timer)) return;
  armed_ = MonoTime::max();
  store_.expire(step.mono(), kExpiryBudget, [&step](StoreChange change, const StoreItem& item) {
    // A tombstone that is forgotten changes nothing that anybody can read.
    if (change == StoreChange::kExpired) step.observe_key(ObservationKind::kExpired, item.key, item.version);
  });
  arm_expiry(step);
}

void Replica::digest(Hasher& hasher) const {
  store_.digest(hasher);
  hasher.add(clock_.last());
  peers_.digest(hasher);
  expiry_.digest(hasher);
  hasher.add(armed_);
}

}  // namespace hearsay
