#include "sim/measure/expectation.hpp"

#include <doctest/doctest.h>

#include "sim/measure/figure_text.hpp"
#include "sim/measure/results_io.hpp"
#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

TEST_CASE("bounds hold for values alone: what is censored, absent or unknown fails") {
  Results results;
  results.metrics = {{"a_s", 12.5, false, "64 nodes"},
                     {"b_s", 3.0, true, "64 nodes"},
                     {"c_s", {}, false, "0 gets"},
                     {"e_s", {}, true, "9 deaths, 6 censored", 9, 6}};
  const std::vector<InvariantResult> invariants = {
      {"no_stale_read", true, ""}, {"never_early", true, "3 early expiries"}, {"no_resurrection", false, ""}};
  struct Row {
    const char* metric;
    std::optional<double> min, max;
    bool held;
    const char* measured;
  };
  const Row rows[] = {{"a_s", {}, 12.5, true, "12.5 s"},
                      {"a_s", {}, 12.4, false, "12.5 s"},
                      {"a_s", 12.5, {}, true, "12.5 s"},
                      {"a_s", 13.0, 20.0, false, "12.5 s"},
                      {"b_s", {}, 100.0, false, "censored at 3 s"},
                      {"c_s", {}, 100.0, false, "no value (0 gets)"},
                      {"e_s", {}, 100.0, false, "censored (9 deaths, 6 censored)"},
                      {"d_s", {}, 100.0, false, "not measured"},
                      {"no_stale_read", {}, {}, true, "held"},
                      {"never_early", {}, {}, false, "3 early expiries"},
                      {"no_resurrection", {}, {}, false, "not measured"},
                      {"views_agree_at_end", {}, {}, false, "not measured"}};
  for (const Row& row : rows) {
    const plan::Expectation expectation{row.metric, row.min, row.max, {}, row.metric, {}};
    const auto reports = judge({&expectation, 1}, results, invariants);
    REQUIRE(reports.size() == 1);
    CHECK_MESSAGE(reports[0].held == row.held, row.metric);
    CHECK(reports[0].measured == row.measured);
  }
}

TEST_CASE("a tolerance widens bounds of figures, never a censored one or an invariant") {
  Results results;
  results.metrics = {{"a_s", 12.0, false, "64 nodes"}, {"b_s", 3.0, true, "64 nodes"}};
  const std::vector<InvariantResult> invariants = {{"never_early", true, "3 early expiries"}};
  const auto judged = [&](const plan::Expectation& expectation, std::optional<double> tolerance) {
    return judge({&expectation, 1}, results, invariants, tolerance)[0];
  };
  const plan::Expectation most{"a_s", {}, 10.0, {}, "a_s <= 10s", {}};
  CHECK_FALSE(judged(most, {}).held);
  CHECK_FALSE(judged(most, {}).tolerance.has_value());
  CHECK_FALSE(judged(most, 0.19).held);
  CHECK(judged(most, 0.2).held);
  CHECK(judged(most, 0.2).tolerance == 0.2);
  const plan::Expectation least{"a_s", 15.0, {}, {}, "a_s >= 15s", {}};
  CHECK_FALSE(judged(least, 0.19).held);
  CHECK(judged(least, 0.2).held);
  // Its own comes before the run's, and none without a run that has one.
  const plan::Expectation own{"a_s", {}, 10.0, 0.2, "a_s <= 10s", {}};
  CHECK(judged(own, 0.0).held);
  CHECK(judged(own, 0.0).tolerance == 0.2);
  CHECK_FALSE(judged(own, {}).held);
  CHECK_FALSE(judged({"b_s", {}, 10.0, {}, "b_s <= 10s", {}}, 1.0).held);
  CHECK_FALSE(judged({"never_early", {}, {}, {}, "never_early", {}}, 1.0).held);
}

TEST_CASE("an interrupted run leaves open what its rest might have seen to") {
  Results results;
  results.interrupted = true;
  results.metrics = {{"a_s", 12.5, false, "64 nodes"}};
  const std::vector<InvariantResult> invariants = {{"never_early", true, "3 early expiries"},
                                                   {"no_resurrection", false, ""},
                                                   {"no_stale_read", true, ""},
                                                   {"views_agree_at_end", true, "2 nodes differ"}};
  const auto open = [&](const char* metric) {
    const plan::Expectation expectation{metric, {}, 1.0, {}, metric, {}};
    return judge({&expectation, 1}, results, invariants)[0].open;
  };
  CHECK(open("a_s"));
  CHECK(open("b_s"));
  CHECK(open("no_resurrection"));
  CHECK(open("views_agree_at_end"));
  CHECK_FALSE(open("never_early"));
  CHECK_FALSE(open("no_stale_read"));
  results.interrupted = false;
  CHECK_FALSE(open("a_s"));
}

TEST_CASE("a verdict shows a value as the tables do") {
  Results results;
  results.metrics = {{"availability_share", 0.98765432, false, ""},
                     {"bytes_per_node_s[swim.Ping]", 2120, false, ""},
                     {"convergence_s[heal]", 2.066, false, ""},
                     {"get_latency_p99_ms", 40, false, ""}};
  for (const Metric& metric : results.metrics) {
    const plan::Expectation expectation{metric.name, {}, 100.0, {}, metric.name, {}};
    CHECK(judge({&expectation, 1}, results, {})[0].measured == metric_text(metric.name, *metric.value));
  }
  CHECK(metric_text("bytes_per_node_s[swim.Ping]", 2120) == "2.12 kB/s");
  CHECK(metric_text("convergence_s[heal]", 2.066) == "2.07 s");
}

TEST_CASE("results are the same bytes twice, and rows quote what must be") {
  const auto run = [] {
    Scene s(3);
    const std::size_t e = s.add_event(10, "a, \"b\"", plan::Crash{});
    s.begin_together();
    s.event(10, e);
    s.down(10, 2);
    s.sample(11);
    return s.finish(20);
  };
  const Results once = run();
  CHECK(to_json(once).dump() == to_json(run()).dump());
  const std::string rows = csv_rows("r", once);
  CHECK(rows.find("r,1,\"convergence_s[a, \"\"b\"\"]\",,,10,1\n") != std::string::npos);
  CHECK(rows.find("r,1,view_disagreement_share,11,,1,0\n") != std::string::npos);
}

}  // namespace
}  // namespace hearsay::measure
