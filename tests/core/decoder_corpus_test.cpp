// The seeds of the decoder's fuzz target (tests/fuzz/corpus/decoder), one file a frame, named by what decode() says of
// it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "tests/support/messages.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

const std::string kFolder = "tests/fuzz/corpus/decoder/";

std::map<std::string, std::string> seeds() {
  World world;
  RandomStream random(5, Purpose::kTest);
  std::map<std::string, std::string> frames;
  frames["none-small"] = world.encoded(*world.pool.make<Small>());
  for (int i = 0; i < 3; ++i) {
    frames[fmt::format("none-everything-{}", i)] = world.encoded(*random_everything(world, random, 12));
  }
  auto parcel = world.pool.make<Parcel>();
  parcel->inner = {random_everything(world, random, 4), random_small(world, random)};
  auto outer = world.pool.make<Parcel>();
  outer->inner.push_back(world.sealed(std::move(parcel)));
  frames["none-parcel"] = world.encoded(*outer);

  frames["malformed-cut"] = frames["none-parcel"].substr(0, frames["none-parcel"].size() / 2);
  frames["malformed-array32"] = std::string("\xdd\xff\x00\x00\x00", 5);
  frames["malformed-deep"] = std::string(64, '\x91');
  std::string changed = frames["none-small"];
  changed[6] = 2;
  frames["other_version-major"] = changed;
  changed = frames["none-small"];
  changed[2] = 'X';
  frames["foreign-magic"] = changed;
  changed = frames["none-small"];
  changed[9] = 'X';
  frames["unknown_message-tag"] = changed;
  return frames;
}

}  // namespace

// Run by hand after a change of the wire form: test_core --no-skip -tc="write the decoder's seeds"
TEST_CASE("write the decoder's seeds" * doctest::skip()) {
  for (const auto& [name, bytes] : seeds()) std::ofstream(kFolder + name, std::ios::binary) << bytes;
}

TEST_CASE("the decoder's seeds are up to date and are what they are called") {
  for (const auto& [name, bytes] : seeds()) {
    CAPTURE(name);
    std::ifstream file(kFolder + name, std::ios::binary);
    const std::string kept{std::istreambuf_iterator<char>(file), {}};
    CHECK(kept == bytes);
    World world;
    CHECK(to_string(world.decoded(bytes).fault) == name.substr(0, name.find('-')));
  }
}
