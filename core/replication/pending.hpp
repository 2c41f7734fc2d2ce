// The requests a node is coordinating: a table of at most max_pending places, found by an id that names the place, how
// often it was used, and the life of the node, so that an answer that comes too late meets nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/check.hpp"
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

  bool waiting() const {
    return std::any_of(targets.begin(), targets.end(),
                       [](const Target& t) { return t.state == Target::State::kWaiting; });
  }
  Target* target(NodeSlot node) {
    for (Target& target : targets) {
      if (target.node == node) return &target;
    }
    return nullptr;
  }
};

class PendingTable {
 public:
  static constexpr unsigned kIndexBits = 12;
  static_assert(kMaxPending <= std::int64_t{1} << kIndexBits);

  // Null when `max` wait for their answer; one whose client has it already gives way. A deque: places stay where they
  // are.
  Pending* open(std::size_t max, Epoch life) {
    std::uint32_t index = 0;
    if (free_.empty() && places_.size() >= max) close_answered();
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else if (places_.size() < max) {
      index = static_cast<std::uint32_t>(places_.size());
      places_.emplace_back();
    } else {
      return nullptr;
    }
    Pending& pending = places_[index];
    const std::uint32_t uses = pending.uses + 1;
    std::vector<Target> targets = std::move(pending.targets);
    targets.clear();
    pending = Pending();
    pending.targets = std::move(targets);
    pending.used = true;
    pending.uses = uses;
    // Never 0: `life` is the epoch and one.
    pending.id = std::uint64_t{(life + 1) & 0xfffff} << 44 | std::uint64_t{uses} << kIndexBits | index;
    return &pending;
  }

  void close(Pending& pending) {
    HEARSAY_CHECK(pending.used);
    pending.used = false;
    pending.value = {};
    pending.best = {};
    free_.push_back(index_of(pending));
  }

  Pending* find(std::uint64_t id) {
    const std::uint64_t index = id & ((1U << kIndexBits) - 1);
    if (index >= places_.size() || !places_[index].used || places_[index].id != id) return nullptr;
    return &places_[index];
  }

  // A timer's argument has 25 bits: the place, and as much of its use as fits. Whoever finds by it compares deadlines
  // too.
  static std::uint32_t timer_argument(const Pending& pending) {
    return static_cast<std::uint32_t>(pending.id & ((1U << 25) - 1));
  }
  Pending* find_by_timer(std::uint32_t argument) {
    const std::uint32_t index = argument & ((1U << kIndexBits) - 1);
    if (index >= places_.size() || !places_[index].used || timer_argument(places_[index]) != argument) return nullptr;
    return &places_[index];
  }

  std::size_t size() const { return places_.size() - free_.size(); }

 private:
  static std::uint32_t index_of(const Pending& pending) {
    return static_cast<std::uint32_t>(pending.id & ((1U << kIndexBits) - 1));
  }

  // Goes on where the last search ended, so that a full table is not walked from its start each time.
  void close_answered() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      Pending& pending = places_[hand_++ % places_.size()];
      if (pending.used && pending.answered) return close(pending);
    }
  }

  std::size_t hand_ = 0;
  std::deque<Pending> places_;
  std::vector<std::uint32_t> free_;
};

}  // namespace hearsay
