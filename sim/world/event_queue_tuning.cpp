// How the event queue chooses its bucket width and its number of buckets. Nothing here can change the order of events:
// floating point only decides how fast they come.
#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>

#include "sim/world/event_queue.hpp"

namespace hearsay::world {
namespace {

constexpr std::size_t kMinBuckets = std::size_t{1} << 10;
constexpr std::size_t kMaxBuckets = std::size_t{1} << 18;
constexpr std::size_t kMinWindow = 1024;  // events that make a measurement worth something
constexpr std::size_t kSamples = 1024;

// The shift whose bucket is nearest, in ratio, to width_ns.
int nearest_shift(double width_ns) {
  const int shift = width_ns < 1.0 ? 0 : std::ilogb(width_ns * 1.4142135623730951);
  return std::clamp(shift, EventQueue::kMinBucketShift, kMaxBucketShift);
}

}  // namespace

// Pending events are spread over level 0 more thinly than the events that pass through it, because most of these are
// pushed only shortly before they are due: one bucket for every four pending ones leaves a margin of two.
std::size_t EventQueue::wanted_buckets() const {
  return std::clamp(std::bit_ceil(size() / 4 + 1), kMinBuckets, kMaxBuckets);
}

// Between two buckets, when enough events passed to measure. O(1), or O(pending) when the wheel is built anew, which
// the passed events have paid for.
void EventQueue::retune() {
  const bool guess = !guessed_;
  const int shift = guess ? guessed_shift() : measured_shift();
  guessed_ = true;
  settled_ = settled_ || !guess;
  if (shift != shift_ || wanted_buckets() > 2 * (mask_ + 1)) {
    rebuild(shift);
  } else {
    window_start_ns_ = now_ns_;
    window_events_ = 0;
    window_goal_ = std::max(kMinWindow, size());
  }
}

// From the events that passed in this window and the time they took. The present shift, unless the density is far off;
// a guess is corrected sooner.
int EventQueue::measured_shift() const {
  const double elapsed_ns = static_cast<double>(now_ns_) - static_cast<double>(window_start_ns_);
  if (elapsed_ns <= 0.0) return shift_;
  const double wanted_ns = elapsed_ns * static_cast<double>(events_per_bucket_) / static_cast<double>(window_events_);
  const double ratio = std::ldexp(1.0, shift_) / wanted_ns;  // of the density to the wanted one
  const bool good = settled_ ? ratio > 0.4 && ratio < 2.5 : ratio > 0.7 && ratio < 1.42;
  return good ? shift_ : nearest_shift(wanted_ns);
}

// Before the first pop: from the median of what is pending. The mean would do for a uniform load, but one event at the
// end of the run spoils it.
int EventQueue::guessed_shift() const {
  if (size() < events_per_bucket_) return shift_;
  std::vector<std::int64_t> times;
  std::size_t countdown = 0;
  const std::size_t stride = size() / kSamples + 1;
  const auto sample = [&](const Event& event) {
    if (countdown-- != 0) return;
    times.push_back(event.time_ns);
    countdown = stride - 1;
  };
  for (std::uint64_t i = 0; i <= mask_; ++i) near_[i].for_each(sample);
  for (const ChunkList& slot : slots_) slot.for_each(sample);
  for (const Event& event : far_) sample(event);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  const std::int64_t first = *std::min_element(times.begin(), times.end());
  const double half_ns = static_cast<double>(*middle) - static_cast<double>(first);
  if (half_ns <= 0.0) return shift_;
  return nearest_shift(half_ns * 2.0 * static_cast<double>(events_per_bucket_) / static_cast<double>(size()));
}

// Builds the wheel anew around now() for buckets of 2^shift ns. Chunk by chunk, so that memory does not double.
void EventQueue::rebuild(int shift) {
  const std::size_t pending = size();
  const std::size_t buckets = wanted_buckets();
  std::vector<Event> loose(next_, batch_end_);
  loose.insert(loose.end(), hot_.begin(), hot_.end());
  hot_.clear();
  next_ = batch_end_ = merged_end_ = batch_.begin();
  const std::vector<Event> old_far = std::exchange(far_, {});
  std::vector<ChunkList> old_slots = std::exchange(slots_, std::vector<ChunkList>(kSlots));
  std::fill(std::begin(slots_occupied_), std::end(slots_occupied_), 0);
  const Memory old_near_memory = std::move(near_memory_);
  const Memory old_occupied_memory = std::move(near_occupied_memory_);
  ChunkList* const old_near = near_;
  const std::size_t old_buckets = near_ == nullptr ? 0 : mask_ + 1;

  allocate_near(buckets);
  shift_ = shift;
  slot_ = now_ns_ >> shift_ >> slot_shift_;
  move_base(now_ns_ >> shift_);

  const auto put = [&](const Event& event) { place(event); };
  for (std::size_t i = 0; i < old_buckets; ++i) pool_.consume(old_near[i], put);
  for (ChunkList& slot : old_slots) pool_.consume(slot, put);
  for (const Event& event : old_far) place(event);
  for (const Event& event : loose) place(event);

  stored_ = pending;
  ++rebuilds_;
  hot_pushes_ = 0;
  window_start_ns_ = now_ns_;
  window_events_ = 0;
  window_goal_ = guessed_ ? std::max(kMinWindow, pending) : 0;
}

void EventQueue::allocate_near(std::size_t buckets) {
  near_memory_ = memory_for(buckets * sizeof(ChunkList));
  near_occupied_memory_ = memory_for(buckets / 8);
  near_ = reinterpret_cast<ChunkList*>(near_memory_.get());
  near_occupied_ = reinterpret_cast<std::uint64_t*>(near_occupied_memory_.get());
  std::uninitialized_default_construct_n(near_, buckets);
  std::uninitialized_fill_n(near_occupied_, buckets / 64, std::uint64_t{0});
  mask_ = buckets - 1;
  slot_shift_ = std::countr_zero(buckets) - 1;
}

}  // namespace hearsay::world
