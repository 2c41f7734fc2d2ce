// Partitions and link changes: who reaches whom, what is held and replayed, and whose effect it is.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/world/network_fixture.hpp"

namespace hearsay::world {
namespace {

using test::Net;
using test::number_of;

std::string nodes(int count, std::string_view kind = "udp") {
  return fmt::format("[nodes]\ncount = {}\n[network]\nlatency = \"1ms\"\nkind = \"{}\"\n", count, kind);
}
std::string event(std::string_view text) { return fmt::format("[[event]]\nat = \"1s\"\n{}\n", text); }

TEST_CASE("a partition cuts its sides apart, and a heal ends it") {
  Net net(nodes(6) + event("kind = \"partition\"\nsides = [\"n0..n1\", \"n2..n3\", \"rest\"]"));
  CHECK(net.reaches(0, 2));
  net.cut(0);
  for (std::uint32_t a = 0; a < 6; ++a) {
    for (std::uint32_t b = 0; b < 6; ++b) {
      if (a != b) CHECK(net.reaches(a, b) == (a / 2 == b / 2));
    }
  }
  CHECK(net.effect(0).dropped == 24);
  CHECK(net.network.traffic.dropped_cut == 24);
  CHECK(net.network.remove_named("") == 1);
  CHECK(net.network.remove_named("") == 0);
  CHECK(net.reaches(0, 2));
  CHECK(net.reaches(5, 3));
}

TEST_CASE("a one-way cut lets the way back work") {
  Net net(nodes(4) + event("kind = \"partition\"\nfrom = \"n0\"\nto = \"n1\""));
  net.cut(0);
  CHECK_FALSE(net.reaches(0, 1));
  CHECK(net.reaches(1, 0));
  CHECK(net.reaches(0, 2));
  CHECK(net.reaches(2, 1));
}

TEST_CASE("a bridge reaches both sides, which do not reach each other") {
  Net net(nodes(5) + event("kind = \"partition\"\nsides = [\"n0..n1\", \"n3..n4\"]\nbridge = \"n2\""));
  net.cut(0);
  CHECK(net.reaches(0, 1));
  CHECK_FALSE(net.reaches(0, 3));
  CHECK_FALSE(net.reaches(4, 1));
  for (const std::uint32_t other : {0U, 1U, 3U, 4U}) {
    CHECK(net.reaches(2, other));
    CHECK(net.reaches(other, 2));
  }
}

TEST_CASE("in a ring of majorities every node sees most of the others, and no two see the same") {
  Net net(nodes(5) + event("kind = \"partition\"\nmajorities = true"));
  net.cut(0);
  for (std::uint32_t a = 0; a < 5; ++a) {
    CHECK(net.reaches(a, (a + 1) % 5));
    CHECK(net.reaches(a, (a + 4) % 5));
    CHECK_FALSE(net.reaches(a, (a + 2) % 5));
    CHECK_FALSE(net.reaches(a, (a + 3) % 5));
  }
}

TEST_CASE("partitions in force together intersect, and each ends for itself") {
  Net net(nodes(4) + event("label = \"x\"\nkind = \"partition\"\nsides = [\"n0..n1\", \"n2..n3\"]") +
          event("label = \"y\"\nkind = \"partition\"\nsides = [\"n0,n2\", \"n1,n3\"]"));
  net.cut(0);
  net.cut(1);
  for (std::uint32_t a = 0; a < 4; ++a) {
    for (std::uint32_t b = 0; b < 4; ++b) {
      if (a != b) CHECK_FALSE(net.reaches(a, b));
    }
  }
  // Cut twice, credited twice.
  CHECK(net.effect(0).dropped == 8);
  CHECK(net.effect(1).dropped == 8);
  CHECK(net.network.remove_named("x") == 1);
  CHECK(net.reaches(0, 2));
  CHECK_FALSE(net.reaches(0, 1));
  CHECK(net.network.remove_event(1) == 1);
  CHECK(net.reaches(0, 1));
}

TEST_CASE("nodes that the sides leave out may stay connected to all") {
  Net net(nodes(6) + event("kind = \"partition\"\nsides = [\"n0..n1\", \"n2..n3\"]\nothers = \"connected\""));
  net.cut(0);
  CHECK_FALSE(net.reaches(0, 2));
  CHECK(net.reaches(4, 0));
  CHECK(net.reaches(2, 5));
  CHECK(net.reaches(4, 5));
}

TEST_CASE("a partition that delays leaves everybody connected") {
  Net net(nodes(4) +
          event("kind = \"partition\"\nsides = [\"n0..n1\", \"rest\"]\nmode = \"delay\"\ndelay = \"500ms\""));
  net.cut(0);
  CHECK(net.reaches(0, 2));
  CHECK(net.travel(2s, 0, 2) == 501ms);
  CHECK(net.travel(2s, 0, 1) == 1ms);
  CHECK(net.effect(0).delayed == 2);
  CHECK(net.effect(0).dropped == 0);
}

TEST_CASE("a partition that holds gives everything back at the heal") {
  Net net(nodes(4) + event("kind = \"partition\"\nsides = [\"n0..n1\", \"rest\"]\nmode = \"hold\""));
  net.cut(0);
  for (std::uint32_t i = 0; i < 5; ++i) REQUIRE(net.send_or_hold(1s + i * 1ms, 0, 2, i));
  CHECK(net.effect(0).held == 5);
  CHECK(net.network.release(Duration(2s).count()).empty());
  net.network.remove_event(0);
  const auto released = net.network.release(Duration(3s).count());
  REQUIRE(released.size() == 5);
  for (std::uint32_t i = 0; i < 5; ++i) {
    CHECK(number_of(released[i]) == i);
    CHECK(released[i].src == 0);
    CHECK(released[i].dst == 2);
    CHECK(Duration(released[i].at_ns) == 3s + 1ms);  // the sender's numbers keep their order
  }
  CHECK(net.network.release(Duration(4s).count()).empty());
}

TEST_CASE("a zmq link replays after the heal, at the first retransmission that gets through") {
  Net net(nodes(2, "zmq") + event("kind = \"partition\"\nsides = [\"n0\", \"n1\"]"));
  net.cut(0);
  REQUIRE(net.send_or_hold(10s, 0, 1, 1));
  REQUIRE(net.send_or_hold(12s, 0, 1, 2));
  CHECK(net.network.release(Duration(13s).count()).empty());
  net.network.remove_event(0);
  // The first one was tried again at 10.2, 10.6, 11.4, 13 and 16.2 s.
  const auto released = net.network.release(Duration(14s).count());
  REQUIRE(released.size() == 2);
  CHECK(number_of(released[0]) == 1);
  CHECK(Duration(released[0].at_ns) == 16200ms + 1ms);
  CHECK(number_of(released[1]) == 2);
  CHECK(Duration(released[1].at_ns) == 16200ms + 1ms + 1ns);
  // What is sent now does not overtake it.
  CHECK(Duration(net.send(14s, 0, 1).at_ns[0]) == 16200ms + 1ms + 2ns);
}

TEST_CASE("a zmq link that was cut for long is retried at least every retransmit_max") {
  Net net(nodes(2, "zmq") + "retransmit_max = \"1s\"\n" + event("kind = \"partition\"\nsides = [\"n0\", \"n1\"]"));
  net.cut(0);
  REQUIRE(net.send_or_hold(10s, 0, 1, 1));
  net.network.remove_event(0);
  // 10.2, 10.6, 11.4, and every second from there.
  const auto released = net.network.release(Duration(100s).count());
  REQUIRE(released.size() == 1);
  CHECK(Duration(released[0].at_ns) == 100400ms + 1ms);
}

TEST_CASE("beyond the high-water mark the newest is dropped and the oldest kept, for each pair") {
  Net net(nodes(3, "zmq") + "high_water_mark = 3\n" + event("kind = \"partition\"\nsides = [\"n0\", \"n1..n2\"]"));
  net.cut(0);
  for (std::uint32_t i = 0; i < 5; ++i) CHECK(net.send_or_hold(1s + i * 1ms, 0, 1, i) == (i < 3));
  CHECK(net.send_or_hold(2s, 0, 2, 9));
  CHECK(net.effect(0).held == 4);
  CHECK(net.effect(0).dropped == 2);
  CHECK(net.network.traffic.dropped_queue == 2);
  CHECK(net.network.traffic.held == 4);
  net.network.remove_event(0);
  const auto released = net.network.release(Duration(5s).count());
  REQUIRE(released.size() == 4);
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(number_of(released[i]) == i);
  CHECK(number_of(released[3]) == 9);
}

TEST_CASE("a pair that another partition still cuts is not released") {
  Net net(nodes(3, "zmq") + event("label = \"x\"\nkind = \"partition\"\nsides = [\"n0\", \"n1..n2\"]") +
          event("label = \"y\"\nkind = \"partition\"\nsides = [\"n0..n1\", \"n2\"]"));
  net.cut(0);
  net.cut(1);
  REQUIRE(net.send_or_hold(1s, 0, 1, 1));
  REQUIRE(net.send_or_hold(1s, 0, 2, 2));
  net.network.remove_named("x");
  auto released = net.network.release(Duration(2s).count());
  REQUIRE(released.size() == 1);
  CHECK(number_of(released[0]) == 1);
  net.network.remove_named("y");
  released = net.network.release(Duration(3s).count());
  REQUIRE(released.size() == 1);
  CHECK(number_of(released[0]) == 2);
}

TEST_CASE("a process that ends takes with it what its connections held") {
  Net net(nodes(4, "zmq") + event("kind = \"partition\"\nsides = [\"n0..n1\", \"n2..n3\"]"));
  net.cut(0);
  REQUIRE(net.send_or_hold(1s, 0, 2, 1));
  REQUIRE(net.send_or_hold(1s, 2, 0, 2));
  REQUIRE(net.send_or_hold(1s, 1, 3, 3));
  net.network.forget_node(0);
  CHECK(net.network.traffic.held == 3);
  CHECK(net.network.traffic.dropped_down == 2);
  net.network.remove_named("");
  const auto released = net.network.release(Duration(2s).count());
  REQUIRE(released.size() == 1);
  CHECK(number_of(released[0]) == 3);
  CHECK(net.messages.pool.live() == 1);
}

TEST_CASE("what a cut held meets the link as it is at the heal") {
  // A heal at 14 s of what was sent at 10 s: the next retransmission is at 16.2 s.
  const auto released = [](std::string_view kind, std::string_view change) {
    Net net(nodes(2, kind) + event("kind = \"partition\"\nsides = [\"n0\", \"n1\"]\nmode = \"hold\"") + event(change));
    net.cut(0);
    if (net.plan.events[1].label.starts_with("partition")) {
      net.cut(1);
    } else {
      net.change(1);
    }
    REQUIRE(net.send_or_hold(10s, 0, 1, 1));
    net.network.remove_event(0);
    std::vector<Duration> arrivals;
    for (const auto& message : net.network.release(Duration(14s).count())) {
      arrivals.emplace_back(message.at_ns);
    }
    CHECK(net.effect(1).total() == 1);
    return arrivals;
  };
  using Arrivals = std::vector<Duration>;
  CHECK(released("zmq", "kind = \"latency\"\nlatency = \"70ms\"") == Arrivals{16'270ms});
  CHECK(released("udp", "kind = \"latency\"\nlatency = \"70ms\"") == Arrivals{14'070ms});
  CHECK(released("udp", "kind = \"loss\"\nloss = \"100%\"") == Arrivals{});
  CHECK(released("udp", "kind = \"link\"\nduplicate = \"100%\"") == Arrivals{14'001ms, 14'001ms});
  CHECK(released("zmq", "kind = \"partition\"\nsides = [\"n0\", \"n1\"]\nmode = \"delay\"\ndelay = \"500ms\"") ==
        Arrivals{16'701ms});
}

TEST_CASE("a stream that a partition held over udp is not lost by the link afterwards") {
  Net net("[nodes]\ncount = 2\n[network]\nlatency = \"1ms\"\nloss = \"100%\"\nretransmit_max = \"200ms\"\n" +
          event("kind = \"partition\"\nsides = [\"n0\", \"n1\"]\nmode = \"hold\""));
  net.cut(0);
  REQUIRE(net.send_or_hold(10s, 0, 1, 1, SendClass::kStream));
  REQUIRE(net.send_or_hold(10s, 0, 1, 2));
  net.network.remove_event(0);
  const auto released = net.network.release(Duration(14s).count());
  REQUIRE(released.size() == 1);
  CHECK(number_of(released[0]) == 1);
  CHECK(net.network.traffic.dropped_loss == 1);
}

TEST_CASE("a partition is credited with what its own mode does, and not with another's") {
  const std::string drop = event("label = \"cut\"\nkind = \"partition\"\nsides = [\"n0\", \"n1\"]");
  const std::string delay =
      event("label = \"lag\"\nkind = \"partition\"\nsides = [\"n0\", \"n1\"]\nmode = \"delay\"\ndelay = \"1s\"");
  const std::string hold = event("label = \"held\"\nkind = \"partition\"\nsides = [\"n0\", \"n1\"]\nmode = \"hold\"");
  Net net(nodes(2) + drop + delay + hold);
  for (const std::size_t i : {0U, 1U, 2U}) net.cut(i);
  CHECK(net.send(2s, 0, 1).copies == 0);
  CHECK(net.effect(0).dropped == 1);
  CHECK(net.effect(1).total() == 0);
  CHECK(net.effect(2).total() == 0);
  net.network.remove_named("cut");
  REQUIRE(net.send_or_hold(3s, 0, 1, 1));
  CHECK(net.effect(1).total() == 0);
  CHECK(net.effect(2).held == 1);
  net.network.remove_named("held");
  CHECK(net.travel(4s, 0, 1) == 1001ms);
  CHECK(net.effect(1).delayed == 1);
  CHECK(net.effect(0).total() == 1);
  CHECK(net.effect(2).total() == 1);
}

TEST_CASE("a stream over udp fails across a cut") {
  Net net(nodes(2) + event("kind = \"partition\"\nsides = [\"n0\", \"n1\"]"));
  net.cut(0);
  const Fate fate = net.send(1s, 0, 1, SendClass::kStream);
  CHECK(fate.copies == 0);
  CHECK_FALSE(fate.held);
  CHECK(net.effect(0).dropped == 1);
  CHECK(net.network.traffic.dropped_cut == 1);
}

// Each ninth of 81 nodes on a side, then each node on the side of its place in its ninth: 81 groups together.
ActivePartition ninths(bool by_place) {
  ActivePartition partition;
  partition.event = 0;
  for (std::uint32_t i = 0; i < 81; ++i) partition.side.push_back(static_cast<std::uint8_t>(by_place ? i % 9 : i / 9));
  partition.allowed.assign(9, std::vector<bool>(9, false));
  for (std::size_t i = 0; i < 9; ++i) partition.allowed[i][i] = true;
  return partition;
}

TEST_CASE("more than 64 groups are an error") {
  Net net(nodes(81) + event("kind = \"partition\"\nisolate = \"n0\""));
  REQUIRE(net.network.add(ninths(false)).has_value());
  const auto added = net.network.add(ninths(true));
  REQUIRE_FALSE(added.has_value());
  CHECK(added.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a plan whose partitions together make more than 64 groups is refused before it runs") {
  const std::string first = "duration = \"10s\"\n" + nodes(90) + event("kind = \"partition\"\nisolate = \"n0..n39\"");
  const std::string second = "label = \"second\"\nkind = \"partition\"\nisolate = \"n40..n79\"\n";
  const plan::Plan together = test::plan_of(first + event(second));
  const auto checked = check(together, 1);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == ErrorCode::kInvalidArgument);
  CHECK(checked.error().message.find("second") != std::string::npos);
  CHECK_FALSE(simulate(together, 1).has_value());
  // One after the other they are fine.
  const std::string healed = "[[event]]\nat = \"2s\"\nkind = \"heal\"\n";
  CHECK(check(test::plan_of(first + healed + "[[event]]\nat = \"3s\"\n" + second), 1).has_value());
}

// ---- link changes --------------------------------------------------------------------------------------------------

TEST_CASE("a link change holds for its nodes, until it ends, and is credited with what it did") {
  Net net(nodes(6) + event("kind = \"loss\"\nfrom = \"n0\"\nto = \"n1\"\none_way = true\nloss = \"100%\"") +
          event("kind = \"latency\"\nfrom = \"n2\"\nto = \"n3\"\nlatency = \"70ms\"") +
          event("kind = \"link\"\nfrom = \"n4\"\nto = \"n5\"\nduplicate = \"100%\"\nreorder = \"100%\"\nreorder_delay "
                "= \"1s\""));
  net.change(0);
  net.change(1);
  net.change(2);
  CHECK(net.send(2s, 0, 1).copies == 0);
  CHECK(net.travel(2s, 1, 0) == 1ms);
  CHECK(net.travel(2s, 2, 3) == 70ms);
  CHECK(net.travel(2s, 3, 2) == 70ms);
  CHECK(net.travel(2s, 2, 4) == 1ms);
  const Fate both = net.send(2s, 4, 5);
  CHECK(both.copies == 2);
  CHECK(Duration(both.at_ns[0]) == 3s + 1ms);
  CHECK(net.effect(0).dropped == 1);
  CHECK(net.effect(0).total() == 1);
  CHECK(net.effect(1).delayed == 2);
  CHECK(net.effect(1).total() == 2);
  CHECK(net.effect(2).duplicated == 1);
  CHECK(net.effect(2).reordered == 1);
  CHECK(net.effect(2).total() == 2);

  CHECK(net.network.remove_link_changes(0) == 1);
  CHECK(net.network.remove_link_changes(1) == 1);
  CHECK(net.travel(3s, 0, 1) == 1ms);
  CHECK(net.travel(3s, 2, 3) == 1ms);
  CHECK(net.effect(0).total() == 1);
}

TEST_CASE("what the link itself loses is not the effect of a change of its latency") {
  Net net("[nodes]\ncount = 2\n[network]\nlatency = \"1ms\"\nloss = \"100%\"\n" +
          event("kind = \"latency\"\nnodes = \"all\"\nlatency = \"70ms\""));
  net.change(0);
  CHECK(net.send(2s, 0, 1).copies == 0);
  CHECK(net.effect(0).dropped == 0);
}

TEST_CASE("of two changes of one value the later one has its way, and the credit") {
  Net net(nodes(2) + event("kind = \"loss\"\nnodes = \"all\"\nloss = \"100%\"") +
          event("kind = \"loss\"\nnodes = \"all\"\nloss = \"0%\""));
  net.change(0);
  net.change(1);
  CHECK(net.send(2s, 0, 1).copies == 1);
  CHECK(net.effect(0).total() == 0);
  net.network.remove_link_changes(1);
  CHECK(net.send(3s, 0, 1).copies == 0);
  CHECK(net.effect(0).dropped == 1);
}

TEST_CASE("a change is credited with the difference to the same draws without it") {
  Net net("[nodes]\ncount = 2\n[network]\nlatency = \"10ms\"\nloss = \"50%\"\nduplicate = \"50%\"\n" +
          event("kind = \"link\"\nloss = \"30%\"\nduplicate = \"0%\"\nlatency = \"4ms\""));
  std::uint64_t lost_before = 0;
  std::uint64_t copies_before = 0;
  constexpr std::uint64_t kSends = 1000;
  for (std::uint64_t i = 0; i < kSends; ++i) {
    const int copies = net.send(Duration(1s) * static_cast<int>(i), 0, 1).copies;
    lost_before += copies == 0 ? 1U : 0U;
    copies_before += copies == 2 ? 1U : 0U;
  }
  Net changed("[nodes]\ncount = 2\n[network]\nlatency = \"10ms\"\nloss = \"50%\"\nduplicate = \"50%\"\n" +
              event("kind = \"link\"\nloss = \"30%\"\nduplicate = \"0%\"\nlatency = \"4ms\""));
  changed.change(0);
  std::uint64_t lost = 0;
  for (std::uint64_t i = 0; i < kSends; ++i) {
    lost += changed.send(Duration(1s) * static_cast<int>(i), 0, 1).copies == 0 ? 1U : 0U;
  }
  CHECK(changed.effect(0).dropped == 0);
  CHECK(changed.effect(0).spared == lost_before - lost + copies_before);
  CHECK(changed.effect(0).sooner == kSends - lost_before);
  CHECK(changed.effect(0).delayed == 0);
}

TEST_CASE("what a change makes a connection lose costs it time alone") {
  Net net(nodes(2) + event("kind = \"loss\"\nnodes = \"all\"\nloss = \"90%\""));
  net.change(0);
  for (int i = 0; i < 20; ++i) CHECK(net.send(Duration(1h) * (i + 1), 0, 1, SendClass::kStream).copies == 1);
  CHECK(net.effect(0).delayed > 10);
  CHECK(net.effect(0).dropped == 0);
}

}  // namespace
}  // namespace hearsay::world
