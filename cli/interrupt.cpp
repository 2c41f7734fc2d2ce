#include "cli/interrupt.hpp"

#include <unistd.h>

#include "cli/exit_codes.hpp"

namespace hearsay::cli {

namespace {

std::atomic<bool> interrupted{false};

static_assert(std::atomic<bool>::is_always_lock_free);  // or a signal handler must not touch it

extern "C" void on_signal(int) {
  if (interrupted.exchange(true, std::memory_order_relaxed)) ::_exit(kInterrupted);
}

}  // namespace

SignalGuard::SignalGuard() {
  interrupted = false;
  struct sigaction action{};
  action.sa_handler = on_signal;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &old_[i]);
    // Under nohup the end of the terminal is not to be heard of.
    if (kSignals[i] == SIGHUP && old_[i].sa_handler == SIG_IGN) continue;
    ::sigaction(kSignals[i], &action, nullptr);
  }
}

SignalGuard::~SignalGuard() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &old_[i], nullptr);
}

const std::atomic<bool>& interrupt_flag() { return interrupted; }

}  // namespace hearsay::cli
