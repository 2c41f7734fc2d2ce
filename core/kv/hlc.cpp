#include "core/kv/hlc.hpp"

#include <algorithm>
#include <limits>

namespace hearsay {
namespace {

constexpr unsigned kCounterBits = 16;

std::uint64_t milliseconds(WallTime at) {
  const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
  return since_1970 > 0 ? static_cast<std::uint64_t>(since_1970) : 0;
}

}  // namespace

Version Hlc::tick(WallTime now, NodeId self) {
  const std::uint64_t next = last_ == std::numeric_limits<std::uint64_t>::max() ? last_ : last_ + 1;
  last_ = std::max(next, milliseconds(now) << kCounterBits);
  return Version{last_, self};
}

Duration Hlc::observe(Version received, WallTime now) {
  const std::uint64_t offset = milliseconds(WallTime(max_offset_));
  const std::uint64_t bound_ms = milliseconds(now) + offset;
  const std::uint64_t received_ms = received.time >> kCounterBits;
  if (received_ms <= bound_ms) {
    last_ = std::max(last_, received.time);
    return Duration::zero();
  }
  last_ = std::max(last_, bound_ms << kCounterBits);
  // A peer may send any 48 bits of milliseconds, and not all of them fit a Duration.
  constexpr std::uint64_t kMostMs = static_cast<std::uint64_t>(Duration::max() / std::chrono::milliseconds(1));
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(received_ms - bound_ms, kMostMs)));
}

void Hlc::resume(std::uint64_t last) { last_ = std::max(last_, last); }

}  // namespace hearsay
