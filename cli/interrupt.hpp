// Being asked to end: the first SIGINT, SIGTERM or SIGHUP sets a flag that the work looks at; a second one, of any of
// them, ends the program at once. One guard at a time; any thread may ask.
#pragma once

#include <array>
#include <atomic>
#include <csignal>

#include "core/base/time.hpp"

namespace hearsay::cli {

// While it lives the signals are caught; what was there before comes back.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  static constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, 3> old_{};
};

// Whether the present guard, or the last one, was asked.
const std::atomic<bool>& interrupt_flag();
// How often whoever waits for something else looks.
inline constexpr Duration kInterruptLook = 50ms;
inline bool was_interrupted() { return interrupt_flag().load(std::memory_order_relaxed); }

}  // namespace hearsay::cli
