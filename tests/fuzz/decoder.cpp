// Fuzz target: whatever bytes arrive, decode() ends in a fault or in a message, and a message packs to its computed
// size and comes back as it was. The types are the catalogue's, and the tests' own, which have a field of every kind.
#include <cstdint>

#include "core/protocol/catalogue.hpp"
#include "tests/support/messages.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

MessageTypes all_types() {
  MessageTypes types = test_types();
  for (const Role role : {Role::kMembership, Role::kDissemination, Role::kReplication}) {
    for (const CatalogueEntry* entry : Catalogue::builtin().list(role)) {
      const auto component = entry->configure()->build();
      for (const MessageType* type : dynamic_cast<const Strategy&>(*component).messages()) {
        HEARSAY_CHECK(types.add(*type).has_value());
      }
    }
  }
  return types;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MessageTypes types = all_types();
  World world;
  world.types = types;
  {
    const Decoded decoded = world.decoded({reinterpret_cast<const char*>(data), size});
    HEARSAY_CHECK((decoded.fault == DecodeFault::kNone) == static_cast<bool>(decoded.message));
    if (decoded.message) {
      const std::string packed = world.encoded(*decoded.message, decoded.envelope);
      HEARSAY_CHECK(packed.size() == decoded.message->wire_bytes);
      const Decoded again = world.decoded(packed);
      HEARSAY_CHECK(again.fault == DecodeFault::kNone);
      HEARSAY_CHECK(again.message->type == decoded.message->type);
      HEARSAY_CHECK(world.encoded(*again.message, again.envelope) == packed);
    }
  }
  HEARSAY_CHECK(world.pool.live() == 0);
  HEARSAY_CHECK(world.directory.size() <= world.directory.capacity());
  return 0;
}
