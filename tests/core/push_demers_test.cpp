// Tables 1 and 2 of Demers et al. 1987 through the whole strategy: n = 1000, one rumor, the residue s (the share that
// never hears it), the traffic m (updates sent / n) and t_last (cycles until the last one hears it), against the
// published figures.
//
// Synchronous cycles: aligned phases, and a latency that is short against the period, so that the answers of a cycle
// are in before the next. A figure passes when it is within the published rounding and four standard errors of the
// mean.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/dissemination/push.hpp"
#include "core/membership/static.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/news.hpp"
#include "tests/support/stubs.hpp"

namespace hearsay {
namespace {

using test::Heard;
using test::Loopback;

constexpr std::uint32_t kSites = 1000;
constexpr Duration kCycle = 1s;

// Sanitizers make it thirty times slower: fewer runs and rows walk the same code.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEARSAY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEARSAY_SANITIZED 1
#endif
#endif
#ifdef HEARSAY_SANITIZED
constexpr int kRuns = 8;
constexpr std::int64_t kRows = 1;
#else
constexpr int kRuns = 40;
constexpr std::int64_t kRows = 5;
#endif

struct Sample {
  double sum = 0;
  double squares = 0;
  int count = 0;
  void add(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  double mean() const { return sum / count; }
  double error() const { return std::sqrt(std::max(0.0, squares / count - mean() * mean()) / (count - 1)); }
};

struct Figures {
  Sample residue;
  Sample traffic;
  Sample last;
};

Figures measure(int stop, std::int64_t k) {
  PushParams params;
  params.fanout = 1;
  params.period = kCycle;
  params.stop = stop;
  params.k = k;
  params.phase = PushParams::kAligned;
  params.window = 1024;
  Loopback net(
      test::compose(std::make_shared<StaticMembership>(), std::make_shared<Push>(params),
                    std::make_shared<test::Newsroom>()),
      {.nodes = kSites, .seed = static_cast<std::uint64_t>(100 * stop + k), .latency_min = 1ms, .latency_max = 1ms});
  net.start_all();
  Figures figures;
  std::uint64_t sent = 0;
  for (int run = 1; run <= kRuns; ++run) {
    const NodeSlot origin{static_cast<std::uint32_t>(run)};
    const std::int64_t started = net.now().time_since_epoch() / kCycle;
    net.request(origin, test::news(static_cast<std::uint64_t>(run)));
    net.run_for(400 * kCycle);
    std::uint32_t heard = 1;
    std::int64_t last = 0;
    for (std::uint32_t i = 0; i < kSites; ++i) {
      const auto& entries = net.state<Heard>(NodeSlot{i}, Role::kReplication).entries;
      if (entries.empty() || entries.back().number != static_cast<std::uint64_t>(run)) continue;
      ++heard;
      const Duration ago = net.mono(NodeSlot{i}) - entries.back().at;
      last = std::max(last, (net.now().time_since_epoch() - ago) / kCycle - started);
    }
    figures.residue.add(1 - heard / static_cast<double>(kSites));
    const std::uint64_t total = net.counters("push.Rumors").sent;
    figures.traffic.add(static_cast<double>(total - sent) / kSites);
    sent = total;
    figures.last.add(static_cast<double>(last));
  }
  return figures;
}

// `digit`: the last one published.
void check(const Sample& measured, double published, double digit) {
  CAPTURE(measured.mean());
  CAPTURE(measured.error());
  CAPTURE(published);
  CHECK(std::abs(measured.mean() - published) <= digit / 2 + 4 * measured.error());
}

TEST_CASE("Demers 1987, Table 1: push, feedback, counter") {
  const struct {
    double s, s_digit, m, last;
  } table[] = {{.18, .01, 1.7, 16.8},
               {.037, .001, 3.3, 16.9},
               {.011, .001, 4.5, 17.4},
               {.0036, .0001, 5.6, 17.5},
               {.0012, .0001, 6.7, 17.7}};
  for (std::int64_t k = 1; k <= kRows; ++k) {
    CAPTURE(k);
    const auto& row = table[k - 1];
    const Figures figures = measure(PushParams::kFeedbackCounter, k);
    check(figures.residue, row.s, row.s_digit);
    check(figures.traffic, row.m, .1);
    check(figures.last, row.last, .1);
  }
}

TEST_CASE("Demers 1987, Table 2: push, blind, coin") {
  const struct {
    double s, s_digit, m, m_digit, last;
  } table[] = {{.96, .01, .04, .01, 38},
               {.20, .01, 1.6, .1, 33},
               {.060, .001, 2.8, .1, 32},
               {.021, .001, 3.9, .1, 32},
               {.008, .001, 4.9, .1, 32}};
  for (std::int64_t k = 1; k <= kRows; ++k) {
    CAPTURE(k);
    const auto& row = table[k - 1];
    const Figures figures = measure(PushParams::kBlindCoin, k);
    check(figures.residue, row.s, row.s_digit);
    check(figures.traffic, row.m, row.m_digit);
    check(figures.last, row.last, 1);
  }
}

}  // namespace
}  // namespace hearsay
