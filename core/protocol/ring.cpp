#include "core/protocol/ring.hpp"

#include "core/base/hash.hpp"

namespace hearsay {

std::uint64_t Ring::hash_key(std::string_view key) const { return hash64(key); }

std::shared_ptr<const Placement> Ring::apply(const Placement&, const RingChange&,
                                             std::span<const RingMember> members) const {
  return place(members);
}

}  // namespace hearsay
