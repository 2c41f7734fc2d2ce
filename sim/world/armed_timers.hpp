// The pending timers of one node whose clock changes its rate during the run: each with the reading of the node's own
// clock at which it is due. An event in the queue lies at a true time, and cannot be moved; so a change of rate pushes
// a timer once more, at its new time, under the same sequence number, and what is left of it at the old one is told
// apart by the time when it pops. A timer is therefore never early by its node's own clock, nor later than rounding.
//
// The time line is known before the run, so only the nodes that it names pay for this (a map entry a timer): to ask the
// clock of every popped timer would need the due time in the event, which is a third more of them.
//
// Invariants: 1. what is in here is in the queue, at the time that is said here; 2. a timer fires once. As large as the
// node's pending timers. Every call O(log n), but move() and clear(). One thread.
#pragma once

#include <cstdint>
#include <map>

#include "sim/world/clock.hpp"
#include "sim/world/event.hpp"

namespace hearsay::world {

class ArmedTimers {
 public:
  // The timer's event was pushed; it is due when the node's clock shows `due`.
  void add(const Event& event, MonoTime due) { timers_.insert_or_assign(event.seq, Armed{event, due}); }

  // A timer's event popped: whether it fires. False: it was moved, and this is its former time.
  bool take(const Event& event) {
    const auto found = timers_.find(event.seq);
    if (found == timers_.end() || found->second.event.time_ns != event.time_ns) return false;
    timers_.erase(found);
    return true;
  }

  // The clock has changed its rate at `now`: calls push(const Event&) for each timer that is due at another time now.
  // O(n) and what the pushes cost.
  template <class Push>
  void move(const NodeClock& clock, TrueTime now, Push&& push) {
    const MonoTime mono = clock.mono(now);
    for (auto& [seq, armed] : timers_) {
      // Due already, and about to pop: true_delay() rounds up.
      if (armed.due <= mono) continue;
      const std::int64_t time_ns = (now.time_since_epoch() + clock.true_delay(armed.due - mono)).count();
      if (time_ns == armed.event.time_ns) continue;
      armed.event.time_ns = time_ns;
      push(armed.event);
    }
  }

  // The process ended; what the queue still has of it is of a former life.
  void clear() { timers_.clear(); }

 private:
  struct Armed {
    Event event;
    MonoTime due;
  };
  std::map<std::uint32_t, Armed> timers_;  // by sequence number
};

}  // namespace hearsay::world
