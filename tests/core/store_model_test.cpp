// The store against a naive model: a sorted map that looks at every entry at every step. Random writes, reads, scans,
// drops, restarts and steps of time; whether and with what budget expire() is called must not show in any answer.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "tests/core/store_helpers.hpp"

namespace hearsay {
namespace {

// Few hashes, so that many keys share one.
std::uint64_t ring_hash(std::string_view key) { return hash64(key) % 40; }

struct ModelItem {
  Version version;
  bool tombstone = false;
  std::string value;
  MonoTime due = MonoTime::max();
};

class Model {
 public:
  explicit Model(Duration grace) : grace_(grace) {}

  void advance(MonoTime now) {
    for (auto at = items_.begin(); at != items_.end();) {
      ModelItem& item = at->second;
      if (!item.tombstone && item.due <= now) {
        item.tombstone = true;
        item.value.clear();
        item.due += grace_;
      }
      at = item.tombstone && item.due <= now ? items_.erase(at) : std::next(at);
    }
  }

  WriteResult put(const std::string& key, std::string value, Version v, Duration ttl, MonoTime now) {
    const MonoTime due = ttl == 0ns ? MonoTime::max() : now + ttl;
    const auto held = find(key);
    if (held != items_.end()) {
      ModelItem& item = held->second;
      if (v < item.version) return WriteResult::kOlder;
      if (v == item.version) {
        if (item.tombstone || item.due <= due) return WriteResult::kSame;
        item.due = due;
        return WriteResult::kShortened;
      }
    }
    items_[place(key)] = ModelItem{v, false, std::move(value), due};
    return WriteResult::kApplied;
  }

  WriteResult erase(const std::string& key, Version v, MonoTime now, Duration left) {
    const auto held = find(key);
    WriteResult result = WriteResult::kApplied;
    if (held != items_.end()) {
      if (v < held->second.version) return WriteResult::kOlder;
      if (v == held->second.version) {
        if (held->second.tombstone) return WriteResult::kSame;
        result = WriteResult::kShortened;
      }
    }
    items_[place(key)] = ModelItem{v, true, "", now + std::min(left, grace_)};
    advance(now);
    return result;
  }

  using Place = std::pair<std::uint64_t, std::string>;
  using Items = std::map<Place, ModelItem>;
  static Place place(const std::string& key) { return {ring_hash(key), key}; }
  Items::iterator find(const std::string& key) { return items_.find(place(key)); }
  Items& items() { return items_; }

 private:
  Duration grace_;
  Items items_;
};

class Trial {
 public:
  Trial(std::uint64_t seed, Duration grace)
      : random_(stream_key(seed, Purpose::kTest), 2, draws_), grace_(grace), model_(grace), store_(options()) {}

  void run(int operations) {
    for (int i = 0; i < operations; ++i) {
      operate();
      check_get(key());
      if (i % 50 == 0) check_all();
    }
    finish();
  }

