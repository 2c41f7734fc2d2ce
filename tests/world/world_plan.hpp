// Plans for the tests of the simulator, from the text of a scenario, and what they look for in results.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "sim/measure/metric_names.hpp"
#include "sim/measure/results.hpp"
#include "sim/plan/reader.hpp"
#include "sim/world/world.hpp"

namespace hearsay::test {

inline plan::Plan plan_of(std::string_view text, const std::vector<std::string>& overrides = {}) {
  plan::ReaderOptions options;
  options.names = {measure::metric_names(), measure::invariant_names()};
  options.read_files = false;
  auto plan = plan::read_text(text, "test.toml", overrides, Catalogue::builtin(), options);
  REQUIRE_MESSAGE(plan.has_value(), (plan ? std::string() : plan.error().message));
  return std::move(*plan);
}

inline measure::Results run(const plan::Plan& plan, std::uint64_t seed = 1, const world::RunOptions& options = {}) {
  auto results = world::simulate(plan, seed, options);
  REQUIRE_MESSAGE(results.has_value(), (results ? std::string() : results.error().message));
  return std::move(*results);
}

// A metric's value; -1 when it has none, -2 when there is no such metric.
inline double value_of(const measure::Results& results, std::string_view metric) {
  const measure::Metric* found = results.find(metric);
  return found == nullptr ? -2.0 : found->value.value_or(-1.0);
}

inline const measure::EventReport& event_of(const measure::Results& results, std::string_view label) {
  for (const measure::EventReport& event : results.timeline) {
    if (event.label == label) return event;
  }
  FAIL("no event ", std::string(label));
  return results.timeline.front();
}

}  // namespace hearsay::test
