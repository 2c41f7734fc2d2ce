// `hearsay bench expiry`: many items of one deadline in one node.
#include <fmt/format.h>
#include <malloc.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "cli/bench_cluster.hpp"
#include "cli/bench_load.hpp"
#include "cli/bench_report.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "cli/words.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/live_node.hpp"

namespace hearsay::cli {

namespace {

using transport::LiveNode;
using transport::Now;

// Items that stay, which are asked for meanwhile, and how often.
constexpr std::size_t kStaying = 100;
constexpr Duration kAskEvery = 50us;
// From before the deadline until after the last item is gone.
constexpr Duration kMargin = 200ms;
constexpr Duration kExpiryPatience = 60s;
constexpr std::size_t kAtOnce = 256;

// What is allocated, by the allocator's own account, and what the process has in memory.
struct Memory {
  double allocated = 0;
  double resident = 0;
};
Memory memory() {
  const struct mallinfo2 info = ::mallinfo2();
  Memory now{static_cast<double>(info.uordblks + info.hblkhd), 0};
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) now.resident = std::stod(line.substr(6)) * 1024;
  }
  return now;
}

// Counts the items that the node's store let go.
struct Gone {
  std::atomic<std::uint64_t> count{0};
  std::atomic<std::int64_t> first_ns{0};
  std::atomic<std::int64_t> last_ns{0};

  void observe(MonoTime at, const Observation& observation) {
    if (observation.kind != ObservationKind::kExpired) return;
    const std::int64_t ns = at.time_since_epoch().count();
    if (first_ns.load(std::memory_order_relaxed) == 0) first_ns.store(ns, std::memory_order_relaxed);
    last_ns.store(ns, std::memory_order_relaxed);
    count.fetch_add(1, std::memory_order_release);
  }
};

Result<void> put(LiveNode& node, std::span<const std::string> keys, std::uint64_t value_bytes, MonoTime deadline) {
  const Bytes value(std::string(value_bytes, 'v'));
  for (std::size_t begin = 0; begin < keys.size() && !was_interrupted(); begin += kAtOnce) {
    std::vector<Request> requests;
    requests.reserve(kAtOnce);
    Duration ttl{0};
    if (deadline != MonoTime::max()) {
      ttl = deadline - Now::read_mono();
      if (ttl <= Duration::zero()) {
        return invalid(fmt::format("--ttl: over before all was put ({} of {}); take a longer one", begin, keys.size()));
      }
    }
    for (const std::string& key : keys.subspan(begin, std::min(kAtOnce, keys.size() - begin))) {
      // Each has a value of its own, as of items that came from outside.
      requests.push_back({{}, OpKind::kPut, key, Bytes(value.view()), ttl});
    }
    for (const Result<Reply>& reply : node.call_each(std::move(requests), 10s)) {
      if (!reply) return tl::unexpected(reply.error());
      if (!reply->ok) return fail(reply->error, "a put was refused");
    }
  }
  return {};
}

struct Found {
  Duration first{0};  // after the deadline
  Duration last{0};
  Histogram gets;
  std::uint64_t gone = 0;
  Memory empty, full, after;
  Duration filling{0};
};

