#include "core/protocol/directory.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace hearsay;

TEST_CASE("names, ids and slots lead to each other") {
  Directory directory(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    REQUIRE(directory.intern(fmt::format("node-{}", i)).value() == NodeSlot{i});
  }
  CHECK(directory.size() == 1000);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const std::string name = fmt::format("node-{}", i);
    REQUIRE(directory.find(name) == NodeSlot{i});
    REQUIRE(directory.find(node_id(name)) == NodeSlot{i});
    REQUIRE(directory.id(NodeSlot{i}) == node_id(name));
    REQUIRE(directory[NodeSlot{i}].name == name);
  }
}

TEST_CASE("who was never heard of is not found") {
  Directory directory(4);
  CHECK(directory.find("a") == kNoSlot);
  CHECK(directory.find(NodeId{1}) == kNoSlot);
  REQUIRE(directory.intern("a").has_value());
  CHECK(directory.find("b") == kNoSlot);
}

TEST_CASE("a node without details has the defaults") {
  Directory directory(4);
  REQUIRE(directory.intern("plain").has_value());
  REQUIRE(directory.intern("heavy", "tcp://h:1", 2.5, 7).has_value());
  REQUIRE(directory.intern("after").has_value());
  for (const std::string_view name : {"plain", "after"}) {
    const NodeIdentity node = directory[directory.find(name)];
    CHECK(node.address.empty());
    CHECK(node.weight == 1.0);
    CHECK(node.zone == 0);
  }
  const NodeIdentity heavy = directory[directory.find("heavy")];
  CHECK(heavy.address == "tcp://h:1");
  CHECK(heavy.weight == 2.5);
  CHECK(heavy.zone == 7);
}

TEST_CASE("a second mention keeps the slot and the address it does not give") {
  Directory directory(4);
  const NodeSlot slot = directory.intern("a", "tcp://one:1").value();
  CHECK(directory.intern("a").value() == slot);
  CHECK(directory[slot].address == "tcp://one:1");
  CHECK(directory.intern("a", "tcp://two:2", 3.0, 1).value() == slot);
  CHECK(directory[slot].address == "tcp://two:2");
  CHECK(directory[slot].weight == 3.0);
  CHECK(directory.size() == 1);
}

TEST_CASE("a full directory takes no stranger and still knows its own") {
  Directory directory(2);
  REQUIRE(directory.intern("a").has_value());
  REQUIRE(directory.intern("b").has_value());
  const auto third = directory.intern("c");
  REQUIRE_FALSE(third.has_value());
  CHECK(third.error().code == ErrorCode::kTooLarge);
  CHECK(directory.intern("a").value() == NodeSlot{0});
  CHECK(directory.size() == 2);
}

TEST_CASE("what cannot be a node is refused") {
  Directory directory(4);
  CHECK(directory.intern("").error().code == ErrorCode::kInvalidArgument);
  CHECK(directory.intern(std::string(Directory::kMaxNameBytes, 'x')).has_value());
  CHECK(directory.intern(std::string(Directory::kMaxNameBytes + 1, 'x')).error().code == ErrorCode::kInvalidArgument);
  CHECK(directory.intern("a", std::string(Directory::kMaxAddressBytes + 1, 'x')).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK(directory.intern("a", "", 0.0).error().code == ErrorCode::kInvalidArgument);
  CHECK(directory.size() == 1);
}
