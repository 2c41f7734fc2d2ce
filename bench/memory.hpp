// What this process holds and has held in memory, as Linux accounts it (zero elsewhere). Of the program itself:
// getrusage() would include whoever started it.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

namespace hearsay::bench {

inline double status_bytes(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stod(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}
inline double resident_bytes() { return status_bytes("VmRSS"); }
inline double peak_resident_bytes() { return status_bytes("VmHWM"); }

// By how much the process has grown at its peak, a node. Only right for a process that runs one size: what an earlier
// one left behind hides, or is counted.
class PeakGrowth {
 public:
  double per_node(double nodes) const { return (peak_resident_bytes() - before_) / nodes; }

 private:
  double before_ = resident_bytes();
};

}  // namespace hearsay::bench
