// SWIM's and Lifeguard's formulas as memberlist computes them (its code, where its comments differ). Pure; any thread.
//
// `n` counts the members a node knows, itself included and the dead and departed as long as it remembers them.
// memberlist counts those only until GossipToTheDeadTime is over and its list has been shuffled; here they stay known
// for the healer, for up to reconnect_timeout. n enters by its logarithm: when half of a cluster of 1000 has died,
// suspicions last 11% longer than memberlist's.
//
// No libm: logarithms are our own or integers, so that every machine gives up on a member at the same nanosecond.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"

namespace hearsay::swim {

// Confirmations beyond this many are not counted.
inline constexpr int kMaxConfirmations = 7;

// mult * max(1, log10 n) * probe_interval, with the logarithm cut to three decimals.
Duration suspicion_min(std::int64_t suspicion_mult, std::uint32_t n, Duration probe_interval);

// How many independent confirmations bring the timeout down to its minimum: suspicion_mult - 2, and none where the
// members other than accuser and accused are too few to give them.
int expected_confirmations(std::int64_t suspicion_mult, std::uint32_t n);

// The time from the first accusation to death after `confirmations` of `expected` ones:
// max - ln(c + 1) / ln(k + 1) * (max - min) in whole milliseconds, at least min; min at once where none is expected.
Duration suspicion_timeout(int confirmations, int expected, Duration min, Duration max);

// How often a member passes an update on: mult * ceil(log10(n + 1)).
std::uint32_t retransmit_limit(std::int64_t retransmit_mult, std::uint32_t n);

// The push-pull interval for n members: unchanged up to 32, then times ceil(log2 n - 5) + 1.
Duration push_pull_scale(Duration interval, std::uint32_t n);

// How long a relay waits for an ack before it sends a nack: that share of the probe timeout.
Duration nack_timeout(Duration probe_timeout, double nack_share);

// Lifeguard's local health after an event; 0 is healthy, awareness_max_multiplier - 1 the worst.
std::uint8_t awareness_after(std::uint8_t score, int delta, std::int64_t awareness_max_multiplier);

}  // namespace hearsay::swim
