// The members of a view as a ring wants them: sorted by id. Remembers the order of the directory's slots, so that a
// look costs O(slots) and sorts new slots only. One thread.
#pragma once

#include <cstddef>
#include <vector>

#include "core/protocol/directory.hpp"
#include "core/protocol/ring.hpp"
#include "core/protocol/view.hpp"

namespace hearsay {

class MembersById {
 public:
  // The directory must outlive this; it may grow.
  explicit MembersById(const Directory& directory) : directory_(directory) {}

  std::vector<RingMember> of(View view);
  RingMember member(NodeSlot slot) const;
  std::size_t memory_bytes() const { return by_id_.capacity() * sizeof(NodeSlot); }

 private:
  void learn_new_slots();

  const Directory& directory_;
  std::vector<NodeSlot> by_id_;  // all slots of the directory
};

}  // namespace hearsay
