// What the readers of the kinds of [[event]] share: the table being read, its time, and the functions of each family of
// kinds. Internal to the reader.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "sim/plan/node_sets.hpp"
#include "sim/plan/reading.hpp"

namespace hearsay::plan {

struct EventInput {
  Reading& reading;
  const Section& section;
  Duration at{};
  std::string_view kind;
  std::string_view label;

  // The end that `for` or `until` gives, checked to lie after `at` and within the scenario.
  std::optional<Duration> end() const;
  // Reports a key whose consequences go on after the scenario's end.
  void check_end(Duration end, std::string_view key) const;
};

// One kind: the keys it takes beside kind, at and label, and what reads them.
struct EventKind {
  std::string_view name;
  std::span<const std::string_view> keys;
  Action (*read)(const EventInput& input);
};

std::span<const EventKind> partition_kinds();  // partition, heal, flap
std::span<const EventKind> link_kinds();       // link, loss, latency
std::span<const EventKind> node_kinds();       // crash, restart, ..., churn, workload

}  // namespace hearsay::plan
