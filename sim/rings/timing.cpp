#include "sim/rings/timing.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/random.hpp"

namespace hearsay::rings {

namespace {

std::vector<std::uint64_t> draw_hashes(std::uint64_t seed, std::size_t count) {
  RandomStream random(seed, Purpose::kWorkload);
  std::vector<std::uint64_t> hashes(count);
  for (std::uint64_t& hash : hashes) hash = random.next();
  return hashes;
}

// A line of /proc/self/status, in bytes.
std::optional<double> status_bytes(std::string_view name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return 1024 * std::stod(line.substr(name.size()));
  }
  return std::nullopt;
}

// What the process grew by at most while it did this.
template <class Work>
std::optional<double> peak_of(Work&& work) {
  constexpr double kSeen = 64 * 1024;
  malloc_trim(0);  // what is free and resident would not be seen when it is used
  std::ofstream reset("/proc/self/clear_refs");
  reset << 5 << std::flush;  // the peak is what there is now (proc_pid_clear_refs(5))
  const auto before = status_bytes("VmRSS:");
  if (!reset || !before) return std::nullopt;
  const auto made = work();
  const auto peak = status_bytes("VmHWM:");
  if (!peak || *peak - *before < kSeen) return std::nullopt;
  return *peak - *before;
}

using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point began) {
  return std::chrono::duration<double, std::nano>(Clock::now() - began).count();
}

// The shortest of several: what it takes when nothing else is in the way.
template <class Work>
double best_ns(int times, Work&& work) {
  double best = 1e300;
  for (int i = 0; i < times; ++i) {
    const auto began = Clock::now();
    work();
    best = std::min(best, ns_since(began));
  }
  return best;
}

// Something that the compiler must not leave out.
volatile std::uint64_t sink = 0;

}  // namespace

Speed time_ring(const Ring& ring, const MemberSet& set, const Placement& placement) {
  Speed speed;
  constexpr std::size_t kKeys = 1 << 14;
  const auto hashes = draw_hashes(7, kKeys);
  std::vector<NodeSlot> owners(kKeys);
  const auto each = [](double ns) { return ns / static_cast<double>(kKeys); };
  speed.batch_ns = each(best_ns(5, [&] { placement.lookup_batch(hashes, owners); }));
  speed.hot_ns = each(best_ns(5, [&] {
    std::uint64_t sum = 0;
    for (const std::uint64_t hash : hashes) sum += raw(placement.lookup(hash));
    sink = sum;
  }));
  speed.dependent_ns = each(best_ns(5, [&] {
    std::uint64_t last = 0;
    for (const std::uint64_t hash : hashes) last = raw(placement.lookup(hash ^ last));
    sink = last;
  }));

  // Larger than what a core has for itself. After each flush a few keys, far from each other in all but small rings.
  std::vector<std::uint64_t> other(std::size_t{4} << 17);
  constexpr std::size_t kFlushes = 128;
  constexpr std::size_t kAfterEach = 8;
  std::vector<double> cold;
  for (std::size_t i = 0; i < kFlushes; ++i) {
    for (std::size_t k = 0; k < other.size(); k += 8) other[k] += i;
    for (std::size_t k = 0; k < kAfterEach; ++k) {
      const auto began = Clock::now();
      sink = raw(placement.lookup(hashes[i * kAfterEach + k]));
      cold.push_back(ns_since(began));
    }
  }
  std::sort(cold.begin(), cold.end());
  speed.cold_ns = cold[cold.size() / 2];
  speed.cold_p99_ns = cold[cold.size() - 1 - cold.size() / 100];

  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 1024; ++i) keys.push_back(fmt::format("key-0000000-{}", 1000 + i));
  speed.hash_ns = best_ns(9,
                          [&] {
                            std::uint64_t sum = 0;
                            for (const std::string& key : keys) sum += ring.hash_key(key);
                            sink = sum;
                          }) /
                  1024;

  speed.build_ms = best_ns(3, [&] { sink = ring.place(set.list())->members(); }) / 1e6;
  const RingMember& mover = set.list()[set.size() / 2];
  MemberSet changing = set;
  const Change leave{Change::Kind::kLeave, {std::string(mover.name), mover.weight, mover.zone}};
  Change join = leave;
  join.kind = Change::Kind::kJoin;
  changing.apply(leave);
  std::shared_ptr<const Placement> without;
  speed.leave_us =
      best_ns(3, [&] { without = ring.apply(placement, changing.ring_change(leave), changing.list()); }) / 1e3;
  changing.apply(join);
  speed.join_us =
      best_ns(3, [&] { sink = ring.apply(*without, changing.ring_change(join), changing.list())->members(); }) / 1e3;
  if (const auto peak = peak_of([&] { return ring.place(set.list()); })) {
    speed.peak_bytes_a_member = *peak / static_cast<double>(set.size());
  }
  speed.bytes_a_member = static_cast<double>(placement.memory_bytes()) / static_cast<double>(set.size());
  return speed;
}

}  // namespace hearsay::rings
