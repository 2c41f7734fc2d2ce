#include "sim/world/network.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hearsay::world {

namespace {

using CutMode = plan::Partition::Mode;

// A segment that is lost so often gets through all the same: a link that loses everything must not stop the clock.
constexpr int kMaxRetransmissions = 16;

std::int64_t shortest_latency(const plan::Plan& plan) {
  std::int64_t shortest = plan.network.links.front().latency.minimum().count();
  for (const plan::LinkSpec& link : plan.network.links) {
    shortest = std::min(shortest, link.latency.minimum().count());
  }
  for (const plan::Event& event : plan.events) {
    if (const auto* change = std::get_if<plan::LinkChange>(&event.action); change != nullptr && change->latency) {
      shortest = std::min(shortest, change->latency->minimum().count());
    }
  }
  return shortest;
}

}  // namespace

Network::Network(const plan::Plan& plan, std::uint64_t seed)
    : effects(plan.events.size()),
      plan_(plan),
      spec_(plan.network),
      latency_key_(stream_key(seed, Purpose::kNetworkLatency)),
      loss_key_(stream_key(seed, Purpose::kNetworkLoss)),
      duplicate_key_(stream_key(seed, Purpose::kNetworkDuplicate)),
      reorder_key_(stream_key(seed, Purpose::kNetworkReorder)),
      regions_(std::max<std::size_t>(1, plan.regions.size())),
      links_(spec_.links.data()),
      shortest_ns_(shortest_latency(plan)),
      reachability_(plan::Reachability::whole(static_cast<std::uint32_t>(plan.nodes.size()))),
      lives_(plan.nodes.size()) {
  HEARSAY_CHECK(spec_.links.size() == regions_ * regions_ && shortest_ns_ >= 1);
  if (regions_ > 1) {
    region_.reserve(plan.nodes.size());
    for (const plan::NodeSpec& node : plan.nodes) region_.push_back(node.region);
  }
  if (spec_.bandwidth_bits > 0) uplink_free_ns_.assign(plan.nodes.size(), 0);
  settle_plain();
}

void Network::settle_plain() {
  plain_ = spec_.kind == plan::LinkKind::kUdp && spec_.bandwidth_bits == 0 && partitions_.empty() && changes_.empty() &&
           std::all_of(spec_.links.begin(), spec_.links.end(),
                       [](const plan::LinkSpec& link) { return link.duplicate.never() && link.reorder.never(); });
}

Fate Network::send_slowly(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, std::uint32_t bytes,
                          SendClass send_class, std::uint32_t index) {
  const bool zmq = spec_.kind == plan::LinkKind::kZmq;
  const bool connection = zmq || send_class == SendClass::kStream;
  if (connections_.size() >= many_connections_) [[unlikely]]
    forget_idle_connections(now_ns);
  std::int64_t departs_ns = now_ns;
  if (!depart(now_ns, src, bytes, departs_ns)) {
    ++traffic.dropped_queue;
    return {};
  }
  const Cut cut = cut_between(src, dst);
  if (cut.drop && !zmq) {
    credit_cut(src, dst, {CutMode::kDrop}, &measure::EventEffect::dropped);
    ++traffic.dropped_cut;
    return {};
  }
  if (cut.drop || cut.hold) {
    const auto queue = held_.find({src, dst});
    if (queue != held_.end() && queue->second.size() >= spec_.high_water_mark) {
      credit_cut(src, dst, {CutMode::kDrop, CutMode::kHold}, &measure::EventEffect::dropped);
      ++traffic.dropped_queue;
      return {};
    }
    credit_cut(src, dst, {CutMode::kDrop, CutMode::kHold}, &measure::EventEffect::held);
    ++traffic.held;
    return {.copies = 0, .held = true, .connection = connection};
  }
  return travel(now_ns, src, dst, departs_ns, cut, index, connection);
}

