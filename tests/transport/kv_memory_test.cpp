// The memory backend beyond the suite: what is freed when, by a clock of its own and by the machine's.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "core/kv/request.hpp"
#include "transport/kv_memory.hpp"

namespace hearsay {
namespace {

KvOptions memory() {
  KvOptions options;
  options.backend = "memory";
  return options;
}

struct Clocked {
  std::atomic<std::int64_t> ns{1};
  std::unique_ptr<Kv> kv = std::move(*open_memory_kv(memory(), [this] { return MonoTime(Duration(ns.load())); }));
};

}  // namespace

TEST_CASE("memory: two handles are two stores") {
  const auto one = std::move(*open_kv(memory()));
  const auto two = std::move(*open_kv(memory()));
  REQUIRE(one->put({"key", "v", 0s}));
  CHECK(two->get("key").error().code == ErrorCode::kNotFound);
}

TEST_CASE("memory: an item is there to the last nanosecond and not one longer") {
  Clocked clocked;
  REQUIRE(clocked.kv->put({"key", "v", 1s}));
  clocked.ns += 999'999'999;
  CHECK(clocked.kv->get("key").value().expiration == 1ns);
  clocked.ns += 1;
  CHECK(clocked.kv->get("key").error().code == ErrorCode::kNotFound);
}

TEST_CASE("memory: a full store refuses a put and keeps what it has, and expired values make room at once") {
  Clocked clocked;
  const std::string value(kMaxValueBytes, 'v');
  std::size_t held = 0;
  Result<void> done;
  for (;; ++held) {
    done = clocked.kv->put({"key " + std::to_string(held), value, held == 0 ? Duration(0s) : Duration(10s)});
    if (!done) break;
    REQUIRE(held * value.size() <= kMaxMemoryBytes);
  }
  CHECK(done.error().code == ErrorCode::kUnavailable);
  CHECK(held > kMaxMemoryBytes / value.size() - 10);
  CHECK(clocked.kv->get("key 1"));
  CHECK(clocked.kv->put({"key 1", "smaller", 10s}));
  REQUIRE(clocked.kv->put({"new 1", value, 10s}));
  CHECK_FALSE(clocked.kv->put({"new 2", value, 0s}));
  clocked.ns += Duration(11s).count();
  for (int i = 0; i < 500; ++i) REQUIRE(clocked.kv->put({"later " + std::to_string(i), value, 0s}));
  CHECK(clocked.kv->get("key 0"));
}

TEST_CASE("memory: a waiting watcher hears of an expiry by itself, by the machine's clock") {
  const auto kv = std::move(*open_kv(memory()));
  const auto watcher = std::move(kv->watch().value());
  REQUIRE(kv->put({"key", "v", 30ms}));
  REQUIRE(watcher->next(20s).value().kind == KvChange::Kind::kPut);
  const auto change = watcher->next(20s);
  REQUIRE(change);
  CHECK(change->kind == KvChange::Kind::kExpired);
  CHECK(change->item.key == "key");
}

TEST_CASE("memory: watchers are bounded, go when they are destroyed, and their values are bounded in bytes") {
  const auto kv = std::move(*open_kv(memory()));
  std::vector<std::unique_ptr<KvWatcher>> watchers;
  for (std::size_t i = 0; i < kMaxWatchers; ++i) watchers.push_back(std::move(kv->watch().value()));
  CHECK(kv->watch().error().code == ErrorCode::kUnavailable);
  watchers.pop_back();
  watchers.push_back(std::move(kv->watch("key").value()));
  const std::string value(kMaxValueBytes, 'v');
  for (int i = 0; i < 100; ++i) REQUIRE(kv->put({"key", value, 0s}));
  std::size_t bytes = 0;
  auto change = watchers.back()->next(0s);
  for (; change && change->kind == KvChange::Kind::kPut; change = watchers.back()->next(0s)) bytes += value.size();
  REQUIRE(change);
  CHECK(change->kind == KvChange::Kind::kMissed);
  CHECK(bytes <= kMaxWatchedBytes);
  CHECK(bytes > 0);
}

}  // namespace hearsay
