// One connection to a Redis server: commands are written, replies read, all by a deadline. hiredis connects and parses;
// reading and writing wait in poll(), since its own timeouts start anew with every packet, and it would let a SIGPIPE
// through.
//
// Bounds, whatever the server says: a value of a reply has at most kMaxRedisBulk bytes and an array
// kMaxRedisElements elements; more ends the connection with kCorrupt.
//
// Threading: one thread at a time, but interrupt().
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/kv/request.hpp"
#include "transport/kv_pool.hpp"
#include "transport/kv_server.hpp"

namespace hearsay::transport {

inline constexpr std::size_t kMaxRedisBulk = kMaxValueBytes + 65'536;
inline constexpr std::size_t kMaxRedisElements = 100'000;

struct FreeRedisReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, FreeRedisReply>;

// A reply's bytes; empty for kinds without.
inline std::string_view text(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view() : std::string_view(reply.str, static_cast<std::size_t>(reply.len));
}

// Commands in Redis' protocol, one after the other (https://redis.io/docs/reference/protocol-spec).
class RedisCommands {
 public:
  void add(std::initializer_list<std::string_view> words);
  const std::string& bytes() const { return bytes_; }
  std::size_t count() const { return count_; }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

class RedisConnection {
 public:
  // kUnavailable when nobody answers by the deadline. A host's name is looked up by the system, which takes its time.
  static Result<std::unique_ptr<RedisConnection>> open(const KvServer& server, SteadyTime deadline);

  // Sends the commands and appends a reply for each, error replies included. kUnavailable when the server hung up,
  // kTimeout, kCorrupt: after any of them the connection is of no use. Replies that came before it are kept.
  Result<void> exchange(const RedisCommands& commands, std::vector<RedisReply>& replies, SteadyTime deadline);

  // Whether nothing has come unasked: not even the end.
  bool usable() const;
  void interrupt();

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  explicit RedisConnection(redisContext* context) : context_(context) {}
  Result<void> read();
  Result<std::size_t> write(std::string_view bytes);

  std::unique_ptr<redisContext, FreeContext> context_;
};

}  // namespace hearsay::transport
