// What strangers' versions and tickets, and a restart, may do to a node's own versions.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "tests/core/replication_cluster.hpp"
#include "tests/support/messages.hpp"

namespace hearsay::test {
namespace {

std::uint64_t wall_ms(NoneCluster& cluster, NodeSlot node) {
  return static_cast<std::uint64_t>(cluster.loop.wall(node).time_since_epoch() / 1ms);
}

template <class T>
DecodeFault fault_of(const T& field) {
  World world;
  MessageTypes types;
  REQUIRE(types.add(message_type<Holder<T>>()).has_value());
  auto draft = world.pool.make<Holder<T>>();
  draft->field = field;
  return decode(world.encoded(*draft), world.directory, world.pool, types).fault;
}

}  // namespace

TEST_CASE("versions: after a restart, what another node wrote moves them no further than before") {
  for (const Duration grace : {Duration(1h), Duration(1s)}) {
    CAPTURE(grace);  // the items are taken back, or discarded
    NoneConfig config;
    config.params.tombstone_grace = grace;
    config.params.max_clock_offset = 1min;
    NoneCluster cluster(config, {.nodes = 3});
    cluster.loop.set_wall_offset(NodeSlot{1}, 1h);
    CHECK(cluster.put(NodeSlot{1}, "a", "from the future").ok);
    cluster.loop.run_for(1s);
    cluster.loop.crash(NodeSlot{0});
    cluster.loop.run_for(2s);
    cluster.loop.start(NodeSlot{0});
    const std::uint64_t ms = cluster.put(NodeSlot{0}, "b", "v").version.time >> 16;
    CHECK(ms <= wall_ms(cluster, NodeSlot{0}) + 61'000);
  }
}

TEST_CASE("versions: a clock that stepped back over a restart gives none twice") {
  NoneCluster cluster(NoneConfig{}, {.nodes = 3});
  cluster.loop.set_wall_offset(NodeSlot{0}, 1h);
  const Version before = cluster.put(NodeSlot{0}, "a", "v").version;
  cluster.loop.run_for(1s);
  cluster.loop.set_wall_offset(NodeSlot{0}, 0s);
  cluster.loop.crash(NodeSlot{0});
  cluster.loop.start(NodeSlot{0});
  CHECK(cluster.put(NodeSlot{0}, "a", "w").version > before);
}

TEST_CASE("versions: a clock at its end stays there") {
  Hlc clock;
  clock.resume(std::numeric_limits<std::uint64_t>::max());
  CHECK(clock.tick(WallTime{}, NodeId{1}).time == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("versions: a stranger's that no clock reaches is malformed") {
  const auto copy = [](std::uint64_t time) { return Copy{"k", Bytes("v"), {time, NodeId{1}}, false, 0s}; };
  CHECK(fault_of(copy(Version::kLatest)) == DecodeFault::kNone);
  CHECK(fault_of(copy(Version::kLatest + 1)) == DecodeFault::kMalformed);
  CHECK(fault_of(copy(std::numeric_limits<std::uint64_t>::max())) == DecodeFault::kMalformed);
}

TEST_CASE("versions: a ticket or voucher whose times would overflow is malformed") {
  CHECK(fault_of(Ticket{1, 1h}) == DecodeFault::kNone);
  CHECK(fault_of(Ticket{1, Duration::max()}) == DecodeFault::kMalformed);
  CHECK(fault_of(Ticket{1, Duration::min()}) == DecodeFault::kMalformed);
  CHECK(fault_of(Voucher{{1, Duration(Ticket::kLatest)}, 0s}) == DecodeFault::kMalformed);
  CHECK(fault_of(Voucher{{1, 1h}, Duration::max()}) == DecodeFault::kNone);
  CHECK(fault_of(Voucher{{1, 1h}, Duration(-1)}) == DecodeFault::kMalformed);
}

}  // namespace hearsay::test
