// A mutex between a loop that holds it most of the time and callers that want it briefly. std::mutex is not fair: a
// loop that unlocks and locks again is back before a caller wakes. The loop therefore calls give_way() between two
// pieces of work, which lets those in who wait.
//
// lock() and unlock() are for any thread (a BasicLockable); give_way() for the loop, which holds the lock. Uncontended:
// one compare-and-swap each way.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>

namespace hearsay::transport {

class TurnLock {
 public:
  void lock() {
    if (mutex_.try_lock()) return;
    came_.fetch_add(1, std::memory_order_relaxed);
    mutex_.lock();
    served_.fetch_add(1, std::memory_order_relaxed);
  }
  void unlock() { mutex_.unlock(); }

  // Lets as many in as wait now, for as long as that takes, but at most a millisecond: a caller that is not scheduled
  // meanwhile must not stop the loop.
  void give_way() {
    const std::uint32_t came = came_.load(std::memory_order_relaxed);
    // Wraps around, hence the difference.
    const auto wait = [&] { return static_cast<std::int32_t>(came - served_.load(std::memory_order_relaxed)) > 0; };
    if (!wait()) return;
    mutex_.unlock();
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
    while (wait() && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    mutex_.lock();
  }

 private:
  std::mutex mutex_;
  std::atomic<std::uint32_t> came_{0};  // callers that had to wait, and those of them that were let in
  std::atomic<std::uint32_t> served_{0};
};

}  // namespace hearsay::transport
