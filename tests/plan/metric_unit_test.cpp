#include "sim/plan/metric_unit.hpp"

#include <doctest/doctest.h>

namespace hearsay::plan {
namespace {

TEST_CASE("the unit is in a metric's name, whatever stands in brackets") {
  struct Row {
    const char* metric;
    MetricUnit unit;
    const char* symbol;
  };
  const Row rows[] = {{"convergence_s[heal_share]", MetricUnit::kSeconds, "s"},
                      {"node_convergence_p99_s[heal]", MetricUnit::kSeconds, "s"},
                      {"get_latency_p99_ms", MetricUnit::kMilliseconds, "ms"},
                      {"availability_share[bytes_s]", MetricUnit::kShare, ""},
                      {"bytes_count", MetricUnit::kBytes, "bytes"},
                      {"bytes_per_node_s", MetricUnit::kBytesPerNodeSecond, "bytes/(node s)"},
                      {"bytes_per_node_s[swim.Ping]", MetricUnit::kBytesPerNodeSecond, "bytes/(node s)"},
                      {"messages_per_node_s[swim.Ping]", MetricUnit::kPerNodeSecond, "1/(node s)"},
                      {"stale_reads_count", MetricUnit::kPlain, ""}};
  for (const Row& row : rows) {
    CHECK_MESSAGE(unit_of(row.metric) == row.unit, row.metric);
    CHECK(symbol(unit_of(row.metric)) == row.symbol);
  }
}

TEST_CASE("a quantity becomes a number in the metric's unit, or says why not") {
  CHECK(*parse_in(MetricUnit::kSeconds, "500ms") == doctest::Approx(0.5));
  CHECK(*parse_in(MetricUnit::kMilliseconds, "2s") == doctest::Approx(2000));
  CHECK(*parse_in(MetricUnit::kShare, "5%") == doctest::Approx(0.05));
  CHECK(*parse_in(MetricUnit::kBytes, "2kB") == doctest::Approx(2000));
  CHECK(*parse_in(MetricUnit::kBytesPerNodeSecond, "2kB/s") == doctest::Approx(2000));
  CHECK_FALSE(parse_in(MetricUnit::kBytes, "2kB/s"));
  CHECK_FALSE(parse_in(MetricUnit::kPerNodeSecond, "5/s"));
  CHECK_FALSE(parse_in(MetricUnit::kPlain, "5"));
}

}  // namespace
}  // namespace hearsay::plan
