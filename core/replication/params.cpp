#include "core/replication/params.hpp"

#include <fmt/format.h>
#include <array>
#include <string_view>

namespace hearsay {

namespace {

constexpr std::array<std::string_view, 9> kQuorumNames{"one", "quorum", "all", "2", "3", "4", "5", "6", "7"};
constexpr std::array<std::string_view, 2> kReadOrderNames{"quorum", "first-hit"};
constexpr std::array<std::string_view, 2> kExpiryNames{"deadline", "reaper"};

// 0 where the number depends on how many replicas there are.
std::int64_t fixed_number(int quorum) {
  switch (static_cast<Quorum>(quorum)) {
    case Quorum::kOne: return 1;
    case Quorum::kQuorum:
    case Quorum::kAll: return 0;
    default: return quorum - static_cast<int>(Quorum::kTwo) + 2;
  }
}

}  // namespace

void ReplicationParams::use_go_os() {
  n = 1;
  r = static_cast<int>(Quorum::kOne);
  w = static_cast<int>(Quorum::kAll);
  count_present = true;
  copy_window = Duration::zero();
  read_repair = false;
  read_order = static_cast<int>(ReadOrder::kFirstHit);
  const StoreOptions options = StoreOptions::go_os();
  expiry = static_cast<int>(options.expiry);
  tombstone_grace = options.tombstone_grace;
  reap_interval = options.reap_interval;
  time_resolution = options.time_resolution;
  original_ttl = options.original_ttl;
}

void ReplicationParams::visit(ParamVisitor& v) {
  v.integer("n", n, {0, kMaxReplicas}, "copies",
            "copies of an item, on the first n members of its place on the ring; 0 is all members. Each copy costs its "
            "memory, a message a write and an answer a read");
  v.choice("r", r, kQuorumNames,
           "replicas that must answer a get: r + w > n reads every acknowledged write while the replica sets agree; "
           "fewer answer sooner and survive more failures, and may be stale");
  v.choice("w", w, kQuorumNames,
           "replicas that must hold a put or del before it is acknowledged; more of them lose less and fail sooner");
  v.boolean("count_present", count_present,
            "count `quorum` and `all` of the replicas that the node's view has instead of n: go-os does, and two sides "
            "of a split then both accept");
  v.duration(
      "request_timeout", request_timeout, {1ms, 1h},
      "how long a request may take before it is answered with a timeout; with read_order first-hit, how long each "
      "replica is waited for");
  v.duration(
      "copy_window", copy_window, {0s, 1h},
      "a value with a TTL is accepted only as an answer to something that the replica sent at most this long ago, so "
      "that a copy overstays by at most this much a hop; must be above the round trip. 0 accepts any");
  v.duration("max_clock_offset", max_clock_offset, {0s, 24h},
             "how far another node's version may be ahead of this node's wall clock and still move its own versions; "
             "beyond it, writes over such a version are refused until the clock gets there");
  v.boolean("read_repair", read_repair, "send the newest version that a get found to replicas that answered with less");
  v.choice(
      "read_order", read_order, kReadOrderNames,
      "`quorum` asks all replicas at once; `first-hit` asks one after another, goes on past misses and errors, and "
      "calls it not found when all failed: go-os's");
  v.integer("max_pending", max_pending, {1, kMaxPending}, "requests",
            "requests a node coordinates at a time; one more is answered with unavailable");
  v.choice("expiry", expiry, kExpiryNames,
           "`deadline` ends a value exactly; `reaper` removes it by a scan every reap_interval: go-os's");
  v.duration(
      "tombstone_grace", tombstone_grace, {0s, kTenYears},
      "how long a deleted or expired key's version is remembered: longer than the longest disconnection plus one "
      "full repair, or what was deleted comes back. A replica that was down for longer discards what it had. Costs "
      "about 100 bytes and the key a tombstone; 0 leaves none");
  v.duration("reap_interval", reap_interval, {1ms, 24h},
             "reaper: time between scans; values outlive their TTL by up to it");
  v.duration("time_resolution", time_resolution, {1ns, 1h},
             "reaper: unit in which time is truncated; a TTL below it lasts for ever");
  v.boolean("original_ttl", original_ttl, "gets report the TTL that was put instead of what is left of it: go-os's");
  v.integer("max_items", max_items, {1, std::int64_t{1} << 30}, "items",
            "items a node's store holds, tombstones included; one more is refused");
  v.size("max_bytes", max_bytes, {1, std::int64_t{1} << 40}, "keys and values a node's store holds; more is refused");
}

Result<void> ReplicationParams::check() const {
  if (n == 0) return {};
  for (const auto& [name, quorum] : {std::pair{"r", r}, std::pair{"w", w}}) {
    if (fixed_number(quorum) > n) {
      return invalid(fmt::format("{} = {} can never be met with n = {}", name, fixed_number(quorum), n));
    }
  }
  return {};
}

StoreOptions ReplicationParams::store() const {
  StoreOptions options;
  options.expiry = static_cast<StoreOptions::Expiry>(expiry);
  options.tombstone_grace = tombstone_grace;
  options.reap_interval = reap_interval;
  options.time_resolution = time_resolution;
  options.original_ttl = original_ttl;
  options.max_items = static_cast<std::size_t>(max_items);
  options.max_bytes = static_cast<std::size_t>(max_bytes);
  return options;
}

std::size_t ReplicationParams::needed(int quorum, std::size_t present) const {
  const std::size_t copies = n == 0 || count_present ? present : static_cast<std::size_t>(n);
  switch (static_cast<Quorum>(quorum)) {
    case Quorum::kQuorum: return copies / 2 + 1;
    case Quorum::kAll: return copies;
    default: return static_cast<std::size_t>(fixed_number(quorum));
  }
}

}  // namespace hearsay
