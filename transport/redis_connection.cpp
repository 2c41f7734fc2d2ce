#include "transport/redis_connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

namespace hearsay::transport {

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

tl::unexpected<Error> hung_up(std::string_view why) {
  return fail(ErrorCode::kUnavailable, fmt::format("the connection to Redis broke: {}", why));
}

// hiredis allocates what an array's header says before a single element has come.
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

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const KvServer& server, SteadyTime deadline) {
  const auto left = std::max(deadline - std::chrono::steady_clock::now(), SteadyTime::duration(std::chrono::milliseconds(1)));
  const auto us = std::chrono::ceil<std::chrono::microseconds>(left).count();
  const timeval timeout{us / 1'000'000, us % 1'000'000};
  redisContext* context = server.path.empty() ? redisConnectWithTimeout(server.host.c_str(), server.port, timeout)
                                              : redisConnectUnixWithTimeout(server.path.c_str(), timeout);
  if (context == nullptr) return fail(ErrorCode::kUnavailable, "no memory for a connection");
  std::unique_ptr<RedisConnection> connection(new RedisConnection(context));
  if (context->err != 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("no Redis server at {}: {}", server.string(), std::string_view(context->errstr)));
  }
  const int flags = fcntl(context->fd, F_GETFL);
  if (flags < 0 || fcntl(context->fd, F_SETFL, flags | O_NONBLOCK) < 0) return hung_up(reason(errno));
  context->flags &= ~REDIS_BLOCK;  // a read that would block is none of its errors
  context->reader->fn = &functions().bounded;
  return connection;
}

bool RedisConnection::usable() const {
  pollfd waiting{context_->fd, POLLIN, 0};
  return poll(&waiting, 1, 0) == 0;
}

void RedisConnection::interrupt() { (void)shutdown(context_->fd, SHUT_RDWR); }

Result<std::size_t> RedisConnection::write(std::string_view bytes) {
  const ssize_t sent = send(context_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::size_t{0};
  return hung_up(reason(errno));
}

Result<void> RedisConnection::read() {
  if (redisBufferRead(context_.get()) == REDIS_OK) return {};
  return hung_up(context_->errstr);
}

Result<void> RedisConnection::exchange(const RedisCommands& commands, std::vector<RedisReply>& replies,
                                       SteadyTime deadline) {
  const std::size_t wanted = replies.size() + commands.count();
  std::string_view rest = commands.bytes();
  while (replies.size() < wanted) {
    if (!rest.empty()) {
      const auto sent = write(rest);
      if (!sent) return tl::unexpected(sent.error());
      rest.remove_prefix(*sent);
    }
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= SteadyTime::duration::zero()) {
      return fail(ErrorCode::kTimeout, "Redis did not answer in time");
    }
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec wait{ns / 1'000'000'000, ns % 1'000'000'000};
    pollfd waiting{context_->fd, static_cast<short>(rest.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    const int ready = ppoll(&waiting, 1, &wait, nullptr);
    if (ready < 0 && errno != EINTR) return hung_up(reason(errno));
    if (ready <= 0 || (waiting.revents & ~POLLOUT) == 0) continue;
    if (auto done = read(); !done) return done;
    for (void* reply = nullptr; replies.size() < wanted; reply = nullptr) {
      if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) {
        return fail(ErrorCode::kCorrupt, fmt::format("what Redis sent does not decode: {}", context_->errstr));
      }
      if (reply == nullptr) break;
      replies.emplace_back(static_cast<redisReply*>(reply));
    }
    const redisReader& reader = *context_->reader;
    if (reader.len - reader.pos > kMaxRedisBulk) {
      return fail(ErrorCode::kCorrupt, fmt::format("Redis holds a value of over {} bytes there", kMaxValueBytes));
    }
  }
  return {};
}

}  // namespace hearsay::transport
