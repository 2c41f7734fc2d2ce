#include "transport/kv_memcached.hpp"

#include <fmt/format.h>
#include <libmemcached/memcached.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/kv/request.hpp"
#include "transport/kv_pool.hpp"
#include "transport/kv_server.hpp"

namespace hearsay {

namespace {

using transport::KvPool;
using transport::KvServer;
using transport::MemcachedKey;
using transport::SteadyTime;

constexpr std::uint16_t kMemcachedPort = 11211;
// Keys in one request of get_many.
constexpr std::size_t kGetBatch = 100;
// libmemcached allocates as much as a server says that a value has. Its own tables are smaller.
constexpr std::size_t kMaxAllocation = std::size_t{2} << 20;

void* bounded_malloc(const memcached_st*, std::size_t size, void*) {
  return size > kMaxAllocation ? nullptr : std::malloc(size);
}
void bounded_free(const memcached_st*, void* memory, void*) { std::free(memory); }
void* bounded_realloc(const memcached_st*, void* memory, std::size_t size, void*) {
  return size > kMaxAllocation ? nullptr : std::realloc(memory, size);
}
void* bounded_calloc(const memcached_st*, std::size_t count, std::size_t size, void*) {
  return size != 0 && count > kMaxAllocation / size ? nullptr : std::calloc(count, size);
}

WallTime system_now() { return WallTime(std::chrono::system_clock::now().time_since_epoch()); }

std::uint64_t milliseconds(SteadyTime::duration left) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

bool miss(memcached_return_t code) {
  return code == MEMCACHED_NOTFOUND || code == MEMCACHED_END || code == MEMCACHED_SUCCESS;
}

// A handle of libmemcached with its connections, which it makes when they are needed. It never sees a second failure:
// its memory of dead hosts, which keeps them dead for seconds after they are back, goes with it.
class MemcachedConnection {
 public:
  MemcachedConnection(memcached_st* handle, const std::vector<KvServer>& servers) : handle_(handle) {
    memcached_set_memory_allocators(handle, bounded_malloc, bounded_free, bounded_realloc, bounded_calloc, nullptr);
    set(MEMCACHED_BEHAVIOR_DISTRIBUTION, MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA);
    set(MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
    for (const KvServer& server : servers) {
      if (server.path.empty()) {
        memcached_server_add(handle, server.host.c_str(), server.port);
      } else {
        memcached_server_add_unix_socket(handle, server.path.c_str());
      }
    }
  }

  // Every call has to begin with it. A first one may have to wait for the connection and then for the answer.
  void wait_until(SteadyTime deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    set(MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, milliseconds(left / 2));
    set(MEMCACHED_BEHAVIOR_POLL_TIMEOUT, milliseconds(used_ ? left : left / 2));
    used_ = true;
  }

  Error error(memcached_return_t code) const {
    if (code == MEMCACHED_TIMEOUT) return {ErrorCode::kTimeout, "memcached did not answer in time"};
    if (code == MEMCACHED_E2BIG) return {ErrorCode::kTooLarge, "memcached is set to take smaller values only"};
    if (code == MEMCACHED_MEMORY_ALLOCATION_FAILURE) {
      return {ErrorCode::kCorrupt, fmt::format("memcached holds a value of over {} bytes there", kMaxValueBytes)};
    }
    const char* said = memcached_last_error_message(handle_.get());
    return {ErrorCode::kUnavailable, fmt::format("no answer from memcached: {}",
                                                 said != nullptr ? said : memcached_strerror(handle_.get(), code))};
  }

  // Calls found(name, stored) for each of the names that is there; both are valid during the call only. An error means
  // that of those not found nothing is known.
  template <class Found>
  Result<void> get(const std::vector<const char*>& names, const std::vector<std::size_t>& sizes, Found&& found) {
    memcached_return_t code = memcached_mget(handle_.get(), names.data(), sizes.data(), names.size());
    if (memcached_failed(code)) return tl::unexpected(error(code));
    memcached_result_st result;
    memcached_result_create(handle_.get(), &result);
    while (memcached_fetch_result(handle_.get(), &result, &code) != nullptr) {
      found(std::string_view(memcached_result_key_value(&result), memcached_result_key_length(&result)),
            std::string_view(memcached_result_value(&result), memcached_result_length(&result)));
    }
    memcached_result_free(&result);
    // A fetch that finds nothing says NOTFOUND, also when that is for want of an answer: the handle knows.
    const memcached_return_t last = memcached_last_error(handle_.get());
    if (!miss(code)) return tl::unexpected(error(code));
    if (!miss(last)) return tl::unexpected(error(last));
    return {};
  }

  Result<void> put(const std::string& name, const std::string& stored, std::int64_t exptime) {
    const memcached_return_t code = memcached_set(handle_.get(), name.data(), name.size(), stored.data(), stored.size(),
                                                  static_cast<time_t>(exptime), 0);
    if (memcached_success(code)) return {};
    return tl::unexpected(error(code));
  }

  Result<void> del(const std::string& name) {
    const memcached_return_t code = memcached_delete(handle_.get(), name.data(), name.size(), 0);
    if (memcached_success(code) || code == MEMCACHED_NOTFOUND) return {};
    return tl::unexpected(error(code));
  }

  static bool usable() { return true; }
  void interrupt() {}  // its calls end by their deadline

 private:
  struct Free {
    void operator()(memcached_st* handle) const { memcached_free(handle); }
  };
  void set(memcached_behavior_t behavior, std::uint64_t value) {
    (void)memcached_behavior_set(handle_.get(), behavior, value);
  }

  std::unique_ptr<memcached_st, Free> handle_;
  bool used_ = false;
};

class MemcachedKv final : public Kv {
 public:
  MemcachedKv(const KvOptions& options, std::vector<KvServer> servers, WallSource clock)
      : Kv(options.name_space),
        timeout_(options.timeout),
        clock_(std::move(clock)),
        string_(describe(options.name_space, servers)),
        pool_([servers = std::move(servers)](SteadyTime) -> Result<std::unique_ptr<MemcachedConnection>> {
          memcached_st* handle = memcached_create(nullptr);
          if (handle == nullptr) return fail(ErrorCode::kUnavailable, "no memory for a connection");
          return std::make_unique<MemcachedConnection>(handle, servers);
        }) {}
  ~MemcachedKv() override { (void)close(); }

