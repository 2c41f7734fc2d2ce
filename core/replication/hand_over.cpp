#include "core/replication/hand_over.hpp"

#include <algorithm>

namespace hearsay {

// The digests that a step fills, one for each receiver and purpose.
struct HandOver::Offers {
  struct Offer {
    NodeSlot to;
    Draft<RepairDigest> digest;
  };
  std::vector<Offer> offers;

  bool room_for(std::size_t more) const { return offers.size() + more <= kMaxOffers; }

  void add(Step& step, const Replica& replica, std::size_t max_entries, NodeSlot to, std::uint8_t flags,
           const DigestEntry& entry) {
    auto found = std::find_if(offers.begin(), offers.end(),
                              [&](const Offer& offer) { return offer.to == to && offer.digest->flags == flags; });
    if (found != offers.end() && found->digest->entries.size() >= max_entries) {
      step.send(to, std::move(found->digest));
      offers.erase(found);
      found = offers.end();
    }
    if (found == offers.end()) {
      offers.push_back({to, step.make<RepairDigest>()});
      found = offers.end() - 1;
      found->digest->flags = flags;
      found->digest->ticket = replica.issue(step);
    }
    found->digest->entries.push_back(entry);
  }

  void send(Step& step) {
    for (Offer& offer : offers) step.send(offer.to, std::move(offer.digest));
  }
};

void HandOver::schedule(Step& step, Duration delay) {
  scheduled_ = true;
  gate_.arm(step, kHandOverTimer, delay);
}

void HandOver::on_member_change(Step& step, const HandOverLimits& limits, const MemberChange& change) {
  if (change.subject == step.self()) return;
  if (change.joined() || change.restarted()) {
    if (next_.arrived.size() == kMaxNews) {
      next_.gone = true;  // too many to name: as if anybody could be new anywhere
    } else if (!contains(next_.arrived, change.subject)) {
      next_.arrived.push_back(change.subject);
    }
  } else if (change.gone()) {
    next_.gone = true;
  } else {
    return;
  }
  next_.any = true;
  // A lap under way sees the new placement from here on; the next one sees to what it has passed.
  if (!running_) schedule(step, limits.interval);
}

void HandOver::on_misplaced(Step& step, const HandOverLimits& limits) {
  next_.any = true;
  if (!scheduled_) schedule(step, limits.interval);
}

void HandOver::on_leave(Step& step, Replica& replica, const HandOverLimits& limits) {
  leaving_ = true;
  running_ = false;
  lap(step, replica, limits);
}

void HandOver::on_timer(Step& step, Replica& replica, const HandOverLimits& limits, Timer timer) {
  if (!gate_.is_current(timer)) return;
  lap(step, replica, limits);
}

void HandOver::lap(Step& step, Replica& replica, const HandOverLimits& limits) {
  scheduled_ = false;
  if (!running_) {
    news_ = std::exchange(next_, {});
    cursor_ = {};
    running_ = true;
    skipped_ = false;
  }
  Offers offers;
  const bool more = replica.store().scan(cursor_, limits.batch, step.mono(), [&](const StoreItem& item) {
    return visit(step, replica, limits, item, offers);
  });
  offers.send(step);
  if (more) return schedule(step, limits.interval);
  running_ = false;
  for (auto at = surplus_.begin(); at != surplus_.end();) at = settle(step, replica, at);
  if (next_.any) {
    schedule(step, limits.interval);
  } else if (skipped_ || leaving_ || !surplus_.empty()) {
    schedule(step, limits.retry);
  }
}

bool HandOver::visit(Step& step, Replica& replica, const HandOverLimits& limits, const StoreItem& item,
                     Offers& offers) {
  const std::size_t max_entries = limits.repair.max_entries();
  const DigestEntry entry{item.hash, key_check(item.key), item.version};
  const auto nodes = replica.replicas(step, item.hash, leaving_ ? 1 : 0);
  if (!offers.room_for(nodes.size())) return false;
  const auto own = std::find(nodes.begin(), nodes.end(), step.self());
  if (leaving_) {
    for (const NodeSlot node : nodes) {
      if (node != step.self()) offers.add(step, replica, max_entries, node, kPush | kLeaving, entry);
    }
    return true;
  }
  if (own != nodes.end()) {
    for (auto node = nodes.begin(); node != nodes.end(); ++node) {
      const bool arrived = contains(news_.arrived, *node);
      // When somebody goes, those behind him move up and the new one comes last.
      if (node != own && (arrived || (news_.gone && node > own))) {
        offers.add(step, replica, max_entries, *node, kPush, entry);
      }
    }
    return true;
  }
  if (nodes.empty()) return true;
  auto at = surplus_.find({item.hash, std::string(item.key)});
  if (at == surplus_.end()) {
    if (surplus_.size() >= limits.max_surplus) {
      skipped_ = true;
      return true;
    }
    at = surplus_.emplace(std::pair{item.hash, std::string(item.key)}, Surplus{item.version, {}}).first;
  } else if (at->second.version != item.version) {
    at->second = {item.version, {}};
  }
  for (const NodeSlot node : nodes) {
    if (!contains(at->second.confirmed, node)) {
      offers.add(step, replica, max_entries, node, kPush | kConfirm, entry);
    }
  }
  return true;
}

HandOver::SurplusMap::iterator HandOver::settle(Step& step, Replica& replica, SurplusMap::iterator at) {
  const auto& [hash, key] = at->first;
  const auto nodes = replica.replicas(step, hash);
  if (contains(nodes, step.self()) || !replica.read(step, key).version) return surplus_.erase(at);
  if (nodes.empty()) return std::next(at);
  const Surplus& surplus = at->second;
  for (const NodeSlot node : nodes) {
    if (!contains(surplus.confirmed, node)) return std::next(at);
  }
  // A newer version that arrived meanwhile stays, and is offered in the next lap.
  (void)replica.drop(step, key, hash, surplus.version);
  return surplus_.erase(at);
}

void HandOver::on_held(Step& step, Replica& replica, NodeSlot from, std::span<const DigestEntry> held) {
  for (const DigestEntry& entry : held) {
    for (auto at = surplus_.lower_bound({entry.hash, std::string()});
         at != surplus_.end() && at->first.first == entry.hash;) {
      Surplus& surplus = at->second;
      if (key_check(at->first.second) != entry.check || entry.version < surplus.version) {
        ++at;
        continue;
      }
      if (!contains(surplus.confirmed, from)) surplus.confirmed.push_back(from);
      at = settle(step, replica, at);
    }
  }
}

}  // namespace hearsay
