// The Redis backend beyond the suite: what others put there, servers that lie, TCP, the pool.
#include <doctest/doctest.h>
#include <hiredis/hiredis.h>

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/kv/request.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/server_process.hpp"
#include "transport/kv_options.hpp"
#include "transport/redis_connection.hpp"

namespace hearsay::test {
namespace {

std::unique_ptr<Kv> redis_at(const std::string& server, Duration timeout = 2s) {
  KvOptions options;
  options.backend = "redis";
  options.servers = {server};
  options.timeout = timeout;
  return std::move(*open_kv(options));
}

// Another program on the same server.
void command(const ServerProcess& server, const std::vector<std::string>& words) {
  transport::RedisCommands commands;
  std::vector<transport::RedisReply> replies;
  if (words.size() == 3) commands.add({words[0], words[1], words[2]});
  if (words.size() == 4) commands.add({words[0], words[1], words[2], words[3]});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto connection = transport::RedisConnection::open(*transport::parse_kv_server(server.address(), 1), deadline);
  REQUIRE(connection);
  REQUIRE((*connection)->exchange(commands, replies, deadline));
  REQUIRE(replies.front()->type != REDIS_REPLY_ERROR);
}

}  // namespace

TEST_CASE("redis: what is no string is corrupt, and a put or del of ours replaces it") {
  const ServerProcess server(ServerProcess::Kind::kRedis, ServerProcess::On::kTcp);
  const auto kv = redis_at(server.address());
  command(server, {"RPUSH", "/list", "x"});
  CHECK(kv->get("list").error().code == ErrorCode::kCorrupt);
  const std::vector<std::string> keys{"missing", "list", "missing"};
  const auto got = kv->get_many(keys);
  CHECK(got[0].error().code == ErrorCode::kNotFound);
  CHECK(got[1].error().code == ErrorCode::kCorrupt);
  CHECK(got[2].error().code == ErrorCode::kNotFound);
  REQUIRE(kv->put({"list", "v", 0s}));
  CHECK(kv->get("list").value().value == "v");
}

TEST_CASE("redis: a value over the limit is corrupt, however large, and the next call is answered") {
  const ServerProcess server(ServerProcess::Kind::kRedis);
  const auto kv = redis_at(server.address());
  command(server, {"SETRANGE", "/over", "1000000", "x"});
  command(server, {"SETRANGE", "/huge", "5000000", "x"});
  CHECK(kv->get("over").error().code == ErrorCode::kCorrupt);
  CHECK(kv->get("huge").error().code == ErrorCode::kCorrupt);
  CHECK(kv->put({"key", "v", 0s}));
  CHECK(kv->get("key").value().value == "v");
}

TEST_CASE("redis: what a server refuses is unavailable, in its words") {
  const ServerProcess server(ServerProcess::Kind::kRedis, ServerProcess::On::kUnixSocket, {"--requirepass", "secret"});
  const auto kv = redis_at(server.address());
  const auto done = kv->put({"key", "v", 0s});
  CHECK(done.error().code == ErrorCode::kUnavailable);
  CHECK(done.error().message.find("NOAUTH") != std::string::npos);
  CHECK(kv->get("key").error().code == ErrorCode::kUnavailable);
  CHECK(kv->del("key").error().code == ErrorCode::kUnavailable);
  CHECK(kv->list().error().code == ErrorCode::kUnavailable);
}

TEST_CASE("redis: a full server refuses a put and keeps what it has") {
  const ServerProcess server(ServerProcess::Kind::kRedis, ServerProcess::On::kUnixSocket, {"--maxmemory", "8mb"});
  const auto kv = redis_at(server.address());
  REQUIRE(kv->put({"first", "v", 0s}));
  Result<void> done;
  for (int i = 0; i < 100 && done; ++i) done = kv->put({std::to_string(i), std::string(500'000, 'v'), 0s});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::kUnavailable);
  CHECK(kv->get("first").value().value == "v");
}

TEST_CASE("redis: connections that a restarted server left behind cost no call") {
  ServerProcess server(ServerProcess::Kind::kRedis);
  const auto kv = redis_at(server.address());
  REQUIRE(kv->put({"key", "v", 0s}));
  server.kill();
  server.start();
  CHECK(kv->put({"key", "v", 0s}));
}

TEST_CASE("redis: more threads than connections wait for one, and all are served") {
  const ServerProcess server(ServerProcess::Kind::kRedis);
  const auto kv = redis_at(server.address(), 20s);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 40; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        if (!kv->put({std::to_string(t), std::string(50'000, 'v'), 0s})) ++wrong;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(wrong == 0);
}

TEST_CASE("redis: a server that lies is corrupt or unavailable, within bounds and in time") {
  const std::vector<std::string> lies{
      "",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "\xff\xff\xff",
      "*1000000000\r\n",
      "*-2\r\n",
      "*4\r\n*4\r\n*4\r\n*4\r\n*4\r\n*4\r\n*4\r\n*4\r\n*4\r\n*4\r\n*4\r\n",
      "$1000000000\r\nxxx",
      "$99999999999999999999\r\nx",
      "$-5\r\n",
      ":12345678901234567890123\r\n",
      "+OK\r\n+OK\r\n+OK\r\n*2\r\n:1\r\n:2\r\n",
      "+OK\r\n+OK\r\n+OK\r\n*2\r\n$1\r\nx\r\n$1\r\nx\r\n",
      "+OK\r\n+OK\r\n+OK\r\n*0\r\n",
      "*2\r\n$1\r\n1\r\n:5\r\n",
      "*2\r\n*0\r\n*0\r\n",
      "-" + std::string(100'000, 'x') + "\r\n",
      std::string(4'000'000, '+'),
  };
  for (const std::string& lie : lies) {
    CAPTURE(lie.substr(0, 60));
    const ScriptedServer server(lie);
    const auto kv = redis_at(server.address(), 50ms);
    const auto before = std::chrono::steady_clock::now();
    const auto got = kv->get("key");
    REQUIRE_FALSE(got);
    CHECK(got.error().code != ErrorCode::kNotFound);
    CHECK(got.error().message.size() < 1000);
    CHECK_FALSE(kv->list());
    const std::vector<std::string> keys{"a", "b"};
    for (const auto& each : kv->get_many(keys)) CHECK_FALSE(each);
    (void)kv->put({"key", "v", 1s});
    (void)kv->del("key");
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(20));
  }
}

}  // namespace hearsay::test
