// What becomes of one message on a link: latency, loss, duplication, reordering, bandwidth, and the two kinds of link.
#include "sim/world/network.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "tests/world/network_fixture.hpp"

namespace hearsay::world {
namespace {

using test::Net;

constexpr std::string_view kWeather = R"(
[nodes]
count = 8
[network]
latency = { distribution = "uniform", min = "1ms", max = "50ms" }
loss = "20%"
duplicate = "20%"
reorder = "20%"
)";

bool same(const Fate& a, const Fate& b) {
  return a.copies == b.copies && a.held == b.held && a.at_ns[0] == b.at_ns[0] && a.at_ns[1] == b.at_ns[1];
}

constexpr std::string_view kSlowLink = R"(
[[event]]
at = "1s"
kind = "latency"
latency = "60s"
)";

// Whether a share of n draws is within four standard deviations of p.
bool plausible(std::uint64_t hits, std::uint64_t n, double p) {
  const double share = static_cast<double>(hits) / static_cast<double>(n);
  return std::fabs(share - p) < 4 * std::sqrt(p * (1 - p) / static_cast<double>(n));
}

// Sends the same messages with `between` called before each, and compares their fates with those of sending them alone.
template <class Between>
void check_undisturbed(Net& net, Between&& between) {
  Net alone(kWeather);
  for (std::uint32_t i = 0; i < 4000; ++i) {
    const Duration at = i * 1ms;
    const std::uint32_t src = i % 4;
    between(at, src);
    REQUIRE(same(net.send(at, src, 4 + i % 3), alone.send(at, src, 4 + i % 3)));
  }
}

TEST_CASE("one more message changes no other message's fate") {
  Net net(kWeather);
  check_undisturbed(net, [&](Duration at, std::uint32_t src) {
    (void)net.send(at, src, 7);            // of the same instant, to somebody else
    (void)net.send(at, (src + 1) % 4, 4);  // to the same receiver, by somebody else
  });
}

TEST_CASE("a fault elsewhere changes nobody's weather") {
  Net net(std::string(kWeather) + R"(
[[event]]
at = "1s"
kind = "partition"
isolate = "n7"
[[event]]
at = "1s"
kind = "link"
from = "n7"
to = "n0..n6"
loss = "100%"
)");
  net.cut(0);
  net.change(1);
  check_undisturbed(net, [](Duration, std::uint32_t) {});
}

TEST_CASE("messages of one instant draw for themselves, and another seed draws another weather") {
  Net net(kWeather);
  Net other(kWeather, 2);
  std::set<std::int64_t> arrivals;
  int sent = 0;
  int differ = 0;
  for (int i = 0; i < 100; ++i) {
    const Fate fate = net.send(1s, 0, 1);
    if (fate.copies > 0) arrivals.insert(fate.at_ns[0]);
    sent += fate.copies > 0 ? 1 : 0;
    differ += same(fate, other.send(1s, 0, 1)) ? 0 : 1;
  }
  CHECK(arrivals.size() == static_cast<std::size_t>(sent));
  CHECK(differ > 90);
}

TEST_CASE("latency and loss are those of the link") {
  Net net(
      "[nodes]\ncount = 4\n[network]\nlatency = {distribution = \"uniform\", min = \"2ms\", max = \"6ms\"}\nloss = "
      "\"10%\"");
  constexpr std::uint64_t kSent = 40'000;
  std::uint64_t lost = 0;
  double sum_ms = 0;
  for (std::uint64_t i = 0; i < kSent; ++i) {
    const Duration travel = net.travel(Duration(1us) * static_cast<std::int64_t>(i), 0, 1);
    if (travel < 0ns) {
      ++lost;
      continue;
    }
    REQUIRE(travel >= 2ms);
    REQUIRE(travel <= 6ms);
    sum_ms += std::chrono::duration<double, std::milli>(travel).count();
  }
  CHECK(plausible(lost, kSent, 0.1));
  CHECK(net.network.traffic.dropped_loss == lost);
  CHECK(std::fabs(sum_ms / static_cast<double>(kSent - lost) - 4.0) < 0.03);  // five standard errors
}

