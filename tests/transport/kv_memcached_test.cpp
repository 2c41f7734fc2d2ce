// The memcached backend beyond the suite: names, headers and times; what others put there; servers that lie or are
// several.
#include <doctest/doctest.h>
#include <libmemcached/memcached.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/kv/request.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/server_process.hpp"
#include "transport/kv_memcached.hpp"

namespace hearsay::test {
namespace {

using transport::memcached_exptime;
using transport::memcached_key;
using transport::pack_memcached;
using transport::unpack_memcached;

KvOptions options_for(const std::vector<std::string>& servers, Duration timeout = 2s) {
  KvOptions options;
  options.backend = "memcached";
  options.servers = servers;
  options.timeout = timeout;
  return options;
}

std::unique_ptr<Kv> memcached_at(const std::vector<std::string>& servers, Duration timeout = 2s) {
  return std::move(*open_kv(options_for(servers, timeout)));
}

// Another program on the same server (a unix socket).
void store(const ServerProcess& server, const std::string& key, const std::string& value) {
  memcached_st* handle = memcached_create(nullptr);
  memcached_server_add_unix_socket(handle, server.address().substr(5).c_str());
  const auto code = memcached_set(handle, key.data(), key.size(), value.data(), value.size(), 0, 0);
  memcached_free(handle);
  REQUIRE(memcached_success(code));
}

}  // namespace

TEST_CASE("memcached: any key has a name that the text protocol takes, and different keys have different ones") {
  CHECK(memcached_key("a/plain-key").name == "a/plain-key");
  CHECK_FALSE(memcached_key("a/plain-key").hashed);
  std::set<std::string> names;
  std::vector<std::string> keys{std::string(250, 'k'),    std::string(250, ' '), "%", "%x", "a b", "a%20b",
                                memcached_key("a b").name};
  for (int i = 0; i < 256; ++i) keys.emplace_back(1, static_cast<char>(i));
  for (const std::string& key : keys) {
    const auto name = memcached_key(key);
    names.insert(name.name);
    CHECK(name.name.size() <= 250);
    CHECK_FALSE(name.name.empty());
    CHECK(name.hashed == (name.name != key));
    for (const char c : name.name) CHECK((c > ' ' && c < 0x7f));
  }
  CHECK(names.size() == keys.size() - 1);  // "%" is there twice
}

TEST_CASE("memcached: a header comes back, and anything else is corrupt") {
  const WallTime deadline(Duration(1'700'000'000'123'456'789));
  for (const bool hashed : {false, true}) {
    CAPTURE(hashed);
    const std::string stored = pack_memcached("key", hashed, std::string("v\0", 2), deadline);
    const auto value = unpack_memcached("key", hashed, stored);
    REQUIRE(value);
    REQUIRE(*value);
    CHECK((*value)->value == std::string("v\0", 2));
    CHECK((*value)->deadline == deadline);
    CHECK(unpack_memcached("key", !hashed, stored).error().code == ErrorCode::kCorrupt);
    for (std::size_t size = 0; size < (hashed ? 16U : 12U); ++size) {
      CHECK(unpack_memcached("key", hashed, stored.substr(0, size)).error().code == ErrorCode::kCorrupt);
    }
    std::string later = stored;
    later[2] = 2;
    CHECK(unpack_memcached("key", hashed, later).error().code == ErrorCode::kCorrupt);
    std::string never = stored;
    never[11] = static_cast<char>(0xff);  // a deadline before 1970
    CHECK(unpack_memcached("key", hashed, never).error().code == ErrorCode::kCorrupt);
    CHECK(unpack_memcached("key", hashed, stored + std::string(kMaxValueBytes, 'x')).error().code ==
          ErrorCode::kCorrupt);
  }
  // Another key of the same hash is a miss.
  const auto other = unpack_memcached("other", true, pack_memcached("key", true, "v", deadline));
  REQUIRE(other);
  CHECK_FALSE(other->has_value());
}

TEST_CASE("memcached: the server is told a time after the deadline, of the kind it takes") {
  const WallTime now(std::chrono::seconds(1'700'000'000));
  constexpr std::int64_t month = 60 * 60 * 24 * 30;
  CHECK(memcached_exptime(0s, now) == 0);
  CHECK(memcached_exptime(1ns, now) == 2);
  CHECK(memcached_exptime(1s, now) == 2);
  CHECK(memcached_exptime(1s + 1ns, now) == 3);
  CHECK(memcached_exptime(std::chrono::seconds(month - 1), now) == month);
  CHECK(memcached_exptime(std::chrono::seconds(month), now) == 1'700'000'000 + month + 1);
  CHECK(memcached_exptime(std::chrono::seconds(month + 1), now + 1ns) == 1'700'000'001 + month + 2);
  const WallTime late(std::chrono::seconds(std::numeric_limits<std::int32_t>::max()) - kTenYears / 2);
  CHECK(memcached_exptime(kTenYears, late) == 0);
  CHECK(memcached_exptime(kTenYears / 4, late) > 0);
}

TEST_CASE("memcached: what others stored is corrupt, and a put or del of ours replaces it") {
  const ServerProcess server(ServerProcess::Kind::kMemcached);
  const auto kv = memcached_at({server.address()});
  store(server, "/foreign", "value");
  store(server, "/empty", "");
  store(server, memcached_key("/with space").name, pack_memcached("of the same hash", true, "v", {}));
  CHECK(kv->get("foreign").error().code == ErrorCode::kCorrupt);
  CHECK(kv->get("empty").error().code == ErrorCode::kCorrupt);
  CHECK(kv->get("with space").error().code == ErrorCode::kNotFound);
  const std::vector<std::string> keys{"missing", "foreign", "with space"};
  const auto got = kv->get_many(keys);
  CHECK(got[0].error().code == ErrorCode::kNotFound);
  CHECK(got[1].error().code == ErrorCode::kCorrupt);
  CHECK(got[2].error().code == ErrorCode::kNotFound);
  REQUIRE(kv->put({"foreign", "ours", 0s}));
  CHECK(kv->get("foreign").value().value == "ours");
  CHECK(kv->del("empty"));
  CHECK(kv->get("empty").error().code == ErrorCode::kNotFound);
}

TEST_CASE("memcached: the deadline is of the client's wall clock, a month away and after a step of it") {
  const ServerProcess server(ServerProcess::Kind::kMemcached);
  std::atomic<std::int64_t> ahead{0};
  const auto kv = std::move(*open_memcached_kv(options_for({server.address()}), [&] {
    return WallTime(std::chrono::system_clock::now().time_since_epoch() + Duration(ahead.load()));
  }));
  constexpr Duration month = 24h * 30;
  REQUIRE(kv->put({"month", "v", month + 1s}));
  ahead = Duration(month - 1min).count();
  CHECK(kv->get("month").value().expiration <= 1min + 1s);
  ahead = Duration(month + 1s).count();
  CHECK(kv->get("month").error().code == ErrorCode::kNotFound);
  ahead = 0;  // a clock that is set back brings back what it had taken away: documented
  CHECK(kv->get("month").value().expiration > month - 1min);
  ahead = Duration(-1h).count();
  CHECK(kv->get("month").value().expiration > month);
}

TEST_CASE("memcached: a server that takes smaller values only says so") {
  const ServerProcess server(ServerProcess::Kind::kMemcached, ServerProcess::On::kTcp, {"-I", "512k"});
  const auto kv = memcached_at({server.address()});
  CHECK(kv->put({"key", std::string(900'000, 'v'), 0s}).error().code == ErrorCode::kTooLarge);
  CHECK(kv->put({"key", "v", 0s}));
  CHECK(kv->get("key").value().value == "v");
}

TEST_CASE("memcached: of several servers one that is down takes its own keys with it, as unavailable") {
  const ServerProcess up(ServerProcess::Kind::kMemcached);
  ServerProcess down(ServerProcess::Kind::kMemcached);
  const auto kv = memcached_at({up.address(), down.address()});
  std::vector<std::string> keys;
  std::vector<Item> items;
  for (int i = 0; i < 100; ++i) {
    keys.push_back("key " + std::to_string(i));
    items.push_back({keys.back(), "v", 0s});
  }
  for (const auto& done : kv->put_many(items)) REQUIRE_MESSAGE(done, done.error().message);
  for (const auto& got : kv->get_many(keys)) REQUIRE_MESSAGE(got, got.error().message);
  down.kill();
  int there = 0;
  int gone = 0;
  for (const std::string& key : keys) {
    const auto got = kv->get(key);
    if (got) {
      ++there;
    } else {
      CHECK(got.error().code == ErrorCode::kUnavailable);
      ++gone;
    }
  }
  CHECK(there > 20);
  CHECK(gone > 20);
  int lost = 0;
  for (const auto& got : kv->get_many(keys)) {
    if (got) continue;
    CHECK(got.error().code == ErrorCode::kUnavailable);
    ++lost;
  }
  CHECK(lost == gone);
  down.start();
  for (const std::string& key : keys) (void)kv->put({key, "again", 0s});
  for (const auto& got : kv->get_many(keys)) CHECK(got.value().value == "again");
}

TEST_CASE("memcached: a server that lies is corrupt or unavailable, within bounds and in time") {
  const std::string huge = std::to_string(std::size_t{3} << 30);
  const std::vector<std::string> lies{
      "",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "\xff\xff\xff",
      "VALUE key 0 " + huge + "\r\nxxx",
      "VALUE key 0 99999999999999999999999\r\nxxx",
      "VALUE key 0 -1\r\nxxx",
      "VALUE key 0 3\r\nxxxxxxxxxxxxx\r\nEND\r\n",
      "VALUE other 0 3\r\nxxx\r\nEND\r\n",
      "VALUE " + std::string(5000, 'k') + " 0 3\r\nxxx\r\nEND\r\n",
      "SERVER_ERROR out of memory\r\n",
      "CLIENT_ERROR bad\r\n",
      "ERROR\r\n",
      std::string(4'000'000, 'V'),
  };
  for (const std::string& lie : lies) {
    CAPTURE(lie.substr(0, 60));
    const ScriptedServer server(lie);
    const auto kv = memcached_at({server.address()}, 50ms);
    const auto before = std::chrono::steady_clock::now();
    const auto got = kv->get("key");
    REQUIRE_FALSE(got);
    CHECK(got.error().code != ErrorCode::kNotFound);
    CHECK(got.error().message.size() < 1000);
    const std::vector<std::string> keys{"a", "b"};
    for (const auto& each : kv->get_many(keys)) CHECK_FALSE(each);
    (void)kv->put({"key", "v", 1s});
    (void)kv->del("key");
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(20));
  }
}

}  // namespace hearsay::test
