// What clients got: availability, latency, errors, stale reads and lost writes.
//
// - A request succeeds when it is answered without an error; a miss is a success. One to a node whose process is not
//   there fails, and so does one whose node dies before it answers. What the end of the run cuts off has neither
//   succeeded nor failed: it is counted apart and in no other figure.
// - A read is stale when it returns an older version than a write that was acknowledged before the get was invoked.
// - A put that was acknowledged is lost when no later read can return it although no later write, delete or expiry
//   superseded it. At its acknowledgement: when replicas have a write that was over before it began and has the higher
//   version (a wall clock ran ahead), and none has taken the put. At the end of the run: when no live process holds it
//   or what superseded it, and its time was not up. Of two concurrent puts the lower version is no loss but a
//   concurrent loser.
//
// Without a key table (plan.measure.values is false) only availability, latency and errors are kept.
//
// One thread. O(1) a request, O(writes kept of the key x its replicas) an acknowledged write, O(keys x writes x
// replicas) at the end. Memory: one entry for each get in flight.
#pragma once

#include <array>
#include <unordered_map>

#include "sim/measure/expectation.hpp"
#include "sim/measure/key_table.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/target.hpp"

namespace hearsay::measure {

inline bool is_miss(const OpRecord& op) {
  return op.op == OpKind::kGet && op.answered && !op.reply.ok && op.reply.error == ErrorCode::kNotFound;
}

class ClientProbe {
 public:
  ClientProbe(const plan::Plan& plan, KeyTable* keys, Findings& findings);

  // After the table has the write.
  void invoked(const OpRecord& op);
  void completed(const OpRecord& op, Key* key);
  void sample(TrueTime at);
  void finish(TrueTime at, const Target& target, Report& report, std::vector<InvariantResult>& invariants);

 private:
  struct Tally {
    std::uint64_t requests = 0, succeeded = 0;
  };
  void judge_read(const OpRecord& op, Key& key, Version acknowledged);
  void judge_write(const OpRecord& op, Key& key);
  // Whether a replica has a write of before `write` with a higher version, and none has `write`.
  bool overtaken(const Key& key, const Write& write) const;
  bool lost_at_end(TrueTime at, const Target& target, Key& key, const Write& write);

  static constexpr std::size_t kUnanswered = static_cast<std::size_t>(ErrorCode::kInternal) + 1;

  const plan::Plan& plan_;
  KeyTable* keys_;
  Findings& findings_;
  std::unordered_map<std::uint64_t, Version> reads_;  // pending gets: newest version acknowledged at invocation
  std::array<Tally, 3> by_op_;
  std::array<Samples, 3> latency_;
  std::vector<Tally> by_client_;
  std::array<std::uint64_t, kUnanswered + 1> errors_{};
  std::uint64_t open_ = 0, misses_ = 0, hits_ = 0, stale_ = 0, acked_puts_ = 0, shadowed_ = 0, losers_ = 0;
  Tally sampled_;
  Series series_{"availability_share", {}};
};

}  // namespace hearsay::measure
