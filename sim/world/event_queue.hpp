// The simulator's event queue: a timing wheel whose buckets are put in order when they are reached.
//
//   hot      a small heap: events that fell into the bucket in hand (or before it) after it was sorted
//   batch    the bucket in hand, sorted
//   level 0  a ring of 1,024 to 262,144 buckets of 2^shift ns, about 16 events each as they are reached, with a bitmap
//            of the occupied ones. It covers two slots: the cursor's and the next
//   level 1  a ring of 512 slots of half a level 0 each; a slot is spread over level 0 one slot before the cursor
//            gets there, so that no scan ever runs past what has been spread
//   far      a heap of what lies beyond level 1
//
// The bucket width follows the workload: when the number of events a bucket leaves [0.4, 2.5] times the wanted one, the
// wheel is built anew, at most once per as many pops as there are events pending. So push and pop are O(1), amortised,
// for periods from milliseconds to hours and from ten events to millions. What is refused: a heap (2.5 times slower at
// every size), a radix heap (four times the memory).
//
// Invariants: 1. events pop in the total order of event.hpp, however the wheel is tuned; 2. no push lies before now();
// 3. every event before the bucket base_ is in batch or hot, every other in level 0, level 1 or far; 4. memory is
// bounded by the most events ever pending at once: 26 bytes each, a partly filled chunk of 128 for every occupied
// bucket (of 262,656 at most), an eighth of both, and copies of the fullest bucket: 36 bytes an event at a million.
// Not thread-safe: a queue belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/base/check.hpp"
#include "sim/world/event.hpp"
#include "sim/world/event_queue_batch.hpp"
#include "sim/world/event_queue_chunks.hpp"

namespace hearsay::world {

struct EventQueueOptions {
  // Wanted events a bucket. Higher: fewer buckets, longer sorts. Lower: more empty buckets and partly filled chunks.
  std::size_t events_per_bucket = 16;
  // log2 of the bucket width in nanoseconds until there is something to measure; 20 is a millisecond. At least
  // kMinBucketShift, at most kMaxBucketShift.
  int initial_bucket_shift = 20;
};

class EventQueue {
 public:
  static constexpr int kMinBucketShift = 2;

  explicit EventQueue(EventQueueOptions options = {});
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // The event's time must not lie before now(); at now() itself it pops in its place in the total order, or next if
  // that place has passed. Amortised O(1).
  void push(const Event& event) {
    HEARSAY_CHECK(event.time_ns >= now_ns_);
    const std::int64_t bucket = event.time_ns >> shift_;
    if (static_cast<std::uint64_t>(bucket) - static_cast<std::uint64_t>(base_) < reach_) [[likely]] {
      ++stored_;
      append_near(bucket, event);
    } else {
      push_elsewhere(event, bucket);
    }
  }

  // Pops the earliest event if its time is before end_ns. Never moves on to a bucket that starts at or after end_ns, so
  // that what is pushed afterwards, at or after end_ns, costs what a push costs.
  bool pop_before(std::int64_t end_ns, Event& event) {
    if (next_ != merged_end_) [[likely]] {
      if (next_->time_ns >= end_ns) return false;
      take_next(event);
      return true;
    }
    return end_ns != std::numeric_limits<std::int64_t>::min() && pop_slowly(end_ns - 1, event);
  }

  // The same, and calls prefetch(const Event&) for the events now in the next occupied bucket whenever a bucket is
  // taken in hand: the moment to fetch what they will touch, about a bucket ahead of need. Which events it sees, and
  // in which order, depends on the tuning: it must not decide anything.
  template <class Prefetch>
  bool pop_before(std::int64_t end_ns, Event& event, Prefetch&& prefetch) {
    if (next_ != merged_end_) [[likely]]
      return pop_before(end_ns, event);
    const std::uint64_t buckets = buckets_taken_;
    const bool popped = pop_before(end_ns, event);
    if (buckets != buckets_taken_) visit_next_bucket(prefetch);
    return popped;
  }

  // Pops the earliest event; false if there is none.
  bool pop(Event& event) {
    if (next_ != merged_end_) [[likely]] {
      take_next(event);
      return true;
    }
    return pop_slowly(std::numeric_limits<std::int64_t>::max(), event);
  }

  // The earliest event, or null; valid until the next push or pop. Moves nothing. O(1) inside a bucket; O(events of
  // the next bucket) between two; O(events of the next slot) where level 0 is empty.
  const Event* peek() const { return next_ != merged_end_ ? next_ : peek_slowly(); }