  std::string string() const override { return string_; }
  KvCapabilities capabilities() const override {
    return {.list = false, .watch = false, .evicts = true, .late_by = Duration::zero()};
  }

 private:
  static std::string describe(const std::string& name_space, const std::vector<KvServer>& servers) {
    std::string text;
    for (const KvServer& server : servers) text += (text.empty() ? "" : ", ") + server.string();
    return name_space.empty() ? fmt::format("memcached({})", text)
                              : fmt::format("memcached({}, namespace={})", text, name_space);
  }

  SteadyTime deadline() const { return std::chrono::steady_clock::now() + timeout_; }

  // use(MemcachedConnection&) with a connection that waits until `deadline`.
  template <class Use>
  Result<void> call(SteadyTime deadline, Use&& use) {
    return pool_.use(deadline, [&](MemcachedConnection& connection) -> Result<void> {
      connection.wait_until(deadline);
      return use(connection);
    });
  }

  Result<Item> item_of(std::string_view key, bool hashed, std::string_view stored) const {
    const auto held = transport::unpack_memcached(key, hashed, stored);
    if (!held) return tl::unexpected(held.error());
    if (!held->has_value()) return fail(ErrorCode::kNotFound, "the key is not there");
    const auto& [value, ends] = **held;
    if (ends == WallTime{}) return Item{{}, std::string(value), Duration::zero()};
    const Duration left = ends - clock_();
    if (left <= Duration::zero()) return fail(ErrorCode::kNotFound, "the key is not there");
    return Item{{}, std::string(value), std::min(left, kTenYears)};
  }

  Result<Item> do_get(std::string_view key) override { return std::move(do_get_many({&key, 1}).front()); }

