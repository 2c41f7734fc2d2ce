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

constexpr std::size_t kBytes = 10'500'000;

struct Clocked {
  std::atomic<std::int64_t> ns{1};
  std::unique_ptr<Kv> kv = std::move(
      *open_memory_kv(memory(), [this] { return MonoTime(Duration(ns.load())); }, {.bytes = kBytes, .items = 1000}));
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

TEST_CASE("memory: a store that is full of bytes refuses a put and keeps what it has, and what expires makes room") {
  Clocked clocked;
  const std::string value(kMaxValueBytes, 'v');
  REQUIRE(clocked.kv->put({"stays", value, 0s}));
  for (int i = 1; i < 10; ++i) REQUIRE(clocked.kv->put({"key " + std::to_string(i), value, 10s}));
  CHECK(clocked.kv->put({"over", value, 0s}).error().code == ErrorCode::kUnavailable);
  CHECK(clocked.kv->get("over").error().code == ErrorCode::kNotFound);
  CHECK(clocked.kv->get("key 1").value().value == value);
  REQUIRE(clocked.kv->put({"key 1", "smaller", 10s}));
  REQUIRE(clocked.kv->put({"new", value, 10s}));
  clocked.ns += Duration(11s).count();
  for (int i = 0; i < 9; ++i) REQUIRE(clocked.kv->put({"later " + std::to_string(i), value, 0s}));
  CHECK(clocked.kv->get("stays"));
}

TEST_CASE("memory: a store that is full of items refuses a put, and what expires makes room at once") {
  Clocked clocked;
  for (int i = 0; i < 1000; ++i) REQUIRE(clocked.kv->put({"key " + std::to_string(i), "", 10s}));
  CHECK(clocked.kv->put({"over", "", 0s}).error().code == ErrorCode::kUnavailable);
  CHECK(clocked.kv->put({"key 5", "v", 10s}));
  clocked.ns += Duration(11s).count();
  for (int i = 0; i < 1000; ++i) REQUIRE(clocked.kv->put({"later " + std::to_string(i), "", 0s}));
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
