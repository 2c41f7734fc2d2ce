#include "sim/measure/results.hpp"

#include <algorithm>

namespace hearsay::measure {

const Metric* Results::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(metrics, name, {}, [](const Metric& m) { return std::string_view(m.name); });
  return at != metrics.end() && at->name == name ? &*at : nullptr;
}

bool Results::failed() const {
  return std::ranges::any_of(expectations, [](const ExpectationReport& e) { return !e.held && !e.open; }) ||
         std::ranges::any_of(timeline, [this](const EventReport& event) { return was_idle(event); });
}

}  // namespace hearsay::measure