TEST_CASE("a region matrix gives each pair its own latency") {
  Net net(R"(
[[region]]
name = "eu"
[[region]]
name = "us"
[[group]]
name = "e"
count = 2
region = "eu"
[[group]]
name = "u"
count = 2
region = "us"
[network]
latency = "1ms"
[[network.link]]
from = "eu"
to = "us"
latency = "40ms"
[[network.link]]
from = "us"
to = "us"
latency = "3ms"
)");
  CHECK(net.travel(1s, 0, 1) == 1ms);
  CHECK(net.travel(1s, 0, 2) == 40ms);
  CHECK(net.travel(1s, 3, 1) == 40ms);
  CHECK(net.travel(1s, 2, 3) == 3ms);
  CHECK(net.network.shortest_latency_ns() == Duration(1ms).count());
}

TEST_CASE("duplicates and overtaken messages are as many as asked for, and counted") {
  Net net(R"(
[nodes]
count = 4
[network]
latency = "1ms"
duplicate = "15%"
reorder = "25%"
reorder_delay = "1s"
)");
  constexpr std::uint64_t kSent = 20'000;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  for (std::uint64_t i = 0; i < kSent; ++i) {
    const Duration at = Duration(1us) * static_cast<std::int64_t>(i);
    const Fate fate = net.send(at, 0, 1);
    REQUIRE(fate.copies >= 1);
    duplicated += fate.copies == 2 ? 1U : 0U;
    reordered += Duration(fate.at_ns[0]) - at == 1s + 1ms ? 1U : 0U;
  }
  CHECK(plausible(duplicated, kSent, 0.15));
  CHECK(plausible(reordered, kSent, 0.25));
  CHECK(net.network.traffic.duplicated == duplicated);
  CHECK(net.network.traffic.reordered == reordered);
}

TEST_CASE("an uplink sends one message after the other, and its queue is bounded") {
  Net net("[nodes]\ncount = 3\n[network]\nlatency = \"1ms\"\nbandwidth = \"8kbit/s\"\nqueue = \"2500B\"");
  const auto arrival = [&](Duration at, std::uint32_t src, std::uint32_t bytes) {
    const Fate fate = net.send(at, src, 2, SendClass::kDatagram, bytes);
    return fate.copies == 0 ? Duration(-1) : Duration(fate.at_ns[0]);
  };
  CHECK(arrival(0s, 0, 1000) == 1s + 1ms);  // a kilobyte a second
  CHECK(arrival(0s, 0, 1000) == 2s + 1ms);
  CHECK(arrival(0s, 0, 1000) == Duration(-1));  // 2000 bytes wait already
  CHECK(net.network.traffic.dropped_queue == 1);
  CHECK(arrival(0s, 0, 500) == 2500ms + 1ms);   // but for this one there is room
  CHECK(arrival(0s, 1, 1000) == 1s + 1ms);      // another node has its own
  CHECK(arrival(1s, 0, 1000) == 3500ms + 1ms);  // after a second there is room again
  CHECK(arrival(10s, 0, 5000) == 15s + 1ms);    // an idle link takes what is larger than the queue
}

TEST_CASE("a zmq link keeps the order that a udp link does not") {
  const std::string text =
      "[nodes]\ncount = 3\n[network]\nlatency = {distribution = \"uniform\", min = \"1ms\", max = \"100ms\"}\n";
  Net udp(text + "kind = \"udp\"");
  Net zmq(text + "kind = \"zmq\"");
  std::int64_t last_udp = 0;
  std::int64_t last_zmq = 0;
  int overtaken = 0;
  for (int i = 0; i < 500; ++i) {
    const Duration at = i * 1ms;
    const Fate fate = zmq.send(at, 0, 1);
    REQUIRE(fate.copies == 1);
    REQUIRE(fate.at_ns[0] > last_zmq);
    last_zmq = fate.at_ns[0];
    const std::int64_t free = udp.send(at, 0, 1).at_ns[0];
    REQUIRE(last_zmq >= free);  // the same weather, but nobody overtakes
    overtaken += free < last_udp ? 1 : 0;
    last_udp = free;
  }
  CHECK(overtaken > 100);
}

