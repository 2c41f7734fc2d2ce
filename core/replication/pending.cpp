#include "core/replication/pending.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace hearsay {

bool Pending::waiting() const {
  return std::any_of(targets.begin(), targets.end(),
                     [](const Target& target) { return target.state == Target::State::kWaiting; });
}

Target* Pending::target(NodeSlot node) {
  for (Target& target : targets) {
    if (target.node == node) return &target;
  }
  return nullptr;
}

void Pending::digest(Hasher& hasher) const {
  hasher.add(id);
  hasher.add(answered);
  hasher.add(client);
  hasher.add(op);
  hasher.add(key);
  hasher.add(hash);
  hasher.add(value.view());
  hasher.add(ttl);
  hasher.add(started);
  hasher.add(deadline);
  hasher.add(version.time);
  hasher.add(version.node);
  hasher.add(attempts);
  hasher.add(overtaken);
  hasher.add(need);
  hasher.add(answers);
  hasher.add(failures);
  hasher.add(next);
  hasher.add(best.any);
  hasher.add(best.live);
  hasher.add(best.version.time);
  hasher.add(best.version.node);
  hasher.add(best.value.view());
  hasher.add(best.until);
  hasher.add(best.grace);
  hasher.add(best.fresh);
  hasher.add(targets.size());
  for (const Target& target : targets) {
    hasher.add(target.node);
    hasher.add(target.state);
    hasher.add(target.sends);
    hasher.add(target.version.time);
    hasher.add(target.version.node);
  }
}

Pending* PendingTable::open(std::size_t max, Epoch life) {
  std::uint32_t index = 0;
  if (free_.empty() && places_.size() >= max) close_answered();
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else if (places_.size() < max) {
    index = static_cast<std::uint32_t>(places_.size());
    places_.emplace_back();
  } else {
    return nullptr;
  }
  Pending& pending = places_[index];
  const std::uint32_t uses = pending.uses + 1;
  std::vector<Target> targets = std::move(pending.targets);
  targets.clear();
  pending = Pending();
  pending.targets = std::move(targets);
  pending.used = true;
  pending.uses = uses;
  // Never 0: `life` is the epoch and one.
  pending.id = std::uint64_t{(life + 1) & 0xfffff} << 44 | std::uint64_t{uses} << kIndexBits | index;
  return &pending;
}

void PendingTable::close(Pending& pending) {
  HEARSAY_CHECK(pending.used);
  pending.used = false;
  pending.value = {};
  pending.best = {};
  free_.push_back(index_of(pending));
}

Pending* PendingTable::find(std::uint64_t id) {
  const std::uint64_t index = id & ((1U << kIndexBits) - 1);
  if (index >= places_.size() || !places_[index].used || places_[index].id != id) return nullptr;
  return &places_[index];
}

Pending* PendingTable::find_by_timer(std::uint32_t argument) {
  const std::uint32_t index = argument & ((1U << kIndexBits) - 1);
  if (index >= places_.size() || !places_[index].used || timer_argument(places_[index]) != argument) return nullptr;
  return &places_[index];
}

void PendingTable::close_answered() {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Pending& pending = places_[hand_++ % places_.size()];
    if (pending.used && pending.answered) return close(pending);
  }
}

void PendingTable::digest(Hasher& hasher) const {
  hasher.add(hand_);
  hasher.add(places_.size());
  for (const Pending& pending : places_) {
    hasher.add(pending.uses);
    hasher.add(pending.used);
    if (pending.used) pending.digest(hasher);
  }
  hasher.add(free_.size());
  for (const std::uint32_t index : free_) hasher.add(index);
}

}  // namespace hearsay
