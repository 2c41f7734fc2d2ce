#include "sim/measure/expiry_probe.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/measure/client_probe.hpp"

namespace hearsay::measure {

ExpiryProbe::ExpiryProbe(const plan::Plan& plan, KeyTable& keys, Findings& findings)
    : plan_(plan), keys_(keys), findings_(findings), by_client_(plan.clients.size()) {
  keys_.evicted = [this](const Write& write) {
    if (write.gone != TrueTime::min()) gone_.add(write.gone - write.due());
  };
}

void ExpiryProbe::completed(const OpRecord& op, Key& key) {
  if (!op.answered) return;
  if (op.op == OpKind::kGet) {
    ++gets_;
    if (op.client < by_client_.size()) ++by_client_[op.client].gets;
    if (op.reply.ok) on_hit(op, key);
    if (is_miss(op)) on_miss(op, key);
  } else if (op.reply.ok && op.reply.version) {
    sight(key, op.node, op.reply.version, op.op == OpKind::kDel, op.completed);
  }
}

void ExpiryProbe::sight(Key& key, NodeSlot node, Version version, bool gone, TrueTime at) {
  auto known = std::ranges::find(key.sightings, node, &Sighting::node);
  if (known == key.sightings.end()) {
    if (key.sightings.size() == kMaxSightings) key.sightings.erase(key.sightings.begin());
    key.sightings.push_back({node, version, gone, at});
  } else if (known->version < version || (known->version == version && gone && !known->gone)) {
    *known = {node, version, gone, at};
  }
}

void ExpiryProbe::resurrected(TrueTime at, NodeSlot node, const Key& key, std::string_view what) {
  ++resurrections_;
  if (findings_.wants("resurrection")) {
    findings_.add("resurrection", at, fmt::format("{} {} {}", plan_.directory.name(node), what, key.name));
  }
}

void ExpiryProbe::on_hit(const OpRecord& op, Key& key) {
  const Version version = op.reply.version;
  if (!version) return;
  const auto before = std::ranges::find(key.sightings, op.node, &Sighting::node);
  if (before != key.sightings.end() && before->at <= op.invoked &&
      (version < before->version || (version == before->version && before->gone))) {
    resurrected(
        op.completed, op.node, key,
        version == before->version ? "returned again, after it was gone," : "returned after a newer one an old");
  }
  sight(key, op.node, version, false, op.completed);
  const Write* write = key.find(version);
  if (write == nullptr || !write->acked || !write->expires() || op.invoked <= write->completed + write->ttl) return;
  ++late_;
  if (op.client < by_client_.size()) ++by_client_[op.client].late;
  const Duration late = op.invoked - (write->completed + write->ttl);
  lateness_.add(late);
  if (findings_.wants("late read")) {
    findings_.add(
        "late read", op.completed,
        fmt::format("{} returned {} {:.3f} s after its time", plan_.directory.name(op.node), key.name, seconds(late)));
  }
}

void ExpiryProbe::on_miss(const OpRecord& op, Key& key) {
  const Write* newest = key.newest_acked(op.invoked);
  if (newest == nullptr) return;
  if (newest->op == OpKind::kDel || newest->due() <= op.completed) {
    sight(key, op.node, newest->version, true, op.completed);
    return;
  }
  for (const Write& other : key.writes) {
    // A newer write may have been seen, deleted or run out by now; one of unknown version may be newer.
    const bool newer = !other.version || newest->version < other.version;
    const bool may_be_gone = other.op == OpKind::kDel || other.due() <= op.completed;
    if (other.id != newest->id && newer && may_be_gone && other.invoked <= op.completed) return;
  }
  const bool early = newest->expired_early;
  ++(early ? early_ : false_misses_);
  if (!early && op.client < by_client_.size()) ++by_client_[op.client].false_misses;
  const std::string_view kind = early ? "early expiry" : "false miss";
  if (!findings_.wants(kind)) return;
  findings_.add(kind, op.completed,
                newest->expires()
                    ? fmt::format("{} missed {}, which should be there until {:.3f} s", plan_.directory.name(op.node),
                                  key.name, seconds(newest->due()))
                    : fmt::format("{} missed {}, which never expires", plan_.directory.name(op.node), key.name));
}

void ExpiryProbe::stored(const Observation& o, Key& key, const Holder& before) {
  if (o.kind == ObservationKind::kStored && before.seen &&
      (o.version < before.seen || (o.version == before.seen && before.seen_gone))) {
    resurrected(o.at, o.node, key, "took in again");
  }
  if (o.kind == ObservationKind::kExpired) {
    if (Write* write = key.find(o.version); write != nullptr && o.at < write->due()) {
      write->expired_early = true;
      ++early_drops_;
    }
  }
  if (before.held && !(o.kind == ObservationKind::kStored && o.version == before.held)) let_go(o.at, key, before.held);
}

void ExpiryProbe::let_go(TrueTime at, Key& key, Version version) {
  Write* write = key.find(version);
  if (write == nullptr || !write->expires() || at < write->due()) return;
  const bool held = std::ranges::any_of(
      key.holders, [&](const Holder& holder) { return holder.held == version && keys_.current(holder); });
  if (!held) write->gone = at;
}

void ExpiryProbe::finish(TrueTime at, Report& report, std::vector<InvariantResult>& invariants) {
  bool ran_out = false;
  for (const Key& key : keys_.keys()) {
    for (const Write& write : key.writes) {
      ran_out |= write.expires();
      if (!write.expires() || !write.version || at < write.due()) continue;
      bool held = false;
      TrueTime gone = write.gone;
      for (const Holder& holder : key.holders) {
        if (holder.held != write.version) continue;
        held |= keys_.current(holder);
        // The last one to hold it died.
        if (!keys_.current(holder) && keys_.ended(holder.node) >= write.due()) {
          gone = std::max(gone, keys_.ended(holder.node));
        }
      }
      if (held) {
        gone_.add(at - write.due(), true);
      } else if (gone != TrueTime::min()) {
        gone_.add(gone - write.due());
      }
    }
  }
  const std::string gets = fmt::format("{} gets", gets_);
  report.count("early_expiries_count", early_, gets);
  report.count("false_misses_count", false_misses_, gets);
  report.count("early_drops_count", early_drops_);
  report.count("late_reads_count", late_, gets);
  for (std::size_t i = 0; i < by_client_.size(); ++i) {
    const std::string of = fmt::format("{} gets", by_client_[i].gets);
    report.count(fmt::format("false_misses_count[{}]", plan_.clients[i].name), by_client_[i].false_misses, of);
    report.count(fmt::format("late_reads_count[{}]", plan_.clients[i].name), by_client_[i].late, of);
  }
  report.count("resurrections_count", resurrections_, gets);
  report.distribution("lateness_*_s", lateness_, "late reads");
  report.distribution("gone_everywhere_*_s", gone_, "puts whose TTL ran out");
  const auto outcome = [&](std::string_view name, std::uint64_t n, std::string_view what) {
    invariants.push_back({std::string(name), gets_ > 0, n == 0 ? "" : fmt::format("{} {}", n, what)});
  };
  outcome("never_early", early_, "early expiries");
  outcome("no_late_read", late_, "late reads");
  outcome("no_false_miss", false_misses_, "false misses");
  invariants.push_back({"no_resurrection", gets_ > 0 || ran_out || !keys_.keys().empty(),
                        resurrections_ == 0 ? "" : fmt::format("{} resurrections", resurrections_)});
}

}  // namespace hearsay::measure
