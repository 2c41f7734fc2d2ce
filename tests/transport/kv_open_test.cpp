// What open_kv() refuses, and what of the options it says.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "transport/kv_options.hpp"
#include "transport/kv_server.hpp"

namespace hearsay {
namespace {

std::string refusal(const KvOptions& options) {
  const auto kv = open_kv(options);
  REQUIRE_FALSE(kv);
  CHECK(kv.error().code == ErrorCode::kInvalidArgument);
  CHECK(kv.error().message.find('\n') == std::string::npos);
  return kv.error().message;
}

bool mentions(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

KvOptions memory_options() {
  KvOptions options;
  options.backend = "memory";
  return options;
}

}  // namespace

TEST_CASE("open_kv: the memory backend, by its name") {
  const auto kv = open_kv(memory_options());
  REQUIRE(kv);
  CHECK((*kv)->string() == "memory()");
  KvOptions named = memory_options();
  named.name_space = "a.b";
  CHECK((*open_kv(named))->string() == "memory(namespace=a.b)");
}

TEST_CASE("open_kv: a misspelt backend is refused with the nearest") {
  KvOptions options;
  options.backend = "memcache";
  CHECK(mentions(refusal(options), "did you mean 'memcached'?"));
  options.backend = "redsi";
  CHECK(mentions(refusal(options), "did you mean 'redis'?"));
  options.backend = "postgres";
  CHECK(mentions(refusal(options), "gossip, service, memory, redis, memcached"));
  options.backend.clear();
  CHECK(mentions(refusal(options), "backend:"));
}

TEST_CASE("open_kv: a namespace, a timeout or a server that makes no sense is named") {
  for (const char* wrong : {"a/b", "a b", "\n", "\xc3\xbc"}) {
    KvOptions options = memory_options();
    options.name_space = wrong;
    CHECK(mentions(refusal(options), "namespace:"));
  }
  KvOptions options = memory_options();
  options.name_space.assign(65, 'a');
  CHECK(mentions(refusal(options), "namespace:"));
  for (const Duration wrong : {Duration(0s), Duration(-1ns), Duration::max()}) {
    options = memory_options();
    options.timeout = wrong;
    CHECK(mentions(refusal(options), "timeout:"));
  }
  options = memory_options();
  options.servers = {"127.0.0.1"};
  CHECK(mentions(refusal(options), "servers:"));
  for (const char* backend : {"redis", "memcached"}) {
    options = memory_options();
    options.backend = backend;
    options.servers = {"127.0.0.1:0"};
    CHECK(mentions(refusal(options), "servers:"));
    options.servers = {"127.0.0.1:1", "unix:relative"};
    CHECK(mentions(refusal(options), "servers:"));
  }
  options.servers.assign(101, "127.0.0.1");
  CHECK(mentions(refusal(options), "servers:"));
}

TEST_CASE("open_kv: redis and memcached say where they are, and contact nobody") {
  KvOptions options;
  options.backend = "redis";
  CHECK((*open_kv(options))->string() == "redis(127.0.0.1:6379)");
  options.servers = {"unix:/nowhere/socket"};
  options.name_space = "name";
  CHECK((*open_kv(options))->string() == "redis(unix:/nowhere/socket, namespace=name)");
  options.backend = "memcached";
  options.servers = {"localhost", "[::1]:1"};
  CHECK((*open_kv(options))->string() == "memcached(localhost:11211, [::1]:1, namespace=name)");
}

TEST_CASE("a server is a host with a port, or the path of a socket") {
  using transport::parse_kv_server;
  const auto shown = [](const std::string& text) { return parse_kv_server(text, 7).value().string(); };
  CHECK(shown("localhost") == "localhost:7");
  CHECK(shown("localhost:65535") == "localhost:65535");
  CHECK(shown("[::1]") == "[::1]:7");
  CHECK(shown("[fe80::1%eth0]:80") == "[fe80::1%eth0]:80");
  CHECK(shown("unix:/a") == "unix:/a");
  std::vector<std::string> wrong{"",     ":",    ":80",   "a:",     "a:0",   "a:65536", "a:-1",
                                 "a:+1", "a:1x", "a:b:c", "::1",    "[::1",  "[]:1",    "[::1]1",
                                 "a b",  "a/b",  "unix:", "unix:a", "a\n:1", "a:1 ",    " a:1"};
  wrong.emplace_back("tcp://a:1");
  wrong.emplace_back("a\0b", 3);
  wrong.emplace_back("unix:/a\0b", 9);
  wrong.emplace_back(254, 'a');
  wrong.emplace_back("unix:/").append(107, 'a');
  for (const std::string& text : wrong) {
    CAPTURE(text);
    const auto server = parse_kv_server(text, 7);
    REQUIRE_FALSE(server);
    CHECK(server.error().code == ErrorCode::kInvalidArgument);
  }
}

}  // namespace hearsay
