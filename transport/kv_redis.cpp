#include "transport/kv_redis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "transport/kv_pool.hpp"
#include "transport/redis_connection.hpp"

namespace hearsay {

namespace {

using transport::KvPool;
using transport::KvServer;
using transport::RedisCommands;
using transport::RedisConnection;
using transport::RedisReply;
using transport::SteadyTime;
using transport::text;

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::string_view kScanCount = "1000";
// Replies to one get: MULTI, two times QUEUED, EXEC.
constexpr std::size_t kGetReplies = 4;

// What the server says when it does not do what was asked. What it is about is of this server, not of this program.
tl::unexpected<Error> refused(const redisReply& reply) {
  const std::string_view said = text(reply).substr(0, 200);
  if (reply.type != REDIS_REPLY_ERROR) return fail(ErrorCode::kCorrupt, "Redis answered something else than was asked");
  if (said.starts_with("WRONGTYPE")) return fail(ErrorCode::kCorrupt, "the key holds something else than a string");
  return fail(ErrorCode::kUnavailable, fmt::format("Redis refused: {}", said));
}

void add_get(RedisCommands& commands, std::string_view key) {
  commands.add({"MULTI"});
  commands.add({"GET", key});
  commands.add({"PTTL", key});
  commands.add({"EXEC"});
}

Result<Item> item_in(const redisReply& exec) {
  if (exec.type != REDIS_REPLY_ARRAY || exec.elements != 2) return refused(exec);
  const redisReply& value = *exec.element[0];
  const redisReply& ttl = *exec.element[1];
  if (value.type == REDIS_REPLY_NIL) return fail(ErrorCode::kNotFound, "the key is not there");
  if (value.type != REDIS_REPLY_STRING) return refused(value);
  if (ttl.type != REDIS_REPLY_INTEGER) return refused(ttl);
  if (text(value).size() > kMaxValueBytes) {
    return fail(ErrorCode::kCorrupt, fmt::format("the key holds a value of {} bytes", text(value).size()));
  }
  Item item{{}, std::string(text(value)), Duration::zero()};
  // 0 is less than a millisecond, and must not look like for ever; -1 is for ever.
  if (ttl.integer >= 0) {
    constexpr std::chrono::milliseconds kLongest = std::chrono::ceil<std::chrono::milliseconds>(kTenYears);
    item.expiration = std::max<Duration>(1ns, std::min(kLongest, std::chrono::milliseconds(ttl.integer)));
  }
  return item;
}

void add_put(RedisCommands& commands, std::string_view key, std::string_view value, Duration ttl) {
  if (ttl == Duration::zero()) return commands.add({"SET", key, value});
  commands.add({"SET", key, value, "PX", std::to_string(std::chrono::ceil<std::chrono::milliseconds>(ttl).count())});
}

Result<void> done_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_STATUS && text(reply) == "OK") return {};
  return refused(reply);
}

// A pattern that a literal prefix alone matches (https://redis.io/commands/keys).
std::string pattern_of(std::string_view prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '*';
}

class RedisKv final : public Kv {
 public:
  RedisKv(const KvOptions& options, const KvServer& server)
      : Kv(options.name_space),
        timeout_(options.timeout),
        string_(options.name_space.empty()
                    ? fmt::format("redis({})", server.string())
                    : fmt::format("redis({}, namespace={})", server.string(), options.name_space)),
        pool_([server](SteadyTime deadline) { return RedisConnection::open(server, deadline); }) {}
  ~RedisKv() override { (void)close(); }

  std::string string() const override { return string_; }
  KvCapabilities capabilities() const override {
    return {.list = true, .watch = false, .evicts = false, .late_by = timeout_ + 2ms};
  }

 private:
  SteadyTime deadline() const { return std::chrono::steady_clock::now() + timeout_; }

  Result<void> exchange(const RedisCommands& commands, std::vector<RedisReply>& replies, SteadyTime deadline) {
    return pool_.use(deadline, [&](RedisConnection& c) { return c.exchange(commands, replies, deadline); });
  }

  Result<Item> do_get(std::string_view key) override {
    RedisCommands commands;
    std::vector<RedisReply> replies;
    add_get(commands, key);
    if (auto done = exchange(commands, replies, deadline()); !done) return tl::unexpected(done.error());
    return item_in(*replies.back());
  }

