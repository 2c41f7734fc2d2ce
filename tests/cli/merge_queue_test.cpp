// The queue that puts reports into the order of time.
#include "cli/merge_queue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace hearsay::cli {
namespace {

using Fed = std::vector<std::pair<std::int64_t, std::string>>;

TrueTime at(std::int64_t ms) { return TrueTime(std::chrono::milliseconds(ms)); }

Fed fed(MergeQueue<std::string>& queue, std::int64_t until_ms) {
  Fed all;
  queue.feed(at(until_ms),
             [&](TrueTime when, const std::string& what) { all.emplace_back(when.time_since_epoch() / 1ms, what); });
  return all;
}

TEST_CASE("a merge queue feeds by time, and by arrival within one instant") {
  MergeQueue<std::string> queue;
  queue.push(at(30), "c");
  queue.push(at(10), "a");
  queue.push(at(20), "b1");
  queue.push(at(20), "b2");
  queue.push(at(20), "b3");
  CHECK(fed(queue, 100) == Fed{{10, "a"}, {20, "b1"}, {20, "b2"}, {20, "b3"}, {30, "c"}});
  CHECK(queue.stragglers() == 0);
}

TEST_CASE("a merge queue keeps what is not old enough") {
  MergeQueue<std::string> queue;
  queue.push(at(10), "a");
  queue.push(at(20), "b");
  CHECK(fed(queue, 9).empty());
  CHECK(fed(queue, 10) == Fed{{10, "a"}});
  CHECK(queue.waiting() == 1);
  CHECK(fed(queue, 20) == Fed{{20, "b"}});
}

TEST_CASE("a merge queue feeds a straggler at the time it has come to, and counts it") {
  MergeQueue<std::string> queue;
  queue.push(at(10), "a");
  CHECK(fed(queue, 50).size() == 1);
  queue.push(at(20), "late");
  queue.push(at(50), "just in time");
  queue.push(at(60), "b");
  CHECK(queue.stragglers() == 1);
  CHECK(fed(queue, 60) == Fed{{50, "late"}, {50, "just in time"}, {60, "b"}});
}

TEST_CASE("what is pushed while a merge queue feeds has its turn") {
  MergeQueue<std::string> queue;
  queue.push(at(10), "a");
  queue.push(at(12), "c");
  Fed all;
  const auto visit = [&](TrueTime when, const std::string& what) {
    all.emplace_back(when.time_since_epoch() / 1ms, what);
    if (what == "a") queue.push(at(11), "b");
  };
  queue.feed(at(20), visit);
  CHECK(all == Fed{{10, "a"}, {11, "b"}, {12, "c"}});
}

}  // namespace
}  // namespace hearsay::cli
