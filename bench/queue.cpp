// The event queue alone, under the load of push gossip: N nodes, each with a timer of period 1 s and a random phase;
// a tick sends one message with a latency of 10 to 100 ms, whose arrival causes nothing more. Beside it the same load
// on two heaps under the same total order. The items are events popped.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "sim/world/event_queue.hpp"

namespace {

using hearsay::world::Event;
using hearsay::world::kMessageBit;
using hearsay::world::precedes;

constexpr std::int64_t kPeriodNs = 1'000'000'000;
constexpr std::uint64_t kMinLatencyNs = 10'000'000;
constexpr std::uint64_t kLatencyRangeNs = 90'000'000;
constexpr std::int64_t kEventsAnIteration = 10'000;

// SplitMix64: the load must cost next to nothing beside the queue.
class Random {
 public:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E37'79B9'7F4A'7C15u;
    z = (z ^ z >> 30) * 0xBF58'476D'1CE4'E5B9u;
    z = (z ^ z >> 27) * 0x94D0'49BB'1331'11EBu;
    return z ^ z >> 31;
  }
  static std::uint32_t scaled(std::uint32_t draw, std::uint64_t bound) {
    return static_cast<std::uint32_t>(draw * bound >> 32);
  }

 private:
  std::uint64_t state_ = 1;
};

class Wheel {
 public:
  void push(const Event& event) { queue_.push(event); }
  bool pop(Event& event) { return queue_.pop_before(INT64_MAX, event); }
  std::size_t memory_bytes() const { return queue_.memory_bytes(); }
  std::size_t size() const { return queue_.size(); }

 private:
  hearsay::world::EventQueue queue_;
};

struct Later {
  bool operator()(const Event& a, const Event& b) const { return precedes(b, a); }
};

class BinaryHeap {
 public:
  void push(const Event& event) { queue_.push(event); }
  bool pop(Event& event) {
    event = queue_.top();
    queue_.pop();
    return true;
  }
  std::size_t memory_bytes() const { return queue_.size() * sizeof(Event); }
  std::size_t size() const { return queue_.size(); }

 private:
  std::priority_queue<Event, std::vector<Event>, Later> queue_;
};

class QuaternaryHeap {
 public:
  void push(const Event& event) {
    heap_.push_back(event);
    std::size_t at = heap_.size() - 1;
    while (at > 0 && precedes(event, heap_[(at - 1) / 4])) {
      heap_[at] = heap_[(at - 1) / 4];
      at = (at - 1) / 4;
    }
    heap_[at] = event;
  }
  bool pop(Event& event) {
    event = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    std::size_t at = 0;
    for (std::size_t child = 1; child < heap_.size(); child = 4 * at + 1) {
      std::size_t best = child;
      const std::size_t end = child + 4 < heap_.size() ? child + 4 : heap_.size();
      for (std::size_t i = child + 1; i < end; ++i) {
        if (precedes(heap_[i], heap_[best])) best = i;
      }
      if (!precedes(heap_[best], last)) break;
      heap_[at] = heap_[best];
      at = best;
    }
    if (!heap_.empty()) heap_[at] = last;
    return true;
  }
  std::size_t memory_bytes() const { return heap_.capacity() * sizeof(Event); }
  std::size_t size() const { return heap_.size(); }

 private:
  std::vector<Event> heap_;
};

template <class Queue>
void push_gossip(benchmark::State& state) {
  const auto nodes = static_cast<std::uint32_t>(state.range(0));
  auto queue = std::make_unique<Queue>();
  Random random;
  for (std::uint32_t node = 0; node < nodes; ++node) {
    const auto phase = static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(kPeriodNs));
    queue->push({phase, node, node, 0, 0});
  }
  Event event{};
  const auto step = [&] {
    queue->pop(event);
    if (hearsay::world::is_message(event)) return;
    const std::uint64_t draw = random.next();
    const std::uint32_t to = Random::scaled(static_cast<std::uint32_t>(draw >> 32), nodes);
    const std::uint64_t latency = kMinLatencyNs + ((draw & 0xFFFF'FFFFu) * kLatencyRangeNs >> 32);
    queue->push({event.time_ns + static_cast<std::int64_t>(latency), event.src, to, event.seq + 1, kMessageBit});
    queue->push({event.time_ns + kPeriodNs, event.src, event.src, event.seq + 2, 0});
  };
  // Three periods until the load is steady and the wheel is tuned to it.
  for (std::uint64_t i = 0; i < std::uint64_t{6} * nodes; ++i) step();
  for (auto _ : state) {
    for (std::int64_t i = 0; i < kEventsAnIteration; ++i) step();
    benchmark::DoNotOptimize(event);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kEventsAnIteration);
  state.counters["bytes_a_pending"] = static_cast<double>(queue->memory_bytes()) / static_cast<double>(queue->size());
}

BENCHMARK_TEMPLATE(push_gossip, Wheel)->RangeMultiplier(10)->Range(1000, 1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(push_gossip, BinaryHeap)->RangeMultiplier(10)->Range(1000, 1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(push_gossip, QuaternaryHeap)
    ->RangeMultiplier(10)
    ->Range(1000, 1'000'000)
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
