// A network to send over by hand: a plan, its partitions and link changes, and messages to hold.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/protocol/message.hpp"
#include "sim/world/network.hpp"
#include "sim/world/timeline.hpp"
#include "tests/support/messages.hpp"
#include "tests/world/world_plan.hpp"

namespace hearsay::test {

struct Net {
  explicit Net(std::string_view text, std::uint64_t seed = 1)
      : plan(plan_of("duration = \"1h\"\n" + std::string(text))), network(plan, seed) {
    auto made = world::make_timeline(plan, seed);
    REQUIRE(made.has_value());
    timeline = std::move(*made);
  }

  world::Fate send(Duration at, std::uint32_t src, std::uint32_t dst, SendClass send_class = SendClass::kDatagram,
                   std::uint32_t bytes = 100) {
    return network.send(at.count(), src, dst, bytes, send_class);
  }
  // How long a message was on its way; negative when it never arrives.
  Duration travel(Duration at, std::uint32_t src, std::uint32_t dst, SendClass send_class = SendClass::kDatagram) {
    const world::Fate fate = send(at, src, dst, send_class);
    return fate.copies == 0 ? Duration(-1) : Duration(fate.at_ns[0]) - at;
  }
  bool reaches(std::uint32_t src, std::uint32_t dst) {
    const bool arrived = send(1s, src, dst).copies > 0;
    // What the measurement is told is what happens.
    CHECK(network.reachability().connected(NodeSlot{src}, NodeSlot{dst}) == arrived);
    return arrived;
  }
  // Sends a numbered message that a cut may hold; says whether it did.
  bool send_or_hold(Duration at, std::uint32_t src, std::uint32_t dst, std::uint32_t number,
                    SendClass send_class = SendClass::kDatagram) {
    const world::Fate fate = send(at, src, dst, send_class);
    if (!fate.held) return false;
    auto draft = messages.pool.make<Small>();
    draft->number = number;
    network.hold(at.count(), src, dst, messages.sealed(std::move(draft)), fate.connection);
    return true;
  }
  // Partition or link change number `event` comes into force.
  void cut(std::size_t event) { REQUIRE(network.add(timeline.partitions[event]).has_value()); }
  void change(std::size_t event) { network.add(timeline.link_changes[event]); }
  const measure::EventEffect& effect(std::size_t event) const { return network.effects[event]; }

  plan::Plan plan;
  World messages;  // outlives what the network holds
  world::Timeline timeline;
  world::Network network;
};

inline std::uint32_t number_of(const world::Network::Released& released) { return as<Small>(*released.message).number; }

}  // namespace hearsay::test
