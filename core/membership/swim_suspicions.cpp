#include "core/membership/swim_suspicions.hpp"

#include <algorithm>

namespace hearsay::swim {

Suspicion* Suspicions::find(NodeSlot subject) {
  const std::uint32_t place = index_.find(*this, subject);
  return place == SlotIndex<std::uint32_t>::kNone ? nullptr : &running_[place];
}

Suspicion* Suspicions::start(NodeSlot subject, std::size_t limit) {
  if (running_.size() >= limit) return nullptr;
  running_.emplace_back().subject = subject;
  index_.insert(*this, subject, static_cast<std::uint32_t>(running_.size() - 1));
  return &running_.back();
}

void Suspicions::erase(NodeSlot subject) {
  const std::uint32_t place = index_.find(*this, subject);
  if (place == SlotIndex<std::uint32_t>::kNone) return;
  index_.erase(*this, subject);
  const auto last = static_cast<std::uint32_t>(running_.size() - 1);
  if (place != last) {
    index_.move(subject_at(last), last, place);
    running_[place] = running_[last];
  }
  running_.pop_back();
}

bool Suspicions::confirm(Suspicion& suspicion, NodeSlot accuser) {
  if (suspicion.confirmations >= suspicion.expected) return false;
  const auto known = suspicion.accusers.begin() + suspicion.confirmations + 1;
  if (std::find(suspicion.accusers.begin(), known, accuser) != known) return false;
  suspicion.accusers[++suspicion.confirmations] = accuser;
  return true;
}

void Suspicions::digest(Hasher& hasher) const {
  hasher.add(running_.size());
  for (const Suspicion& s : running_) {
    hasher.add(raw(s.subject));
    hasher.add(s.epoch);
    hasher.add(s.incarnation);
    hasher.add(s.expected);
    hasher.add(s.start);
    hasher.add(s.armed);
    hasher.add(s.min);
    hasher.add(s.confirmations);
    for (std::size_t i = 0; i <= s.confirmations; ++i) hasher.add(raw(s.accusers[i]));
  }
}

}  // namespace hearsay::swim
