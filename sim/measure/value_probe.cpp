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

bool ValueProbe::converged(Key& key, const PendingWrite& write) {
  // Nobody speaks for the component of a node that is gone.
  if (!target_.member(write.node)) return false;
  const Placement& placed = placement(target_.component(write.node));
  const std::size_t wanted = replicas_ == 0 ? placed.members() : std::min<std::size_t>(replicas_, placed.members());
  if (key.holders.size() < wanted) return false;
  scratch_.resize(wanted);
  scratch_.resize(placed.replicas(key.hash, scratch_));
  return std::ranges::all_of(scratch_, [&](NodeSlot node) {
    const Holder* holder = key.holder(node);
    return holder != nullptr && keys_.current(*holder) && holder->seen >= write.version;
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
      ++unfinished_;
    }
  }
  report.distribution("value_convergence_*_s", times_,
                      not_followed_ == 0 ? "acknowledged writes"
                                         : fmt::format("acknowledged writes ({} more not followed)", not_followed_));
  report.count("value_convergence_censored_count", times_.censored(),
               fmt::format("{} acknowledged writes", times_.count()));
  invariants.push_back({"values_agree_at_end", times_.count() > 0,
                        unfinished_ == 0 ? "" : fmt::format("{} writes have not reached all replicas", unfinished_)});
}

}  // namespace hearsay::measure
