#include "sim/measure/statistics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/student.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/results_io.hpp"

namespace hearsay::measure {
namespace {

Results run_of(std::uint64_t seed, std::optional<double> value, bool censored = false) {
  Results results;
  results.seed = seed;
  results.metrics.push_back({"convergence_s[cut]", value, censored, "64 nodes"});
  return results;
}

TEST_CASE("a quantile is an observed value and needs its population") {
  Samples samples;
  for (int i = 99; i >= 1; --i) samples.add(Duration(1s) * i);
  Distribution d = samples.distribution();
  CHECK(*d.median == doctest::Approx(50));
  CHECK(*d.p90 == doctest::Approx(90));
  CHECK_FALSE(d.p99);
  samples.add(100s);
  d = samples.distribution();
  CHECK(*d.p99 == doctest::Approx(99));
  CHECK(*d.mean == doctest::Approx(50.5));
  CHECK(*d.max == doctest::Approx(100));
  CHECK_FALSE(d.p999);
}

TEST_CASE("there is no p90 of fewer than ten") {
  Samples samples;
  for (int i = 1; i <= 9; ++i) samples.add(Duration(1s) * i);
  CHECK_FALSE(samples.distribution().p90);
  samples.add(10s);
  CHECK(*samples.distribution().p90 == doctest::Approx(9));
}

TEST_CASE("a censored sample ranks above all known ones, and what its rank reaches was not observed") {
  Samples samples;
  for (int i = 1; i <= 9; ++i) samples.add(Duration(1s) * i);
  samples.add(2s, true);
  const Distribution d = samples.distribution();
  CHECK(d.censored == 1);
  CHECK(*d.median == doctest::Approx(5));
  CHECK(*d.p90 == doctest::Approx(9));
  CHECK_FALSE(d.max);
  CHECK_FALSE(d.mean);
  CHECK(*samples.bounds().max == doctest::Approx(9));
}

TEST_CASE("there is a median only when more than half were seen to their end") {
  Samples samples;
  for (int i = 0; i < 24; ++i) samples.add(Duration(1s) * (5 + i));
  for (int i = 0; i < 33; ++i) samples.add(300ms, true);
  const Distribution d = samples.distribution();
  CHECK(*d.min == doctest::Approx(5));
  CHECK_FALSE(d.median);
  // That half of them took more than 0.3 s is true, and says less than the fastest that was seen.
  CHECK_FALSE(samples.bounds().median);
  CHECK(*samples.bounds().max == doctest::Approx(28));

  Samples none;
  for (int i = 0; i < 16; ++i) none.add(2s, true);
  CHECK_FALSE(none.distribution().min);
  CHECK_FALSE(none.distribution().median);
  CHECK(*none.bounds().median == doctest::Approx(2));
}

TEST_CASE("a figure that was not observed is null beside its bound and the number of those cut off") {
  Samples samples;
  samples.add(3s);
  samples.add(7s, true);
  samples.add(9s, true);
  Results results;
  Report(results).distribution("full_detection_*_s", samples, "deaths");
  std::ranges::sort(results.metrics, {}, &Metric::name);
  const auto metrics = to_json(results)["metrics"];
  CHECK(metrics["full_detection_min_s"]["value"] == 3.0);
  const auto& median = metrics["full_detection_median_s"];
  CHECK(median["value"].is_null());
  CHECK(median["censored"] == true);
  CHECK(median["at_least"] == 7.0);
  CHECK(median["censored_count"] == 2);
  CHECK(median["of"] == "3 deaths, 2 censored");
}

TEST_CASE("more samples than are kept leave exact extremes and quantiles of a part") {
  Samples samples;
  const std::uint64_t n = 3 * Samples::kMaxKept;
  for (std::uint64_t i = 1; i <= n; ++i) samples.add(Duration(static_cast<std::int64_t>(i) * 1'000'000));
  const Distribution d = samples.distribution(1000.0);
  CHECK(d.count == n);
  CHECK(*d.min == doctest::Approx(1));
  CHECK(*d.max == doctest::Approx(static_cast<double>(n)));
  CHECK(*d.median == doctest::Approx(static_cast<double>(n) / 2).epsilon(0.001));
}

TEST_CASE("Student's t has the values of the tables") {
  CHECK(student_t975(1) == doctest::Approx(12.706).epsilon(0.0001));
  CHECK(student_t975(9) == doctest::Approx(2.262).epsilon(0.0005));
  CHECK(student_t975(40) == doctest::Approx(2.0211).epsilon(0.0005));
  CHECK(student_t975(100) == doctest::Approx(1.9840).epsilon(0.0005));
  CHECK(student_t975(1000) == doctest::Approx(1.9623).epsilon(0.0005));
}

TEST_CASE("a summary of runs has mean, deviation and interval, and counts censored runs apart") {
  const auto summary = summarise({run_of(3, 3.0), run_of(1, 1.0), run_of(2, 2.0), run_of(4, 9.0, true), run_of(5, {})});
  REQUIRE(summary.size() == 1);
  CHECK(summary[0].runs == 4);
  CHECK(summary[0].censored == 1);
  CHECK(summary[0].mean == doctest::Approx(2));
  CHECK(summary[0].sd == doctest::Approx(1));
  CHECK(*summary[0].ci_high == doctest::Approx(2 + 4.3027 / 1.7320508));
}

TEST_CASE("a run that was cut off ranks above the others in the median of runs") {
  const auto summary = summarise({run_of(1, 1.0), run_of(2, 2.0), run_of(3, 0.5, true), run_of(4, {}, true)});
  CHECK(summary[0].runs == 4);
  CHECK(*summary[0].median == 2.0);
  CHECK_FALSE(summary[0].max);
  const auto most = summarise({run_of(1, 1.0), run_of(2, 0.5, true), run_of(3, 0.5, true)});
  CHECK_FALSE(most[0].median);
}

TEST_CASE("an interval of a share stays between nothing and all, and no interval goes below zero") {
  const auto share = [](std::uint64_t seed, double value) {
    Results results;
    results.seed = seed;
    results.metrics.push_back({"availability_share[load]", value, false, "9 requests"});
    return results;
  };
  const auto high = summarise({share(1, 1.0), share(2, 0.97)});
  CHECK(*high[0].ci_high == 1.0);
  CHECK(*high[0].ci_low > 0.7);
  const auto low = summarise({share(1, 0.0), share(2, 0.02)});
  CHECK(*low[0].ci_low == 0.0);
  const auto times = summarise({run_of(1, 0.5), run_of(2, 9.0)});
  CHECK(*times[0].ci_low == 0.0);
  CHECK(*times[0].ci_high > 9.0);
}

TEST_CASE("a metric that was cut off in every run has no figures") {
  const auto summary = summarise({run_of(1, 3.0, true), run_of(2, 4.0, true)});
  const auto json = to_json(summary)["metrics"]["convergence_s[cut]"];
  CHECK(json["runs"] == 2);
  CHECK(json["censored"] == 2);
  for (const char* figure : {"mean", "sd", "min", "median", "p90", "max", "ci95_low", "ci95_high"}) {
    CHECK_MESSAGE((json.contains(figure) && json[figure].is_null()), figure);
  }
  CHECK(to_json(summarise({run_of(1, 3.0)}))["metrics"]["convergence_s[cut]"]["mean"] == 3.0);
}

TEST_CASE("the order in which runs finish changes no bit of their summary") {
  const auto forth = summarise({run_of(1, 0.1), run_of(2, 0.7), run_of(3, 1e9)});
  const auto back = summarise({run_of(3, 1e9), run_of(2, 0.7), run_of(1, 0.1)});
  CHECK(forth[0].mean == back[0].mean);
  CHECK(forth[0].sd == back[0].sd);
}

}  // namespace
}  // namespace hearsay::measure
