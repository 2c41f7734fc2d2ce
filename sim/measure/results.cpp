#include "sim/measure/results.hpp"

#include <algorithm>

namespace hearsay::measure {

const Metric* Results::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(metrics, name, {}, [](const Metric& m) { return std::string_view(m.name); });
  return at != metrics.end() && at->name == name ? &*at : nullptr;
}

bool Results::passed() const {
  return std::ranges::all_of(expectations, &ExpectationReport::held) &&
         std::ranges::all_of(timeline, [](const EventReport& event) { return event.has_effect; });
}

}  // namespace hearsay::measure
