// Time in hearsay: std::chrono over signed 64-bit nanoseconds, everywhere.
//
// Three clocks are kept apart by type so that one cannot be subtracted from another:
//   TrueTime  the simulator's (or the controller's) time line; protocols never see it
//   MonoTime  a node's monotonic clock: may drift, never steps; deadlines live here
//   WallTime  a node's wall clock (since the Unix epoch): offset, drift and steps; versions start here
//
// Thread-safe (values only). 2^63 ns are 292 years; overflow is the caller's to avoid by bounded inputs.
#pragma once

#include <chrono>
#include <cstdint>

namespace hearsay {

using Duration = std::chrono::duration<std::int64_t, std::nano>;

// Tags only: hearsay's clocks are read from a Step, so none of them has a now().
struct TrueClock {};
struct MonoClock {};
struct WallClock {};

using TrueTime = std::chrono::time_point<TrueClock, Duration>;
using MonoTime = std::chrono::time_point<MonoClock, Duration>;
using WallTime = std::chrono::time_point<WallClock, Duration>;

using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

// Ten years: the longest TTL the KV interface accepts, and the longest duration a scenario may name.
inline constexpr Duration kTenYears = std::chrono::hours{24 * 3652};

}  // namespace hearsay
