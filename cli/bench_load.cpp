#include "cli/bench_load.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <latch>
#include <system_error>
#include <thread>
#include <vector>

#include "cli/interrupt.hpp"
#include "core/base/random.hpp"
#include "core/base/samplers.hpp"

namespace hearsay::cli {

namespace {

using Clock = std::chrono::steady_clock;
using Instant = std::chrono::time_point<Clock, Duration>;

Instant now() { return std::chrono::time_point_cast<Duration>(Clock::now()); }

double thread_cpu_s() {
  timespec at{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

enum class Kind : std::uint8_t { kGet, kMiss, kPut };
struct Op {
  std::uint32_t key = 0;
  Kind kind{};
};

// What a thread is going to do, over and over: drawn before, so that drawing takes no time of the calls. Several times
// as long as there are keys, up to 32 MiB.
std::vector<Op> draw_ops(std::uint64_t keys, const Load& load, std::uint64_t thread) {
  constexpr std::uint64_t kLeast = 1 << 14;
  constexpr std::uint64_t kMost = 1 << 22;
  std::vector<Op> ops(std::clamp(std::bit_ceil(4 * keys), kLeast, kMost));
  RandomStream draws(1, Purpose::kWorkload, thread);
  // Within its bounds, so that it is there.
  const auto zipf = Zipf::of(keys, load.zipf.value_or(0));
  for (Op& op : ops) {
    op.key = static_cast<std::uint32_t>(load.zipf && zipf ? zipf->sample(draws.block()) - 1 : draws.below(keys));
    if (draws.unit() >= load.read_share) {
      op.kind = Kind::kPut;
    } else {
      op.kind = draws.unit() < load.miss_share ? Kind::kMiss : Kind::kGet;
    }
  }
  return ops;
}

class Caller {
 public:
  Caller(Kv& kv, std::span<const std::string> keys, const Load& load, std::uint64_t thread)
      : kv_(kv),
        keys_(keys),
        load_(load),
        ops_(draw_ops(keys.size(), load, thread)),
        gaps_(2, Purpose::kWorkload, thread) {
    asked_.resize(load.batch);
    items_.resize(load.batch);
    for (Item& item : items_) item = {{}, std::string(load.value_bytes, 'v'), load.ttl};
  }

  void run(Instant begin) {
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // of the 50 us that a sleep may last too long
    const double cpu = thread_cpu_s();
    const Instant end = begin + load_.span;
    Instant due = begin;
    for (Instant at = begin; at < end && !was_interrupted();) {
      if (load_.rate > 0) {
        due += gap();
        if (due >= end) break;
        if (due > at) {
          std::this_thread::sleep_until(due);
          at = now();
        }
      }
      LoadFigures& figures = call(ops_[next_]);
      const Instant answered = now();
      figures.latency.record(answered - (load_.is_open ? due : at));
      at = answered;
    }
    if (load_.is_open && load_.rate > 0 && !was_interrupted()) {
      // As many as are to be expected of the rate: to draw them one by one could take as long again.
      result.not_made = static_cast<std::uint64_t>(static_cast<double>(std::max<std::int64_t>(0, (end - due).count())) /
                                                   mean_gap_ns());
    }
    result.elapsed_s = std::chrono::duration<double>(now() - begin).count();
    result.cpu_s = thread_cpu_s() - cpu;
  }

  LoadResult result;

 private:
  double mean_gap_ns() const { return 1e9 * load_.threads / load_.rate; }
  Duration gap() {
    const double mean = mean_gap_ns();
    return Duration(static_cast<std::int64_t>(load_.is_open ? sample_exponential(gaps_.next(), mean) : mean));
  }

  std::size_t step() {
    const std::size_t at = next_;
    next_ = (next_ + 1) & (ops_.size() - 1);
    return at;
  }

  LoadFigures& call(const Op& first) {
    if (first.kind == Kind::kPut) {
      put();
      return result.puts;
    }
    get();
    return result.gets;
  }

  void name(std::string& into, const Op& op) {
    into = keys_[op.key];
    if (op.kind == Kind::kMiss) into += '?';
  }

  // A batch is of one kind, its first's; the others give their keys alone.
  void get() {
    for (std::string& key : asked_) name(key, ops_[step()]);
    if (load_.batch == 1) return count(result.gets, asked_[0], kv_.get(asked_[0]));
    const auto found = kv_.get_many(asked_);
    for (std::size_t i = 0; i < found.size(); ++i) count(result.gets, asked_[i], found[i]);
  }
  void put() {
    for (Item& item : items_) item.key = keys_[ops_[step()].key];
    if (load_.batch == 1) return count(result.puts, items_[0], kv_.put(items_[0]));
    const auto done = kv_.put_many(items_);
    for (std::size_t i = 0; i < done.size(); ++i) count(result.puts, items_[i], done[i]);
  }

  void count(LoadFigures& figures, const std::string& key, const Result<Item>& item) {
    if (item) {
      ++figures.hits;
      figures.bytes += key.size() + item->value.size();
    } else if (item.error().code == ErrorCode::kNotFound) {
      ++figures.misses;
    } else {
      failed(figures, item.error());
    }
  }
  void count(LoadFigures& figures, const Item& item, const Result<void>& done) {
    if (!done) return failed(figures, done.error());
    ++figures.hits;
    figures.bytes += item.key.size() + item.value.size();
  }
  void failed(LoadFigures& figures, const Error& error) {
    ++figures.errors;
    if (!result.first_error) result.first_error = error;
  }

  Kv& kv_;
  std::span<const std::string> keys_;
  const Load& load_;
  std::vector<Op> ops_;
  std::size_t next_ = 0;
  RandomStream gaps_;
  std::vector<std::string> asked_;
  std::vector<Item> items_;
};

}  // namespace

void LoadFigures::merge(const LoadFigures& other) {
  latency.merge(other.latency);
  hits += other.hits;
  misses += other.misses;
  errors += other.errors;
  bytes += other.bytes;
}

LoadFigures LoadResult::all() const {
  LoadFigures both = gets;
  both.merge(puts);
  return both;
}

Result<LoadResult> run_load(Kv& kv, std::span<const std::string> keys, const Load& load) {
  std::vector<Caller> callers;
  callers.reserve(load.threads);
  for (std::uint32_t i = 0; i < load.threads; ++i) callers.emplace_back(kv, keys, load, i);
  std::latch ready(load.threads);
  std::atomic<bool> given_up{false};
  std::vector<std::thread> threads;
  threads.reserve(load.threads);
  try {
    for (Caller& caller : callers) {
      threads.emplace_back([&caller, &ready, &given_up] {
        ready.arrive_and_wait();
        if (!given_up) caller.run(now());
      });
    }
  } catch (const std::system_error&) {
    given_up = true;
    ready.count_down(static_cast<std::ptrdiff_t>(callers.size() - threads.size()));
  }
  for (std::thread& thread : threads) thread.join();
  if (given_up) {
    return fail(ErrorCode::kUnavailable, fmt::format("the system grants {} of {} threads; take fewer (--threads), or "
                                                     "raise the limit (ulimit -u)",
                                                     threads.size(), callers.size()));
  }
  LoadResult all;
  for (Caller& caller : callers) {
    all.gets.merge(caller.result.gets);
    all.puts.merge(caller.result.puts);
    all.elapsed_s = std::max(all.elapsed_s, caller.result.elapsed_s);
    all.cpu_s += caller.result.cpu_s;
    all.not_made += caller.result.not_made;
    if (!all.first_error) all.first_error = caller.result.first_error;
  }
  return all;
}

std::vector<std::string> bench_keys(std::uint64_t count) {
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) keys.push_back(fmt::format("bench:{:07}", i));
  return keys;
}

Result<void> put_all(Kv& kv, std::span<const std::string> keys, std::uint64_t value_bytes, Duration ttl) {
  constexpr std::size_t kItemsAtOnce = 256;
  constexpr std::size_t kBytesAtOnce = std::size_t{1} << 20;
  const std::size_t at_once = std::clamp<std::size_t>(kBytesAtOnce / (value_bytes + 1), 1, kItemsAtOnce);
  std::vector<Item> items;
  for (std::size_t begin = 0; begin < keys.size() && !was_interrupted(); begin += at_once) {
    const auto some = keys.subspan(begin, std::min(at_once, keys.size() - begin));
    items.resize(some.size());
    for (std::size_t i = 0; i < some.size(); ++i) items[i] = {some[i], std::string(value_bytes, 'v'), ttl};
    for (const Result<void>& done : kv.put_many(items)) {
      if (!done) return done;
    }
  }
  return {};
}

}  // namespace hearsay::cli
