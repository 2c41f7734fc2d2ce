#include "cli/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"

using namespace hearsay;
using cli::Histogram;

TEST_CASE("a histogram of nothing is all zeros") {
  const Histogram none;
  CHECK(none.count() == 0);
  CHECK(none.min() == 0ns);
  CHECK(none.max() == 0ns);
  CHECK(none.mean_ns() == 0);
  CHECK(none.quantile(0.5) == 0ns);
}

TEST_CASE("a histogram is exact below two microseconds") {
  Histogram some;
  for (int i = 1; i <= 1000; ++i) some.record(Duration(i));
  CHECK(some.count() == 1000);
  CHECK(some.min() == 1ns);
  CHECK(some.max() == 1us);
  CHECK(some.mean_ns() == doctest::Approx(500.5));
  CHECK(some.quantile(0) == 1ns);
  CHECK(some.quantile(0.5) == 500ns);
  CHECK(some.quantile(0.999) == 999ns);
  CHECK(some.quantile(1) == 1us);
}

TEST_CASE("a histogram's quantiles have three digits at every size") {
  std::vector<Duration> values;
  Histogram some;
  RandomStream draws(7, Purpose::kTest);
  for (int i = 0; i < 20'000; ++i) {
    // Nanoseconds to half an hour, as many in each octave.
    const auto value = Duration(static_cast<std::int64_t>(std::exp2(1 + 39.5 * draws.unit())));
    values.push_back(value);
    some.record(value);
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.001, 0.01, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    CAPTURE(q);
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(values[rank - 1].count());
    const auto told = static_cast<double>(some.quantile(q).count());
    CHECK(told >= exact);
    CHECK(told <= exact * 1.001);
  }
}

TEST_CASE("what is beyond a histogram's range counts as its end and is told as the greatest") {
  Histogram some;
  some.record(-5ns);
  some.record(24h);
  CHECK(some.count() == 2);
  CHECK(some.min() == 0ns);
  CHECK(some.quantile(0.5) == 0ns);
  CHECK(some.max() == 24h);
  CHECK(some.quantile(1) == Histogram::kMost);
}

TEST_CASE("merged histograms are one of all values") {
  Histogram one;
  Histogram other;
  Histogram both;
  for (int i = 0; i < 5000; ++i) {
    (i % 3 == 0 ? one : other).record(Duration(i * 37));
    both.record(Duration(i * 37));
  }
  one.merge(other);
  CHECK(one.count() == both.count());
  CHECK(one.min() == both.min());
  CHECK(one.max() == both.max());
  CHECK(one.mean_ns() == doctest::Approx(both.mean_ns()));
  for (const double q : {0.1, 0.5, 0.99}) CHECK(one.quantile(q) == both.quantile(q));
}

TEST_CASE("coordinated omission is corrected by what would have waited") {
  Histogram some;
  some.record(1us, 99);
  some.record(100us);
  const Histogram corrected = some.corrected(10us);
  // 90, 80, ... 10 us beside the 100.
  CHECK(corrected.count() == 109);
  CHECK(corrected.max() == 100us);
  CHECK(corrected.quantile(99.0 / 109) == 1us);
  CHECK(corrected.quantile(100.0 / 109) >= 10us);
  CHECK(corrected.quantile(100.0 / 109) <= 10us + 20ns);
  CHECK(some.corrected(1ms).count() == some.count());
}
