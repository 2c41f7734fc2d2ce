#include "transport/fault_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/quantity.hpp"

namespace hearsay::transport {
namespace {

// What a block of a message's draws is for; retransmissions take those from kRetransmissions on.
enum Draw : std::uint64_t { kLatencyAndLoss = 0, kReorder = 1, kDuplicate = 2, kRetransmissions = 16 };

// A segment that is lost so often gets through all the same, as in the simulator.
constexpr int kMaxRetransmissions = 16;

bool in_range(Duration delay) { return delay >= Duration::zero() && delay <= kTenYears; }

Result<void> check(const std::vector<FaultRule>& rules) {
  if (rules.size() > kMaxFaultRules) return invalid(fmt::format("more than {} fault rules at once", kMaxFaultRules));
  for (const FaultRule& rule : rules) {
    if (rule.event && *rule.event >= kMaxFaultEvents) {
      return invalid(fmt::format("event {} of a fault rule is not below {}", *rule.event, kMaxFaultEvents));
    }
    if (!in_range(rule.cut_delay)) {
      return invalid(
          fmt::format("a fault rule's delay must lie in 0..10 years, not {}", format_duration(rule.cut_delay)));
    }
  }
  return {};
}

}  // namespace

FaultEffect& FaultEffect::operator+=(const FaultEffect& other) {
  dropped += other.dropped;
  delayed += other.delayed;
  held += other.held;
  duplicated += other.duplicated;
  reordered += other.reordered;
  spared += other.spared;
  sooner += other.sooner;
  return *this;
}

FaultTotals& FaultTotals::operator+=(const FaultTotals& other) {
  passed += other.passed;
  dropped_cut += other.dropped_cut;
  dropped_loss += other.dropped_loss;
  dropped_queue += other.dropped_queue;
  dropped_forgot += other.dropped_forgot;
  return *this;
}

struct FaultFilter::Weather {
  Ratio loss;
  Ratio duplicate;
  Ratio reorder;
  const DurationDistribution* latency = nullptr;
  const DurationDistribution* reorder_delay = nullptr;
};

struct FaultFilter::Passage {
  bool lost = false;
  bool duplicated = false;
  bool no_second = false;  // there was no room for a second copy
  bool reordered = false;
  Duration delay{0};            // latency, retransmissions of a connection, reordering
  Duration duplicate_delay{0};  // of the second copy
};

FaultFilter::FaultFilter(NodeId self, const FaultFilterOptions& options)
    : options_(options), key_(philox(stream_key(options.seed, Purpose::kTransport), raw(self), 0).a) {
  HEARSAY_CHECK(options.retransmit_min > Duration::zero() && options.retransmit_max >= options.retransmit_min);
}

// ---- rules ---------------------------------------------------------------------------------------------------------

Result<void> FaultFilter::set_rules(std::vector<FaultRule> rules, MonoTime now) {
  if (auto checked = check(rules); !checked) return checked;
  std::set<NodeId> named;
  for (FaultRule& rule : rules) {
    std::sort(rule.peers.begin(), rule.peers.end());
    rule.peers.erase(std::unique(rule.peers.begin(), rule.peers.end()), rule.peers.end());
    for (const NodeId peer : rule.peers) {
      if (!peers_.contains(peer)) named.insert(peer);
    }
  }
  if (peers_.size() + named.size() > kMaxFaultPeers) {
    return invalid(fmt::format("fault rules name more than {} peers", kMaxFaultPeers));
  }

  rules_ = std::move(rules);
  for (auto& [id, peer] : peers_) {
    peer.rules.clear();
    peer.events.clear();
  }
  for (const FaultRule& rule : rules_) {
    for (const NodeId id : rule.peers) {
      Peer& peer = peers_[id];
      peer.rules.push_back(&rule);
      const bool known = std::find(peer.events.begin(), peer.events.end(), rule.event) != peer.events.end();
      if (rule.event && !known) peer.events.push_back(*rule.event);
    }
  }
  for (auto& [id, peer] : peers_) release(now, id, peer);
  return {};
}

FaultFilter::CutState FaultFilter::cut_of(const Peer& peer) {
  CutState cut;
  for (const FaultRule* rule : peer.rules) {
    switch (rule->cut) {
      case Cut::kNone: break;
      case Cut::kDrop: cut.drop = true; break;
      case Cut::kHold: cut.hold = true; break;
      case Cut::kDelay: cut.delay += rule->cut_delay; break;
    }
  }
  return cut;
}

// Of several rules the last one that sets a value has its way.
FaultFilter::Weather FaultFilter::weather_of(const Peer& peer, std::optional<std::uint32_t> without_event) {
  static const DurationDistribution kNoDelay;
  Weather weather{kNever, kNever, kNever, &kNoDelay, &kNoDelay};
  for (const FaultRule* rule : peer.rules) {
    if (without_event && rule->event == without_event) continue;
    if (rule->loss) weather.loss = *rule->loss;
    if (rule->duplicate) weather.duplicate = *rule->duplicate;
    if (rule->reorder) weather.reorder = *rule->reorder;
    if (rule->latency) weather.latency = &*rule->latency;
    if (rule->reorder_delay) weather.reorder_delay = &*rule->reorder_delay;
  }
  return weather;
}

// ---- one message ---------------------------------------------------------------------------------------------------

FaultFilter::Verdict FaultFilter::admit(MonoTime now, NodeId to, SendClass send_class, std::string_view bytes,
                                        std::uint32_t route) {
  const auto found = peers_.find(to);
  if (found == peers_.end() || (found->second.rules.empty() && found->second.delayed == 0)) {
    ++totals_.passed;
    return Verdict::kPass;
  }
  Peer& peer = found->second;
  const CutState cut = cut_of(peer);
  if (cut.drop && options_.kind != LinkKind::kZmq) {
    credit(peer, &FaultEffect::dropped, [](const FaultRule& rule) { return rule.cut == Cut::kDrop; });
    ++totals_.dropped_cut;
    return Verdict::kTaken;
  }
  if (cut.drop || cut.hold) {
    const bool room = peer.held.size() < options_.held_per_peer && has_room(bytes.size());
    credit(peer, room ? &FaultEffect::held : &FaultEffect::dropped,
           [](const FaultRule& rule) { return rule.cut == Cut::kDrop || rule.cut == Cut::kHold; });
    if (!room) {
      ++totals_.dropped_queue;
      return Verdict::kTaken;
    }
    peer.held.push_back({now, send_class, route, Bytes(bytes)});
    ++waiting_;
    waiting_bytes_ += bytes.size();
    return Verdict::kTaken;
  }
  Message message{send_class, route, bytes};
  const Verdict verdict = travel(now, to, peer, cut, message);
  if (verdict == Verdict::kPass) ++totals_.passed;
  return verdict;
}

// The fate of a message that no cut stops. One that was held never passes: there is nobody who could send it now.
FaultFilter::Verdict FaultFilter::travel(MonoTime now, NodeId to, Peer& peer, const CutState& cut, Message& message) {
  const bool ordered = options_.kind == LinkKind::kZmq;
  const bool connection = ordered || message.send_class == SendClass::kStream;
  const std::uint64_t number = peer.drawn++;
  Passage is = passage(to, number, weather_of(peer, {}), connection);
  if (is.lost && !connection) {
    credit_changes(to, peer, number, connection, is);
    ++totals_.dropped_loss;
    return Verdict::kTaken;
  }
  const MonoTime base = message.resumes.value_or(now) + cut.delay;
  // Behind those before it, also where they are due and were not taken yet.
  const bool behind = ordered && peer.delayed > 0;
  const MonoTime due = behind ? std::max(base + is.delay, peer.last_due) : base + is.delay;
  const bool waits = message.resumes || behind || due > now;
  if (waits && !has_room(message.text.size())) {
    credit(peer, &FaultEffect::dropped, [](const FaultRule&) { return true; });
    ++totals_.dropped_queue;
    return Verdict::kTaken;
  }
  if (cut.delay > Duration::zero()) {
    credit(peer, &FaultEffect::delayed, [](const FaultRule& rule) { return rule.cut == Cut::kDelay; });
  }
  if (waits) delay(due, to, peer, message);
  is.no_second = !has_room(message.text.size());
  credit_changes(to, peer, number, connection, is);
  if (is.duplicated && !is.no_second) delay(base + is.duplicate_delay, to, peer, message);
  return waits ? Verdict::kTaken : Verdict::kPass;
}

FaultFilter::Passage FaultFilter::passage(NodeId to, std::uint64_t number, const Weather& weather,
                                          bool connection) const {
  const Block first = draw(to, number, kLatencyAndLoss);
  Passage passage;
  passage.lost = weather.loss.hit(first.b);
  passage.delay = weather.latency->sample(first.a);
  if (connection) {
    if (passage.lost) passage.delay += retransmission_delay(to, number, weather.loss);
    return passage;
  }
  if (passage.lost) return passage;
  if (!weather.reorder.never()) {
    const Block block = draw(to, number, kReorder);
    passage.reordered = weather.reorder.hit(block.b);
    if (passage.reordered) passage.delay += weather.reorder_delay->sample(block.a);
  }
  if (!weather.duplicate.never()) {
    const Block block = draw(to, number, kDuplicate);
    passage.duplicated = weather.duplicate.hit(block.b);
    if (passage.duplicated) passage.duplicate_delay = weather.latency->sample(block.a);
  }
  return passage;
}

// TCP sends a lost segment again after a timeout that doubles (RFC 6298); the further losses are draws of their own.
Duration FaultFilter::retransmission_delay(NodeId to, std::uint64_t number, Ratio loss) const {
  Duration timeout = options_.retransmit_min;
  Duration delay = timeout;
  for (std::uint64_t i = 0; i < kMaxRetransmissions; ++i) {
    if (!loss.hit(draw(to, number, kRetransmissions + i).a)) break;
    timeout = std::min(timeout * 2, options_.retransmit_max);
    delay += timeout;
  }
  return delay;
}

Block FaultFilter::draw(NodeId to, std::uint64_t number, std::uint64_t what) const {
  return philox(key_ + what, number, raw(to));
}

// ---- what waits ----------------------------------------------------------------------------------------------------

bool FaultFilter::has_room(std::size_t bytes) const {
  return waiting_ < options_.max_waiting && waiting_bytes_ + bytes <= options_.max_waiting_bytes;
}

void FaultFilter::delay(MonoTime due, NodeId to, Peer& peer, Message& message) {
  peer.last_due = peer.delayed == 0 ? due : std::max(peer.last_due, due);
  ++peer.delayed;
  ++waiting_;
  waiting_bytes_ += message.text.size();
  delayed_.push_back({due, delayed_so_far_++, peer.life, {to, message.route, message.keep()}});
  std::push_heap(delayed_.begin(), delayed_.end());
}

void FaultFilter::release(MonoTime now, NodeId to, Peer& peer) {
  if (peer.held.empty()) return;
  const CutState cut = cut_of(peer);
  if (cut.drop || cut.hold) return;
  // The first segment's retransmissions back off while the pair is cut; the first one after the heal gets through, and
  // what waits behind it follows.
  MonoTime resumes = now;
  if (options_.kind == LinkKind::kZmq) {
    Duration timeout = options_.retransmit_min;
    resumes = peer.held.front().since + timeout;
    while (resumes < now) {
      timeout = std::min(timeout * 2, options_.retransmit_max);
      resumes += timeout;
    }
  }
  for (const Held& held : std::exchange(peer.held, {})) {
    --waiting_;
    waiting_bytes_ -= held.bytes.size();
    Message message{held.send_class, held.route, held.bytes.view(), held.bytes, resumes};
    (void)travel(now, to, peer, cut, message);
  }
}

std::optional<MonoTime> FaultFilter::next_due() const {
  if (delayed_.empty()) return {};
  return delayed_.front().due;
}

std::optional<Parcel> FaultFilter::pop_due(MonoTime now) {
  if (delayed_.empty() || delayed_.front().due > now) return {};
  std::pop_heap(delayed_.begin(), delayed_.end());
  const Delayed next = std::move(delayed_.back());
  delayed_.pop_back();
  --waiting_;
  waiting_bytes_ -= next.parcel.bytes.size();
  Peer& peer = peers_.at(next.parcel.to);
  if (peer.life == next.life) --peer.delayed;
  return next.parcel;
}

void FaultFilter::forget(NodeId id) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  for (const Held& message : peer.held) waiting_bytes_ -= message.bytes.size();
  waiting_ -= peer.held.size();
  totals_.dropped_forgot += peer.held.size();
  peer.held.clear();
  peer.delayed = 0;
  ++peer.life;
}

