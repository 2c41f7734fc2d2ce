// Over 400 lines: one reference queue, and a workload for each corner of the wheel.
#include "sim/world/event_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

namespace hearsay::world {
namespace {

constexpr std::int64_t kUs = 1'000;
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kNever = INT64_MAX;

// SplitMix64: reproducible, and independent of the code under test.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E37'79B9'7F4A'7C15u;
    z = (z ^ z >> 30) * 0xBF58'476D'1CE4'E5B9u;
    z = (z ^ z >> 27) * 0x94D0'49BB'1331'11EBu;
    return z ^ z >> 31;
  }
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(bound));
  }

 private:
  std::uint64_t state_;
};

struct Later {
  bool operator()(const Event& a, const Event& b) const { return precedes(b, a); }
};

// The queue and the reference side by side: every pop must agree. Counts instead of one assertion an event, which
// would be the slowest part by far.
class Pair {
 public:
  explicit Pair(EventQueueOptions options = {}) : queue(std::make_unique<EventQueue>(options)) {}

  void push(const Event& event) {
    queue->push(event);
    reference_.push(event);
    most_pending = std::max(most_pending, reference_.size());
  }
  // A new event with the next sequence, so that no two are equal.
  void push_at(std::int64_t time_ns, std::uint32_t src = 0, std::uint32_t dst = 0) {
    push({time_ns, src, dst, seq_++, 0});
  }
  bool pop_before(std::int64_t end_ns, Event& event) {
    const bool expected = !reference_.empty() && reference_.top().time_ns < end_ns;
    const bool popped = queue->pop_before(end_ns, event);
    if (popped != expected) ++differences;
    if (popped && expected) {
      if (!(event == reference_.top())) ++differences;
      reference_.pop();
    }
    if (queue->size() != reference_.size()) ++differences;
    pops += popped;
    return popped;
  }
  // Pops up to `most` events before end_ns; `then` may push.
  void run(std::int64_t end_ns, std::size_t most, const std::function<void(const Event&)>& then) {
    Event event{};
    for (std::size_t i = 0; i < most && pop_before(end_ns, event); ++i) then(event);
  }
  void drain() {
    run(kNever, SIZE_MAX, [](const Event&) {});
  }

  std::unique_ptr<EventQueue> queue;
  std::size_t differences = 0;
  std::size_t pops = 0;
  std::size_t most_pending = 0;

 private:
  std::priority_queue<Event, std::vector<Event>, Later> reference_;
  std::uint32_t seq_ = 0;
};

void check_drained(Pair& pair, std::size_t pops) {
  pair.drain();
  CHECK(pair.differences == 0);
  CHECK(pair.pops == pops);
  CHECK(pair.queue->empty());
  CHECK(pair.queue->peek() == nullptr);
}

TEST_CASE("an event is ordered by time, receiver, sender and sequence, not by its handle") {
  const Event event{5, 2, 3, 4, 9};
  CHECK(precedes(event, {6, 0, 0, 0, 0}));
  CHECK(precedes(event, {5, 0, 4, 0, 0}));
  CHECK(precedes(event, {5, 3, 3, 0, 0}));
  CHECK(precedes(event, {5, 2, 3, 5, 0}));
  CHECK_FALSE(precedes(event, {5, 2, 3, 4, 10}));
  CHECK_FALSE(precedes({5, 2, 3, 4, 10}, event));
  CHECK(is_message({0, 0, 0, 0, kMessageBit | 7}));
  CHECK_FALSE(is_message({0, 0, 0, 0, 7}));
  CHECK(payload_index({0, 0, 0, 0, kMessageBit | 7}) == 7);
}

TEST_CASE("an empty queue pops nothing") {
  EventQueue queue;
  Event event{};
  CHECK(queue.empty());
  CHECK_FALSE(queue.pop(event));
  CHECK_FALSE(queue.pop_before(kNever, event));
  CHECK(queue.peek() == nullptr);
  CHECK(queue.upcoming(12).empty());
}

