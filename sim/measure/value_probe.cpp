#include "sim/measure/value_probe.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/measure/placing.hpp"

namespace hearsay::measure {

ValueProbe::ValueProbe(const plan::Plan& plan, const Ring& ring, std::uint32_t replicas, const Target& target,
                       KeyTable& keys)
    : plan_(plan), ring_(ring), replicas_(replicas), target_(target), keys_(keys) {}

const Placement& ValueProbe::placement(std::uint32_t component) {
  if (placements_.size() < target_.components()) placements_.resize(target_.components());
  auto& placed = placements_[component];
  if (!placed) placed = ring_.place(ring_members(plan_.directory, target_.view(component), target_.nodes()));
  return *placed;
}

bool ValueProbe::has_seen(Key& key, NodeSlot node, Version version) const {
  const Holder* holder = key.holder(node);
  return holder != nullptr && keys_.current(*holder) && holder->seen >= version;
}

const Placement* ValueProbe::placement_of(Key& key, NodeSlot asked, Version version) {
  if (target_.member(asked)) return &placement(target_.component(asked));
  const auto holder = std::ranges::find_if(
      key.holders, [&](const Holder& each) { return target_.member(each.node) && has_seen(key, each.node, version); });
  return holder == key.holders.end() ? nullptr : &placement(target_.component(holder->node));
}

std::span<const NodeSlot> ValueProbe::replicas_of(const Placement& placed, const Key& key) {
  scratch_.resize(wanted(placed));
  scratch_.resize(placed.replicas(key.hash, scratch_));
  return scratch_;
}

bool ValueProbe::converged(Key& key, const PendingWrite& write) {
  const Placement* placed = placement_of(key, write.node, write.version);
  // Naming the replicas takes time where everybody is one: not before enough nodes have anything.
  if (placed == nullptr || key.holders.size() < wanted(*placed)) return false;
  return std::ranges::all_of(replicas_of(*placed, key),
                             [&](NodeSlot node) { return has_seen(key, node, write.version); });
}

bool ValueProbe::agrees_at_end(Key& key, const Write& write) {
  const bool deleted = write.op == OpKind::kDel;
  const Placement* placed = placement_of(key, write.node, write.version);
  // What was deleted and is nowhere to be seen is gone, as it should be.
  if (placed == nullptr) return deleted;
  return std::ranges::all_of(replicas_of(*placed, key), [&](NodeSlot node) {
    if (has_seen(key, node, write.version)) return true;
    const Holder* holder = key.holder(node);
    return deleted && (holder == nullptr || !keys_.current(*holder) || !holder->held);
  });
}

void ValueProbe::acknowledged(const OpRecord& op, Key& key) {
  if (!op.reply.version) return;
  if (pending_ == kMaxOpen) {
    ++not_followed_;
    return;
  }
  const TrueTime due = op.op == OpKind::kPut && op.ttl > Duration::zero() ? op.invoked + op.ttl : TrueTime::max();
  if (key.pending.empty()) open_.push_back(static_cast<std::size_t>(&key - keys_.keys().data()));
  key.pending.push_back({op.reply.version, op.node, op.completed, due});
  ++pending_;
  check(op.completed, key);
}

void ValueProbe::stored(TrueTime at, Key& key) {
  if (!key.pending.empty()) check(at, key);
}

void ValueProbe::check(TrueTime at, Key& key) {
  pending_ -= std::erase_if(key.pending, [&](const PendingWrite& write) {
    if (at >= write.due) {
      times_.add(write.due - write.acked, true);
      return true;
    }
    if (!converged(key, write)) return false;
    times_.add(at - write.acked);
    return true;
  });
}

void ValueProbe::sweep(TrueTime at) {
  std::erase_if(open_, [&](std::size_t index) {
    Key& key = keys_.keys()[index];
    check(at, key);
    return key.pending.empty();
  });
}

void ValueProbe::target_changed(TrueTime at) {
  placements_.clear();
  if (pending_ > 0) sweep(at);
}

void ValueProbe::finish(TrueTime at, Report& report, std::vector<InvariantResult>& invariants) {
  sweep(at);
  for (const std::size_t index : open_) {
    for (const PendingWrite& write : keys_.keys()[index].pending) {
      times_.add(at - write.acked, true);
    }
  }
  std::uint64_t apart = 0;
  for (Key& key : keys_.keys()) {
    // Older writes are superseded by it, also when its own time is up.
    const Write* newest = key.newest_acked(at);
    if (newest != nullptr && newest->version && at < newest->due() && !agrees_at_end(key, *newest)) ++apart;
  }
  report.distribution("value_convergence_*_s", times_,
                      not_followed_ == 0 ? "acknowledged writes"
                                         : fmt::format("acknowledged writes ({} more not followed)", not_followed_));
  report.count("value_convergence_censored_count", times_.censored(),
               fmt::format("{} acknowledged writes", times_.count()));
  const bool nobody = target_.live_members() == 0;
  invariants.push_back({"values_agree_at_end", times_.count() > 0 && !nobody,
                        nobody       ? "no live node: not measured"
                        : apart == 0 ? ""
                                     : fmt::format("{} keys are not at all their replicas", apart)});
}

}  // namespace hearsay::measure
