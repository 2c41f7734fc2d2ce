// Sizing, packing and unpacking messages: a datagram with a full load of facts, as SWIM's gossip sends it.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/protocol/codec.hpp"
#include "core/protocol/envelope.hpp"

namespace {

using namespace hearsay;

struct Fact {
  NodeSlot peer = kNoSlot;
  Epoch epoch = 0;
  Incarnation incarnation = 0;
  std::uint8_t status = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.peer, "peer", "the member");
    v(m.epoch, "epoch", "its boot generation");
    v(m.incarnation, "incarnation", "its incarnation");
    v(m.status, "status", "what is said of it");
  }
};

struct Facts : MessageOf<Facts> {
  static constexpr std::string_view kName = "bench.Facts";
  static constexpr Role kRole = Role::kMembership;
  std::vector<Fact> facts;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.facts, "facts", "about members");
  }
};

struct Fixture {
  explicit Fixture(std::size_t facts) : directory(1000) {
    for (int i = 0; i < 1000; ++i) (void)directory.intern(std::string("n").append(std::to_string(i)));
    (void)types.add(message_type<Facts>());
    auto draft = pool.make<Facts>();
    for (std::uint32_t i = 0; i < facts; ++i) draft->facts.push_back({NodeSlot{i * 7 % 1000}, 1, i, 1});
    seal(*draft, directory);
    message = std::move(draft).take();
    encode({NodeId{1}, 1, 1}, *message, directory, bytes);
  }
  Directory directory;
  MessagePool pool;
  MessageTypes types;
  MessageRef message;
  std::string bytes;
};

void size(benchmark::State& state) {
  const Fixture fixture(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(fixture.message->type->body_size(*fixture.message, fixture.directory));
}
BENCHMARK(size)->Arg(0)->Arg(50);

void pack(benchmark::State& state) {
  Fixture fixture(static_cast<std::size_t>(state.range(0)));
  std::string out;
  for (auto _ : state) {
    out.clear();
    encode({NodeId{1}, 1, 1}, *fixture.message, fixture.directory, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(fixture.bytes.size()));
}
BENCHMARK(pack)->Arg(0)->Arg(50);

void unpack(benchmark::State& state) {
  Fixture fixture(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const Decoded decoded = decode(fixture.bytes, fixture.directory, fixture.pool, fixture.types);
    benchmark::DoNotOptimize(decoded.message.get());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(fixture.bytes.size()));
}
BENCHMARK(unpack)->Arg(0)->Arg(50);

}  // namespace

BENCHMARK_MAIN();