  Result<void> do_put(std::string_view key, std::string_view value, Duration ttl) override {
    RedisCommands commands;
    std::vector<RedisReply> replies;
    add_put(commands, key, value, ttl);
    if (auto done = exchange(commands, replies, deadline()); !done) return done;
    return done_of(*replies.back());
  }

  Result<void> do_del(std::string_view key) override {
    RedisCommands commands;
    std::vector<RedisReply> replies;
    commands.add({"DEL", key});
    if (auto done = exchange(commands, replies, deadline()); !done) return done;
    if (replies.back()->type != REDIS_REPLY_INTEGER) return refused(*replies.back());
    return {};
  }

  // Runs commands for `count` things in batches; add(commands, i) appends those of the i-th, which get `each` replies;
  // of these the last one is handed to take(i, reply), or the error to miss(i, error).
  template <class Add, class Take, class Miss>
  void batches(std::size_t count, std::size_t each, Add&& add, Take&& take, Miss&& miss) {
    const SteadyTime until = deadline();
    for (std::size_t begin = 0; begin < count;) {
      RedisCommands commands;
      std::size_t end = begin;
      while (end < count && end - begin < kRedisBatch && commands.bytes().size() < kRedisBatchBytes) {
        add(commands, end++);
      }
      std::vector<RedisReply> replies;
      const Result<void> done = exchange(commands, replies, until);
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t last = (i - begin) * each + each - 1;
        if (last < replies.size()) {
          take(i, *replies[last]);
        } else {
          miss(i, done.error());
        }
      }
      begin = end;
    }
  }

  std::vector<Result<Item>> do_get_many(std::span<const std::string_view> keys) override {
    std::vector<Result<Item>> results(keys.size());
    batches(
        keys.size(), kGetReplies, [&](RedisCommands& commands, std::size_t i) { add_get(commands, keys[i]); },
        [&](std::size_t i, const redisReply& reply) { results[i] = item_in(reply); },
        [&](std::size_t i, const Error& error) { results[i] = tl::unexpected(error); });
    return results;
  }

  std::vector<Result<void>> do_put_many(std::span<const Item> items) override {
    std::vector<Result<void>> results(items.size());
    batches(
        items.size(), 1,
        [&](RedisCommands& commands, std::size_t i) {
          add_put(commands, items[i].key, items[i].value, items[i].expiration);
        },
        [&](std::size_t i, const redisReply& reply) { results[i] = done_of(reply); },
        [&](std::size_t i, const Error& error) { results[i] = tl::unexpected(error); });
    return results;
  }

  Result<std::vector<std::string>> do_list(std::string_view prefix, std::size_t limit) override {
    const SteadyTime until = deadline();
    const std::string pattern = pattern_of(prefix);
    std::set<std::string> keys;  // SCAN may name one twice
    std::string cursor = "0";
    do {
      RedisCommands commands;
      std::vector<RedisReply> replies;
      commands.add({"SCAN", cursor, "MATCH", pattern, "COUNT", kScanCount});
      if (auto done = exchange(commands, replies, until); !done) return tl::unexpected(done.error());
      const redisReply& page = *replies.back();
      if (page.type != REDIS_REPLY_ARRAY || page.elements != 2) return refused(page);
      const redisReply& found = *page.element[1];
      cursor = text(*page.element[0]);
      if (cursor.empty() || cursor.size() > 20 || found.type != REDIS_REPLY_ARRAY) return refused(found);
      for (std::size_t i = 0; i < found.elements; ++i) {
        const std::string_view key = text(*found.element[i]);
        if (key.starts_with(prefix) && key.size() > this->prefix().size()) keys.emplace(key);
      }
    } while (cursor != "0" && keys.size() < limit);
    return std::vector<std::string>(keys.begin(), keys.end());
  }

  Result<void> do_close() override {
    pool_.close();
    return {};
  }

  const Duration timeout_;
  const std::string string_;
  KvPool<RedisConnection> pool_;
};

}  // namespace

Result<std::unique_ptr<Kv>> open_redis_kv(const KvOptions& options) {
  if (options.servers.size() > 1) return invalid("servers: redis takes one server");
  auto server = transport::parse_kv_server(options.servers.empty() ? "127.0.0.1" : options.servers.front(), kRedisPort);
  if (!server) return tl::unexpected(server.error());
  return std::make_unique<RedisKv>(options, *server);
}

}  // namespace hearsay
