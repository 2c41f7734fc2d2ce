#include "core/membership/swim_formulas.hpp"

#include <algorithm>

#include "core/base/dmath.hpp"

namespace hearsay::swim {

Duration suspicion_min(std::int64_t suspicion_mult, std::uint32_t n, Duration probe_interval) {
  const double scale = std::max(1.0, dlog10(static_cast<double>(std::max(1U, n))));
  const auto thousandths = static_cast<std::int64_t>(scale * 1000.0);
  // Multiplying the thousandths first keeps the microseconds; 32 * 9633 * 1h in ns are below 2^63.
  return Duration(suspicion_mult * thousandths * (probe_interval.count() / 1000) +
                  suspicion_mult * thousandths * (probe_interval.count() % 1000) / 1000);
}

int expected_confirmations(std::int64_t suspicion_mult, std::uint32_t n) {
  const std::int64_t wanted = std::max<std::int64_t>(0, suspicion_mult - 2);
  if (static_cast<std::int64_t>(n) - 2 < wanted) return 0;
  return static_cast<int>(std::min<std::int64_t>(wanted, kMaxConfirmations));
}

Duration suspicion_timeout(int confirmations, int expected, Duration min, Duration max) {
  if (expected < 1 || confirmations >= expected) return min;
  const double share = dlog(static_cast<double>(confirmations) + 1.0) / dlog(static_cast<double>(expected) + 1.0);
  const double ms = (static_cast<double>(max.count()) - share * static_cast<double>((max - min).count())) / 1e6;
  return std::max(min, Duration(static_cast<std::int64_t>(ms) * 1'000'000));
}

std::uint32_t retransmit_limit(std::int64_t retransmit_mult, std::uint32_t n) {
  std::uint32_t digits = 0;  // least d with 10^d >= n + 1
  for (std::uint64_t power = 1; power < std::uint64_t{n} + 1; power *= 10) ++digits;
  return static_cast<std::uint32_t>(retransmit_mult) * digits;
}

Duration push_pull_scale(Duration interval, std::uint32_t n) {
  constexpr std::uint32_t kThreshold = 32;
  if (n <= kThreshold) return interval;
  return interval * (ceil_log2(n) - ceil_log2(kThreshold) + 1);
}

Duration nack_timeout(Duration probe_timeout, double nack_share) {
  return Duration(static_cast<std::int64_t>(static_cast<double>(probe_timeout.count()) * nack_share));
}

std::uint8_t awareness_after(std::uint8_t score, int delta, std::int64_t awareness_max_multiplier) {
  return static_cast<std::uint8_t>(
      std::clamp<std::int64_t>(std::int64_t{score} + delta, 0, awareness_max_multiplier - 1));
}

}  // namespace hearsay::swim
