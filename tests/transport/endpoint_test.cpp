#include "transport/endpoint.hpp"

#include <doctest/doctest.h>

#include <string>

namespace hearsay::transport {
namespace {

constexpr auto kBind = EndpointUse::kBind;
constexpr auto kConnect = EndpointUse::kConnect;

TEST_CASE("an endpoint is taken apart") {
  const auto tcp = parse_endpoint("tcp://127.0.0.1:27801", kConnect);
  REQUIRE(tcp.has_value());
  CHECK(tcp->transport == Endpoint::Transport::kTcp);
  CHECK(tcp->host == "127.0.0.1");
  CHECK(tcp->port == 27801);
  CHECK_FALSE(tcp->ipv6);
  const auto ipv6 = parse_endpoint("tcp://[::1]:1", kConnect);
  REQUIRE(ipv6.has_value());
  CHECK(ipv6->host == "::1");
  CHECK(ipv6->ipv6);
  const auto free_port = parse_endpoint("tcp://127.0.0.1:*", kBind);
  REQUIRE(free_port.has_value());
  CHECK(free_port->port == 0);
  CHECK(parse_endpoint("ipc:///tmp/a", kBind)->host == "/tmp/a");
  CHECK(parse_endpoint("inproc://a", kBind)->host == "a");
}

TEST_CASE("who is reached from outside is known") {
  for (const char* text : {"tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://localhost:1", "tcp://[::1]:1", "tcp://lo:1",
                           "ipc://a", "inproc://a"}) {
    CAPTURE(text);
    CHECK(parse_endpoint(text, kBind)->local());
  }
  for (const char* text : {"tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://10.0.0.1:1", "tcp://node-1.example:1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_endpoint(text, kBind)->local());
  }
}

TEST_CASE("a bad endpoint is told what is wrong with it") {
  const struct {
    const char* text;
    EndpointUse use;
    const char* says;
  } cases[] = {
      {"", kBind, "tcp://HOST:PORT"},
      {"127.0.0.1:27801", kConnect, "tcp://HOST:PORT"},
      {"http://127.0.0.1:1", kConnect, "tcp://HOST:PORT"},
      {"pgm://a:1", kConnect, "tcp://HOST:PORT"},
      {"tcp://", kBind, "tcp://HOST:PORT"},
      {"tcp://127.0.0.1", kBind, "port is missing"},
      {"tcp://127.0.0.1:", kBind, "the port must be"},
      {"tcp://127.0.0.1:x", kBind, "the port must be"},
      {"tcp://127.0.0.1:65536", kBind, "the port must be"},
      {"tcp://127.0.0.1:-1", kBind, "the port must be"},
      {"tcp://127.0.0.1:1x", kConnect, "the port must be"},
      {"tcp://127.0.0.1:0", kConnect, "the port must be"},
      {"tcp://127.0.0.1:*", kConnect, "that the other side was given"},
      {"tcp://*:1", kBind, "0.0.0.0"},
      {"tcp://:1", kBind, "host is missing"},
      {"tcp://a;b:1", kConnect, "neither a name nor an address"},
      {"tcp://::1:1", kConnect, "IPv6 goes in brackets"},
      {"tcp://[x;y]:1", kConnect, "no IPv6 address"},
      {"tcp://a b:1", kConnect, "a space"},
      {"ipc://", kBind, "ipc://PATH"},
  };
  for (const auto& [text, use, says] : cases) {
    CAPTURE(text);
    const auto endpoint = parse_endpoint(text, use);
    REQUIRE_FALSE(endpoint.has_value());
    CHECK(endpoint.error().code == ErrorCode::kInvalidArgument);
    CHECK_MESSAGE(endpoint.error().message.find(says) != std::string::npos, endpoint.error().message);
  }
}

TEST_CASE("what a stranger calls an endpoint neither fills nor breaks a line") {
  const auto endless = parse_endpoint(std::string(1'000'000, 'x'), kConnect);
  REQUIRE_FALSE(endless.has_value());
  CHECK(endless.error().message.size() < 300);
  const auto control = parse_endpoint("tcp://a\n\x1b[31m:1", kConnect);
  REQUIRE_FALSE(control.has_value());
  CHECK(control.error().message.find('\n') == std::string::npos);
  CHECK(control.error().message.find('\x1b') == std::string::npos);
  CHECK_FALSE(parse_endpoint("ipc://" + std::string(120, 'p'), kBind).has_value());
}

}  // namespace
}  // namespace hearsay::transport
