// One node's expiring map: what a replica holds. Values with versions and deadlines, and the tombstones that deletions
// and expiries leave.
//
// Last writer wins by version. A value's time is up at a deadline of the node's monotonic clock, which never steps;
// what travels between nodes is the TTL that is left. Where an expired value was, its version stays as a tombstone for
// `tombstone_grace`: otherwise an older value that lives longer could come back from another replica.
//
// Invariants in deadline mode (the default):
//   1. No read returns a value at or after its deadline, nor misses one before it.
//   2. What a read answers depends on the writes and on `now`, not on when or how often expire() was called.
//   3. The version held for a key never falls until its tombstone's grace ends; reads change nothing.
// Reaper mode gives up 1 and 2 on purpose: it is go-os's store, defects included.
//
// Parts: a slab of entries (store_slab.hpp), an index by key (store_index.hpp), an order by hash (store_order.hpp) and
// a timing wheel (store_wheel.hpp). Only clear(), save(), restore(), digest() and memory_bytes() take time in
// proportion to what is held. Beside key and value an item takes about 120 bytes: 80 of entry, 10 to 20 of index, 17 of
// order, 8 of value header; a key over 22 bytes is allocated apart.
//
// Threading: one thread at a time; const member functions may run concurrently with each other.
// `now` must not fall from call to call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/kv/persisted.hpp"
#include "core/kv/store_index.hpp"
#include "core/kv/store_order.hpp"
#include "core/kv/store_slab.hpp"
#include "core/kv/store_wheel.hpp"
#include "core/kv/version.hpp"

namespace hearsay {

struct StoreOptions {
  enum class Expiry : std::uint8_t {
    kDeadline,  // exact: reads check the deadline, a timing wheel frees memory
    kReaper,    // go-os: only a scan every reap_interval removes anything, reads check nothing
  };

  Expiry expiry = Expiry::kDeadline;

  // How long a tombstone is kept: longer than the longest disconnection plus one full repair, or what was deleted comes
  // back. Raising costs memory (about 100 bytes and the key, a tombstone). 0: none are left.
  Duration tombstone_grace = 1h;

  // Reaper mode: time between scans, and the unit in which stored time, TTL and now are truncated before
  // `now - stored > ttl` is asked. A TTL below the unit is so 0, which is for ever; others last up to a unit too long.
  Duration reap_interval = 10s;
  Duration time_resolution = 1s;
  // Reads report the TTL that a value was put with, not what is left of it, so that copies start anew.
  bool original_ttl = false;

  // Bounds: entries, tombstones included; bytes of keys and values together.
  std::size_t max_items = std::size_t{1} << 24;
  std::size_t max_bytes = std::size_t{1} << 30;

  // go-os's store: reaper mode, original TTLs, no tombstones.
  static StoreOptions go_os();
};

enum class WriteResult : std::uint8_t {
  kApplied,    // the write is now what the store holds
  kShortened,  // this version was held; it now ends earlier (or is deleted), as the write said
  kSame,       // this version was held, and ends no later than the write said
  kOlder,      // a newer version is held
  kFull,       // refused: would exceed max_items or max_bytes; what was held is still held
  kInvalid,    // refused: no version, a key or value over the interface's limits, or a TTL below 0 or over ten years
};

std::string_view to_string(WriteResult result);

// Whether the store changed.
constexpr bool changed(WriteResult result) {
  return result == WriteResult::kApplied || result == WriteResult::kShortened;
}

enum class ItemState : std::uint8_t {
  kMissing,    // nothing is known of the key
  kLive,       // a value
  kTombstone,  // no value, but a version: it was deleted, or expired
};

// The answer to a read.
struct Lookup {
  ItemState state = ItemState::kMissing;
  Version version;       // unless missing
  Duration ttl_left{0};  // of a value, 0 = never expires; of a tombstone, how long it is still kept (above 0)
  Bytes value;           // of a value; shares the store's buffer
  bool live() const { return state == ItemState::kLive; }
};

// An item as iteration shows it, valid during the call of the visitor.
struct StoreItem {
  std::uint64_t hash = 0;  // the ring's
  std::string_view key;
  ItemState state = ItemState::kMissing;  // live or tombstone
  Version version;
  Duration ttl_left{0};          // as in Lookup
  const Bytes* value = nullptr;  // never null
};

// A place in the order of (hash, key): right before the first item that is not less.
struct StoreCursor {
  std::uint64_t hash = 0;
  std::string key;
};

// What expire() does to one item.
enum class StoreChange : std::uint8_t {
  kExpired,    // a value's time is up; its version stays as a tombstone if there is a grace
  kForgotten,  // a tombstone's grace is over: nothing will be known of the key
};

class Store {
 public:
  // `start` starts the reaper's clock: the first scan is due one interval later.
  explicit Store(const StoreOptions& options = {}, MonoTime start = MonoTime{});