  // The next events of the bucket in hand, at most `most`, in order: those that pop next unless others are pushed
  // between them. Valid until the next pop. Empty between two buckets.
  std::span<const Event> upcoming(std::size_t most) const {
    const auto left = static_cast<std::size_t>(batch_end_ - next_);
    return {next_, left < most ? left : most};
  }

  bool empty() const { return size() == 0; }
  std::size_t size() const { return stored_ + static_cast<std::size_t>(batch_end_ - next_) + hot_.size(); }

  // The time of the event popped last; 0, the start of the run, before the first pop.
  std::int64_t now_ns() const { return now_ns_; }

  std::size_t memory_bytes() const;

  // For tests and reports on tuning: log2 of the bucket width in ns, and how often the wheel was built anew.
  int bucket_shift() const { return shift_; }
  std::uint64_t rebuilds() const { return rebuilds_; }

 private:
  static constexpr std::int64_t kSlots = 512;

  void take_next(Event& event) {
    event = *next_++;
    now_ns_ = event.time_ns;
  }

  // Puts an event of a bucket in [base_, base_ + reach_) into level 0.
  void append_near(std::int64_t bucket, const Event& event) {
    const std::size_t index = static_cast<std::uint64_t>(bucket) & mask_;
    ChunkList& list = near_[index];
    if (list.full()) [[unlikely]] {
      near_occupied_[index / 64] |= std::uint64_t{1} << index % 64;
      pool_.extend(list);
    }
    list.append(event);
  }

  template <class Visit>
  void visit_next_bucket(Visit& visit) const {
    const std::int64_t bucket = next_near_bucket();
    if (bucket >= base_) near_[static_cast<std::uint64_t>(bucket) & mask_].for_each(visit);
  }

  void push_elsewhere(const Event& event, std::int64_t bucket);
  bool pop_slowly(std::int64_t last_ns, Event& event);
  const Event* peek_slowly() const;
  void find_merged_end();

  bool advance(std::int64_t last_ns);
  void take_bucket(std::int64_t bucket);
  void prefetch_after(std::int64_t bucket) const;
  void enter_slot(std::int64_t slot);
  void spread_slot(std::int64_t slot);
  void place(const Event& event);
  void move_base(std::int64_t bucket);
  std::int64_t next_near_bucket() const;
  std::int64_t next_slot() const;

  void retune();
  int measured_shift() const;
  int guessed_shift() const;
  void rebuild(int shift);
  void allocate_near(std::size_t buckets);
  std::size_t wanted_buckets() const;

  // What push and pop touch, together.
  const Event* next_ = nullptr;        // the batch's first event not yet popped
  const Event* merged_end_ = nullptr;  // up to here the batch comes before everything in hot
  std::int64_t now_ns_ = 0;
  std::int64_t base_ = 0;    // the first bucket not in hand
  std::uint64_t reach_ = 0;  // how many buckets from base_ on level 0 covers
  int shift_;
  std::uint64_t mask_ = 0;  // buckets of level 0, less one
  ChunkList* near_ = nullptr;
  std::uint64_t* near_occupied_ = nullptr;
  std::size_t stored_ = 0;  // events in level 0, level 1 and far
  ChunkPool pool_;

  const Event* batch_end_ = nullptr;
  SortedBatch batch_;
  std::vector<Event> hot_;  // heap, earliest first
  std::vector<Event> far_;  // heap, earliest first

  std::int64_t slot_ = 0;  // the cursor's: level 0 covers it and the next
  int slot_shift_ = 0;     // log2 of the buckets a slot
  Memory near_memory_;
  Memory near_occupied_memory_;
  std::vector<ChunkList> slots_;
  std::uint64_t slots_occupied_[kSlots / 64] = {};

  const std::size_t events_per_bucket_;
  std::uint64_t buckets_taken_ = 0;
  std::uint64_t rebuilds_ = 0;
  bool guessed_ = false;  // the width was guessed once from what was pending before the first pop
  bool settled_ = false;  // the width was measured at least once
  std::int64_t window_start_ns_ = 0;
  std::size_t window_events_ = 0;  // that came into hand since window_start_ns_
  std::size_t window_goal_ = 0;    // how many of them make a measurement
  std::size_t hot_pushes_ = 0;     // since the bucket in hand was taken
};

}  // namespace hearsay::world
