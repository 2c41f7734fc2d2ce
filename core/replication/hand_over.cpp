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
  std::vector<NodeSlot> receivers;  // of the item at hand

  auto find(NodeSlot to, std::uint8_t flags) {
    return std::find_if(offers.begin(), offers.end(),
                        [=](const Offer& offer) { return offer.to == to && offer.digest->flags == flags; });
  }

  // Whether the item at hand needs no more digests than a step may send. The first one of a step always has room, or
  // one with many replicas would wait for ever.
  bool room_for(std::uint8_t flags) {
    if (offers.empty() || offers.size() + receivers.size() <= kMaxOffers) return true;
    std::size_t fresh = 0;
    for (const NodeSlot to : receivers) fresh += find(to, flags) == offers.end() ? 1U : 0U;
    return fresh == 0 || offers.size() + fresh <= kMaxOffers;
  }

  void add(Step& step, const Replica& replica, std::size_t max_entries, NodeSlot to, std::uint8_t flags,
           const DigestEntry& entry) {
    auto found = find(to, flags);
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
  const MonoTime due = step.mono() + delay;
  // News must not wait for a retry; nor may they put off a batch, or a cluster in which somebody comes or goes all the
  // time would never hand over anything.
  if (scheduled_ && due_ <= due) return;
  scheduled_ = true;
  due_ = due;
  gate_.arm(step, kHandOverTimer, delay);
}

void HandOver::on_member_change(Step& step, const HandOverLimits& limits, const MemberChange& change) {
  if (change.subject == step.self()) return;
  if (change.joined() || change.restarted()) {
    if (next_.arrived.size() == kMaxNews) {
      next_.everybody = true;
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
  schedule(step, limits.interval);
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
  offers.receivers.clear();
  const std::uint8_t flags = choose(step, replica, limits, item, offers.receivers);
  if (!offers.room_for(flags)) return false;
  const std::size_t max_entries = limits.repair.max_entries();
  const DigestEntry entry{item.hash, key_check(item.key), item.version};
  for (const NodeSlot to : offers.receivers) offers.add(step, replica, max_entries, to, flags, entry);
  return true;
}

std::uint8_t HandOver::choose(Step& step, Replica& replica, const HandOverLimits& limits, const StoreItem& item,
                              std::vector<NodeSlot>& receivers) {
  const auto nodes = replica.replicas(step, item.hash, leaving_ ? 1 : 0);
  if (leaving_) {
    for (const NodeSlot node : nodes) {
      if (node != step.self()) receivers.push_back(node);
    }
    return kPush | kLeaving;
  }
  const auto own = std::find(nodes.begin(), nodes.end(), step.self());
  if (own != nodes.end()) {
    for (auto node = nodes.begin(); node != nodes.end(); ++node) {
      // When somebody goes, those behind him move up and the new one comes last.
      const bool moved_up = news_.gone && node > own;
      if (node != own && (news_.everybody || moved_up || contains(news_.arrived, *node))) receivers.push_back(*node);
    }
    return kPush;
  }
  if (nodes.empty()) return 0;
  auto at = surplus_.find({item.hash, std::string(item.key)});
  if (at == surplus_.end()) {
    if (surplus_.size() >= limits.max_surplus) {
      skipped_ = true;
      return 0;
    }
    at = surplus_.emplace(std::pair{item.hash, std::string(item.key)}, Surplus{item.version, {}}).first;
  } else if (at->second.version != item.version) {
    at->second = {item.version, {}};
  }
  for (const NodeSlot node : nodes) {
    if (!contains(at->second.confirmed, node)) receivers.push_back(node);
  }
  return kPush | kConfirm;
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
  (void)replica.drop(step, key, surplus.version);
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

void HandOver::News::digest(Hasher& hasher) const {
  hasher.add(arrived.size());
  for (const NodeSlot node : arrived) hasher.add(node);
  hasher.add(everybody);
  hasher.add(gone);
  hasher.add(any);
}

void HandOver::digest(Hasher& hasher) const {
  gate_.digest(hasher);
  hasher.add(scheduled_);
  hasher.add(due_);
  hasher.add(running_);
  hasher.add(leaving_);
  hasher.add(skipped_);
  hasher.add(cursor_.hash);
  hasher.add(cursor_.key);
  news_.digest(hasher);
  next_.digest(hasher);
  hasher.add(surplus_.size());
  for (const auto& [place, surplus] : surplus_) {
    hasher.add(place.first);
    hasher.add(place.second);
    hasher.add(surplus.version.time);
    hasher.add(surplus.version.node);
    hasher.add(surplus.confirmed.size());
    for (const NodeSlot node : surplus.confirmed) hasher.add(node);
  }
}

}  // namespace hearsay
