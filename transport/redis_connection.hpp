// One connection to a Redis server: commands go out, replies come in, by a deadline. hiredis parses the replies; what
// travels is stream_socket.hpp's.
//
// Bounds, whatever the server says: a value of a reply has at most kMaxRedisBulk bytes and an array
// kMaxRedisElements elements; more ends the connection with kCorrupt.
//
// Threading: one thread at a time, but interrupt().
#pragma once

#include <hiredis/hiredis.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/kv/request.hpp"
#include "transport/kv_server.hpp"
#include "transport/stream_socket.hpp"

namespace hearsay::transport {

inline constexpr std::size_t kMaxRedisBulk = kMaxValueBytes + 65'536;
inline constexpr std::size_t kMaxRedisElements = 100'000;

struct FreeRedis {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
using RedisReply = std::unique_ptr<redisReply, FreeRedis>;

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
  static Result<std::unique_ptr<RedisConnection>> open(const KvServer& server, SteadyTime deadline);

  // Sends the commands and appends a reply for each, error replies included. Errors are StreamSocket's, and kCorrupt:
  // after any of them the connection is of no use. Replies that came before it are kept.
  Result<void> exchange(const RedisCommands& commands, std::vector<RedisReply>& replies, SteadyTime deadline);

  bool usable() const { return socket_->usable(); }
  void interrupt() { socket_->interrupt(); }

 private:
  explicit RedisConnection(std::unique_ptr<StreamSocket> socket);

  std::unique_ptr<StreamSocket> socket_;
  std::unique_ptr<redisReader, FreeRedis> reader_;
};

}  // namespace hearsay::transport
