#include "sim/measure/target.hpp"

#include <doctest/doctest.h>

#include "tests/measure/fixture.hpp"

namespace hearsay::measure {
namespace {

Target whole(std::uint32_t nodes) {
  Target target(nodes);
  for (std::uint32_t i = 0; i < nodes; ++i) target.process(NodeSlot{i}, ProcessState::kUp);
  return target;
}

plan::Reachability groups(std::vector<std::uint8_t> group, std::vector<std::uint64_t> reaches) {
  plan::Reachability r;
  r.group = std::move(group);
  for (std::size_t i = 0; i < reaches.size(); ++i) r.reaches[i] = reaches[i];
  return r;
}

TEST_CASE("running and paused nodes are members, leaving, down and absent ones are not") {
  Target t = whole(4);
  CHECK_FALSE(t.process(NodeSlot{0}, ProcessState::kPaused));
  CHECK(t.process(NodeSlot{1}, ProcessState::kLeaving));
  CHECK_FALSE(t.process(NodeSlot{1}, ProcessState::kAbsent));
  CHECK(t.process(NodeSlot{2}, ProcessState::kDown));
  CHECK(t.live_members() == 2);
  CHECK(t.view(0).test(0));
  CHECK_FALSE(t.view(0).test(1));
  CHECK(t.view(0).count() == 2);
}

TEST_CASE("one way is apart, a cycle of one-way links is together") {
  Target t = whole(3);
  CHECK(t.reachability(groups({0, 1, 2}, {1 | 2, 2 | 4, 4})));
  CHECK(t.components() == 3);
  CHECK(t.reachability(groups({0, 1, 2}, {1 | 2, 2 | 4, 4 | 1})));
  CHECK(t.components() == 1);
  CHECK(t.together(NodeSlot{0}, NodeSlot{2}));
}

TEST_CASE("a way leads through live nodes alone") {
  Target t = whole(3);
  t.reachability(groups({0, 1, 2}, {1 | 4, 2 | 4, 7}));
  CHECK(t.together(NodeSlot{0}, NodeSlot{1}));
  t.process(NodeSlot{2}, ProcessState::kDown);
  CHECK_FALSE(t.together(NodeSlot{0}, NodeSlot{1}));
  t.process(NodeSlot{2}, ProcessState::kUp);
  CHECK(t.together(NodeSlot{0}, NodeSlot{1}));
}

TEST_CASE("a group without members changes no target") {
  Target t = whole(3);
  t.process(NodeSlot{2}, ProcessState::kDown);
  CHECK_FALSE(t.reachability(groups({0, 0, 1}, {1, 2})));
}

}  // namespace
}  // namespace hearsay::measure
