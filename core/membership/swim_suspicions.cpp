#include "core/membership/swim_suspicions.hpp"

#include <algorithm>

namespace hearsay::swim {

Suspicion* Suspicions::start(NodeSlot subject, NodeSlot accuser, int expected, std::size_t limit) {
  if (running_.size() >= limit) return nullptr;
  index_.insert(subject, static_cast<std::uint32_t>(running_.size()));
  settled_.push_back(expected == 0);
  Suspicion& suspicion = running_.emplace_back();
  suspicion.subject = subject;
  suspicion.expected = static_cast<std::uint8_t>(expected);
  suspicion.accusers[0] = accuser;
  return &suspicion;
}

void Suspicions::erase(NodeSlot subject) {
  const std::uint32_t place = find(subject);
  if (place == kNone) return;
  index_.erase(subject);
  if (place + 1 != running_.size()) {
    index_.move(running_.back().subject, place);
    running_[place] = running_.back();
    settled_[place] = settled_.back();
  }
  running_.pop_back();
  settled_.pop_back();
}

bool Suspicions::confirm(std::uint32_t place, NodeSlot accuser) {
  if (settled_[place]) return false;
  Suspicion& suspicion = running_[place];
  const auto known = suspicion.accusers.begin() + suspicion.confirmations + 1;
  if (std::find(suspicion.accusers.begin(), known, accuser) != known) return false;
  suspicion.accusers[++suspicion.confirmations] = accuser;
  settled_[place] = suspicion.confirmations >= suspicion.expected;
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
