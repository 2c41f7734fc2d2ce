// What every replication strategy lets its user choose: how many copies, how many must answer, how long they are waited
// for, and how the store keeps them. The bounds here are all there are: nothing else of a replica grows without one.
//
// Plain values, by the names of the scenario keys; visit() says what each costs. Times are of the node's monotonic
// clock, but for max_clock_offset, which is of wall clocks. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/kv/store.hpp"
#include "core/protocol/params.hpp"

namespace hearsay {

// At most this many copies of an item, unless all members hold it.
inline constexpr std::int64_t kMaxReplicas = 16;
// The index of a pending request has 12 bits of its id.
inline constexpr std::int64_t kMaxPending = 4096;

// How many replicas must answer: an index of kQuorumNames. From kTwo on it is a number.
enum class Quorum : int { kOne, kQuorum, kAll, kTwo, kThree, kFour, kFive, kSix, kSeven };

enum class ReadOrder : int {
  kQuorum,    // all replicas at once, the newest of r answers
  kFirstHit,  // one replica after another until one has a value; errors and misses are skipped, as go-os does
};

struct ReplicationParams {
  std::int64_t n = 3;  // copies; 0: all members
  int r = static_cast<int>(Quorum::kQuorum);
  int w = static_cast<int>(Quorum::kQuorum);
  bool count_present = false;
  Duration request_timeout = 500ms;
  Duration copy_window = 500ms;  // 0: any copy is accepted
  Duration max_clock_offset = 1min;
  bool read_repair = true;
  int read_order = static_cast<int>(ReadOrder::kQuorum);
  std::int64_t max_pending = 1024;  // requests

  int expiry = static_cast<int>(StoreOptions::Expiry::kDeadline);
  Duration tombstone_grace = 1h;
  Duration reap_interval = 10s;
  Duration time_resolution = 1s;  // of the reaper
  bool original_ttl = false;
  std::int64_t max_items = std::int64_t{1} << 20;
  std::int64_t max_bytes = std::int64_t{1} << 30;  // of keys and values

  // go-os/kv: one copy unless told otherwise, every copy must be written, the first hit is read, and its store.
  void use_go_os();

  void visit(ParamVisitor& visitor);
  // kInvalidArgument when more answers are asked for than there are copies.
  Result<void> check() const;
  StoreOptions store() const;
  // How many of a key's replicas must answer, when the view has `present` of them. May be more than `present`.
  std::size_t needed(int quorum, std::size_t present) const;
};

}  // namespace hearsay
