// Where everything that real nodes report arrives: from threads of this process and from links to others, in no order,
// for the one thread that runs the experiment.
//
// push() from any thread; the rest belongs to one. Bound: kMost entries; observations beyond it are lost, and counted;
// what is no observation always has room, since there is at most one of it for each request, and few errors of a node.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/request.hpp"
#include "core/protocol/observation.hpp"

namespace hearsay::cli {

// Something is wrong with a node. A fatal one ends the run: its figures would be of something else.
struct Trouble {
  std::string text;
  bool fatal = false;
};

// What a node reported: observations and replies in the plan's slots, stamped by the machine's monotonic clock.
struct FromNode {
  MonoTime at{};
  NodeSlot node = kNoSlot;
  std::variant<Observation, Reply, Trouble> what;
};

class Inbox {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 20;

  void push(FromNode entry) {
    {
      const std::lock_guard guard(mutex_);
      if (entries_.size() >= kMost && std::holds_alternative<Observation>(entry.what)) {
        ++lost_;
        return;
      }
      entries_.push_back(std::move(entry));
    }
    arrived_.notify_one();
  }

  // Takes what is there into `out`, which is emptied before.
  void take(std::vector<FromNode>& out) {
    out.clear();
    const std::lock_guard guard(mutex_);
    out.swap(entries_);
  }
  // Until there is something, or the time has come.
  void wait(MonoTime until) {
    std::unique_lock guard(mutex_);
    arrived_.wait_until(guard, std::chrono::steady_clock::time_point(until.time_since_epoch()),
                        [this] { return !entries_.empty(); });
  }
  std::uint64_t lost() {
    const std::lock_guard guard(mutex_);
    return lost_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<FromNode> entries_;
  std::uint64_t lost_ = 0;
};

}  // namespace hearsay::cli
