// One frame of every message, byte for byte, as this version and those before it wrote it: what a peer on another
// machine, of another release or in another language relies on. A folder of tests/golden/wire for each version; a
// version's files are never written again once it was released, and are read for ever.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/protocol/envelope.hpp"
#include "tests/transport/wire_schema.hpp"

namespace hearsay::test {

namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = "tests/golden/wire";
constexpr std::size_t kMajorAt = 6;
constexpr std::size_t kMinorAt = 7;

fs::path folder_of_this_version() { return kGoldens / fmt::format("{}.{}", kWireMajor, kWireMinor); }
fs::path golden_of(const MessageType& type) { return folder_of_this_version() / fmt::format("{}.hex", type.name); }

std::string read_hex(const fs::path& path) {
  std::ifstream file(path);
  return from_hex(std::string{std::istreambuf_iterator<char>(file), {}});
}

// Reads and writes frames as the one node that is in the samples.
struct Peer {
  Peer() {
    const SampleNode node;
    HEARSAY_CHECK(directory.intern(node.name, node.address, node.weight, node.zone).has_value());
  }
  Directory directory{4};
  MessagePool pool;

  Decoded decoded(std::string_view bytes) { return decode(bytes, directory, pool, wire_types()); }
  std::string encoded(const Decoded& frame) const {
    std::string bytes;
    encode(frame.envelope, *frame.message, directory, bytes);
    return bytes;
  }
};

}  // namespace

// Run by hand after a change of the wire that is meant: test_transport --no-skip -tc="write the wire's golden frames"
TEST_CASE("write the wire's golden frames" * doctest::skip()) {
  fs::create_directories(folder_of_this_version());
  for (const MessageType* type : wire_types().all()) {
    const std::string hex = to_hex(sample_frame(*type));
    std::ofstream file(golden_of(*type));
    for (std::size_t at = 0; at < hex.size(); at += 64) file << hex.substr(at, 64) << '\n';
  }
}

TEST_CASE("every message has its golden frame, which a description of its fields is enough to write") {
  REQUIRE(wire_types().all().size() > 10);
  for (const MessageType* type : wire_types().all()) {
    CAPTURE(type->name);
    CHECK(to_hex(read_hex(golden_of(*type))) == to_hex(sample_frame(*type)));
  }
}

TEST_CASE("every golden frame of this version is read and written again as it was") {
  for (const MessageType* type : wire_types().all()) {
    CAPTURE(type->name);
    Peer peer;
    const std::string golden = read_hex(golden_of(*type));
    const Decoded frame = peer.decoded(golden);
    REQUIRE(frame.fault == DecodeFault::kNone);
    CHECK(frame.message->type == type);
    CHECK(frame.message->wire_bytes == golden.size());
    CHECK(to_hex(peer.encoded(frame)) == to_hex(golden));
  }
}

TEST_CASE("golden frames of all versions of this major one are read") {
  std::size_t read = 0;
  for (const fs::directory_entry& folder : fs::directory_iterator(kGoldens)) {
    if (!folder.path().filename().string().starts_with(fmt::format("{}.", kWireMajor))) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(folder.path())) {
      CAPTURE(file.path().string());
      Peer peer;
      const Decoded frame = peer.decoded(read_hex(file.path()));
      REQUIRE(frame.fault == DecodeFault::kNone);
      CHECK(frame.message->type->name == file.path().stem().string());
      ++read;
    }
  }
  CHECK(read >= wire_types().all().size());
}

TEST_CASE("a later minor version may add a field to every message, and to the envelope") {
  for (const MessageType* type : wire_types().all()) {
    CAPTURE(type->name);
    Peer peer;
    const std::string golden = read_hex(golden_of(*type));
    std::string grown = golden;
    REQUIRE(static_cast<unsigned char>(grown[kEnvelopeBytes]) < 0x9f);  // a short array, with room for one more
    grown[0] = '\x99';
    grown[kMinorAt] = kWireMinor + 1;
    ++grown[kEnvelopeBytes];
    grown += "\x93\x01\xa3new\xc3";                   // of the body: [1, "new", true]
    grown += "\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18";  // of the envelope: pi
    const Decoded frame = peer.decoded(grown);
    REQUIRE(frame.fault == DecodeFault::kNone);
    CHECK(to_hex(peer.encoded(frame)) == to_hex(golden));
  }
}

TEST_CASE("another major version of every message is refused as that") {
  for (const MessageType* type : wire_types().all()) {
    CAPTURE(type->name);
    Peer peer;
    std::string other = read_hex(golden_of(*type));
    other[kMajorAt] = kWireMajor + 1;
    const Decoded frame = peer.decoded(other);
    CHECK(frame.fault == DecodeFault::kOtherVersion);
    CHECK(frame.major == kWireMajor + 1);
    CHECK_FALSE(static_cast<bool>(frame.message));
  }
}

TEST_CASE("a golden frame that misses its last byte, or has one too many, is malformed") {
  for (const MessageType* type : wire_types().all()) {
    CAPTURE(type->name);
    Peer peer;
    const std::string golden = read_hex(golden_of(*type));
    CHECK(peer.decoded(golden.substr(0, golden.size() - 1)).fault == DecodeFault::kMalformed);
    CHECK(peer.decoded(golden + '\0').fault == DecodeFault::kMalformed);
  }
}

}  // namespace hearsay::test
