#include "transport/kv_memcached.hpp"

#include <fmt/format.h>
#include <libmemcached/memcached.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "transport/kv_pool.hpp"
#include "transport/kv_server.hpp"
#include "transport/memcached_connection.hpp"

namespace hearsay {

namespace {

using transport::KvPool;
using transport::KvServer;
using transport::MemcachedCommands;
using transport::MemcachedConnection;
using transport::MemcachedKey;
using transport::SteadyTime;

constexpr std::uint16_t kMemcachedPort = 11211;
// Names in one request; commands on their way at once, and the bytes of values in them.
constexpr std::size_t kGetBatch = 100;
constexpr std::size_t kPutBatch = 256;
constexpr std::size_t kPutBatchBytes = std::size_t{4} << 20;

WallTime system_now() { return WallTime(std::chrono::system_clock::now().time_since_epoch()); }

// Which of several servers has a key: libmemcached's ketama, as other clients of the same servers have it. It computes
// only; nothing is connected. Any thread.
class MemcachedRing {
 public:
  explicit MemcachedRing(const std::vector<KvServer>& servers) {
    if (servers.size() < 2) return;
    handle_.reset(memcached_create(nullptr));
    HEARSAY_CHECK(handle_ != nullptr);
    memcached_behavior_set(handle_.get(), MEMCACHED_BEHAVIOR_DISTRIBUTION, MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA);
    for (const KvServer& server : servers) {
      if (server.path.empty()) {
        memcached_server_add(handle_.get(), server.host.c_str(), server.port);
      } else {
        memcached_server_add_unix_socket(handle_.get(), server.path.c_str());
      }
    }
  }
  std::size_t server_of(std::string_view name) const {
    return handle_ == nullptr ? 0 : memcached_generate_hash(handle_.get(), name.data(), name.size());
  }

 private:
  struct Free {
    void operator()(memcached_st* handle) const { memcached_free(handle); }
  };
  std::unique_ptr<memcached_st, Free> handle_;
};

class MemcachedKv final : public Kv {
 public:
  MemcachedKv(const KvOptions& options, const std::vector<KvServer>& servers, WallSource clock)
      : Kv(options.name_space),
        timeout_(options.timeout),
        clock_(std::move(clock)),
        string_(describe(options.name_space, servers)),
        ring_(servers) {
    for (const KvServer& server : servers) {
      pools_.push_back(std::make_unique<Pool>(
          [server](SteadyTime deadline) { return MemcachedConnection::open(server, deadline); }));
    }
  }
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
    std::vector<Result<Item>> results(keys.size(), fail(ErrorCode::kNotFound, "the key is not there"));
    const SteadyTime until = deadline();
    std::vector<MemcachedKey> names(keys.size());
    std::vector<std::vector<std::size_t>> of_server(pools_.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      names[i] = transport::memcached_key(keys[i]);
      of_server[ring_.server_of(names[i].name)].push_back(i);
    }
    for (std::size_t s = 0; s < pools_.size(); ++s) {
      const std::span<const std::size_t> mine(of_server[s]);
      for (std::size_t begin = 0; begin < mine.size(); begin += kGetBatch) {
        const auto batch = mine.subspan(begin, std::min(kGetBatch, mine.size() - begin));
        std::vector<std::string_view> asked;
        for (const std::size_t i : batch) asked.push_back(names[i].name);
        std::vector<char> seen(batch.size(), 0);
        const Result<void> done = pools_[s]->use(until, [&](MemcachedConnection& connection) {
          return connection.get(
              asked,
              [&](std::size_t place, std::string_view stored) {
                const std::size_t i = batch[place];
                results[i] = item_of(keys[i], names[i].hashed, stored);
                seen[place] = 1;
              },
              until);
        });
        if (done) continue;
        // Of those that did not come nothing is known.
        for (std::size_t place = 0; place < batch.size(); ++place) {
          if (seen[place] == 0) results[batch[place]] = tl::unexpected(done.error());
        }
      }
    }
    return results;
  }

  void add_put(MemcachedCommands& commands, const MemcachedKey& name, std::string_view key, std::string_view value,
               Duration ttl) const {
    const WallTime now = clock_();
    const WallTime ends = ttl == Duration::zero() ? WallTime{} : now + ttl;
    commands.set(name.name, transport::pack_memcached(key, name.hashed, value, ends),
                 transport::memcached_exptime(ttl, now));
  }

  // One command that is answered by one line.
  Result<void> run(const std::string& name, const MemcachedCommands& commands) {
    const SteadyTime until = deadline();
    std::vector<Result<void>> results;
    Result<void> done = pools_[ring_.server_of(name)]->use(
        until, [&](MemcachedConnection& connection) { return connection.run(commands, results, until); });
    if (!done) return done;
    return std::move(results.front());
  }

  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    const MemcachedKey name = transport::memcached_key(key);
    MemcachedCommands commands;
    add_put(commands, name, key, value, ttl);
    return run(name.name, commands);
  }

  Result<void> do_del(std::string_view key) override {
    const MemcachedKey name = transport::memcached_key(key);
    MemcachedCommands commands;
    commands.del(name.name);
    return run(name.name, commands);
  }

  std::vector<Result<void>> do_put_many(std::span<const Item> items) override {
    std::vector<Result<void>> results(items.size());
    const SteadyTime until = deadline();
    std::vector<MemcachedKey> names(items.size());
    std::vector<std::vector<std::size_t>> of_server(pools_.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      names[i] = transport::memcached_key(items[i].key);
      of_server[ring_.server_of(names[i].name)].push_back(i);
    }
    for (std::size_t s = 0; s < pools_.size(); ++s) {
      const std::vector<std::size_t>& mine = of_server[s];
      for (std::size_t begin = 0; begin < mine.size();) {
        MemcachedCommands commands;
        std::size_t end = begin;
        while (end < mine.size() && end - begin < kPutBatch && commands.bytes().size() < kPutBatchBytes) {
          const Item& item = items[mine[end]];
          add_put(commands, names[mine[end]], item.key, item.value, item.expiration);
          ++end;
        }
        std::vector<Result<void>> answers;
        const Result<void> done = pools_[s]->use(
            until, [&](MemcachedConnection& connection) { return connection.run(commands, answers, until); });
        for (std::size_t i = begin; i < end; ++i) {
          if (i - begin < answers.size()) {
            results[mine[i]] = std::move(answers[i - begin]);
          } else {
            results[mine[i]] = done;
          }
        }
        begin = end;
      }
    }
    return results;
  }

  Result<void> do_close() override {
    for (const auto& pool : pools_) pool->close();
    return {};
  }

  using Pool = KvPool<MemcachedConnection>;
  const Duration timeout_;
  const WallSource clock_;
  const std::string string_;
  const MemcachedRing ring_;
  std::vector<std::unique_ptr<Pool>> pools_;  // one a server
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
  return std::make_unique<MemcachedKv>(options, servers, clock ? std::move(clock) : system_now);
}

}  // namespace hearsay