bool FaultFilter::cuts(NodeId peer) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return false;
  return std::any_of(found->second.rules.begin(), found->second.rules.end(),
                     [](const FaultRule* rule) { return rule->cut == Cut::kDrop || rule->cut == Cut::kHold; });
}

std::size_t FaultFilter::held(NodeId peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? 0 : found->second.held.size();
}

// ---- what it did ---------------------------------------------------------------------------------------------------

// To each event that has a rule of this kind, however many it has.
template <class Concerns>
void FaultFilter::credit(const Peer& peer, std::uint64_t FaultEffect::* count, Concerns concerns) {
  for (const std::uint32_t event : peer.events) {
    const bool to_blame = std::any_of(peer.rules.begin(), peer.rules.end(),
                                      [&](const FaultRule* rule) { return rule->event == event && concerns(*rule); });
    if (to_blame) ++(effects_[event].*count);
  }
}

// Each event against the same message without it. A connection loses nothing: what a lost segment costs is time.
void FaultFilter::credit_changes(NodeId to, const Peer& peer, std::uint64_t number, bool connection,
                                 const Passage& is) {
  for (const std::uint32_t event : peer.events) {
    const Passage would_be = passage(to, number, weather_of(peer, event), connection);
    const auto count = [&](std::uint64_t FaultEffect::* what) { ++(effects_[event].*what); };
    if (!connection && (is.lost || would_be.lost)) {
      if (is.lost != would_be.lost) count(is.lost ? &FaultEffect::dropped : &FaultEffect::spared);
      continue;
    }
    if (is.duplicated != would_be.duplicated && !is.no_second)
      count(is.duplicated ? &FaultEffect::duplicated : &FaultEffect::spared);
    if (is.reordered != would_be.reordered) {
      count(is.reordered ? &FaultEffect::reordered : &FaultEffect::spared);
    } else if (is.delay != would_be.delay) {
      count(is.delay > would_be.delay ? &FaultEffect::delayed : &FaultEffect::sooner);
    }
  }
}

}  // namespace hearsay::transport
