// What the conformance suite (kv_*_test.cpp) asks of a backend's surroundings.
//
// To add a backend: derive from KvFixture, and from those below that apply, in kv_fixtures.hpp; give its type a name
// with TYPE_TO_STRING there and add it to the lists at its end. About thirty lines; every case of its lists then runs
// on it, made anew for each.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "core/base/time.hpp"
#include "core/kv/kv.hpp"

namespace hearsay::test {

class KvFixture {
 public:
  virtual ~KvFixture() = default;

  // A handle; all handles of one fixture are of one store where the backend has stores that are shared. Fails the test
  // where it cannot be had. The timeout is of calls in real time: long enough for machines that do other things, too.
  virtual std::unique_ptr<Kv> open(const std::string& name_space, Duration timeout) = 0;
  std::unique_ptr<Kv> open(const std::string& name_space = {}) { return open(name_space, 2s); }

  // The clock by which items expire, and time going by on it: at once where it is ours, else as long as it says.
  virtual MonoTime now() = 0;
  virtual void pass(Duration time) = 0;
  // Whether pass() takes no real time, so that a month may go by.
  virtual bool own_clock() const = 0;

  // In what units the backend counts time: TTLs are rounded up to it, what is left is known to it.
  virtual Duration resolution() const { return Duration::zero(); }
};

// Time is the machine's.
class RealTimeFixture : public KvFixture {
 public:
  MonoTime now() override { return MonoTime(std::chrono::steady_clock::now().time_since_epoch()); }
  void pass(Duration time) override { std::this_thread::sleep_for(time); }
  bool own_clock() const override { return false; }
  Duration resolution() const override { return 1ms; }
};

// A server, in a process that can be killed. Called by one thread; calls may be under way in others.
class WithServer {
 public:
  virtual ~WithServer() = default;
  virtual void kill_server() = 0;
  virtual void start_server() = 0;  // at the same address
  virtual void freeze_server() = 0;
  virtual void thaw_server() = 0;
};

// Copies, of which one can be cut off.
class WithReplicas {
 public:
  virtual ~WithReplicas() = default;
  virtual void cut_off_one() = 0;
  virtual void heal() = 0;
  virtual std::unique_ptr<Kv> open_at_the_one() = 0;  // a client of the one that was cut off
  virtual Duration repair() const = 0;                // after which it has what it missed
};

// A wall clock that can be stepped without stepping the machine's.
class WithWallClock {
 public:
  virtual ~WithWallClock() = default;
  virtual void step_wall_clock(Duration by) = 0;
};

// A case of the suite, run on each fixture of a list: the body is compiled once. What a list's fixtures have beside is
// got by have<WithServer>(f).
#define HEARSAY_KV_CASE(function, title, list)                     \
  static void function(KvFixture& f);                              \
  TEST_CASE_TEMPLATE_DEFINE("kv: " title, Fixture, function##Id) { \
    Fixture fixture;                                               \
    function(fixture);                                             \
  }                                                                \
  TEST_CASE_TEMPLATE_APPLY(function##Id, list);                    \
  static void function(KvFixture& f)

template <class Extra>
Extra& have(KvFixture& f) {
  return dynamic_cast<Extra&>(f);
}

}  // namespace hearsay::test
