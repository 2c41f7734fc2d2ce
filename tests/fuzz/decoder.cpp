// Fuzz target: whatever bytes arrive, decode() ends in a fault or in a message, and a message packs to its computed
// size and comes back as it was. The types are the tests' own, which have a field of every kind.
#include <cstdint>

#include "tests/support/messages.hpp"

using namespace hearsay;
using namespace hearsay::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
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
