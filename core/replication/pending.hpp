// The requests a node is coordinating: a table of at most max_pending places, found by an id that names the place, how
// often it was used, and the life of the node, so that an answer that comes too late meets nothing.
//
// One thread; belongs to one node's state. Times are of the node's monotonic clock.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/request.hpp"
#include "core/replication/params.hpp"

namespace hearsay {

// A replica's part in a request.
struct Target {
  enum class State : std::uint8_t { kIdle, kWaiting, kAnswered, kFailed };
  NodeSlot node = kNoSlot;
  State state = State::kIdle;
  std::uint8_t sends = 0;
  Version version;  // of a get: what it holds
};

// The best that a get has found so far.
struct Best {
  bool any = false;
  bool live = false;
  Version version;
  Bytes value;
  MonoTime until = MonoTime::max();  // of a value
  Duration grace{0};                 // of a tombstone
  bool fresh = true;                 // arrived within the copy window: may be passed on
};

struct Pending {
  bool used = false;
  bool answered = false;  // the client has its reply; what is left is other copies or read repair
  std::uint32_t uses = 0;
  std::uint64_t id = 0;
  RequestId client{};
  OpKind op{};
  std::string key;
  std::uint64_t hash = 0;
  Bytes value;
  Duration ttl{0};
  MonoTime started{};
  MonoTime deadline{};
  Version version;
  std::uint32_t attempts = 0;
  bool overtaken = false;  // a replica holds a newer version: the write goes out again with a higher one
  std::size_t need = 0;
  std::size_t answers = 0;
  std::size_t failures = 0;
  std::size_t next = 0;  // of a first-hit get: the replica to ask
  Best best;
  std::vector<Target> targets;

  bool waiting() const;
  Target* target(NodeSlot node);  // null when it has no part in it
  void digest(Hasher& hasher) const;
};

class PendingTable {
 public:
  static constexpr unsigned kIndexBits = 12;
  static_assert(kMaxPending <= std::int64_t{1} << kIndexBits);

  // Null when `max` wait for their answer; one whose client has it already gives way. Amortised O(1).
  Pending* open(std::size_t max, Epoch life);
  void close(Pending& pending);
  // Null when it is closed, or of another life. O(1).
  Pending* find(std::uint64_t id);

  // A timer's argument has 25 bits: the place, and as much of its use as fits. Whoever finds by it compares deadlines
  // too.
  static std::uint32_t timer_argument(const Pending& pending) {
    return static_cast<std::uint32_t>(pending.id & ((1U << 25) - 1));
  }
  Pending* find_by_timer(std::uint32_t argument);

  std::size_t size() const { return places_.size() - free_.size(); }
  // The places that are free too, since the next requests take them in turn.
  void digest(Hasher& hasher) const;

 private:
  static std::uint32_t index_of(const Pending& pending) {
    return static_cast<std::uint32_t>(pending.id & ((1U << kIndexBits) - 1));
  }

  // Goes on where the last search ended, so that a full table is not walked from its start each time.
  void close_answered();

  std::size_t hand_ = 0;
  std::deque<Pending> places_;  // a deque: places stay where they are
  std::vector<std::uint32_t> free_;
};

}  // namespace hearsay
