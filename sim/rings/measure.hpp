// How good a ring is, for a number of members: the figures of `hearsay ring compare`. Balance, weights, disruption,
// replicas and agreement are counted, over several sets of members drawn from a seed, so that they come with an
// interval and are the same on every machine; times and memory are measured where it runs.
//
// One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/ring.hpp"
#include "sim/rings/timing.hpp"

namespace hearsay::rings {

// A mean over the sets of members with its 95% interval (Student's t); `half_width` is 0 for a single one. No number
// where no set has a value, as what moved over what a leaver had that had nothing.
struct Estimate {
  double mean = 0;
  double half_width = 0;
  double standard_error = 0;
  // What theory or the ring's promise says it should be, if anything, and how far off it is in standard errors: those
  // of the sets or those that theory gives them, whichever are larger.
  std::optional<double> expected = {};
  double off = 0;

  static constexpr double kFarOff = 4;
  bool far_off() const { return off > kFarOff || off < -kFarOff; }
  double low() const { return mean - half_width; }
  double high() const { return mean + half_width; }
};

struct Balance {
  bool exact = false;      // shares are the arcs' lengths; otherwise counted over keys
  std::uint64_t keys = 0;  // counted
  Estimate max;            // largest share over the mean
  Estimate min;            // smallest
  Estimate p99;            // of members, nearest rank
  Estimate cv;             // standard deviation of shares over their mean
  double noise_cv = 0;     // what counting alone gives an ideal hash: sqrt((n - 1) / keys); 0 where shares are exact
};

struct Disruption {
  // Keys that moved over those that had to: of who left, of who came. 1 is least.
  Estimate leave;
  Estimate join;
  // Of all keys, those that moved from one member that stays to another.
  Estimate collateral;
  // Of a leaver's keys, the part that the member has which got most of them; 1 / (n - 1) is even.
  Estimate concentration;
  // Keys whose set of three replicas changed when one member left, over those that had it among them.
  Estimate replica_churn;
};

struct Spread {
  Estimate copysets;       // different sets of three replicas, a member
  Estimate scatter_width;  // other members that share a key with a member (Cidon et al., Copysets, ATC '13)
  double one_zone = 0;     // share of keys whose three replicas lie in fewer zones than they could, of three zones
};

// Keys that are not drawn evenly: what the busiest member has, over the mean.
struct Hostile {
  Estimate sequential;  // "key-1", "key-2", ...
  Estimate zipf;        // of these, the r-th asked for in proportion to r^-0.99 (YCSB's)
  Estimate crc16;       // made to have one CRC-16, as Redis Cluster hashes
  Estimate crc32;       // made to have one CRC-32, as go-os/kv hashes
};

struct Figures {
  std::uint32_t nodes = 0;
  Balance balance;
  // Share over weight, of members that weigh 1 to 4: largest deviation of a member's from 1. Of rings that heed
  // weights.
  std::optional<Estimate> weight_error;
  Disruption disruption;
  Spread spread;
  Hostile hostile;
  // Keys on which two disagree that know the same members, after a tenth left in another order (a hundred at most, of a
  // set-pure ring ten).
  Estimate disagreement;
  // Keys on which two disagree of whom each misses a twentieth of the members that the other knows.
  Estimate views;
  Speed speed;
};

struct MeasureOptions {
  std::uint32_t nodes = 100;
  std::uint64_t keys = 100'000;  // counted where nothing is exact
  std::uint32_t sets = 5;        // of members
  std::uint64_t seed = 1;
  bool times = true;
  const std::atomic<bool>* interrupted = nullptr;  // may be set by another thread
};

// Nothing if it was interrupted, which it looks at between the parts of its work.
std::optional<Figures> measure(const Ring& ring, const MeasureOptions& options);

}  // namespace hearsay::rings