TEST_CASE("push gossip pops in the total order at every size and period") {
  for (const std::int64_t period : {10 * kMs, kSecond, kHour}) {
    for (const std::uint32_t nodes : {10u, 300u, 20'000u}) {
      CAPTURE(period);
      CAPTURE(nodes);
      Pair pair;
      Random random(nodes);
      for (std::uint32_t node = 0; node < nodes; ++node) pair.push_at(random.below(period), node, node);
      const std::size_t pops = std::max<std::size_t>(5 * nodes, 20'000);
      pair.run(kNever, pops, [&](const Event& event) {
        if (event.handle != 0) return;
        const auto to = static_cast<std::uint32_t>(random.below(nodes));
        pair.push({event.time_ns + period / 100 + random.below(period / 10), event.src, to, event.seq, kMessageBit});
        pair.push({event.time_ns + period, event.src, event.src, event.seq + 1, 0});
      });
      CHECK(pair.differences == 0);
      CHECK(pair.pops == pops);
    }
  }
}

TEST_CASE("timers aligned to a millisecond may put more than 65,536 events into a bucket") {
  Pair pair;
  Random random(3);
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    pair.push_at(random.below(2) * kMs, i, static_cast<std::uint32_t>(random.below(1 << 20)));
  }
  pair.run(kNever, 200'000, [&](const Event& event) { pair.push_at(event.time_ns + 2 * kMs, event.src, event.dst); });
  check_drained(pair, 400'000);
}

TEST_CASE("a round that everybody starts at one instant, in order and not") {
  for (const bool shuffled : {false, true}) {
    Pair pair;
    Random random(4);
    for (std::uint32_t i = 0; i < 70'000; ++i) {
      pair.push_at(kSecond, i, shuffled ? static_cast<std::uint32_t>(random.next() >> 32) : i);
    }
    check_drained(pair, 70'000);
  }
}

TEST_CASE("equal times in small and middling buckets are ordered by receiver, sender and sequence") {
  for (const std::int64_t instants : {1, 3, 10, 1000}) {
    Pair pair;
    Random random(5);
    for (int round = 0; round < 200; ++round) {
      const std::int64_t start = round * kSecond;
      for (std::int64_t i = random.below(400); i >= 0; --i) {
        const auto time = start + random.below(instants);
        pair.push_at(time, static_cast<std::uint32_t>(random.below(3)), static_cast<std::uint32_t>(random.below(3)));
      }
    }
    const std::size_t pushed = pair.queue->size();
    check_drained(pair, pushed);
  }
}

TEST_CASE("events beyond level 0 and level 1 come back in order") {
  Pair pair;
  Random random(6);
  for (int i = 0; i < 30'000; ++i) {
    // Every magnitude from a nanosecond to 292 years alike.
    pair.push_at(static_cast<std::int64_t>((random.next() >> 1) >> random.below(63)));
  }
  pair.push_at(kNever - 1);
  std::size_t more = 30'000;
  pair.run(kNever, 60'000, [&](const Event& event) {
    if (more == 0) return;
    --more;
    const auto ahead = static_cast<std::int64_t>((random.next() >> 1) >> random.below(63));
    pair.push_at(std::min(kNever - 1, event.time_ns + std::min(ahead, kNever - 1 - event.time_ns)));
  });
  CHECK(pair.differences == 0);
  pair.drain();
  CHECK(pair.differences == 0);
  CHECK(pair.queue->empty());
}

TEST_CASE("the last instant there is can be popped by pop but lies before no end") {
  EventQueue queue;
  queue.push({kNever, 1, 2, 3, 4});
  Event event{};
  CHECK_FALSE(queue.pop_before(kNever, event));
  REQUIRE(queue.pop(event));
  CHECK(event == Event{kNever, 1, 2, 3, 4});
}

TEST_CASE("pushes into the bucket in hand, at now and just after it, keep the order") {
  Pair pair;
  Random random(7);
  for (int i = 0; i < 100; ++i) pair.push_at(random.below(kMs));
  std::size_t more = 100'000;
  pair.run(kNever, SIZE_MAX, [&](const Event& event) {
    if (more == 0) return;
    --more;
    const std::int64_t ahead = random.below(3) == 0 ? 0 : random.below(20);
    // A later receiver, so that an event at the very same time has its place still before it.
    pair.push_at(event.time_ns + ahead, 0, ahead == 0 ? event.dst + 1 : 0);
  });
  check_drained(pair, 100'100);
}

TEST_CASE("an event at now whose place has passed pops next") {
  EventQueue queue;
  for (std::uint32_t dst : {5u, 6u, 7u}) queue.push({100, 0, dst, 0, 0});
  Event event{};
  REQUIRE(queue.pop(event));
  REQUIRE(queue.pop(event));
  CHECK(event.dst == 6);
  queue.push({100, 0, 1, 0, 0});
  REQUIRE(queue.pop(event));
  CHECK(event.dst == 1);
  REQUIRE(queue.pop(event));
  CHECK(event.dst == 7);
}

TEST_CASE("bursts: every receiver answers a hundred thousand events within a microsecond") {
  Pair pair;
  Random random(8);
  pair.push_at(0);
  std::size_t bursts = 0;
  pair.run(kNever, SIZE_MAX, [&](const Event& event) {
    if (event.dst != 0 || bursts == 5) return;
    ++bursts;
    for (int i = 0; i < 100'000; ++i) pair.push_at(event.time_ns + 50 * kMs + random.below(kUs), 1, 1);
    pair.push_at(event.time_ns + kSecond);
  });
  CHECK(bursts == 5);
  CHECK(pair.differences == 0);
  CHECK(pair.pops == 500'006);
}

TEST_CASE("pop_before stops exactly at its end and later pushes before the next event keep their place") {
  Pair pair;
  Random random(9);
  for (std::uint32_t node = 0; node < 500; ++node) pair.push_at(random.below(kSecond), node, node);
  std::int64_t end = 0;
  Event event{};
  for (int window = 0; window < 5'000; ++window) {
    end += random.below(3) == 0 ? random.below(100) : random.below(3 * kMs);
    pair.run(end, SIZE_MAX, [&](const Event& e) {
      if (e.time_ns >= end) ++pair.differences;
      if (window < 4'000) pair.push_at(e.time_ns + kSecond / 2 + random.below(kSecond), e.src, e.dst);
    });
    // What a fault or another thread adds between two windows, at the boundary itself above all.
    if (random.below(4) == 0) pair.push_at(end);
    if (random.below(4) == 0) pair.push_at(end + random.below(10 * kMs));
    CHECK_FALSE(pair.pop_before(end, event));
  }
  pair.drain();
  CHECK(pair.differences == 0);
  CHECK(pair.queue->empty());
}

TEST_CASE("pop_before does not move on to a bucket that starts at or after its end") {
  EventQueue queue;
  const std::int64_t width = std::int64_t{1} << queue.bucket_shift();
  queue.push({10 * width, 0, 0, 0, 0});
  Event event{};
  CHECK_FALSE(queue.pop_before(10 * width, event));
  CHECK(queue.upcoming(1).empty());
  CHECK_FALSE(queue.pop_before(10 * width - 1, event));
  CHECK(queue.upcoming(1).empty());
  queue.push({10 * width + 1, 0, 0, 0, 0});
  REQUIRE(queue.pop_before(10 * width + 1, event));
  CHECK(event.time_ns == 10 * width);
  CHECK_FALSE(queue.pop_before(10 * width + 1, event));
  CHECK(queue.upcoming(1).size() == 1);
}

TEST_CASE("sparse: one event a day still comes, and in order") {
  Pair pair;
  pair.push_at(0);
  Random random(10);
  pair.run(kNever, 20'000, [&](const Event& event) { pair.push_at(event.time_ns + 24 * kHour + random.below(kHour)); });
  CHECK(pair.differences == 0);
  CHECK(pair.pops == 20'000);
}

TEST_CASE("the wheel is tuned again when the load becomes a thousand times denser, sparser, and dense in one bucket") {
  Pair pair;
  Random random(11);
  std::vector<int> shifts;
  for (const std::int64_t period : {kSecond, kMs, 1000 * kSecond, 10 * kUs, kHour}) {
    pair.drain();
    const std::int64_t now = pair.queue->now_ns();
    for (std::uint32_t i = 0; i < 1'000; ++i) pair.push_at(now + random.below(period));
    pair.run(kNever, 40'000,
             [&](const Event& event) { pair.push_at(event.time_ns + period / 2 + random.below(period)); });
    shifts.push_back(pair.queue->bucket_shift());
    CHECK(pair.differences == 0);
  }
  // A thousand events a period, 16 a bucket: the width is period / 62, to a factor of two and a half and rounding.
  CHECK(shifts[0] >= 22);
  CHECK(shifts[0] <= 26);
  CHECK(shifts[1] >= 12);
  CHECK(shifts[1] <= 16);
  CHECK(shifts[2] >= 32);
  CHECK(shifts[2] <= 36);
  CHECK(shifts[3] >= 5);
  CHECK(shifts[3] <= 9);
  CHECK(shifts[4] >= 34);
  CHECK(shifts[4] <= 38);
  CHECK(pair.queue->rebuilds() >= 5);
  CHECK(pair.queue->rebuilds() <= 30);
  check_drained(pair, 205'000);
}

TEST_CASE("a steady load is tuned once or twice and never again") {
  Pair pair;
  Random random(12);
  for (std::uint32_t i = 0; i < 5'000; ++i) pair.push_at(random.below(kSecond));
  const auto again = [&](const Event& event) { pair.push_at(event.time_ns + kSecond); };
  pair.run(kNever, 20'000, again);
  const std::uint64_t rebuilds = pair.queue->rebuilds();
  CHECK(rebuilds <= 2);
  pair.run(kNever, 200'000, again);
  CHECK(pair.queue->rebuilds() == rebuilds);
  CHECK(pair.differences == 0);
}

TEST_CASE("peek sees what pops next, moves nothing and does not hinder earlier pushes") {
  Pair pair;
  Random random(13);
  std::size_t wrong = 0;
  Event event{};
  for (int i = 0; i < 3'000; ++i) pair.push_at(random.below(kSecond) << random.below(20));
  for (int i = 0; i < 20'000; ++i) {
    const Event* next = pair.queue->peek();
    REQUIRE(next != nullptr);
    if (random.below(2) == 0) {  // into the gap before it
      const std::int64_t gap = next->time_ns - pair.queue->now_ns();
      pair.push_at(pair.queue->now_ns() + random.below(gap + 1));
      next = pair.queue->peek();
    }
    const Event seen = *next;
    if (!pair.pop_before(kNever, event) || !(event == seen)) ++wrong;
    pair.push_at(event.time_ns + random.below(kSecond));
  }
  CHECK(wrong == 0);
  CHECK(pair.differences == 0);
}

TEST_CASE("upcoming shows the events that pop next, in order") {
  Pair pair;
  Random random(14);
  for (int i = 0; i < 10'000; ++i) pair.push_at(random.below(kSecond));
  std::size_t shown = 0;
  std::size_t wrong = 0;
  Event event{};
  while (pair.pop_before(kNever, event)) {
    const auto ahead = pair.queue->upcoming(12);
    if (ahead.size() > 12) ++wrong;
    const std::vector<Event> expected(ahead.begin(), ahead.end());
    shown += expected.size();
    for (const Event& e : expected) {
      if (!pair.pop_before(kNever, event) || !(event == e)) ++wrong;
    }
  }
  CHECK(wrong == 0);
  CHECK(pair.differences == 0);
  CHECK(shown > 5'000);
}

TEST_CASE("the prefetch sees most events once, a bucket before they pop") {
  EventQueue queue;
  Random random(15);
  for (std::uint32_t i = 0; i < 20'000; ++i) queue.push({random.below(kSecond), i, i, 0, 0});
  std::vector<int> seen(20'000);
  std::size_t ahead = 0;
  Event event{};
  while (queue.pop_before(kNever, event, [&](const Event& e) { ++seen[e.src]; })) ahead += seen[event.src] == 1;
  CHECK(ahead > 19'000);
  CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times <= 2; }));
}

TEST_CASE("memory stays within fifty bytes an event and a mebibyte") {
  Pair pair;
  Random random(16);
  for (std::uint32_t i = 0; i < 100'000; ++i) pair.push_at(random.below(kSecond), i, i);
  pair.run(kNever, 500'000, [&](const Event& event) { pair.push_at(event.time_ns + kSecond, event.src, event.dst); });
  const std::size_t bound = 50 * pair.most_pending + (std::size_t{1} << 20);
  CHECK(pair.queue->memory_bytes() <= bound);
  pair.drain();
  CHECK(pair.queue->memory_bytes() <= bound);
  CHECK(pair.differences == 0);
}

TEST_CASE("filling and draining again and again takes no more memory than the first time") {
  EventQueue queue;
  Random random(17);
  Event event{};
  std::size_t after_third = 0;
  for (int round = 0; round < 20; ++round) {
    const std::int64_t now = queue.now_ns();
    for (std::uint32_t i = 0; i < 50'000; ++i) queue.push({now + random.below(kSecond), i, i, 0, 0});
    while (queue.pop(event)) {
    }
    if (round == 2) after_third = queue.memory_bytes();
  }
  CHECK(queue.memory_bytes() <= after_third + after_third / 8);
}

}  // namespace
}  // namespace hearsay::world
