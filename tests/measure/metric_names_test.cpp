#include "sim/measure/metric_names.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/membership/announce.hpp"
#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

TEST_CASE("names with and without brackets are told apart") {
  CHECK(is_metric("availability_share"));
  CHECK(is_metric("availability_share[readers]"));
  CHECK(is_metric("convergence_s[heal@30s]"));
  CHECK(is_metric("node_convergence_p99_s[heal]"));
  CHECK_FALSE(is_metric("convergence_s"));
  CHECK_FALSE(is_metric("convergence_s[]"));
  CHECK_FALSE(is_metric("start_convergence_s[x]"));
  CHECK_FALSE(is_metric("get_latency_*_ms"));
  CHECK(is_metric("get_latency_p99_ms"));
  CHECK(is_invariant("no_resurrection"));
  CHECK_FALSE(is_invariant("no_resurrections"));
}

TEST_CASE("every metric that a run reports is in the list") {
  Scene s(3, 2);
  const std::size_t e = s.add_event(10, "crash", plan::Crash{});
  s.begin_together();
  s.put(1, 2, 0, "a", version(1), 5s);
  s.get(3, 4, 0, "a", version(1));
  s.get(3, 4, 0, "b", {});
  s.event(10, e);
  s.down(10, 2);
  s.traffic.by_type.push_back({&message_type<Announcement>(), 10, 200});
  s.sample(11);
  for (const Metric& metric : s.finish(20).metrics) CHECK_MESSAGE(is_metric(metric.name), metric.name);
}

TEST_CASE("names are unique and every definition is a sentence") {
  std::vector<std::string_view> names(metric_names().begin(), metric_names().end());
  names.insert(names.end(), invariant_names().begin(), invariant_names().end());
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  for (const MetricInfo& info : metric_infos()) CHECK_MESSAGE(info.definition.ends_with('.'), info.name);
}

}  // namespace
}  // namespace hearsay::measure
