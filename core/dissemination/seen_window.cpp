#include "core/dissemination/seen_window.hpp"

#include "core/base/check.hpp"

namespace hearsay {

std::size_t SeenWindow::hash_of(const RumorId& id) {
  // The origin is a hash, the sequence counts up: one odd multiplier spreads it over the high bits, which come down.
  const std::uint64_t mixed = (raw(id.origin) ^ (std::uint64_t{id.epoch} << 32 | id.sequence)) * 0x9e3779b97f4a7c15U;
  return static_cast<std::size_t>(mixed ^ mixed >> 32);
}

std::uint32_t SeenWindow::find(const RumorId& id) const {
  if (index_.empty()) {
    for (std::uint32_t i = 0; i < ids_.size(); ++i) {
      if (ids_[i] == id) return i;
    }
    return kFree;
  }
  const std::size_t mask = index_.size() - 1;
  for (std::size_t place = hash_of(id) & mask;; place = (place + 1) & mask) {
    if (index_[place] == kFree || ids_[index_[place]] == id) return index_[place];
  }
}

std::uint64_t SeenWindow::number_of(const RumorId& id) const {
  const std::uint32_t position = find(id);
  if (position == kFree) return kNotIn;
  return oldest() + (position >= oldest_ ? position - oldest_ : position + ids_.size() - oldest_);
}

void SeenWindow::enter(std::uint32_t position) {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = hash_of(ids_[position]) & mask;
  while (index_[place] != kFree) place = (place + 1) & mask;
  index_[place] = position;
}

void SeenWindow::remove(std::uint32_t position) {
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = hash_of(ids_[position]) & mask;
  while (index_[hole] != position) hole = (hole + 1) & mask;
  // Those behind the hole that are not at home come forward, so that no search ends too early.
  for (std::size_t place = (hole + 1) & mask; index_[place] != kFree; place = (place + 1) & mask) {
    const std::size_t home = hash_of(ids_[index_[place]]) & mask;
    if (((place - home) & mask) < ((place - hole) & mask)) continue;
    index_[hole] = index_[place];
    hole = place;
  }
  index_[hole] = kFree;
}

void SeenWindow::rebuild(std::size_t places) {
  index_.assign(places, kFree);
  for (std::uint32_t i = 0; i < ids_.size(); ++i) enter(i);
}

bool SeenWindow::insert(const RumorId& id, std::size_t capacity) {
  HEARSAY_CHECK(capacity >= 1 && capacity < kFree);
  if (contains(id)) return false;
  ++inserted_;
  if (ids_.size() < capacity) {
    ids_.push_back(id);
    if (ids_.size() <= kScanned) return true;
    if (ids_.size() * 2 > index_.size()) {
      rebuild(index_.empty() ? 4 * kScanned : index_.size() * 2);
    } else {
      enter(static_cast<std::uint32_t>(ids_.size() - 1));
    }
    return true;
  }
  if (!index_.empty()) remove(oldest_);
  ids_[oldest_] = id;
  if (!index_.empty()) enter(oldest_);
  oldest_ = oldest_ + 1 == ids_.size() ? 0 : oldest_ + 1;
  return true;
}

void SeenWindow::digest(Hasher& hasher) const {
  hasher.add(ids_.size());
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const RumorId& id = ids_[(oldest_ + i) % ids_.size()];
    hasher.add(id.origin);
    hasher.add(id.epoch);
    hasher.add(id.sequence);
  }
}

}  // namespace hearsay
