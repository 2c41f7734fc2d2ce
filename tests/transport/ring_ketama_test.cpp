// The ring `ketama` against the installed libmemcached: the same owner for every key. No server runs.
#include "core/ring/ketama.hpp"

#include <doctest/doctest.h>
#include <libmemcached/memcached.h>

#include <memory>
#include <string>

#include "core/base/random.hpp"
#include "tests/support/ring_members.hpp"

namespace hearsay {
namespace {

struct Free {
  void operator()(memcached_st* client) const { memcached_free(client); }
};

struct Server {
  std::string host;
  std::uint16_t port = 0;
  std::uint32_t weight = 1;
};

std::vector<Server> random_servers(RandomStream& random) {
  std::vector<Server> servers;
  const std::uint64_t count = 1 + random.below(30);
  const bool weighted = random.below(4) != 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Server server;
    server.host = random.below(2) == 0 ? "10.0." + std::to_string(i) + "." + std::to_string(random.below(256))
                                       : "cache-" + std::to_string(i) + ".example.org";
    server.port = static_cast<std::uint16_t>(random.below(2) == 0 ? 11211 : 1 + random.below(65535));
    if (weighted) server.weight = static_cast<std::uint32_t>(1 + (random.next() >> 44 >> random.below(21)));
    servers.push_back(server);
  }
  return servers;
}

TEST_CASE("ketama: every key's owner is the one that libmemcached finds") {
  RandomStream random(2026, Purpose::kTest);
  const Ketama ring;
  int compared = 0;
  for (int list = 0; list < 50; ++list) {
    CAPTURE(list);
    std::vector<Server> servers = random_servers(random);
    // Among equal points libmemcached has the first server of its list.
    std::sort(servers.begin(), servers.end(),
              [](const Server& a, const Server& b) { return std::tie(a.host, a.port) < std::tie(b.host, b.port); });
    const std::unique_ptr<memcached_st, Free> client(memcached_create(nullptr));
    REQUIRE(memcached_behavior_set(client.get(), MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, 1) == MEMCACHED_SUCCESS);
    test::RingMembers members;
    for (const Server& server : servers) {
      REQUIRE(memcached_server_add_with_weight(client.get(), server.host.c_str(), server.port, server.weight) ==
              MEMCACHED_SUCCESS);
      members.add(server.host + ":" + std::to_string(server.port), server.weight);
    }
    const auto placement = ring.place(members.list());
    for (int i = 0; i < 2000; ++i) {
      std::string key;
      for (auto length = 1 + random.below(40); length > 0; --length) key += static_cast<char>('!' + random.below(94));
      const std::uint32_t expected = memcached_generate_hash(client.get(), key.data(), key.size());
      REQUIRE(expected < servers.size());
      const Server& server = servers[expected];
      REQUIRE(members.name(placement->lookup(ring.hash_key(key))) == server.host + ":" + std::to_string(server.port));
      ++compared;
    }
  }
  CHECK(compared == 100000);
}

}  // namespace
}  // namespace hearsay
