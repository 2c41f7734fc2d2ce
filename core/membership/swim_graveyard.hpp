// The dead and the departed, in the order in which they went: whom to gossip to for a while, whom the healer tries, and
// when to forget them.
//
// A grave is not removed when its member comes back: it counts only while the view still says what it says, and empty
// ones are cleared away when they are more than half. So it is bounded by twice the members known, and nothing has to
// be found in it. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/protocol/view.hpp"

namespace hearsay::swim {

struct Grave {
  NodeSlot subject = kNoSlot;
  Belief belief;
  MonoTime since{};

  bool holds(const View& view) const {
    const MaybeBelief now = view.get(subject);
    return now.known && now.belief == belief;
  }
};

class Graveyard {
 public:
  // `since` does not go back from call to call: it is the node's monotonic clock.
  void add(const Grave& grave, const View& view) {
    if (graves_.size() >= kSlack + 2 * std::size_t{view.known() - view.members()}) clear_empty(view);
    graves_.push_back(grave);
  }

  // Those who went at `since` or later, some of them perhaps back: a suffix in order of time. O(log n).
  std::size_t count_since(MonoTime since) const {
    // Mostly nobody or everybody.
    if (graves_.empty() || graves_.back().since < since) return 0;
    const auto first =
        std::partition_point(graves_.begin(), graves_.end(), [&](const Grave& g) { return g.since < since; });
    return static_cast<std::size_t>(graves_.end() - first);
  }
  // Whether one of the newest `count` died, rather than left. O(count).
  bool any_dead(std::size_t count) const {
    return std::any_of(graves_.end() - static_cast<std::ptrdiff_t>(count), graves_.end(),
                       [](const Grave& grave) { return grave.belief.status == Status::kDead; });
  }
  // The i-th from the end.
  const Grave& newest(std::size_t i) const { return graves_[graves_.size() - 1 - i]; }

  // Removes the graves whose member is back, has changed its status, or died twice. O(n).
  void clear_empty(const View& view) {
    std::erase_if(graves_, [&](const Grave& grave) { return !grave.holds(view); });
  }
  const std::vector<Grave>& all() const { return graves_; }

  void digest(Hasher& hasher) const {
    hasher.add(graves_.size());
    for (const Grave& grave : graves_) {
      hasher.add(raw(grave.subject));
      hasher.add(grave.belief.epoch);
      hasher.add(grave.belief.incarnation);
      hasher.add(grave.belief.status);
      hasher.add(grave.since);
    }
  }

 private:
  static constexpr std::size_t kSlack = 16;
  std::vector<Grave> graves_;
};

}  // namespace hearsay::swim