 private:
  StoreOptions options() const {
    StoreOptions out;
    out.tombstone_grace = grace_;
    return out;
  }
  std::string key() {
    const std::uint64_t n = random_.below(200);
    return n < 150 ? numbered("k", n) : numbered(std::string(40, 'k'), n);
  }
  Version any_version() {
    return version(1 + random_.below(30) + static_cast<std::uint64_t>(writes_ / 200), 1 + random_.below(2));
  }
  Duration ttl() {
    static constexpr std::array<Duration, 9> kTtls = {0ns, 1ns,      1ms,           999ms,    1s,
                                                      60s, 24h * 30, 24h * 30 + 1s, kTenYears};
    const std::uint64_t which = random_.below(12);
    return which < kTtls.size() ? kTtls[which] : Duration(random_.below(5'000'000'000));
  }
  Duration pause() {
    static constexpr std::array<Duration, 8> kPauses = {0ns, 1ns, 100us, 1ms, 250ms, 1s, 61s, 24h * 31};
    const std::uint64_t which = random_.below(1000);
    return which < 10 ? kPauses[7] : which < 60 ? kPauses[6] : kPauses[which % 6];
  }

  void operate() {
    const std::string k = key();
    const Version v = any_version();
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        const Duration t = ttl();
        const std::string value(random_.below(40), 'v');
        REQUIRE(store_.put(k, ring_hash(k), Bytes(value), v, t, now_) == model_.put(k, value, v, t, now_));
        ++writes_;
        break;
      }
      case 5: REQUIRE(store_.erase(k, ring_hash(k), v, now_) == model_.erase(k, v, now_, grace_)); break;
      case 6: {
        const Duration left(1 + random_.below(20'000'000'000));
        REQUIRE(store_.erase(k, ring_hash(k), v, now_, left) == model_.erase(k, v, now_, left));
        break;
      }
      case 7: {
        const auto held = model_.find(k);
        if (held == model_.items().end()) break;
        REQUIRE(store_.drop(k, held->second.version));
        model_.items().erase(held);
        break;
      }
      case 8:
        if (random_.below(40) == 0) restart();
        break;
      case 9: expire(random_.below(30)); break;
      default: now_ += pause(); model_.advance(now_);
    }
  }

  void expire(std::size_t budget) {
    const MonoTime now = now_;
    const bool more = store_.expire(now, budget, [&](StoreChange change, const StoreItem& item) {
      // Never early, and never a version that is not the one that was to expire.
      const auto held = model_.find(std::string(item.key));
      const bool known = held != model_.items().end();
      if (change == StoreChange::kForgotten) {
        REQUIRE_FALSE(known);
      } else if (known) {
        REQUIRE(held->second.tombstone);
        REQUIRE(held->second.version == item.version);
      }
    });
    REQUIRE(more == (store_.next_due(now) <= now));
  }

  void restart() {
    Persisted saved;
    store_.save(now_, saved);
    saved.away = pause();
    now_ += saved.away;
    model_.advance(now_);
    store_ = Store(options());
    REQUIRE(store_.restore(saved, now_, ring_hash) == 0);
  }

  void check_get(const std::string& k) {
    const Lookup found = store_.get(k, now_);
    const auto held = model_.find(k);
    if (held == model_.items().end()) {
      REQUIRE(found.state == ItemState::kMissing);
      return;
    }
    const ModelItem& item = held->second;
    REQUIRE(found.state == (item.tombstone ? ItemState::kTombstone : ItemState::kLive));
    REQUIRE(found.version == item.version);
    REQUIRE(found.value.view() == item.value);
    REQUIRE(found.ttl_left == (item.due == MonoTime::max() ? Duration(0) : item.due - now_));
  }

  void check_all() {
    std::vector<Model::Place> seen;
    StoreCursor cursor;
    while (store_.scan(cursor, 1 + random_.below(50), now_, [&](const StoreItem& item) {
      seen.emplace_back(item.hash, item.key);
      return true;
    })) {
    }
    std::vector<Model::Place> expected;
    for (const auto& [place, item] : model_.items()) expected.push_back(place);
    REQUIRE(seen == expected);
    REQUIRE(store_.size() >= expected.size());
  }

  // With all work done a tick later, only what the model has is held, byte for byte.
  void finish() {
    now_ += StoreWheel::kTick;
    drain(store_, now_);
    Model known = model_;
    known.advance(now_ - StoreWheel::kTick);
    REQUIRE(store_.size() <= known.items().size());
    now_ += 1h * 24 * 365 * 40;
    model_.advance(now_);
    drain(store_, now_);
    std::size_t bytes = 0;
    for (const auto& [place, item] : model_.items()) bytes += place.second.size() + item.value.size();
    REQUIRE(store_.size() == model_.items().size());
    REQUIRE(store_.tombstones() == 0);
    REQUIRE(store_.bytes() == bytes);
    check_all();
  }

  std::uint64_t draws_ = 0;
  Random random_;
  Duration grace_;
  Model model_;
  Store store_;
  MonoTime now_{Duration(1s)};
  int writes_ = 0;
};

TEST_CASE("store: agrees with a naive model, however expire is called") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    for (const Duration grace : {Duration(0s), Duration(10s), Duration(1h)}) {
      CAPTURE(seed);
      CAPTURE(grace.count());
      Trial(seed, grace).run(6000);
    }
  }
}

}  // namespace
}  // namespace hearsay
