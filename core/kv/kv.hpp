// The key-value store as a program uses it: one interface over every backend (gossip, service, memory, redis,
// memcached), with one meaning. After github.com/micro/go-os/kv: Get, Put, Del, Close, String.
//
//   auto kv = hearsay::open_kv(options);                       // transport/kv_options.hpp
//   (*kv)->put({"greeting", "hello", 20s});
//   auto item = (*kv)->get("greeting");                         // Result<Item>
//
// What every backend holds to:
//   - A value is never missing before its time: from a put's acknowledgement until invocation + expiration (up to the
//     drift between clocks). After its time it is returned for at most capabilities().late_by. A ring of nodes keeps
//     that while its members stay: right after somebody came or went, what is about to be handed over may be missed.
//   - A put replaces value and expiration. A get extends nothing and returns what is left. Deleting what is not there
//     succeeds.
//   - Two namespaces share nothing, and none at all is one of them: a key is kept as "namespace/key". Keys and values
//     are any bytes; limits are checked before anything is sent, and an oversize put leaves the old value alone.
//
// Errors: kNotFound (a get of nothing), kInvalidArgument and kTooLarge (nothing was done), kUnavailable (no server, or
// too few replicas, could be reached; never reported as kNotFound), kTimeout (no answer in time: the outcome of a write
// is unknown), kClosed, kCorrupt (what a server holds does not decode).
//
// Threading: any thread may use a handle, any number at a time; close() may be called while others are in calls, which
// then end with kClosed. Calls block for at most the options' timeout, but watchers' next(), which says how long.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/kv/item.hpp"

namespace hearsay {

// What a backend can beyond get, put and del, and where it may fall short.
struct KvCapabilities {
  bool list = false;    // list() works
  bool watch = false;   // watch() works
  bool evicts = false;  // may lose an item before its time when memory is short
  Duration late_by{0};  // how long after its time a value may still be returned
};

// A change of a key, as a watcher hears of it.
struct KvChange {
  enum class Kind : std::uint8_t {
    kPut,      // `item` is the new one
    kDel,      // deleted
    kExpired,  // its time was over
    kMissed,   // changes were lost on the way to the watcher: whoever needs them all reads anew; no key
  };
  Kind kind{};
  Item item;  // of all but kPut: the key alone
};

// Hears of changes to keys with a prefix, from when it was made on. One thread at a time. Bounded: who does not call
// next() often enough is told kMissed.
class KvWatcher {
 public:
  virtual ~KvWatcher() = default;
  // The next change, waited for at most this long: kTimeout when there was none, kClosed after the handle's close().
  virtual Result<KvChange> next(Duration wait) = 0;
};

class Kv {
 public:
  virtual ~Kv() = default;
  Kv(const Kv&) = delete;
  Kv& operator=(const Kv&) = delete;

  Result<Item> get(std::string_view key);
  Result<void> put(const Item& item);
  Result<void> del(std::string_view key);

  // As many results as keys or items, in their order; each stands for itself. Cheaper than one by one.
  std::vector<Result<Item>> get_many(std::span<const std::string> keys);
  std::vector<Result<void>> put_many(std::span<const Item> items);

  // The keys that begin with a prefix, sorted, `limit` at most. Not a snapshot: what changes meanwhile may be in it or
  // not. kInvalidArgument where the backend cannot (capabilities().list).
  Result<std::vector<std::string>> list(std::string_view prefix = {}, std::size_t limit = 1000);
  // kInvalidArgument where the backend cannot (capabilities().watch). The watcher must not outlive the handle.
  Result<std::unique_ptr<KvWatcher>> watch(std::string_view prefix = {});

  // Lets go of connections, threads and, embedded, the node, which leaves. Every later call ends with kClosed, but
  // close() itself, which may be repeated.
  Result<void> close();

  // The backend and where it is, the same as long as the handle lives: "redis(127.0.0.1:6379, namespace=a)".
  virtual std::string string() const = 0;
  virtual KvCapabilities capabilities() const = 0;

 protected:
  // kInvalidArgument from check_namespace() is the opener's to ask for first.
  explicit Kv(std::string name_space);

  // Implemented by a backend, for any thread. Keys are whole ones ("namespace/key"), within the limits; what do_get()
  // returns needs no key. They are called neither before the limits were checked nor after close().
  virtual Result<Item> do_get(std::string_view key) = 0;
  virtual Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) = 0;
  virtual Result<void> do_del(std::string_view key) = 0;
  // One by one unless a backend can do better. `keys` and `items` passed the limits.
  virtual std::vector<Result<Item>> do_get_many(std::span<const std::string_view> keys);
  virtual std::vector<Result<void>> do_put_many(std::span<const Item> items);
  virtual Result<std::vector<std::string>> do_list(std::string_view prefix, std::size_t limit);
  virtual Result<std::unique_ptr<KvWatcher>> do_watch(std::string_view prefix);
  // Called once. Calls that are in do_...() must end soon, with kClosed.
  virtual Result<void> do_close() = 0;

  bool closed() const { return closed_.load(std::memory_order_acquire); }
  // A whole key without the namespace.
  std::string_view own_key(std::string_view whole) const { return whole.substr(prefix_.size()); }
  const std::string& prefix() const { return prefix_; }  // "namespace/", or "/"

 private:
  std::string prefix_;
  std::atomic<bool> closed_{false};
};

// Namespaces: letters, digits, '.', '_' and '-', at most 64; none at all is one, too. kInvalidArgument otherwise.
inline constexpr std::size_t kMaxNamespaceBytes = 64;
Result<void> check_namespace(std::string_view name_space);

}  // namespace hearsay
