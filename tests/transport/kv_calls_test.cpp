// Handles in the hands of threads, closed handles, and servers that go. On every backend.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/transport/kv_fixtures.hpp"

namespace hearsay::test {

namespace {

// Bounds of waits, for machines that do other things, too; nothing is measured by them.
constexpr auto kPatience = std::chrono::seconds(20);
// The timeout of calls that are meant to meet it.
constexpr Duration kBrief = 250ms;

bool is_outage(ErrorCode code) { return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout; }

// Threads that are joined whatever happens.
class Threads {
 public:
  template <class Body>
  void add(Body body) {
    threads_.emplace_back(std::move(body));
  }
  void join() {
    for (std::thread& each : threads_) each.join();
    threads_.clear();
  }
  ~Threads() { join(); }

 private:
  std::vector<std::thread> threads_;
};

template <class Done>
bool eventually(Done done) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

void check_all_closed(Kv& kv) {
  CHECK(kv.get("key").error().code == ErrorCode::kClosed);
  CHECK(kv.put({"key", "v", 0s}).error().code == ErrorCode::kClosed);
  CHECK(kv.del("key").error().code == ErrorCode::kClosed);
  CHECK(kv.list().error().code == ErrorCode::kClosed);
  CHECK(kv.watch().error().code == ErrorCode::kClosed);
  const std::vector<std::string> keys{"a", "b"};
  for (const auto& got : kv.get_many(keys)) CHECK(got.error().code == ErrorCode::kClosed);
  const std::vector<Item> items{{"a", "1", 0s}, {"b", "2", 0s}};
  for (const auto& done : kv.put_many(items)) CHECK(done.error().code == ErrorCode::kClosed);
}

}  // namespace

HEARSAY_KV_CASE(closed_is_closed, "every call after close() ends with closed, but close() itself", EveryKv) {
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "v", 0s}));
  CHECK(kv->close());
  check_all_closed(*kv);
  CHECK(kv->close());
  check_all_closed(*kv);
}

HEARSAY_KV_CASE(close_unused, "a handle that was never used closes, and one that was never closed goes", EveryKv) {
  CHECK(f.open()->close());
  (void)f.open();
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "v", 0s}));
}

