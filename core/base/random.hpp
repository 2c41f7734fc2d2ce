// Counter-based random streams. Every draw is a pure function of (seed, purpose, stream, counter) by Philox2x64-10, so
// a stream's whole state is one 64-bit counter, streams never influence each other, and adding a consumer moves nobody
// else's numbers. J. Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (SC'11).
//
// Threading: philox and stream_key are pure; a Random belongs to the thread that owns its counter.
// Not for secrets.
#pragma once

#include <Random123/philox.h>

#include <cstdint>

#include "core/base/check.hpp"
#include "core/base/ratio.hpp"
#include "core/base/wide.hpp"

namespace hearsay {

// 128 uniform bits, what one evaluation of the generator gives.
struct Block {
  std::uint64_t a = 0;
  std::uint64_t b = 0;

  friend constexpr bool operator==(const Block&, const Block&) = default;
};

// Philox2x64-10, about 4 ns.
inline Block philox(std::uint64_t key, std::uint64_t c0, std::uint64_t c1) {
  const r123::Philox2x64::ctr_type out =
      r123::Philox2x64{}(r123::Philox2x64::ctr_type{{c0, c1}}, r123::Philox2x64::key_type{{key}});
  return Block{out.v[0], out.v[1]};
}

// What a stream is for. The numbers are part of every fingerprint: append only, never renumber.
enum class Purpose : std::uint32_t {
  kMembership = 1,
  kDissemination = 2,
  kReplication = 3,
  kRing = 4,
  kClient = 5,     // a node's requests and their timing
  kPlacement = 6,  // where a node, an item or a region is put

  kNetworkLatency = 16,  // one block a send: word a is the latency, word b the loss
  kNetworkLoss = 17,     // what is lost beyond the send's own block (bursts, links)
  kNetworkDuplicate = 18,
  kNetworkReorder = 19,

  kSchedule = 32,  // which nodes and when a scenario's events strike
  kClock = 33,     // offsets and drifts
  kPhase = 34,     // the first tick of a periodic timer
  kWorkload = 35,  // keys, values, TTLs, arrivals
  kTopology = 36,  // which nodes are where in a generated network

  kTransport = 48,  // real runs: fault filter, backoff

  kTest = 64,
};

// The key of all streams of one purpose in a run: a mix, so that neighbouring seeds and purposes share nothing.
inline std::uint64_t stream_key(std::uint64_t seed, Purpose purpose) {
  return philox(seed, static_cast<std::uint64_t>(purpose), 0x6865617273617900U /* "hearsay" */).a;
}

// A double in the open interval (0, 1): the middle of one of 2^52 equal cells, so neither end can come out and
// log(u) and log(1 - u) are finite.
constexpr double unit_from_bits(std::uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }

// One stream, whose counter the caller owns and keeps (it is all there is to save). `stream` tells streams of one key
// apart, as a NodeId does. A call of a drawing method uses one block and adds one to the counter, whatever its outcome;
// only `below` may need another, when both words are rejected (probability at most (n / 2^64)^2).
class Random {
 public:
  Random(std::uint64_t key, std::uint64_t stream, std::uint64_t& counter)
      : key_(key), stream_(stream), counter_(&counter) {}

  // Turns to another stream of the same key; the counter is the caller's to reset.
  void seek(std::uint64_t stream) { stream_ = stream; }

  Block block() { return philox(key_, (*counter_)++, stream_); }
  std::uint64_t next() { return block().a; }

  // Uniform over [0, n) without bias; n >= 1. D. Lemire, Fast Random Integer Generation in an Interval (2019).
  std::uint64_t below(std::uint64_t n) {
    HEARSAY_CHECK(n >= 1);
    const Block drawn = block();
    Uint128 product = static_cast<Uint128>(drawn.a) * n;
    if (static_cast<std::uint64_t>(product) < n) [[unlikely]] {
      const std::uint64_t rejected = (0 - n) % n;  // 2^64 mod n
      bool spare = true;                           // the block's other word is as good as a new one
      while (static_cast<std::uint64_t>(product) < rejected) {
        product = static_cast<Uint128>(spare ? drawn.b : next()) * n;
        spare = false;
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Uniform over [lo, hi], both included; lo <= hi.
  std::int64_t between(std::int64_t lo, std::int64_t hi) {
    HEARSAY_CHECK(lo <= hi);
    const std::uint64_t count = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo) + 1;
    const std::uint64_t offset = count == 0 ? next() : below(count);  // 0: all 2^64 values
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + offset);
  }

  bool bernoulli(Ratio probability) { return probability.hit(next()); }

  // Uniform over the open interval (0, 1).
  double unit() { return unit_from_bits(next()); }

 private:
  std::uint64_t key_;
  std::uint64_t stream_;
  std::uint64_t* counter_;
};

// A stream with its own counter, for tests and one-off draws.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t stream = 0)
      : key_(stream_key(seed, purpose)), stream_(stream) {}

  Random random() { return Random(key_, stream_, counter_); }
  Block block() { return random().block(); }
  std::uint64_t next() { return random().next(); }
  std::uint64_t below(std::uint64_t n) { return random().below(n); }
  std::int64_t between(std::int64_t lo, std::int64_t hi) { return random().between(lo, hi); }
  bool bernoulli(Ratio probability) { return random().bernoulli(probability); }
  double unit() { return random().unit(); }
  std::uint64_t counter() const { return counter_; }

 private:
  std::uint64_t key_;
  std::uint64_t stream_;
  std::uint64_t counter_ = 0;
};

}  // namespace hearsay
