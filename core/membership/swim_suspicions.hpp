// Accusations on the clock. A suspicion starts with its longest timeout and ends sooner with every independent accuser
// (Lifeguard, 3.3); when it ends the suspect is dead.
//
// A suspicion arms one timer for the earliest time it can end, and another only when the first turned out too early or
// a confirmation moved the end before what is armed: mostly one timer a suspicion, whatever is confirmed.
//
// One thread. Bounded by the caller's limit. Invariant: one suspicion a subject.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/membership/swim_formulas.hpp"
#include "core/membership/swim_slot_index.hpp"
#include "core/protocol/view.hpp"

namespace hearsay::swim {

struct Suspicion {
  NodeSlot subject = kNoSlot;
  Epoch epoch = 0;
  Incarnation incarnation = 0;
  std::uint8_t confirmations = 0;  // accusers beside the first
  std::uint8_t expected = 0;
  MonoTime start{};
  MonoTime armed{};  // the earliest timer that has not fired
  Duration min{0};
  std::array<NodeSlot, kMaxConfirmations + 1> accusers{};

  MonoTime deadline(std::int64_t max_mult) const {
    return start + suspicion_timeout(confirmations, expected, min, min * max_mult);
  }
};

class Suspicions {
 public:
  static constexpr std::uint32_t kNone = SlotIndex<std::uint32_t>::kNone;

  // Where the suspicion of a subject is, until the next start or erase; kNone when nothing is held against it.
  std::uint32_t find(NodeSlot subject) const { return index_.find(subject); }
  Suspicion& operator[](std::uint32_t place) { return running_[place]; }
  // Starts one, after the subject's former one was erased; null when `limit` are running.
  Suspicion* start(NodeSlot subject, NodeSlot accuser, int expected, std::size_t limit);
  // Nothing happens when there is none.
  void erase(NodeSlot subject);
  // Counts another accuser; false when it is known already or no more are needed.
  bool confirm(std::uint32_t place, NodeSlot accuser);

  std::size_t size() const { return running_.size(); }
  void digest(Hasher& hasher) const;

 private:
  std::vector<Suspicion> running_;
  // Whether it needs no more accusers. Apart, because most of what is heard of a suspect is said after that.
  std::vector<std::uint8_t> settled_;
  SlotIndex<std::uint32_t> index_;
};

}  // namespace hearsay::swim
