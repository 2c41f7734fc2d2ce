#include "core/ring/nearest_points.hpp"

namespace hearsay {

void NearestPoints::reserve(std::size_t points) {
  at_.reserve(points);
  owner_.reserve(points);
}

RingPoints NearestPoints::arcs() const {
  RingPoints arcs;
  if (at_.empty()) return arcs;
  arcs.reserve(at_.size());
  if (at_.front() == at_.back()) {
    arcs.add(kLastHash, owner_.front());
    return arcs;
  }
  std::size_t last = at_.size() - 1;  // the first of those at the last place
  while (at_[last - 1] == at_[last]) --last;
  // The gap over the end of the key space: its middle may lie beyond it, and the last point's arc then comes first.
  const std::uint64_t end = at_[last] + (at_.front() - at_[last]) / 2;
  if (end < at_[last]) arcs.add(end, owner_[last]);
  for (std::size_t i = 0; i < last;) {
    std::size_t next = i + 1;
    while (at_[next] == at_[i]) ++next;
    arcs.add(at_[i] + (at_[next] - at_[i]) / 2, owner_[i]);
    i = next;
  }
  if (end >= at_[last]) arcs.add(end, owner_[last]);
  return arcs;
}

}  // namespace hearsay