Result<Found> measure(const BenchExpirySettings& settings) {
  Gone gone;
  transport::NodeOptions options = node_options({});
  options.observe = [&gone](MonoTime at, const Observation& observation, const Directory&) {
    gone.observe(at, observation);
  };
  auto composition = make_composition({});
  if (!composition) return tl::unexpected(composition.error());
  auto node = LiveNode::open(options, std::move(*composition));
  if (!node) return tl::unexpected(node.error());
  if (auto ready = (*node)->wait_ready(kExpiryPatience); !ready) return tl::unexpected(ready.error());

  const std::vector<std::string> keys = bench_keys(settings.keys);
  std::vector<std::string> staying;
  for (std::size_t i = 0; i < kStaying; ++i) staying.push_back(fmt::format("stays:{}", i));
  if (auto done = put(**node, staying, settings.value_bytes, MonoTime::max()); !done)
    return tl::unexpected(done.error());

  Found found;
  found.empty = memory();
  const MonoTime begin = Now::read_mono();
  const MonoTime deadline = begin + settings.ttl;
  if (auto done = put(**node, keys, settings.value_bytes, deadline); !done) return tl::unexpected(done.error());
  found.filling = Now::read_mono() - begin;
  found.full = memory();
  while (Now::read_mono() < deadline - kMargin && !was_interrupted()) std::this_thread::sleep_for(1ms);
  MonoTime end = MonoTime::max();
  for (std::size_t i = 0; Now::read_mono() < end && !was_interrupted(); ++i) {
    const MonoTime asked = Now::read_mono();
    const auto lookup = (*node)->read(staying[i % kStaying]);
    found.gets.record(Now::read_mono() - asked);
    if (!lookup || !lookup->live()) return fail(ErrorCode::kInternal, "an item without a deadline is gone");
    if (end == MonoTime::max() && gone.count.load(std::memory_order_acquire) == keys.size()) end = asked + kMargin;
    if (asked > deadline + kExpiryPatience) return fail(ErrorCode::kTimeout, "not all items were gone after a minute");
    std::this_thread::sleep_for(kAskEvery);
  }
  found.gone = gone.count.load(std::memory_order_acquire);
  const auto at = [&](const std::atomic<std::int64_t>& ns) { return MonoTime(Duration(ns.load())) - deadline; };
  found.first = at(gone.first_ns);
  found.last = at(gone.last_ns);
  found.after = memory();
  return found;
}

}  // namespace

int bench_expiry(const BenchExpirySettings& settings) {
  if (settings.pin) {
    if (auto pinned = pin_to(*settings.pin); !pinned) return failed(pinned.error());
  }
  const SignalGuard guard;
  const auto found = measure(settings);
  if (!found) return failed(found.error());
  if (was_interrupted()) return kInterrupted;
  const auto n = static_cast<double>(settings.keys);
  const double payload = static_cast<double>(bench_keys(1).front().size() + settings.value_bytes);
  const double allocated = (found->full.allocated - found->empty.allocated) / n;
  const double resident = (found->full.resident - found->empty.resident) / n;
  const double left = (found->after.allocated - found->empty.allocated) / n;
  const auto ms = [](Duration value) { return std::chrono::duration<double, std::milli>(value).count(); };
  std::string text;
  if (settings.json) {
    const auto last_ns = static_cast<double>(found->last.count());
    nlohmann::ordered_json benchmarks = nlohmann::ordered_json::array();
    benchmarks.push_back(benchmark_json(fmt::format("expiry/{}", settings.keys), 1, last_ns, last_ns,
                                        {{"gone", static_cast<double>(found->gone)},
                                         {"first_gone_ms", ms(found->first)},
                                         {"all_gone_ms", ms(found->last)},
                                         {"gets", static_cast<double>(found->gets.count())},
                                         {"longest_get_ms", ms(found->gets.max())},
                                         {"p99_get_ms", ms(found->gets.quantile(0.99))},
                                         {"bytes_beside_key_and_value", allocated - payload},
                                         {"resident_beside_key_and_value", resident - payload},
                                         {"bytes_left_of_each", left}}));
    text = document(std::move(benchmarks), {});
  } else {
    text = fmt::format("{} of one deadline, put in {}; values of {} B\n\n", counted(settings.keys, "key"),
                       human_duration(found->filling), settings.value_bytes);
    text += table_text(
        {{"", "measured"},
         {"first gone, ms after the deadline", number_text(ms(found->first))},
         {"all gone, ms after the deadline", number_text(ms(found->last))},
         {"longest get meanwhile, ms", number_text(ms(found->gets.max()))},
         {fmt::format("p99 of {} gets, ms", found->gets.count()), number_text(ms(found->gets.quantile(0.99)))},
         {"bytes an item beside key and value, allocated", number_text(allocated - payload)},
         {"the same, by what the process grew", number_text(resident - payload)},
         {"bytes allocated of each when it is gone (its tombstone)", number_text(left)}});
    text += "\nRedis, measured once on another machine: half of 500,000 keys gone after 890 ms, all after 1950 ms\n";
  }
  return print_or_fail(text);
}

}  // namespace hearsay::cli
