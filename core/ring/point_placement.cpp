#include "core/ring/point_placement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/check.hpp"
#include "core/base/dmath.hpp"
#include "core/ring/taken.hpp"

namespace hearsay {

RingTheory theory_of_points(std::uint32_t points, std::size_t members) {
  const auto n = static_cast<double>(members);
  return {.share_cv = std::sqrt((n - 1) / (n * static_cast<double>(points) + 1)), .share_max = {}};
}

void RingPoints::reserve(std::size_t points) {
  hot_.reserve(points + PointPlacement::kPadding);
  low_.reserve(points);
}

void RingPoints::copy(const PointPlacement& from, std::size_t begin, std::size_t end) {
  hot_.insert(hot_.end(), from.hot_.data() + begin, from.hot_.data() + end);
  low_.insert(low_.end(), from.low_.data() + begin, from.low_.data() + end);
}

PointPlacement::PointPlacement(RingPoints points, std::size_t members, std::vector<NodeSlot> pointless)
    : points_(points.size()),
      members_(members),
      hot_(std::move(points.hot_)),
      low_(std::move(points.low_)),
      pointless_(std::move(pointless)) {
  HEARSAY_CHECK(points_ <= kMaxPoints);
  make_index();
  const NodeSlot first = points_ == 0 ? kNoSlot : hot_.front().owner;
  hot_.resize(points_ + kPadding, Hot{std::numeric_limits<std::uint32_t>::max(), first});
}

void PointPlacement::make_index() {
  // One to two points a prefix: fewer prefixes mean more points to compare, more mean more memory to miss in.
  const unsigned bits = static_cast<unsigned>(std::max(1, ceil_log2(points_) - 1));
  shift_ = 64 - bits;
  const std::size_t blocks = ((std::size_t{1} << bits) + kBlock - 1) / kBlock;
  base_.resize(blocks + 1);
  offset_.resize(blocks * kBlock);
  std::size_t i = 0;
  std::uint64_t last = 0;
  bool ascending = true;
  std::uint32_t slots = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    base_[block] = static_cast<std::uint32_t>(i);
    // How many points of the block lie up to the end of each prefix: the last one to be written stays, an empty prefix
    // has what the one before it has. One branch a block depends on the points, and none a prefix.
    std::uint32_t up_to[kBlock + 1] = {};
    for (; i < points_; ++i) {
      const std::uint64_t own = end(i);
      const std::size_t prefix = own >> shift_;
      if (prefix / kBlock != block) break;
      ascending &= last <= own;
      last = own;
      slots = std::max(slots, raw(hot_[i].owner) + 1);
      up_to[prefix % kBlock + 1] = static_cast<std::uint32_t>(i + 1 - base_[block]);
    }
    for (std::size_t k = 0; k < kBlock; ++k) {
      offset_[block * kBlock + k] = static_cast<std::uint8_t>(std::min(up_to[k], std::uint32_t{255}));
      up_to[k + 1] = std::max(up_to[k + 1], up_to[k]);
    }
  }
  HEARSAY_CHECK(ascending && i == points_);
  base_[blocks] = static_cast<std::uint32_t>(points_);
  slots_ = slots;
}

std::size_t PointPlacement::find_exactly(std::uint64_t hash, std::size_t from) const {
  // All points of the hash's own block may lie before it, hence the first one of the next block.
  std::size_t last = base_[(hash >> shift_) / kBlock + 1];
  while (from < last) {
    const std::size_t middle = from + (last - from) / 2;
    if (end(middle) < hash) {
      from = middle + 1;
    } else {
      last = middle;
    }
  }
  return from;
}

void PointPlacement::lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
  HEARSAY_CHECK(out.size() >= hashes.size());
  // Two passes over a block, so that the cache misses of its lookups overlap.
  constexpr std::size_t kAtOnce = 16;
  std::size_t i = 0;
  for (; i + kAtOnce <= hashes.size(); i += kAtOnce) {
    std::uint32_t fetched[kAtOnce];
    for (std::size_t k = 0; k < kAtOnce; ++k) fetched[k] = fetch(hashes[i + k]);
    for (std::size_t k = 0; k < kAtOnce; ++k) out[i + k] = hot_[find(hashes[i + k], fetched[k])].owner;
  }
  for (; i < hashes.size(); ++i) out[i] = lookup(hashes[i]);
}

std::size_t PointPlacement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  const std::size_t all = std::min(out.size(), members_);
  const std::size_t wanted = std::min(all, members_ - pointless_.size());
  if (all == 0 || points_ == 0) return 0;
  std::size_t count = 0;
  std::size_t at = position(hash);
  if (at >= points_) at = 0;
  std::vector<bool> seen(wanted > Taken::kMaxCompared ? slots_ : 0);
  for (std::size_t walked = 0; walked < points_ && count < wanted; ++walked) {
    const NodeSlot owner = hot_[at].owner;
    bool known = false;
    if (seen.empty()) {
      known = std::find(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), owner) !=
              out.begin() + static_cast<std::ptrdiff_t>(count);
    } else {
      known = seen[raw(owner)];
      seen[raw(owner)] = true;
    }
    if (!known) out[count++] = owner;
    if (++at == points_) at = 0;
  }
  for (const NodeSlot slot : pointless_) {
    if (count == all) break;
    out[count++] = slot;
  }
  return count;
}

bool PointPlacement::arcs(std::vector<Arc>& out) const {
  out.clear();
  if (points_ == 0) {
    out.push_back({kLastHash, kNoSlot});
    return true;
  }
  const auto add = [&out](std::uint64_t last, NodeSlot owner) {
    if (!out.empty() && out.back().last == last) return;  // an empty arc: an equal point comes first
    if (!out.empty() && out.back().owner == owner) {
      out.back().last = last;
    } else {
      out.push_back({last, owner});
    }
  };
  for (std::size_t i = 0; i < points_; ++i) add(end(i), hot_[i].owner);
  add(kLastHash, hot_.front().owner);
  return true;
}

std::size_t PointPlacement::memory_bytes() const {
  return sizeof(*this) + hot_.capacity() * sizeof(hot_[0]) + low_.capacity() * sizeof(low_[0]) +
         base_.capacity() * sizeof(base_[0]) + offset_.capacity() + pointless_.capacity() * sizeof(pointless_[0]);
}

}  // namespace hearsay