Fate Network::travel(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, std::int64_t departs_ns, const Cut& cut,
                     std::uint32_t index, bool connection) {
  if (cut.delay_ns > 0) credit_cut(src, dst, {CutMode::kDelay}, &measure::EventEffect::delayed);

  const Draws draws{pair(src, dst), static_cast<std::uint64_t>(now_ns), index};
  const Passage is = passage(draws, weather(src, dst, kAllChanges), connection);
  if (!changes_.empty()) credit_changes(src, dst, draws, connection, is);
  if (is.lost && !connection) {
    ++traffic.dropped_loss;
    return {};
  }
  const std::int64_t base_ns = departs_ns + cut.delay_ns;
  const std::int64_t at_ns = base_ns + is.delay_ns;
  if (is.reordered) ++traffic.reordered;
  Fate fate{1, false, {connection ? in_order(src, dst, at_ns) : at_ns, 0}};
  if (is.duplicated) {
    fate.copies = 2;
    fate.at_ns[1] = base_ns + is.duplicate_delay_ns;
    ++traffic.duplicated;
  }
  return fate;
}

// Of several changes the last one that sets a value has its way.
Network::Weather Network::weather(std::uint32_t src, std::uint32_t dst, std::size_t without_event) const {
  const plan::LinkSpec& link = links_[link_index(src, dst)];
  Weather weather{&link.loss, &link.duplicate, &link.reorder, &link.latency, &link.reorder_delay};
  for (const ActiveLinkChange& active : changes_) {
    if (active.event == without_event || !active.applies(src, dst)) continue;
    const plan::LinkChange& change = *active.change;
    if (change.loss) weather.loss = &*change.loss;
    if (change.duplicate) weather.duplicate = &*change.duplicate;
    if (change.reorder) weather.reorder = &*change.reorder;
    if (change.latency) weather.latency = &*change.latency;
    if (change.reorder_delay) weather.reorder_delay = &*change.reorder_delay;
  }
  return weather;
}

Network::Passage Network::passage(const Draws& draws, const Weather& weather, bool connection) const {
  const Block first = draws.block(latency_key_);
  Passage passage;
  passage.lost = weather.loss->hit(first.b);
  passage.delay_ns = weather.latency->sample(first.a).count();
  if (connection) {
    if (passage.lost) passage.delay_ns += retransmission_delay(draws, *weather.loss);
    return passage;
  }
  if (passage.lost) return passage;
  if (!weather.reorder->never()) {
    const Block block = draws.block(reorder_key_);
    passage.reordered = weather.reorder->hit(block.b);
    if (passage.reordered) passage.delay_ns += weather.reorder_delay->sample(block.a).count();
  }
  if (!weather.duplicate->never()) {
    const Block block = draws.block(duplicate_key_);
    passage.duplicated = weather.duplicate->hit(block.b);
    if (passage.duplicated) passage.duplicate_delay_ns = weather.latency->sample(block.a).count();
  }
  return passage;
}

// Each change against the same message without it. A connection loses nothing: what a lost segment costs is time.
void Network::credit_changes(std::uint32_t src, std::uint32_t dst, const Draws& draws, bool connection,
                             const Passage& is) {
  for (const ActiveLinkChange& active : changes_) {
    if (!active.applies(src, dst)) continue;
    const Passage would_be = passage(draws, weather(src, dst, active.event), connection);
    measure::EventEffect& effect = effects[active.event];
    if (!connection && (is.lost || would_be.lost)) {
      if (is.lost != would_be.lost) ++(is.lost ? effect.dropped : effect.spared);
      continue;
    }
    if (is.duplicated != would_be.duplicated) ++(is.duplicated ? effect.duplicated : effect.spared);
    if (is.reordered != would_be.reordered) {
      ++(is.reordered ? effect.reordered : effect.spared);
    } else if (is.delay_ns != would_be.delay_ns) {
      ++(is.delay_ns > would_be.delay_ns ? effect.delayed : effect.sooner);
    }
  }
}

// TCP sends a lost segment again after a timeout that doubles (RFC 6298); the further losses are draws of their own.
std::int64_t Network::retransmission_delay(const Draws& draws, Ratio loss) const {
  std::int64_t timeout = spec_.retransmit_min.count();
  std::int64_t delay = timeout;
  for (int i = 0; i < kMaxRetransmissions; ++i) {
    const Block block = philox(loss_key_ + draws.index, draws.pair ^ (static_cast<std::uint64_t>(i) << 56), draws.time);
    if (!loss.hit(block.a)) break;
    timeout = std::min(timeout * 2, spec_.retransmit_max.count());
    delay += timeout;
  }
  return delay;
}

