#include "core/replication/repairer.hpp"

#include <algorithm>
#include <utility>

#include "core/base/hash.hpp"
#include "core/protocol/envelope.hpp"

namespace hearsay {

namespace {

// What a digest or delta has beside its entries.
constexpr std::uint32_t kOverhead = kEnvelopeBytes + 64;

bool share(Step& step, Replica& replica, std::uint64_t hash, NodeSlot peer) {
  const auto nodes = replica.replicas(step, hash);
  return contains(nodes, step.self()) && contains(nodes, peer);
}

// The version held of an entry's key; none when nothing is.
Version held_version(const Step& step, const Replica& replica, const DigestEntry& entry) {
  Version held;
  StoreCursor at{entry.hash, {}};
  replica.store().scan(at, Repairer::kMaxScan, step.mono(), [&](const StoreItem& item) {
    if (item.hash != entry.hash) return false;
    if (key_check(item.key) == entry.check) held = item.version;
    return true;
  });
  return held;
}

// The version that a digest names for an item; none when it does not.
Version named_version(const RepairDigest& digest, const StoreItem& item) {
  const auto by_hash = [](const DigestEntry& entry, std::uint64_t hash) { return entry.hash < hash; };
  const std::uint32_t check = key_check(item.key);
  for (auto at = std::lower_bound(digest.entries.begin(), digest.entries.end(), item.hash, by_hash);
       at != digest.entries.end() && at->hash == item.hash; ++at) {
    if (at->check == check) return at->version;
  }
  return {};
}

void add_once(std::vector<std::uint64_t>& hashes, std::uint64_t hash) {
  if (hashes.empty() || hashes.back() != hash) hashes.push_back(hash);
}

std::size_t wire_size(const StoreItem& item) { return item.key.size() + item.value->size() + 48; }

// What is larger than a packet goes over a connection.
void send_packet(Step& step, NodeSlot to, MessageRef message, const RepairLimits& limits) {
  const bool large = message->wire_bytes > limits.packet_size;
  step.send(to, std::move(message), large ? SendClass::kStream : SendClass::kDatagram);
}

}  // namespace

std::uint32_t key_check(std::string_view key) { return static_cast<std::uint32_t>(hash64(key)); }

std::size_t RepairLimits::max_entries() const {
  const std::uint32_t room = packet_size > kOverhead ? packet_size - kOverhead : 0;
  return std::clamp<std::size_t>(room / DigestEntry::kMaxBytes, 1, kMaxElements);
}

NodeSlot Repairer::pick_peer(Step& step, Replica& replica) {
  StoreCursor at{step.random().next(), {}};
  std::uint64_t hash = 0;
  bool found = false;
  const auto first = [&](const StoreItem& item) {
    hash = item.hash;
    found = true;
    return false;
  };
  replica.store().scan(at, 1, step.mono(), first);
  if (!found) {
    at = {};
    replica.store().scan(at, 1, step.mono(), first);
  }
  if (!found) return step.view().random_member(step.random());
  const auto nodes = replica.replicas(step, hash);
  const std::size_t others = nodes.size() - (contains(nodes, step.self()) ? 1 : 0);
  if (others == 0) return kNoSlot;
  std::uint64_t skip = step.random().below(others);
  for (const NodeSlot node : nodes) {
    if (node != step.self() && skip-- == 0) return node;
  }
  return kNoSlot;
}

void Repairer::compare(Step& step, Replica& replica, const RepairLimits& limits, NodeSlot peer) {
  StoreCursor& cursor = replica.peers().at(step.id(peer), step.mono()).cursor;
  auto digest = step.make<RepairDigest>();
  digest->from = cursor.hash;
  digest->ticket = replica.issue(step);
  const bool continued = !cursor.key.empty();
  const std::size_t room = limits.max_entries();
  std::size_t seen = 0;
  std::uint64_t last = 0;
  bool split = false;
  const bool more = replica.store().scan(cursor, kLastHash, step.mono(), [&](const StoreItem& item) {
    const std::size_t named = digest->entries.size();
    // An interval ends between two hashes, unless one hash has more keys than a digest can name.
    split = seen > 0 && item.hash == last && (seen >= 2 * kMaxScan || named >= kMaxElements);
    if (split || (seen > 0 && item.hash != last && (seen >= kMaxScan || named >= room))) return false;
    ++seen;
    last = item.hash;
    if (share(step, replica, item.hash, peer)) {
      digest->entries.push_back({item.hash, key_check(item.key), item.version});
    }
    return true;
  });
  digest->to = !more ? kLastHash : split ? cursor.hash : cursor.hash - 1;
  if (!more) cursor = {};
  if (!split) cursor.key.clear();
  digest->flags = limits.flags();
  // Of a hash that is split, what one digest does not name is not lacking.
  if (split || continued) digest->flags &= static_cast<std::uint8_t>(~kPull);
  if ((digest->flags & kPull) == 0 && (digest->entries.empty() || digest->flags == 0)) return;
  send_packet(step, peer, step.sealed(std::move(digest)), limits);
}

void Repairer::on_digest(Step& step, Replica& replica, const RepairLimits& limits, bool leaving, NodeSlot from,
                         const RepairDigest& digest) {
  std::vector<std::uint64_t> wanted;
  std::vector<DigestEntry> held;
  for (const DigestEntry& entry : digest.entries) {
    if (held_version(step, replica, entry) >= entry.version) {
      // Whoever is handed a confirmation may forget the item: only a replica that means to stay one gives it.
      if ((digest.flags & kConfirm) != 0 && !leaving && replica.is_replica(step, entry.hash)) held.push_back(entry);
    } else if ((digest.flags & kPush) != 0 &&
               ((digest.flags & kLeaving) != 0 || replica.is_replica(step, entry.hash))) {
      add_once(wanted, entry.hash);
    }
  }
  if (!wanted.empty() || !held.empty()) {
    auto want = step.make<RepairWant>();
    want->ticket = replica.issue(step);
    want->wanted = wanted;
    want->held = held;
    step.send(from, std::move(want));
  }
  if ((digest.flags & kPull) == 0) return;
  std::vector<std::uint64_t> lacking;
  StoreCursor at{digest.from, {}};
  std::size_t seen = 0;
  std::uint64_t last = 0;
  const bool more = replica.store().scan(at, 2 * kMaxScan, step.mono(), [&](const StoreItem& item) {
    if (item.hash > digest.to) return false;
    if (item.hash != last && (seen >= kMaxScan || lacking.size() == kMaxRest)) return false;
    ++seen;
    last = item.hash;
    if (named_version(digest, item) < item.version && share(step, replica, item.hash, from)) {
      add_once(lacking, item.hash);
    }
    return true;
  });
  // Where the answer ends before the interval does, it says so: the sender, which may hold little of what lies there,
  // would otherwise ask for the same beginning in every lap.
  std::uint64_t next = 0;
  if (more && at.hash <= digest.to) next = at.hash > last ? at.hash : last + 1;
  send_copies(step, replica, limits, from, {digest.ticket, Duration::zero()}, lacking, next);
}

void Repairer::on_want(Step& step, Replica& replica, const RepairLimits& limits, NodeSlot from,
                       const RepairWant& want) {
  send_copies(step, replica, limits, from, {want.ticket, Duration::zero()}, want.wanted, 0);
}

void Repairer::send_copies(Step& step, Replica& replica, const RepairLimits& limits, NodeSlot to, Voucher voucher,
                           std::span<const std::uint64_t> hashes, std::uint64_t resume) {
  if (hashes.empty() && resume == 0) return;
  const auto fresh = [&] {
    auto delta = step.make<RepairDelta>();
    delta->voucher = voucher;
    return delta;
  };
  const auto send = [&](Draft<RepairDelta>&& delta) {
    if (!delta->copies.empty()) step.observe(ObservationKind::kRepaired, to, delta->copies.size());
    // One item may be larger than a packet.
    send_packet(step, to, step.sealed(std::move(delta)), limits);
  };
  auto delta = fresh();
  std::size_t bytes = kOverhead;
  std::size_t next = 0;
  for (; next < hashes.size(); ++next) {
    const std::size_t whole = delta->copies.size();
    std::size_t added = 0;
    StoreCursor at{hashes[next], {}};
    replica.store().scan(at, kMaxScan, step.mono(), [&](const StoreItem& item) {
      if (item.hash != hashes[next]) return false;
      const std::size_t count = delta->copies.size();
      if (whole == 0 && count > 0 && (count == kMaxElements || added + wire_size(item) > kMaxDeltaBytes)) {
        // Keys of one hash cannot be asked for one by one: those that one message cannot hold go in several.
        send(std::move(delta));
        delta = fresh();
        added = 0;
      }
      added += wire_size(item);
      delta->copies.push_back(Replica::copy_of(item));
      return true;
    });
    const std::size_t rest = 9 * std::min(hashes.size() - next - 1, kMaxRest);
    if (whole > 0 && (bytes + added + rest > limits.packet_size || delta->copies.size() > kMaxElements)) {
      delta->copies.resize(whole);
      break;
    }
    bytes += added;
  }
  for (; next < hashes.size() && delta->rest.size() < kMaxRest; ++next) delta->rest.push_back(hashes[next]);
  delta->next = resume;
  if (delta->copies.empty() && resume == 0) return;  // what was asked for has gone meanwhile
  send(std::move(delta));
}

void Repairer::on_delta(Step& step, Replica& replica, NodeSlot from, const RepairDelta& delta,
                        std::vector<std::uint64_t>& taken) {
  for (const Copy& copy : delta.copies) {
    if (!replica.accepts(step, copy, delta.voucher)) continue;  // too long on its way: a later round brings it again
    const std::uint64_t hash = step.key_hash(copy.key);
    if (changed(replica.apply(step, copy, hash))) taken.push_back(hash);
  }
  if (delta.next != 0) replica.peers().at(step.id(from), step.mono()).cursor = {delta.next, {}};
  if (delta.rest.empty()) return;
  auto want = step.make<RepairWant>();
  want->ticket = replica.issue(step);
  want->wanted = delta.rest;
  step.send(from, std::move(want));
}

}  // namespace hearsay