  // ---- writes: O(log n), and once in 128 an insertion into an array of n / 180 chunks ----

  // Takes a value if its version is newer than what is held, and replaces value and TTL. If that very version is held,
  // the earlier deadline is kept, and a tombstone counts as the earliest: copies of one version agree whatever way they
  // came. `hash` is the ring's; `ttl` what is left of it, 0 = never expires.
  WriteResult put(std::string_view key, std::uint64_t hash, Bytes value, Version version, Duration ttl, MonoTime now);

  // Leaves a tombstone, also where nothing is held: the value it deletes may arrive later. `grace_left` is what a
  // tombstone that arrives from another replica has left (above 0); handing it a fresh grace at each hop would keep it
  // for ever.
  WriteResult erase(std::string_view key, std::uint64_t hash, Version version, MonoTime now);
  WriteResult erase(std::string_view key, std::uint64_t hash, Version version, MonoTime now, Duration grace_left);

  // Forgets the key without a tombstone if `held` is the version held: for what was handed over to its new owner.
  bool drop(std::string_view key, Version held);

  // ---- reads ----

  // O(1). A value at or after its deadline is seen as the tombstone it is about to become (deadline mode).
  Lookup get(std::string_view key, MonoTime now) const;

  // Calls visit(const StoreItem&) -> bool for items in the order of (hash, key) from `from` on, tombstones included.
  // Ends when it has looked at `max` items or when the visitor returns false (it will then see that item again). Leaves
  // in `from` where to go on; returns whether there is anything left from there. The visitor must not change the store;
  // between calls anything may change, and each item that stays is visited once. O(log n + max).
  template <class Visit>
  bool scan(StoreCursor& from, std::size_t max, MonoTime now, Visit&& visit) const;

  std::size_t size() const { return size_; }                // entries, tombstones included
  std::size_t live() const { return live_; }                // values, those included that expire() has yet to reach
  std::size_t tombstones() const { return size_ - live_; }  // the rest
  std::size_t bytes() const { return bytes_; }              // of all keys and values
  // What the store has allocated, keys and values included. Its own structures grow with the most it ever held and are
  // given back by clear(). Counts sizes asked for; the allocator adds its own.
  std::size_t memory_bytes() const;

  // ---- time ----

  // A budget for expire() that keeps one call under 2 ms with a million items, as far as it is the store's: glibc's
  // free() now and then consolidates all small free blocks at once, 5 to 10 ms after hundreds of thousands of removals.
  // A program that minds sets mallopt(M_MXFAST, 0).
  static constexpr std::size_t kExpireBudget = 1000;

  // Works on what is due: an expired value is freed and becomes a tombstone, a tombstone whose grace ended goes. Calls
  // visit(StoreChange, const StoreItem&) for each right before it happens (the item's hash, key and version; state
  // kTombstone); the visitor must not touch the store. At most about `budget` units of work, of some 50 ns each: to
  // move an item, to make it a tombstone or to look at it in a reaper's scan is one, to remove it eight. Returns
  // whether there is more to do now. A call when nothing is due is cheap and does nothing.
  template <class Visit>
  bool expire(MonoTime now, std::size_t budget, Visit&& visit);

  // When to call expire() next: `now` if there is work left, max() if there never will be. Deadlines are rounded up to
  // the wheel's tick of 262,144 ns, by which memory is freed late, never early; reads are exact. Long deadlines ask for
  // a call or two before they are due, to sort them more finely. O(1).
  MonoTime next_due(MonoTime now) const;

  // ---- whole state ----

