#include "transport/redis_connection.hpp"

#include <fmt/format.h>

#include <iterator>

namespace hearsay::transport {

namespace {

// hiredis allocates what an array's header says before a single element has come. (The count's type differs between its
// versions.)
template <class Count>
void* create_bounded_array(const redisReadTask* task, Count count);

struct Functions {
  Functions() {
    redisReader* reader = redisReaderCreate();
    plain = *reader->fn;
    redisReaderFree(reader);
    bounded = plain;
    bounded.createArray = create_bounded_array;
  }
  redisReplyObjectFunctions plain{};
  redisReplyObjectFunctions bounded{};
};

Functions& functions() {
  static Functions made;
  return made;
}

template <class Count>
void* create_bounded_array(const redisReadTask* task, Count count) {
  if (static_cast<std::size_t>(count) > kMaxRedisElements) return nullptr;
  return functions().plain.createArray(task, count);
}

}  // namespace

void RedisCommands::add(std::initializer_list<std::string_view> words) {
  auto out = std::back_inserter(bytes_);
  fmt::format_to(out, "*{}\r\n", words.size());
  for (const std::string_view word : words) {
    fmt::format_to(out, "${}\r\n", word.size());
    bytes_ += word;
    bytes_ += "\r\n";
  }
  ++count_;
}

RedisConnection::RedisConnection(std::unique_ptr<StreamSocket> socket)
    : socket_(std::move(socket)), reader_(redisReaderCreate()) {
  if (reader_ != nullptr) reader_->fn = &functions().bounded;
}

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const KvServer& server, SteadyTime deadline) {
  auto socket = StreamSocket::connect(server, deadline);
  if (!socket) return tl::unexpected(socket.error());
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(*socket)));
  if (connection->reader_ == nullptr) return fail(ErrorCode::kUnavailable, "no memory for a connection");
  return connection;
}

Result<void> RedisConnection::exchange(const RedisCommands& commands, std::vector<RedisReply>& replies,
                                       SteadyTime deadline) {
  const std::size_t wanted = replies.size() + commands.count();
  const auto take = [&](std::string_view piece) -> Result<bool> {
    bool sound = redisReaderFeed(reader_.get(), piece.data(), piece.size()) == REDIS_OK;
    while (sound && replies.size() < wanted) {
      void* reply = nullptr;
      sound = redisReaderGetReply(reader_.get(), &reply) == REDIS_OK;
      if (reply == nullptr) break;
      replies.emplace_back(static_cast<redisReply*>(reply));
    }
    if (!sound) return fail(ErrorCode::kCorrupt, fmt::format("what Redis sent does not decode: {}", reader_->errstr));
    if (reader_->len - reader_->pos > kMaxRedisBulk) {
      return fail(ErrorCode::kCorrupt, fmt::format("Redis holds a value of over {} bytes there", kMaxValueBytes));
    }
    return replies.size() == wanted;
  };
  return socket_->exchange(commands.bytes(), take, deadline);
}

}  // namespace hearsay::transport