  std::vector<Result<Item>> do_get_many(std::span<const std::string_view> keys) override {
    std::vector<Result<Item>> results;
    results.reserve(keys.size());
    const SteadyTime until = deadline();
    for (std::size_t begin = 0; begin < keys.size(); begin += kGetBatch) {
      get_batch(keys.subspan(begin, std::min(kGetBatch, keys.size() - begin)), until, results);
    }
    return results;
  }

  // Appends a result for each key. A key that is asked for twice is sent once.
  void get_batch(std::span<const std::string_view> keys, SteadyTime until, std::vector<Result<Item>>& results) {
    const std::size_t begin = results.size();
    std::vector<MemcachedKey> asked(keys.size());
    std::unordered_map<std::string_view, std::vector<std::size_t>> places;
    std::vector<const char*> names;
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      asked[i] = transport::memcached_key(keys[i]);
      auto& same = places[asked[i].name];
      if (same.empty()) {
        names.push_back(asked[i].name.data());
        sizes.push_back(asked[i].name.size());
      }
      same.push_back(i);
    }
    std::vector<char> seen(keys.size(), 0);
    results.resize(begin + keys.size(), fail(ErrorCode::kNotFound, "the key is not there"));
    const Result<void> done = call(until, [&](MemcachedConnection& connection) {
      return connection.get(names, sizes, [&](std::string_view name, std::string_view stored) {
        const auto found = places.find(name);
        if (found == places.end()) return;
        for (const std::size_t i : found->second) {
          results[begin + i] = item_of(keys[i], asked[i].hashed, stored);
          seen[i] = 1;
        }
      });
    });
    if (done) return;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (seen[i] == 0) results[begin + i] = tl::unexpected(done.error());
    }
  }

  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    return put_by(deadline(), key, value, ttl);
  }

  Result<void> put_by(SteadyTime until, std::string_view key, std::string_view value, Duration ttl) {
    const WallTime now = clock_();
    const MemcachedKey name = transport::memcached_key(key);
    const WallTime ends = ttl == Duration::zero() ? WallTime{} : now + ttl;
    const std::string stored = transport::pack_memcached(key, name.hashed, value, ends);
    const std::int64_t exptime = transport::memcached_exptime(ttl, now);
    return call(until, [&](MemcachedConnection& c) { return c.put(name.name, stored, exptime); });
  }

  // One after the other, since buffered sets have no answers of their own; the time is one call's.
  std::vector<Result<void>> do_put_many(std::span<const Item> items) override {
    std::vector<Result<void>> results;
    results.reserve(items.size());
    const SteadyTime until = deadline();
    for (const Item& item : items) {
      if (std::chrono::steady_clock::now() >= until) {
        results.push_back(fail(ErrorCode::kUnavailable, "no time was left to send it"));
      } else {
        results.push_back(put_by(until, item.key, item.value, item.expiration));
      }
    }
    return results;
  }

  Result<void> do_del(std::string_view key) override {
    const std::string name = transport::memcached_key(key).name;
    return call(deadline(), [&](MemcachedConnection& connection) { return connection.del(name); });
  }

  Result<void> do_close() override {
    pool_.close();
    return {};
  }

  const Duration timeout_;
  const WallSource clock_;
  const std::string string_;
  KvPool<MemcachedConnection> pool_;
};

}  // namespace

Result<std::unique_ptr<Kv>> open_memcached_kv(const KvOptions& options, WallSource clock) {
  std::vector<KvServer> servers;
  if (options.servers.size() > kMaxMemcachedServers) {
    return invalid(fmt::format("servers: memcached takes at most {}", kMaxMemcachedServers));
  }
  for (const std::string& text : options.servers) {
    auto server = transport::parse_kv_server(text, kMemcachedPort);
    if (!server) return tl::unexpected(server.error());
    servers.push_back(std::move(*server));
  }
  if (servers.empty()) servers.push_back({"127.0.0.1", kMemcachedPort, {}});
  return std::make_unique<MemcachedKv>(options, std::move(servers), clock ? std::move(clock) : system_now);
}

}  // namespace hearsay