TEST_CASE("streams over udp are connections of their own: none waits for another") {
  Net net("[nodes]\ncount = 2\n[network]\nlatency = {distribution = \"uniform\", min = \"1ms\", max = \"100ms\"}\n");
  std::int64_t last = 0;
  int overtaken = 0;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t at_ns = net.send(i * 1ms, 0, 1, SendClass::kStream).at_ns[0];
    overtaken += at_ns < last ? 1 : 0;
    last = at_ns;
  }
  CHECK(overtaken > 50);
  CHECK(net.network.connections() == 0);
}

TEST_CASE("a zmq connection ends with either process: the next life waits for nothing of this one") {
  Net net("[nodes]\ncount = 3\n[network]\nkind = \"zmq\"\nlatency = \"1ms\"\n" + std::string(kSlowLink));
  net.change(0);
  CHECK(net.travel(1s, 0, 1) == 60s);
  CHECK(net.travel(1s, 1, 0) == 60s);
  CHECK(net.travel(1s, 2, 1) == 60s);
  net.network.remove_link_changes(0);
  CHECK(net.travel(2s, 0, 1) == 59s + 1ns);
  CHECK(net.travel(2s, 1, 0) == 59s + 1ns);
  net.network.forget_node(0);
  CHECK(net.travel(3s, 0, 1) == 1ms);
  CHECK(net.travel(3s, 1, 0) == 1ms);
  CHECK(net.travel(3s, 2, 1) == 58s + 1ns);
}

TEST_CASE("of connections only those are remembered that have something on its way") {
  Net net("[nodes]\ncount = 200\n[network]\nkind = \"zmq\"\nlatency = \"1ms\"");
  Duration at = 1s;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t src = 0; src < 200; ++src) {
      for (std::uint32_t dst = 0; dst < 200; ++dst) {
        if (src != dst) REQUIRE(net.travel(at += 10us, src, dst) == 1ms);
      }
    }
  }
  CHECK(net.network.connections() <= Network::kFewConnections);
  // All at once they are remembered all.
  for (std::uint32_t src = 0; src < 200; ++src) {
    for (std::uint32_t dst = 0; dst < 200; ++dst) {
      if (src != dst) REQUIRE(net.travel(10s, src, dst) == 1ms);
    }
  }
  CHECK(net.network.connections() >= 200 * 199);
  CHECK(net.travel(10s, 0, 1) == 1ms + 1ns);
}

// One message a pair, so that none waits for another: each arrives, those that were lost after retransmissions.
void check_retransmitted(Net& net, SendClass send_class) {
  const std::set<Duration> possible{1ms,
                                    201ms,
                                    1ms + 200ms + 400ms,
                                    1ms + 200ms + 400ms + 800ms,
                                    1ms + 200ms + 400ms + 2 * 800ms,
                                    1ms + 200ms + 400ms + 3 * 800ms,
                                    1ms + 200ms + 400ms + 4 * 800ms,
                                    1ms + 200ms + 400ms + 5 * 800ms};
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_twice = 0;
  for (std::uint32_t src = 0; src < 60; ++src) {
    for (std::uint32_t dst = 0; dst < 60; ++dst) {
      if (src == dst) continue;
      const Duration travel = net.travel(1s, src, dst, send_class);
      REQUIRE(possible.contains(travel));
      ++sent;
      lost += travel > 1ms ? 1U : 0U;
      lost_twice += travel > 201ms ? 1U : 0U;
    }
  }
  CHECK(plausible(lost, sent, 0.2));
  CHECK(plausible(lost_twice, lost, 0.2));
  CHECK(net.network.traffic.dropped_loss == 0);
}

constexpr std::string_view kLossy = R"(
[nodes]
count = 60
[network]
latency = "1ms"
loss = "20%"
retransmit_min = "200ms"
retransmit_max = "800ms"
)";

TEST_CASE("what a zmq link loses is sent again after a timeout that doubles up to its maximum") {
  Net net(std::string(kLossy) + "kind = \"zmq\"");
  check_retransmitted(net, SendClass::kDatagram);
}

TEST_CASE("a stream survives the loss of a udp link") {
  Net net(kLossy);
  check_retransmitted(net, SendClass::kStream);
}

}  // namespace
}  // namespace hearsay::world
