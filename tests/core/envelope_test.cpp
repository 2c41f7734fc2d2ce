#include "core/protocol/envelope.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/messages.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string small_frame(World& world, const Envelope& envelope) {
  return world.encoded(*world.sealed(world.pool.make<Small>()), envelope);
}

// Offsets of the frame's parts.
constexpr std::size_t kMagicAt = 2;
constexpr std::size_t kMajorAt = 6;
constexpr std::size_t kMinorAt = 7;
constexpr std::size_t kTagAt = 9;

}  // namespace

TEST_CASE("the bytes of a frame are what they were") {
  World world;
  CHECK(hex(small_frame(world, {NodeId{0x0123456789abcdef}, 2, 3})) ==
        "98"                  // eight elements
        "ce48525359"          // HRSY
        "0100"                // version 1.0
        "ced3899d08"          // test.Small
        "cf0123456789abcdef"  // origin
        "ce00000002"          // epoch
        "cf0000000000000003"  // sequence
        "9107");              // body: [7]
}

TEST_CASE("the envelope's size depends on nothing") {
  World world;
  const Envelope least{NodeId{1}, 0, 0};
  const Envelope most{NodeId{~0ULL}, ~0U, ~0ULL};
  CHECK(small_frame(world, least).size() == kEnvelopeBytes + 2);
  CHECK(small_frame(world, most).size() == kEnvelopeBytes + 2);
  const Decoded decoded = world.decoded(small_frame(world, most));
  REQUIRE(decoded.fault == DecodeFault::kNone);
  CHECK(decoded.envelope.origin == most.origin);
  CHECK(decoded.envelope.epoch == most.epoch);
  CHECK(decoded.envelope.sequence == most.sequence);
  CHECK(as<Small>(*decoded.message).number == 7);
}

TEST_CASE("encode appends") {
  World world;
  std::string bytes = "before";
  encode({NodeId{1}, 1, 1}, *world.pool.make<Small>(), world.directory, bytes);
  CHECK(bytes == "before" + small_frame(world, {NodeId{1}, 1, 1}));
}

TEST_CASE("what is not ours is foreign") {
  World world;
  std::string bytes = small_frame(world, {NodeId{1}, 1, 1});
  bytes[kMagicAt] = 'X';
  CHECK(world.decoded(bytes).fault == DecodeFault::kForeign);
  CHECK(world.decoded("\xc0").fault == DecodeFault::kForeign);    // nil
  CHECK(world.decoded("\x90").fault == DecodeFault::kForeign);    // []
  CHECK(world.decoded("\xa2hi").fault == DecodeFault::kForeign);  // "hi"
  CHECK(world.decoded("").fault == DecodeFault::kMalformed);
}

TEST_CASE("another major version is refused by name, another minor one is read") {
  World world;
  std::string bytes = small_frame(world, {NodeId{1}, 1, 1});
  bytes[kMinorAt] = 9;
  CHECK(world.decoded(bytes).fault == DecodeFault::kNone);
  bytes[kMajorAt] = kWireMajor + 1;
  CHECK(world.decoded(bytes).fault == DecodeFault::kOtherVersion);
  CHECK(world.decoded(bytes).major == kWireMajor + 1);
  // The rest of its layout is its own affair.
  CHECK(world.decoded("\x93\xce\x48\x52\x53\x59\x02\xc0").fault == DecodeFault::kOtherVersion);
}

TEST_CASE("an unknown tag is told from malformed bytes, with who sent it") {
  World world;
  std::string bytes = small_frame(world, {NodeId{77}, 1, 5});
  bytes[kTagAt] = static_cast<char>(bytes[kTagAt] ^ 1);
  const Decoded decoded = world.decoded(bytes);
  CHECK(decoded.fault == DecodeFault::kUnknownMessage);
  CHECK(decoded.envelope.origin == NodeId{77});
  CHECK(decoded.envelope.sequence == 5);
}

TEST_CASE("an envelope may grow and must not shrink") {
  World world;
  std::string bytes = small_frame(world, {NodeId{1}, 1, 1});
  bytes[0] = '\x99';
  bytes.push_back(5);
  CHECK(world.decoded(bytes).fault == DecodeFault::kNone);
  bytes[0] = '\x97';
  CHECK(world.decoded(bytes.substr(0, kEnvelopeBytes)).fault == DecodeFault::kMalformed);
}

TEST_CASE("nobody has the id 0") {
  World world;
  CHECK(world.decoded(small_frame(world, {NodeId{0}, 1, 1})).fault == DecodeFault::kMalformed);
}

TEST_CASE("a frame over the limit is not looked at") {
  World world;
  std::string bytes = small_frame(world, {NodeId{1}, 1, 1});
  bytes[0] = '\x9f';
  Packer packer(bytes, world.directory);
  const std::string value(kMaxFrameBytes / 7, 'x');
  for (int i = 0; i < 6; ++i) packer.binary(value);
  packer.binary(value.substr(0, kMaxFrameBytes - bytes.size() - 5));
  REQUIRE(bytes.size() == kMaxFrameBytes);
  CHECK(world.decoded(bytes).fault == DecodeFault::kNone);

  bytes[kMagicAt] = 'X';
  CHECK(world.decoded(bytes).fault == DecodeFault::kForeign);
  bytes.push_back(5);
  CHECK(world.decoded(bytes).fault == DecodeFault::kMalformed);
}