HEARSAY_KV_CASE(writers, "concurrent writers: each value is one that was written, own keys hold the last one",
                EveryKv) {
  const auto kv = f.open();
  constexpr int kThreads = 4;
  constexpr int kWrites = 50;
  std::atomic<int> wrong{0};
  {
    Threads threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.add([&, t] {
        const std::string own = "own " + std::to_string(t);
        for (int i = 0; i < kWrites; ++i) {
          const std::string value = std::string(200, static_cast<char>('a' + t)) + std::to_string(i);
          if (!kv->put({own, value, 1h}) || !kv->put({"shared", value, 1h})) ++wrong;
          const auto mine = kv->get(own);
          if (!mine || mine->value != value) ++wrong;
          const auto shared = kv->get("shared");
          if (!shared || shared->value.size() < 201 ||
              shared->value.substr(0, 200) != std::string(200, shared->value[0]))
            ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
  for (int t = 0; t < kThreads; ++t) {
    const auto own = kv->get("own " + std::to_string(t));
    REQUIRE(own);
    CHECK(own->value == std::string(200, static_cast<char>('a' + t)) + std::to_string(kWrites - 1));
  }
  CHECK(kv->get("shared").value().value.ends_with(std::to_string(kWrites - 1)));
}

HEARSAY_KV_CASE(close_under_way, "close() while others are in calls ends them, with closed", EveryKv) {
  const auto kv = f.open();
  std::atomic<int> calls{0};
  std::atomic<int> closed{0};
  std::atomic<int> wrong{0};
  Threads threads;
  for (int t = 0; t < 4; ++t) {
    threads.add([&, t] {
      const std::string key = "key " + std::to_string(t);
      for (;;) {
        const Result<void> done = t % 2 == 0 ? kv->put({key, "v", 0s}) : kv->get(key).map([](const Item&) {});
        ++calls;
        if (done || done.error().code == ErrorCode::kNotFound) continue;
        ++(done.error().code == ErrorCode::kClosed ? closed : wrong);
        return;
      }
    });
  }
  CHECK(eventually([&] { return calls > 50; }));
  CHECK(kv->close());
  threads.join();
  CHECK(closed == 4);
  CHECK(wrong == 0);
}

HEARSAY_KV_CASE(close_frozen, "close() ends calls that wait for a server that says nothing", ServerKv) {
  auto& server = have<WithServer>(f);
  const auto kv = f.open("", kBrief);
  REQUIRE(kv->put({"key", "v", 0s}));
  server.freeze_server();
  std::atomic<int> begun{0};
  std::atomic<int> right{0};
  Threads threads;
  for (int t = 0; t < 4; ++t) {
    threads.add([&] {
      ++begun;
      const auto got = kv->get("key");
      // By the time of close() it may have given up itself.
      if (!got && (got.error().code == ErrorCode::kClosed || got.error().code == ErrorCode::kTimeout)) ++right;
    });
  }
  CHECK(eventually([&] { return begun == 4; }));
  CHECK(kv->close());
  threads.join();
  CHECK(right == 4);
  check_all_closed(*kv);
}

HEARSAY_KV_CASE(no_server, "no server: unavailable, never a miss, and it works as soon as there is one", ServerKv) {
  auto& server = have<WithServer>(f);
  server.kill_server();
  const auto kv = f.open("", 800ms);
  CHECK(kv->get("key").error().code == ErrorCode::kUnavailable);
  CHECK(kv->put({"key", "v", 0s}).error().code == ErrorCode::kUnavailable);
  CHECK(kv->del("key").error().code == ErrorCode::kUnavailable);
  const std::vector<std::string> keys{"a", "b"};
  for (const auto& got : kv->get_many(keys)) CHECK(got.error().code == ErrorCode::kUnavailable);
  if (kv->capabilities().list) CHECK(kv->list().error().code == ErrorCode::kUnavailable);
  server.start_server();
  CHECK(kv->put({"key", "v", 0s}));
  CHECK(kv->get("key").value().value == "v");
}

HEARSAY_KV_CASE(frozen_server, "a server that says nothing: a timeout within the deadline, then recovery", ServerKv) {
  auto& server = have<WithServer>(f);
  const auto kv = f.open("", kBrief);
  REQUIRE(kv->put({"key", "v", 0s}));
  server.freeze_server();
  const auto bounded = [&](auto call) {
    const auto before = std::chrono::steady_clock::now();
    const ErrorCode code = call();
    CHECK(std::chrono::steady_clock::now() - before < kPatience / 2);
    return code;
  };
  // Over the connection there is, and over a new one: the system takes those of a stopped process.
  for (int i = 0; i < 2; ++i) {
    CHECK(bounded([&] { return kv->get("key").error().code; }) == ErrorCode::kTimeout);
    const std::vector<std::string> keys{"key", "missing"};
    CHECK(bounded([&] { return kv->get_many(keys)[1].error().code; }) == ErrorCode::kTimeout);
    CHECK(is_outage(bounded([&] { return kv->put({"key", std::string(1'000'000, 'x'), 0s}).error().code; })));
  }
  server.thaw_server();
  CHECK(eventually([&] { return kv->put({"key", "new", 0s}).has_value(); }));
  CHECK(kv->get("key").value().value == "new");
}

HEARSAY_KV_CASE(killed_server, "a server killed in mid-call: an outage, no miss, and recovery after its restart",
                ServerKv) {
  auto& server = have<WithServer>(f);
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "v", 0s}));
  std::atomic<int> answered{0};
  std::atomic<int> outages{0};
  std::atomic<int> wrong{0};
  std::atomic<bool> stop{false};
  Threads threads;
  for (int t = 0; t < 4; ++t) {
    threads.add([&, t] {
      const std::vector<std::string> keys{"key", "key"};
      while (!stop) {
        Result<void> done;
        if (t == 0) done = kv->put({"other", std::string(100'000, 'x'), 0s});
        if (t == 1) done = kv->get("key").map([](const Item&) {});
        if (t == 2) done = kv->get_many(keys)[1].map([](const Item&) {});
        if (t == 3) done = kv->put_many(std::vector<Item>{{"more", "x", 0s}, {"yet more", "x", 0s}})[1];
        if (done) {
          ++answered;
        } else {
          ++(is_outage(done.error().code) ? outages : wrong);
        }
      }
    });
  }
  CHECK(eventually([&] { return answered > 20; }));
  server.kill_server();
  CHECK(eventually([&] { return outages >= 8; }));
  stop = true;
  threads.join();
  CHECK(wrong == 0);
  server.start_server();
  CHECK(eventually([&] { return kv->put({"key", "new", 0s}).has_value(); }));
  CHECK(kv->get("key").value().value == "new");
  CHECK(kv->get("other").error().code == ErrorCode::kNotFound);  // it keeps nothing
}

HEARSAY_KV_CASE(waiting_call, "a call that waits when its server is killed ends as an outage", ServerKv) {
  auto& server = have<WithServer>(f);
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "v", 0s}));
  server.freeze_server();
  std::atomic<bool> begun{false};
  std::atomic<int> right{0};
  Threads threads;
  threads.add([&] {
    begun = true;
    const auto got = kv->get("key");
    if (!got && is_outage(got.error().code)) ++right;
  });
  CHECK(eventually([&] { return begun.load(); }));
  server.kill_server();
  threads.join();
  CHECK(right == 1);
}

HEARSAY_KV_CASE(start_up, "opened, written and read at once", EveryKv) {
  const auto before = std::chrono::steady_clock::now();
  const auto kv = f.open();
  REQUIRE(kv->put({"key", "v", 20s}));
  CHECK(kv->get("key").value().value == "v");
  CHECK(std::chrono::steady_clock::now() - before < kPatience);
}

HEARSAY_KV_CASE(watches, "watch: puts, deletes and expiries of keys with the prefix, in order", WatchingKv) {
  const auto kv = f.open("ns");
  REQUIRE(kv->put({"a old", "v", 1h}));
  const auto watcher = std::move(kv->watch("a").value());
  CHECK(watcher->next(0s).error().code == ErrorCode::kTimeout);
  const auto next = [&](KvChange::Kind kind, const std::string& key, const std::string& value) {
    const auto change = watcher->next(kPatience / 2);
    REQUIRE(change);
    CHECK(change->kind == kind);
    CHECK(change->item.key == key);
    CHECK(change->item.value == value);
  };
  REQUIRE(kv->put({"a new", std::string("v\0", 2), 200ms}));
  next(KvChange::Kind::kPut, "a new", std::string("v\0", 2));
  REQUIRE(kv->put({"b", "not asked for", 0s}));
  REQUIRE(kv->del("a old"));
  next(KvChange::Kind::kDel, "a old", "");
  f.pass(200ms + 1ms);
  next(KvChange::Kind::kExpired, "a new", "");
  CHECK(watcher->next(0s).error().code == ErrorCode::kTimeout);
  CHECK(kv->close());
  CHECK(watcher->next(kPatience).error().code == ErrorCode::kClosed);
}

HEARSAY_KV_CASE(watch_wakes, "watch: a waiting watcher hears a put of another thread, and the close", WatchingKv) {
  const auto kv = f.open();
  const auto watcher = std::move(kv->watch().value());
  std::atomic<int> heard{0};
  std::atomic<bool> closed{false};
  Threads threads;
  threads.add([&] {
    for (;;) {
      const auto change = watcher->next(kPatience);
      if (!change) {
        closed = change.error().code == ErrorCode::kClosed;
        return;
      }
      ++heard;
    }
  });
  REQUIRE(kv->put({"key", "v", 0s}));
  CHECK(eventually([&] { return heard == 1; }));
  CHECK(kv->close());
  threads.join();
  CHECK(closed);
}

HEARSAY_KV_CASE(watch_missed, "watch: who does not listen is told what was missed, once, and the queue is bounded",
                std::tuple<MemoryFixture>) {
  const auto kv = f.open();
  const auto watcher = std::move(kv->watch().value());
  for (int i = 0; i < 100'000; ++i) REQUIRE(kv->put({"key " + std::to_string(i % 10), "v", 0s}));
  int puts = 0;
  auto change = watcher->next(0s);
  for (; change && change->kind == KvChange::Kind::kPut; change = watcher->next(0s)) ++puts;
  REQUIRE(change);
  CHECK(change->kind == KvChange::Kind::kMissed);
  CHECK(puts > 0);
  CHECK(puts < 100'000);
  CHECK(watcher->next(0s).error().code == ErrorCode::kTimeout);
  REQUIRE(kv->put({"key", "after", 0s}));
  change = watcher->next(0s);
  REQUIRE(change);
  CHECK(change->item.value == "after");
}

using ListeningToNodes = std::tuple<GossipAlone, ServiceFixture>;
HEARSAY_KV_CASE(watch_missed_of_nodes, "watch: who does not listen to nodes is told that changes were lost on the way",
                ListeningToNodes) {
  const auto kv = f.open("ns");
  const auto watcher = std::move(kv->watch("watched").value());
  const auto other = std::move(kv->watch("watch").value());  // its changes are not counted for the first one
  // More than the queues of both ends hold together, and their sockets' buffers.
  constexpr int kMany = 3000;
  const std::string value(32 * 1024, 'v');
  for (int i = 0; i < kMany; ++i) REQUIRE(kv->put({"watched " + std::to_string(i % 10), value, 0s}));
  REQUIRE(kv->put({"watch", "last", 0s}));
  int puts = 0;
  auto change = watcher->next(kPatience);
  for (; change && change->kind == KvChange::Kind::kPut; change = watcher->next(0s)) ++puts;
  CHECK(puts > 0);
  CHECK(puts < kMany);
  // A gap shows with the next change that arrives.
  bool told = change && change->kind == KvChange::Kind::kMissed;
  CHECK(eventually([&] {
    if (told) return true;
    REQUIRE(kv->put({"watched more", "v", 0s}));
    for (auto next = watcher->next(10ms); next; next = watcher->next(0s)) {
      told = told || next->kind == KvChange::Kind::kMissed;
    }
    return told;
  }));
}

HEARSAY_KV_CASE(watch_none_missed, "watch: whose prefix others share is told of nothing missed", WatchingKv) {
  const auto kv = f.open("ns");
  const auto watcher = std::move(kv->watch("a").value());
  const auto wider = std::move(kv->watch().value());
  const auto narrower = std::move(kv->watch("ab").value());
  for (int i = 0; i < 20; ++i) {
    for (const char* key : {"b", "ab", "a"}) REQUIRE(kv->put({key, std::to_string(i), 0s}));
  }
  std::vector<std::string> heard;
  while (heard.size() < 40) {
    const auto change = watcher->next(kPatience);
    REQUIRE(change);
    REQUIRE(change->kind == KvChange::Kind::kPut);
    heard.push_back(change->item.key + change->item.value);
  }
  CHECK(std::count(heard.begin(), heard.end(), "ab19") == 1);
  CHECK(std::count(heard.begin(), heard.end(), "a19") == 1);
  CHECK(watcher->next(0s).error().code == ErrorCode::kTimeout);
}

}  // namespace hearsay::test
