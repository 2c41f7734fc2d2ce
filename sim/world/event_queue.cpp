#include "sim/world/event_queue.hpp"

#include <algorithm>
#include <bit>

namespace hearsay::world {
namespace {

constexpr auto kLater = [](const Event& a, const Event& b) { return precedes(b, a); };

// The first set bit at or after `from`, going round; -1 if there is none. `bits` is a power of two, at least 64.
std::int64_t next_bit_round(const std::uint64_t* words, std::size_t bits, std::size_t from) {
  const std::size_t word_count = bits / 64;
  std::size_t word = from / 64;
  std::uint64_t found = words[word] >> from % 64 << from % 64;
  for (std::size_t i = 0; i <= word_count; ++i) {
    if (found != 0) return static_cast<std::int64_t>(word * 64) + std::countr_zero(found);
    word = (word + 1) & (word_count - 1);
    found = words[word];
  }
  return -1;
}

}  // namespace

EventQueue::EventQueue(EventQueueOptions options)
    : shift_(options.initial_bucket_shift), slots_(kSlots), events_per_bucket_(options.events_per_bucket) {
  HEARSAY_CHECK(shift_ >= kMinBucketShift && shift_ <= kMaxBucketShift);
  HEARSAY_CHECK(events_per_bucket_ > 0);
  rebuild(shift_);
  rebuilds_ = 0;
}

void EventQueue::push_elsewhere(const Event& event, std::int64_t bucket) {
  if (bucket >= base_) {
    ++stored_;
    place(event);
    return;
  }
  hot_.push_back(event);
  std::push_heap(hot_.begin(), hot_.end(), kLater);
  merged_end_ = std::partition_point(next_, merged_end_, [&](const Event& e) { return precedes(e, event); });
  ++window_events_;
  // A bucket that goes on filling while it is in hand is far too wide, and the next measurement would come only after
  // it: the heap must stay small.
  constexpr std::size_t kHotLimit = 4096;
  if (++hot_pushes_ >= std::max(kHotLimit, window_goal_)) {
    const auto excess = static_cast<int>(std::bit_width(hot_pushes_ / events_per_bucket_));
    hot_pushes_ = 0;
    if (shift_ > kMinBucketShift && excess > 1) rebuild(std::max(kMinBucketShift, shift_ - excess + 1));
  }
}

bool EventQueue::pop_slowly(std::int64_t last_ns, Event& event) {
  if (next_ == batch_end_ && hot_.empty() && !advance(last_ns)) return false;
  if (next_ != merged_end_) {
    if (next_->time_ns > last_ns) return false;
    take_next(event);
    return true;
  }
  if (hot_.front().time_ns > last_ns) return false;
  event = hot_.front();
  now_ns_ = event.time_ns;
  std::pop_heap(hot_.begin(), hot_.end(), kLater);
  hot_.pop_back();
  find_merged_end();
  return true;
}

// After hot lost its earliest event: the batch may go on until the next one.
void EventQueue::find_merged_end() {
  merged_end_ = next_;
  if (hot_.empty()) {
    merged_end_ = batch_end_;
  } else {
    while (merged_end_ != batch_end_ && precedes(*merged_end_, hot_.front())) ++merged_end_;
  }
}

const Event* EventQueue::peek_slowly() const {
  if (!hot_.empty()) return &hot_.front();
  const Event* earliest = nullptr;
  const auto consider = [&](const Event& event) {
    if (earliest == nullptr || precedes(event, *earliest)) earliest = &event;
  };
  const std::int64_t bucket = next_near_bucket();
  if (bucket >= base_) {
    near_[static_cast<std::uint64_t>(bucket) & mask_].for_each(consider);
    return earliest;
  }
  const std::int64_t slot = next_slot();
  if (slot > slot_) {
    slots_[static_cast<std::uint64_t>(slot) % kSlots].for_each(consider);
    return earliest;
  }
  return far_.empty() ? nullptr : &far_.front();
}

// Takes the next occupied bucket in hand unless it starts after last_ns. The batch and hot must be empty.
bool EventQueue::advance(std::int64_t last_ns) {
  if (stored_ == 0) return false;
  if (window_events_ >= window_goal_) retune();
  for (;;) {
    const std::int64_t bucket = next_near_bucket();
    if (bucket >= base_) {
      if (bucket << shift_ > last_ns) return false;
      if (bucket >> slot_shift_ != slot_) enter_slot(bucket >> slot_shift_);
      take_bucket(bucket);
      return true;
    }
    std::int64_t slot = next_slot();
    if (slot <= slot_) slot = far_.front().time_ns >> shift_ >> slot_shift_;
    if (slot << slot_shift_ << shift_ > last_ns) return false;
    enter_slot(slot);
  }
}

void EventQueue::take_bucket(std::int64_t bucket) {
  ChunkList& list = near_[static_cast<std::uint64_t>(bucket) & mask_];
  const std::size_t count = batch_.assign(list, bucket << shift_, shift_);
  pool_.release(list);
  const std::size_t index = static_cast<std::uint64_t>(bucket) & mask_;
  near_occupied_[index / 64] &= ~(std::uint64_t{1} << index % 64);
  stored_ -= count;
  if (window_events_ == 0) window_start_ns_ = bucket << shift_;
  window_events_ += count;
  hot_pushes_ = 0;
  ++buckets_taken_;
  next_ = batch_.begin();
  batch_end_ = merged_end_ = next_ + count;
  move_base(bucket + 1);
  prefetch_after(bucket);
}

// A list's chunks are found one through the other, each a cache miss in a large queue: asked for one link a bucket,
// they have arrived when their bucket is reached.
void EventQueue::prefetch_after(std::int64_t bucket) const {
  const auto chunk_at = [&](std::uint64_t ahead) {
    return near_[(static_cast<std::uint64_t>(bucket) + ahead) & mask_].newest();
  };
  const auto fetch = [](std::uintptr_t chunk) {
    __builtin_prefetch(reinterpret_cast<const void*>(chunk));
    __builtin_prefetch(reinterpret_cast<const void*>(chunk + kChunkBytes / 2));
  };
  fetch(chunk_at(4));
  for (std::uint64_t ahead = 3; ahead > 0; --ahead) {
    std::uintptr_t chunk = chunk_at(ahead);
    for (std::uint64_t link = ahead; link < 4 && chunk != 0; ++link) chunk = ChunkList::older(chunk);
    if (chunk != 0) fetch(chunk);
  }
}

// Moves the cursor to a later slot; everything before it has been popped. Level 0 then covers it and the next.
void EventQueue::enter_slot(std::int64_t slot) {
  const std::int64_t first_uncovered = slot_ + 2;
  slot_ = slot;
  move_base(std::max(base_, slot << slot_shift_));
  for (std::int64_t s = std::max(first_uncovered, slot); s <= slot + 1; ++s) spread_slot(s);
  while (!far_.empty() && far_.front().time_ns >> shift_ >> slot_shift_ < slot + 2 + kSlots) {
    const Event event = far_.front();
    std::pop_heap(far_.begin(), far_.end(), kLater);
    far_.pop_back();
    place(event);
  }
}

void EventQueue::spread_slot(std::int64_t slot) {
  const std::size_t index = static_cast<std::uint64_t>(slot) % kSlots;
  const std::uint64_t bit = std::uint64_t{1} << index % 64;
  if ((slots_occupied_[index / 64] & bit) == 0) return;
  slots_occupied_[index / 64] &= ~bit;
  pool_.consume(slots_[index], [&](const Event& event) { append_near(event.time_ns >> shift_, event); });
}

// Puts an event of bucket base_ or later where it belongs.
void EventQueue::place(const Event& event) {
  const std::int64_t bucket = event.time_ns >> shift_;
  const std::int64_t slot = bucket >> slot_shift_;
  if (slot < slot_ + 2) {
    append_near(bucket, event);
  } else if (slot < slot_ + 2 + kSlots) {
    const std::size_t index = static_cast<std::uint64_t>(slot) % kSlots;
    if (slots_[index].full()) {
      slots_occupied_[index / 64] |= std::uint64_t{1} << index % 64;
      pool_.extend(slots_[index]);
    }
    slots_[index].append(event);
  } else {
    far_.push_back(event);
    std::push_heap(far_.begin(), far_.end(), kLater);
  }
}

void EventQueue::move_base(std::int64_t bucket) {
  base_ = bucket;
  reach_ = static_cast<std::uint64_t>(((slot_ + 2) << slot_shift_) - base_);
}

// The first occupied bucket of level 0, or base_ - 1. The ring holds nothing before base_, so going round is in order.
std::int64_t EventQueue::next_near_bucket() const {
  const std::uint64_t from = static_cast<std::uint64_t>(base_) & mask_;
  const std::int64_t found = next_bit_round(near_occupied_, mask_ + 1, from);
  if (found < 0) return base_ - 1;
  return base_ + static_cast<std::int64_t>((static_cast<std::uint64_t>(found) - from) & mask_);
}

// The first occupied slot of level 1, or slot_.
std::int64_t EventQueue::next_slot() const {
  const std::int64_t first = slot_ + 2;
  const std::uint64_t from = static_cast<std::uint64_t>(first) % kSlots;
  const std::int64_t found = next_bit_round(slots_occupied_, kSlots, from);
  if (found < 0) return slot_;
  return first + static_cast<std::int64_t>((static_cast<std::uint64_t>(found) - from) % kSlots);
}

std::size_t EventQueue::memory_bytes() const {
  const std::size_t buckets = mask_ + 1;
  return sizeof(*this) + pool_.memory_bytes() + batch_.memory_bytes() + rounded_to_pages(buckets * sizeof(ChunkList)) +
         rounded_to_pages(buckets / 8) + slots_.capacity() * sizeof(ChunkList) +
         (hot_.capacity() + far_.capacity()) * sizeof(Event);
}

}  // namespace hearsay::world