  // Forgets everything and gives the memory back.
  void clear();
  // Feeds every entry to the fingerprint, in order.
  void digest(Hasher& hasher) const;
  // Appends all items with what is left of their TTL or grace, in order of (hash, key). A reaper's overdue values are
  // left out.
  void save(MonoTime now, Persisted& out) const;
  // Takes items back as put() and erase() would, with the time they were away taken off: what expired meanwhile is a
  // tombstone. `hash_key` is the ring's, std::string_view -> std::uint64_t. Returns how many were refused (kFull,
  // kInvalid).
  template <class HashKey>
  std::size_t restore(const Persisted& persisted, MonoTime now, HashKey&& hash_key);

  const StoreOptions& options() const { return options_; }

 private:
  // What a reader sees of an entry at a time.
  struct Sight {
    ItemState state = ItemState::kMissing;
    Duration left{0};
  };

  bool reaper() const { return options_.expiry == StoreOptions::Expiry::kReaper; }
  Sight sight(const StoreEntry& entry, MonoTime now) const;
  StoreItem item(const StoreEntry& entry, Sight sight) const;
  bool overdue(const StoreEntry& entry, MonoTime now) const;

  // The entry of a key unless its grace has ended, whether or not expire() has come by.
  std::uint32_t find_known(std::string_view key, std::uint32_t tag, MonoTime now);
  WriteResult bury(std::string_view key, std::uint64_t hash, Version version, MonoTime now, Duration grace);
  std::uint32_t add(std::string_view key, std::uint64_t hash, std::uint32_t tag);
  void remove(std::uint32_t i);
  // Turns an entry outside the wheel into a tombstone until `until`.
  void entomb(std::uint32_t i, Version version, MonoTime until, MonoTime now);
  // The next entry to change, taken off the wheel; kNoEntry when there is none or the budget is used up.
  std::uint32_t next_change(MonoTime now, std::size_t& budget);
  std::uint32_t next_reaped(MonoTime now, std::size_t& budget);
  // Makes the change that the visitor was told of; returns the units of work beyond the first.
  std::size_t settle(std::uint32_t i, MonoTime now);
  // Restores one item that was saved `away` ago.
  WriteResult restore_item(const PersistedItem& item, std::uint64_t hash, Duration away, MonoTime now);

  static const Bytes kNoValue;

  StoreOptions options_;
  StoreSlab slab_;
  StoreIndex index_;
  StoreOrder order_;
  StoreWheel wheel_;
  std::size_t size_ = 0;
  std::size_t live_ = 0;
  std::size_t bytes_ = 0;
  std::size_t value_headers_ = 0;  // values that are not empty
  MonoTime next_reap_;
  bool reaping_ = false;
  std::uint32_t reap_at_ = 0;
};

template <class Visit>
bool Store::scan(StoreCursor& from, std::size_t max, MonoTime now, Visit&& visit) const {
  StoreOrder::Position at = order_.seek(from.hash, from.key, slab_);
  for (; !order_.at_end(at) && max > 0; at = order_.after(at), --max) {
    const StoreEntry& entry = slab_[order_.entry(at)];
    const Sight seen = sight(entry, now);
    if (seen.state != ItemState::kMissing && !visit(item(entry, seen))) break;
  }
  if (order_.at_end(at)) return false;
  const StoreEntry& entry = slab_[order_.entry(at)];
  from.hash = entry.hash;
  from.key = entry.key.view();
  return true;
}

template <class Visit>
bool Store::expire(MonoTime now, std::size_t budget, Visit&& visit) {
  for (;;) {
    const std::uint32_t i = next_change(now, budget);
    if (i == kNoEntry) return next_due(now) <= now;
    const StoreEntry& entry = slab_[i];
    visit(entry.tombstone() ? StoreChange::kForgotten : StoreChange::kExpired,
          item(entry, Sight{ItemState::kTombstone, Duration::zero()}));
    budget -= std::min(budget, settle(i, now));
  }
}

template <class HashKey>
std::size_t Store::restore(const Persisted& persisted, MonoTime now, HashKey&& hash_key) {
  std::size_t refused = 0;
  for (const PersistedItem& each : persisted.items) {
    const WriteResult result = restore_item(each, hash_key(std::string_view(each.key)), persisted.away, now);
    refused += result == WriteResult::kFull || result == WriteResult::kInvalid ? 1 : 0;
  }
  return refused;
}

}  // namespace hearsay
