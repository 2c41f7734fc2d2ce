#include "transport/kv_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/hash.hpp"
#include "core/kv/store.hpp"

namespace hearsay {

namespace {

// Units of Store::expire() under each call: a few microseconds, and more than a call can add.
constexpr std::size_t kBudget = 100;
// Items that list() looks at before it lets others have the store.
constexpr std::size_t kListStep = 1000;

MonoTime steady_now() { return MonoTime(std::chrono::steady_clock::now().time_since_epoch()); }

tl::unexpected<Error> closed_error() { return fail(ErrorCode::kClosed, "the store was closed"); }

StoreOptions store_options(const MemoryBounds& bounds) {
  StoreOptions options;
  options.tombstone_grace = Duration::zero();  // there is no replica that could bring anything back
  options.max_items = bounds.items;
  options.max_bytes = bounds.bytes;
  return options;
}

// A change as it waits for a watcher: values share the store's buffers.
struct Waiting {
  KvChange::Kind kind{};
  std::string key;
  Bytes value;
  Duration expiration{0};
  std::size_t bytes() const { return key.size() + value.size(); }
};

class MemoryKv;

// All but the constant members are guarded by the store's mutex.
class MemoryWatcher final : public KvWatcher {
 public:
  MemoryWatcher(MemoryKv& kv, std::string prefix) : kv_(kv), prefix_(std::move(prefix)) {}
  ~MemoryWatcher() override;
  Result<KvChange> next(Duration wait) override;

  void tell(KvChange::Kind kind, std::string_view key, const Bytes& value, Duration expiration) {
    if (!key.starts_with(prefix_) || missed_) return;
    if (waiting_.size() == kMaxWatchedChanges || bytes_ + key.size() + value.size() > kMaxWatchedBytes) {
      missed_ = true;  // told after what is already waiting; whatever comes until then is missed, too
      return;
    }
    bytes_ += key.size() + value.size();
    waiting_.push_back({kind, std::string(key), value, expiration});
  }

  // What was waiting, or nothing.
  bool take(KvChange& change, std::size_t prefix) {
    if (waiting_.empty()) {
      if (!missed_) return false;
      missed_ = false;
      change = {KvChange::Kind::kMissed, {}};
      return true;
    }
    const Waiting& first = waiting_.front();
    change = {first.kind, {first.key.substr(prefix), std::string(first.value.view()), first.expiration}};
    bytes_ -= first.bytes();
    waiting_.pop_front();
    return true;
  }

 private:
  MemoryKv& kv_;
  const std::string prefix_;
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;
  bool missed_ = false;
};

class MemoryKv final : public Kv {
 public:
  MemoryKv(const std::string& name_space, MonoSource clock, const MemoryBounds& bounds)
      : Kv(name_space),
        string_(name_space.empty() ? "memory()" : fmt::format("memory(namespace={})", name_space)),
        clock_(std::move(clock)),
        store_(store_options(bounds), clock_()) {}
  ~MemoryKv() override { (void)close(); }

  std::string string() const override { return string_; }
  KvCapabilities capabilities() const override {
    return {.list = true, .watch = true, .evicts = false, .late_by = Duration::zero()};
  }

  Result<KvChange> next(MemoryWatcher& watcher, Duration wait);
  void forget(const MemoryWatcher& watcher) {
    const std::lock_guard lock(mutex_);
    std::erase(watchers_, &watcher);
  }

