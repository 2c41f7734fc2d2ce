// A peer in another language: tests/transport/peer.py, which knows of hearsay what docs/reference/wire-protocol.md
// says.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "tests/transport/sockets.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/live_node.hpp"

namespace hearsay::transport::test {

namespace {

struct Outcome {
  int status = -1;
  std::string output;
};

// Runs the peer with the first Python that has what it needs; what it printed and how it ended.
Outcome run_peer(const std::string& arguments) {
  const std::string command = fmt::format(
      "for python in python3 /usr/bin/python3; do "
      "$python -c 'import msgpack, zmq' 2>/dev/null && exec $python -B tests/transport/peer.py {} 2>&1; done; "
      "echo 'no Python with zmq and msgpack: tools/install-dependencies'; exit 1",
      arguments);
  Outcome outcome;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> piece{};
  while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) outcome.output += piece.data();
  const int ended = ::pclose(pipe);
  if (WIFEXITED(ended)) outcome.status = WEXITSTATUS(ended);
  return outcome;
}

// A message is evaluated for successes, too, when those are shown.
template <class T>
std::string why(const Result<T>& result) {
  return result ? "" : result.error().message;
}

std::unique_ptr<LiveNode> announcing_node(const KvOptions& options) {
  const auto composition = make_composition(options);
  REQUIRE_MESSAGE(composition.has_value(), why(composition));
  auto node = LiveNode::open(node_options(options), *composition);
  REQUIRE_MESSAGE(node.has_value(), why(node));
  const auto ready = (*node)->wait_ready(kDeadline);
  REQUIRE_MESSAGE(ready.has_value(), why(ready));
  return std::move(*node);
}

std::uint64_t counter(LiveNode& node, std::string_view name) {
  StatusAnswer status;
  node.status(status);
  for (const Counter& each : status.counters) {
    if (each.name == name) return each.value;
  }
  FAIL("no counter ", std::string(name));
  return 0;
}

// Nothing that either side said was lost on the other.
void check_nothing_dropped(LiveNode& node) {
  for (const char* name : {"dropped_malformed", "dropped_foreign", "dropped_version", "dropped_unknown_message",
                           "dropped_unknown_node", "dropped_channel"}) {
    CAPTURE(name);
    CHECK(counter(node, name) == 0);
  }
}

}  // namespace

TEST_CASE("a peer in Python, written from the page alone, joins one node, announces, puts and gets") {
  KvOptions options;
  options.membership = "announce";
  options.name = "first";
  const auto node = announcing_node(options);
  const Outcome peer = run_peer(node->endpoint());
  CHECK_MESSAGE(peer.status == 0, peer.output);
  check_nothing_dropped(*node);
}

TEST_CASE("a peer in Python joins three nodes of a namespace, with two copies of each item") {
  KvOptions options;
  options.membership = "announce";
  options.topic = "test.announce";
  options.service = "test.kv";
  options.name_space = "birds";
  options.replicas = 2;
  std::vector<std::unique_ptr<LiveNode>> nodes;
  for (const char* name : {"first", "second", "third"}) {
    options.name = name;
    nodes.push_back(announcing_node(options));
    options.servers = {nodes.front()->endpoint()};
  }
  REQUIRE(eventually(
      [&] { return std::all_of(nodes.begin(), nodes.end(), [](const auto& node) { return node->members() == 3; }); }));
  const Outcome peer = run_peer(fmt::format("{} test.announce test.kv birds", nodes.back()->endpoint()));
  CHECK_MESSAGE(peer.status == 0, peer.output);
  for (const auto& node : nodes) check_nothing_dropped(*node);
}

}  // namespace hearsay::transport::test