// When a segment arrives behind those before it. Streams over udp share no connection.
std::int64_t Network::in_order(std::uint32_t src, std::uint32_t dst, std::int64_t at_ns) {
  if (spec_.kind != plan::LinkKind::kZmq) return at_ns;
  Connection& connection = connections_[pair(src, dst)];
  const std::uint32_t lives = lives_[src] + lives_[dst];
  if (connection.lives != lives) connection = {0, lives};
  connection.last_arrival_ns = std::max(at_ns, connection.last_arrival_ns + 1);
  return connection.last_arrival_ns;
}

// Nobody waits for an arrival in the past. Twice as many as are left may gather before the next time, so that a look
// at all of them costs each O(1).
void Network::forget_idle_connections(std::int64_t now_ns) {
  std::erase_if(connections_, [&](const auto& entry) { return entry.second.last_arrival_ns < now_ns; });
  many_connections_ = std::max(kFewConnections, 2 * connections_.size());
}

// A node's uplink: messages leave one after the other. False when the queue in front of it is full.
bool Network::depart(std::int64_t now_ns, std::uint32_t src, std::uint32_t bytes, std::int64_t& departs_ns) {
  if (uplink_free_ns_.empty()) return true;
  std::int64_t& free_ns = uplink_free_ns_[src];
  const std::int64_t waiting_ns = std::max<std::int64_t>(0, free_ns - now_ns);
  const auto billion = std::int64_t{1'000'000'000};
  const auto waiting_bytes =
      static_cast<std::int64_t>(static_cast<Int128>(waiting_ns) * spec_.bandwidth_bits / (8 * billion));
  if (waiting_bytes + bytes > spec_.queue_bytes && waiting_ns > 0) return false;
  const auto takes_ns = static_cast<std::int64_t>(
      (static_cast<Int128>(bytes) * 8 * billion + spec_.bandwidth_bits - 1) / spec_.bandwidth_bits);
  free_ns = now_ns + waiting_ns + takes_ns;
  departs_ns = free_ns;
  return true;
}

// ---- partitions ----------------------------------------------------------------------------------------------------

Network::Cut Network::cut_between(std::uint32_t src, std::uint32_t dst) {
  Cut cut;
  // Everything is one lookup in the matrix but the partitions that delay, which leave the pair connected.
  const bool connected = reachability_.connected(NodeSlot{src}, NodeSlot{dst});
  for (const ActivePartition& partition : partitions_) {
    if (connected && partition.mode != plan::Partition::Mode::kDelay) continue;
    if (!partition.separates(src, dst)) continue;
    switch (partition.mode) {
      case plan::Partition::Mode::kDrop: cut.drop = true; break;
      case plan::Partition::Mode::kHold: cut.hold = true; break;
      case plan::Partition::Mode::kDelay: cut.delay_ns += partition.delay_ns; break;
    }
  }
  HEARSAY_CHECK(connected == !(cut.drop || cut.hold));
  return cut;
}

void Network::credit_cut(std::uint32_t src, std::uint32_t dst, std::initializer_list<CutMode> modes,
                         std::uint64_t measure::EventEffect::* count) {
  for (const ActivePartition& partition : partitions_) {
    if (std::find(modes.begin(), modes.end(), partition.mode) == modes.end()) continue;
    if (partition.separates(src, dst)) ++(effects[partition.event].*count);
  }
}

Result<void> Network::add(ActivePartition partition) {
  partitions_.push_back(std::move(partition));
  settle_plain();
  return regroup();
}

std::size_t Network::remove_event(std::size_t event) {
  const std::size_t removed = std::erase_if(partitions_, [&](const ActivePartition& p) { return p.event == event; });
  HEARSAY_CHECK(regroup());
  settle_plain();
  return removed;
}

std::size_t Network::remove_named(std::string_view name) {
  const std::size_t removed =
      std::erase_if(partitions_, [&](const ActivePartition& p) { return name.empty() || p.name == name; });
  HEARSAY_CHECK(regroup());
  settle_plain();
  return removed;
}

// Nodes on the same side of every partition in force form a group.
Result<void> Network::regroup() {
  const auto nodes = static_cast<std::uint32_t>(plan_.nodes.size());
  reachability_ = plan::Reachability::whole(nodes);
  std::vector<std::uint32_t> representative{0};
  std::uint32_t groups = 1;
  for (const ActivePartition& partition : partitions_) {
    if (partition.mode == plan::Partition::Mode::kDelay) continue;
    // (group so far, side) -> new group, numbered in order of the first node.
    std::map<std::pair<std::uint8_t, std::uint8_t>, std::uint8_t> renumbered;
    representative.clear();
    for (std::uint32_t i = 0; i < nodes; ++i) {
      const auto key = std::pair{reachability_.group[i], partition.side[i]};
      const auto found = renumbered.find(key);
      if (found != renumbered.end()) {
        reachability_.group[i] = found->second;
        continue;
      }
      if (renumbered.size() == plan::kMaxReachGroups) {
        return invalid(fmt::format("the partitions in force together cut the nodes into more than {} groups",
                                   plan::kMaxReachGroups));
      }
      const auto group = static_cast<std::uint8_t>(renumbered.size());
      renumbered.emplace(key, group);
      representative.push_back(i);
      reachability_.group[i] = group;
    }
    groups = static_cast<std::uint32_t>(renumbered.size());
  }
  reachability_.reaches.fill(0);
  for (std::uint32_t a = 0; a < groups; ++a) {
    for (std::uint32_t b = 0; b < groups; ++b) {
      const bool cut = std::any_of(partitions_.begin(), partitions_.end(), [&](const ActivePartition& partition) {
        return partition.mode != plan::Partition::Mode::kDelay &&
               partition.separates(representative[a], representative[b]);
      });
      if (!cut) reachability_.reaches[a] |= std::uint64_t{1} << b;
    }
  }
  return {};
}

// ---- what a cut holds ----------------------------------------------------------------------------------------------

void Network::hold(std::int64_t now_ns, std::uint32_t src, std::uint32_t dst, MessageRef message, bool connection) {
  held_[{src, dst}].push_back({now_ns, std::move(message), connection});
}

std::vector<Network::Released> Network::release(std::int64_t now_ns) {
  std::vector<Released> released;
  for (auto pair_queue = held_.begin(); pair_queue != held_.end();) {
    const auto [src, dst] = pair_queue->first;
    if (!reachability_.connected(NodeSlot{src}, NodeSlot{dst})) {
      ++pair_queue;
      continue;
    }
    // The first segment's retransmissions back off while the pair is cut; the first one after the heal gets through,
    // and what waits behind it follows.
    std::int64_t resumes_ns = now_ns;
    if (spec_.kind == plan::LinkKind::kZmq) {
      std::int64_t timeout = spec_.retransmit_min.count();
      resumes_ns = pair_queue->second.front().since_ns + timeout;
      while (resumes_ns < now_ns) {
        timeout = std::min(timeout * 2, spec_.retransmit_max.count());
        resumes_ns += timeout;
      }
    }
    const Cut cut = cut_between(src, dst);
    std::uint32_t index = 0;
    for (const Held& held : pair_queue->second) {
      const Fate fate = travel(resumes_ns, src, dst, resumes_ns, cut, index++, held.connection);
      for (int copy = 0; copy < fate.copies; ++copy) released.push_back({src, dst, fate.at_ns[copy], held.message});
    }
    pair_queue = held_.erase(pair_queue);
  }
  return released;
}

void Network::forget_node(std::uint32_t node) {
  ++lives_[node];
  std::erase_if(held_, [&](const auto& queue) {
    const bool gone = queue.first.first == node || queue.first.second == node;
    if (gone) traffic.dropped_down += queue.second.size();
    return gone;
  });
}

// ---- link changes --------------------------------------------------------------------------------------------------

void Network::add(ActiveLinkChange change) {
  changes_.push_back(std::move(change));
  settle_plain();
}

std::size_t Network::remove_link_changes(std::size_t event) {
  const std::size_t removed = std::erase_if(changes_, [&](const ActiveLinkChange& c) { return c.event == event; });
  settle_plain();
  return removed;
}

}  // namespace hearsay::world