 private:
  Result<Item> do_get(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    if (closed()) return closed_error();
    const MonoTime now = expire(kBudget);
    const Lookup found = store_.get(key, now);
    if (!found.live()) return fail(ErrorCode::kNotFound, "the key is not there");
    return Item{{}, std::string(found.value.view()), found.ttl_left};
  }

  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    const Bytes bytes(value);
    const std::lock_guard lock(mutex_);
    if (closed()) return closed_error();
    const MonoTime now = expire(kBudget);
    WriteResult written = put(key, bytes, ttl, now);
    while (written == WriteResult::kFull && store_.next_due(now) <= now) {  // of expired values: make room
      expire(Store::kExpireBudget, now);
      written = put(key, bytes, ttl, now);
    }
    if (written != WriteResult::kApplied) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("the store is full: it holds {} items of {} bytes", store_.size(), store_.bytes()));
    }
    tell(KvChange::Kind::kPut, key, bytes, ttl);
    return {};
  }

  Result<void> do_del(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    if (closed()) return closed_error();
    const MonoTime now = expire(kBudget);
    if (!store_.get(key, now).live()) return {};
    store_.erase(key, hash64(key), next_version(), now);
    tell(KvChange::Kind::kDel, key, {}, Duration::zero());
    return {};
  }

  Result<std::vector<std::string>> do_list(std::string_view prefix, std::size_t limit) override {
    std::vector<std::string> keys;
    StoreCursor from;
    bool more = limit > 0;
    while (more) {
      const std::lock_guard lock(mutex_);
      if (closed()) return closed_error();
      more = store_.scan(from, kListStep, clock_(), [&](const StoreItem& item) {
        if (keys.size() == limit) return false;
        if (item.state == ItemState::kLive && item.key.starts_with(prefix)) keys.emplace_back(item.key);
        return true;
      });
      more = more && keys.size() < limit;
    }
    return keys;
  }

  Result<std::unique_ptr<KvWatcher>> do_watch(std::string_view prefix) override {
    const std::lock_guard lock(mutex_);
    if (closed()) return closed_error();
    if (watchers_.size() == kMaxWatchers) {
      return fail(ErrorCode::kUnavailable, fmt::format("there are {} watchers already", kMaxWatchers));
    }
    expire_all();  // what is over before is no news
    auto watcher = std::make_unique<MemoryWatcher>(*this, std::string(prefix));
    watchers_.push_back(watcher.get());
    return watcher;
  }

  Result<void> do_close() override {
    const std::lock_guard lock(mutex_);
    store_.clear();
    changed_.notify_all();
    return {};
  }

  // ---- with the mutex held ----

  Version next_version() { return {++versions_, NodeId{1}}; }
  WriteResult put(std::string_view key, const Bytes& value, Duration ttl, MonoTime now) {
    return store_.put(key, hash64(key), value, next_version(), ttl, now);
  }
  void tell(KvChange::Kind kind, std::string_view key, const Bytes& value, Duration expiration) {
    if (watchers_.empty()) return;
    for (MemoryWatcher* watcher : watchers_) watcher->tell(kind, key, value, expiration);
    changed_.notify_all();
  }
  void expire(std::size_t budget, MonoTime now) {
    store_.expire(now, budget, [this](StoreChange change, const StoreItem& item) {
      if (change == StoreChange::kExpired) tell(KvChange::Kind::kExpired, item.key, {}, Duration::zero());
    });
  }
  // Works off a little and returns the time.
  MonoTime expire(std::size_t budget) {
    const MonoTime now = clock_();
    if (store_.next_due(now) <= now) expire(budget, now);
    return now;
  }
  void expire_all() {
    const MonoTime now = clock_();
    while (store_.next_due(now) <= now) expire(Store::kExpireBudget, now);
  }

  const std::string string_;
  const MonoSource clock_;
  std::mutex mutex_;
  std::condition_variable changed_;  // for watchers: something to take, or closed
  Store store_;
  std::uint64_t versions_ = 0;
  std::vector<MemoryWatcher*> watchers_;
};

Result<KvChange> MemoryKv::next(MemoryWatcher& watcher, Duration wait) {
  const auto until = std::chrono::steady_clock::now() + std::clamp(wait, Duration::zero(), kTenYears);
  std::unique_lock lock(mutex_);
  for (;;) {
    if (closed()) return closed_error();
    KvChange change;
    if (watcher.take(change, prefix().size())) return change;
    const MonoTime now = expire(Store::kExpireBudget);
    if (watcher.take(change, prefix().size())) return change;
    const auto real = std::chrono::steady_clock::now();
    if (real >= until) return fail(ErrorCode::kTimeout, "nothing changed in time");
    const MonoTime due = store_.next_due(now);
    changed_.wait_until(lock, due < now + (until - real) ? real + (due - now) : until);
  }
}

MemoryWatcher::~MemoryWatcher() { kv_.forget(*this); }
Result<KvChange> MemoryWatcher::next(Duration wait) { return kv_.next(*this, wait); }

}  // namespace

Result<std::unique_ptr<Kv>> open_memory_kv(const KvOptions& options, MonoSource clock, const MemoryBounds& bounds) {
  return std::make_unique<MemoryKv>(options.name_space, clock ? std::move(clock) : steady_now, bounds);
}

}  // namespace hearsay
