#include "core/dissemination/push.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "core/dissemination/publish.hpp"
#include "core/membership/static.hpp"
#include "core/membership/swim_messages.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/news.hpp"
#include "tests/support/stubs.hpp"

namespace hearsay {
namespace {

using test::Heard;
using test::Loopback;
using test::news;

std::shared_ptr<const Composition> spreading(std::shared_ptr<const Strategy> dissemination) {
  return test::compose(std::make_shared<StaticMembership>(), std::move(dissemination),
                       std::make_shared<test::Newsroom>());
}
std::shared_ptr<const Composition> spreading(const PushParams& params = {}) {
  return spreading(std::make_shared<Push>(params));
}

// How often a node heard news of that number.
std::size_t times_heard(Loopback& net, NodeSlot node, std::uint64_t number) {
  const auto& entries = net.state<Heard>(node, Role::kReplication).entries;
  return static_cast<std::size_t>(
      std::count_if(entries.begin(), entries.end(), [number](const Heard::Entry& e) { return e.number == number; }));
}

const PushState& push_state(Loopback& net, std::uint32_t node) {
  return net.state<PushState>(NodeSlot{node}, Role::kDissemination);
}

TEST_CASE("publish: everybody but the sender hears it once, one latency later, from its origin") {
  Loopback net(spreading(std::make_shared<Publish>()), {.nodes = 10, .latency_min = 5ms, .latency_max = 5ms});
  net.start_all();
  net.request(NodeSlot{3}, news(1, "hello"));
  net.run_for(5ms);
  for (std::uint32_t i = 0; i < 10; ++i) {
    CHECK(times_heard(net, NodeSlot{i}, 1) == (i == 3 ? 0 : 1));
    if (i != 3) CHECK(net.state<Heard>(NodeSlot{i}, Role::kReplication).entries[0].origin == NodeSlot{3});
  }
  CHECK(net.counters("test.News").sent == 9);
  CHECK(net.counters().size() == 1);
}

TEST_CASE("push: everybody hears it once, from its origin, under every rule") {
  for (int stop = PushParams::kBlindCounter; stop <= PushParams::kFeedbackCoin; ++stop) {
    CAPTURE(stop);
    PushParams params;
    params.stop = stop;
    params.k = 12;  // so that nobody is left out
    Loopback net(spreading(params), {.nodes = 50, .seed = 3, .latency_min = 1ms, .latency_max = 150ms});
    net.start_all();
    net.run_for(1s);
    for (std::uint64_t n = 1; n <= 5; ++n) {
      net.request(NodeSlot{static_cast<std::uint32_t>(n * 7)}, news(n, "text"));
      net.run_for(333ms);
    }
    net.run_for(1min);
    for (std::uint32_t i = 0; i < 50; ++i) {
      for (std::uint64_t n = 1; n <= 5; ++n) CHECK(times_heard(net, NodeSlot{i}, n) == (i == n * 7 ? 0 : 1));
      for (const auto& entry : net.state<Heard>(NodeSlot{i}, Role::kReplication).entries) {
        CHECK(raw(entry.origin) == entry.number * 7);
      }
      CHECK(push_state(net, i).live().empty());
      CHECK(!push_state(net, i).ticking);
    }
    CHECK(net.pool().live() == 0);
  }
}

TEST_CASE("push: blind counting sends k times fanout messages a node") {
  PushParams params;
  params.fanout = 2;
  params.k = 6;
  Loopback net(spreading(params), {.nodes = 200});
  net.start_all();
  net.request(NodeSlot{0}, news(1));
  net.run_for(1min);
  CHECK(net.counters("push.Rumors").sent == 200 * 2 * 6);
}

TEST_CASE("push: nothing hot, nothing sent") {
  Loopback net(spreading(), {.nodes = 5});
  net.start_all();
  net.run_for(1min);
  CHECK(net.counters().empty());
}

TEST_CASE("push: the fanout is distinct members, all of them when there are few") {
  PushParams params;
  params.fanout = 10;
  params.k = 1;
  Loopback net(spreading(params), {.nodes = 4});
  net.start_all();
  std::vector<std::vector<int>> sent(4, std::vector<int>(4));
  net.drop = [&](NodeSlot from, NodeSlot to, const Message&) {
    ++sent[raw(from)][raw(to)];
    return false;
  };
  net.request(NodeSlot{0}, news(1));
  net.run_for(10s);
  for (std::size_t from = 0; from < 4; ++from) {
    for (std::size_t to = 0; to < 4; ++to) CHECK(sent[from][to] == (from == to ? 0 : 1));
  }
}

TEST_CASE("push: rumors share packets up to the limit, a larger one goes alone") {
  PushParams params;
  params.packet = 600;
  params.k = 1;
  params.fanout = 1;
  Loopback net(spreading(params), {.nodes = 2});
  net.start_all();
  std::size_t largest = 0;
  std::size_t oversized = 0;
  std::size_t rumors = 0;
  net.drop = [&](NodeSlot from, NodeSlot, const Message& message) {
    if (from != NodeSlot{0}) return false;
    const auto& list = as<Rumors>(message).rumors;
    rumors += list.size();
    if (message.wire_bytes > 600) {
      ++oversized;
      CHECK(list.size() == 1);
    } else {
      largest = std::max<std::size_t>(largest, message.wire_bytes);
    }
    return false;
  };
  for (std::uint64_t n = 1; n <= 30; ++n) net.request(NodeSlot{0}, news(n, std::string(n == 10 ? 2000 : 60, 'x')));
  net.run_for(1s);
  CHECK(rumors == 30);
  CHECK(oversized == 1);
  CHECK(largest > 450);
  CHECK(net.counters("push.Rumors").sent < 20);
  for (std::uint64_t n = 1; n <= 30; ++n) CHECK(times_heard(net, NodeSlot{1}, n) == 1);
}

TEST_CASE("push: hot and known rumors are bounded, what is dropped is observed") {
  PushParams params;
  params.hot = 4;
  params.window = 20;
  Loopback net(spreading(params), {.nodes = 2});
  net.start_all();
  for (std::uint64_t n = 1; n <= 10; ++n) net.request(NodeSlot{0}, news(n));
  net.run_for(1us);
  CHECK(push_state(net, 0).live().size() == 4);
  CHECK(net.count(ObservationKind::kOverflow, NodeSlot{0}) == 6);
  for (std::uint64_t n = 11; n <= 100; ++n) {
    net.request(NodeSlot{0}, news(n));
    net.run_for(500ms);
    CHECK(push_state(net, 1).live().size() <= 4);
  }
  CHECK(push_state(net, 0).seen.size() == 20);
  CHECK(push_state(net, 1).seen.size() == 20);
}

TEST_CASE("push: a node alone gives up in time and keeps what only company can settle") {
  for (const int stop : {PushParams::kBlindCounter, PushParams::kFeedbackCounter}) {
    PushParams params;
    params.stop = stop;
    Loopback net(spreading(params), {.nodes = 1});
    net.start_all();
    net.request(NodeSlot{0}, news(1));
    net.run_for(1min);
    CHECK(push_state(net, 0).live().size() == (stop == PushParams::kBlindCounter ? 0 : 1));
    CHECK(net.counters().empty());
  }
}

TEST_CASE("push: a restarted origin's numbers do not repeat those of its former life") {
  Loopback net(spreading(), {.nodes = 8});
  net.start_all();
  net.request(NodeSlot{0}, news(1));
  net.run_for(20s);
  net.crash(NodeSlot{0}, false);
  net.start(NodeSlot{0});
  net.request(NodeSlot{0}, news(2));
  net.run_for(20s);
  for (std::uint32_t i = 1; i < 8; ++i) CHECK(times_heard(net, NodeSlot{i}, 2) == 1);
}

TEST_CASE("push: equal runs are equal, packed or not") {
  const auto run = [](bool wire) {
    PushParams params;
    params.stop = PushParams::kFeedbackCoin;
    Loopback net(spreading(params), {.nodes = 20, .seed = 5, .latency_min = 1ms, .latency_max = 90ms, .wire = wire});
    net.start_all();
    for (std::uint64_t n = 1; n <= 10; ++n) {
      net.request(NodeSlot{static_cast<std::uint32_t>(n)}, news(n));
      net.run_for(100ms);
    }
    return net.digest();
  };
  CHECK(run(false) == run(false));
  CHECK(run(false) == run(true));
}

TEST_CASE("push: described for the catalogue") {
  for (const CatalogueEntry& entry : {publish_entry(), push_entry()}) {
    CHECK(entry.role == Role::kDissemination);
    const auto config = entry.configure();
    CHECK(config->check().has_value());
    CHECK(config->build()->role() == Role::kDissemination);
  }
  PushConfig config;
  config.window = config.hot - 1;
  CHECK(!config.check().has_value());
}

TEST_CASE("push: hot rumors are bounded in bytes, the newest stay") {
  PushParams params;
  params.stop = PushParams::kFeedbackCounter;
  Loopback net(spreading(params), {.nodes = 1});
  net.start_all();
  const std::size_t each = Push::kMaxHotBytes / 20;
  for (std::uint64_t n = 1; n <= 30; ++n) net.request(NodeSlot{0}, news(n, std::string(each, 'x')));
  net.run_for(1us);
  const PushState& state = push_state(net, 0);
  CHECK(state.live().size() == 19);
  CHECK(state.hot_bytes <= Push::kMaxHotBytes);
  CHECK(state.live().back().id.sequence == 29);
  CHECK(net.count(ObservationKind::kOverflow, NodeSlot{0}) == 11);
}

TEST_CASE("push: nothing is hot that would be taken for new") {
  PushParams params;
  params.stop = PushParams::kFeedbackCoin;
  params.hot = 8;
  params.window = 8;
  Loopback net(spreading(params), {.nodes = 12, .seed = 7, .latency_min = 1ms, .latency_max = 90ms});
  net.start_all();
  for (std::uint64_t n = 1; n <= 200; ++n) {
    net.request(NodeSlot{static_cast<std::uint32_t>(n % 12)}, news(n));
    net.run_for(30ms);
    for (std::uint32_t i = 0; i < 12; ++i) {
      const PushState& state = push_state(net, i);
      std::size_t bytes = 0;
      for (const PushState::Hot& hot : state.live()) {
        CHECK(state.seen.number_of(hot.id) == hot.number);
        bytes += hot.payload->wire_bytes;
      }
      CHECK(state.hot_bytes == bytes);
    }
  }
}

TEST_CASE("push: a rumor carries only what is meant for everybody") {
  test::World world;
  MessageTypes types;
  for (const MessageType* type : {&message_type<Rumors>(), &message_type<swim::Sync>(), &message_type<test::News>()}) {
    REQUIRE(types.add(*type).has_value());
  }
  const auto fault = [&](MessageRef payload) {
    auto rumors = world.pool.make<Rumors>();
    rumors->rumors.push_back({std::move(payload), NodeId{5}, 1, 0});
    return decode(world.encoded(*rumors), world.directory, world.pool, types).fault;
  };
  CHECK(fault(world.sealed(world.pool.make<test::News>())) == DecodeFault::kNone);
  auto request = world.pool.make<swim::Sync>();
  request->last = true;  // a whole state for the price of a few bytes
  CHECK(fault(world.sealed(std::move(request))) == DecodeFault::kMalformed);
}

}  // namespace
}  // namespace hearsay
