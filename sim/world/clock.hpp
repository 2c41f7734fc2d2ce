// A node's two clocks as functions of true time, in integers: mono runs at 1 + drift, wall also has an offset and
// steps. Reading one never loses a nanosecond to rounding that another machine would round differently.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "core/base/wide.hpp"

namespace hearsay::world {

// Wall clocks start here: 2026-01-01T00:00:00Z. Any real date does; versions are milliseconds since 1970.
inline constexpr WallTime kWallStart{std::chrono::seconds{1'767'225'600}};

class NodeClock {
 public:
  MonoTime mono(TrueTime now) const { return mono_base_ + scaled(now - since_); }
  WallTime wall(TrueTime now) const { return kWallStart + wall_offset_ + mono(now).time_since_epoch(); }

  // True time until the monotonic clock has advanced by `delay`: rounded up, so that a timer is never early.
  Duration true_delay(Duration delay) const {
    if (drift_ppb_ == 0) return delay;
    const Uint128 numerator = static_cast<Uint128>(delay.count()) * kBillion;
    const auto rate = static_cast<std::uint64_t>(static_cast<std::int64_t>(kBillion) + drift_ppb_);
    return Duration(static_cast<std::int64_t>((numerator + rate - 1) / rate) + 1);
  }

  // Both clocks run at this rate from `now` on. Parts per billion, above -10^9.
  void set_drift(TrueTime now, std::int64_t ppb) {
    mono_base_ = mono(now);
    since_ = now;
    drift_ppb_ = ppb;
  }
  void step_wall(Duration by) { wall_offset_ += by; }

 private:
  static constexpr std::uint64_t kBillion = 1'000'000'000;

  Duration scaled(Duration elapsed) const {
    if (drift_ppb_ == 0) return elapsed;
    return elapsed + Duration(static_cast<std::int64_t>(static_cast<Int128>(elapsed.count()) * drift_ppb_ /
                                                        static_cast<std::int64_t>(kBillion)));
  }

  TrueTime since_{};
  MonoTime mono_base_{};
  Duration wall_offset_{0};
  std::int64_t drift_ppb_ = 0;
};

}  // namespace hearsay::world
