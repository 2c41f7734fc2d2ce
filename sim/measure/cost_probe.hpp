// Cost: messages and bytes per live node and second, in all and by type, and what was dropped, by cause. Figures come
// from the driver's cumulative counters; a point of a series is the difference between two samples. One thread.
#pragma once

#include "sim/measure/report.hpp"

namespace hearsay::measure {

class CostProbe {
 public:
  // Before the number of live nodes changes: integrates node seconds up to `at`.
  void advance(TrueTime at, std::uint32_t live);
  void sample(TrueTime at, const Traffic& traffic);
  void overflow(std::uint64_t items) { overflows_ += items; }
  void repaired(std::uint64_t items) { repaired_ += items; }
  double node_seconds() const { return node_seconds_; }
  void finish(const Traffic& traffic, Report& report);

 private:
  TrueTime now_{};
  double node_seconds_ = 0;
  double sampled_node_seconds_ = 0;
  std::uint64_t messages_ = 0, bytes_ = 0, dropped_ = 0;  // at the last sample
  std::uint64_t overflows_ = 0, repaired_ = 0;
  Series message_rate_{"messages_per_node_s", {}};
  Series byte_rate_{"bytes_per_node_s", {}};
  Series drops_{"dropped_count", {}};
};

}  // namespace hearsay::measure
