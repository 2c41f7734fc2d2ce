// Calls to several nodes at once, of which some do not answer.
#include "transport/node_client.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/transport/sockets.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/live_node.hpp"

namespace hearsay::transport {
namespace {

std::unique_ptr<LiveNode> store_of_one() {
  KvOptions options;
  auto composition = make_composition(options);
  REQUIRE(composition.has_value());
  NodeOptions node;
  node.links.bind = "tcp://127.0.0.1:*";
  auto opened = LiveNode::open(node, *composition);
  REQUIRE(opened.has_value());
  REQUIRE((*opened)->wait_ready(test::kDeadline).has_value());
  return std::move(*opened);
}

// An endpoint where nobody listens.
std::string nowhere(zmq::context_t& context) {
  zmq::socket_t socket = test::socket_for_test(context, zmq::socket_type::router);
  return bind(socket, "tcp://127.0.0.1:*").value();
}

TEST_CASE("nodes that are not there or do not answer take no time from those that do") {
  zmq::context_t context = test::context_for_test();
  const Security security;
  NodeClient client(context, Channel::make(kDefaultTopic, kDefaultService, "").value().calls, client_sockets(),
                    security);
  const auto first = store_of_one();
  const auto second = store_of_one();
  zmq::socket_t silent = test::socket_for_test(context, zmq::socket_type::router);
  const std::string hung = bind(silent, "tcp://127.0.0.1:*").value();
  const std::string absent = nowhere(context);

  // More of one than a call has room for, so that it is asked twice.
  std::vector<ClientOp> ops;
  std::map<std::string, std::vector<std::size_t>> places;
  const auto put_at = [&](const std::string& endpoint, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      places[endpoint].push_back(ops.size());
      ops.push_back({OpKind::kPut, "/key-" + std::to_string(ops.size()), Bytes("v"), {}});
    }
  };
  put_at(first->endpoint(), Call::kMaxOps + 10);
  put_at(second->endpoint(), 3);
  put_at(hung, 2);
  put_at(absent, 2);
  // Whatever the order of their ports is.
  const auto replies = client.operate(places, ops, Now::read_mono() + 2s);
  REQUIRE(replies.size() == ops.size());
  const auto code_of = [&](std::size_t i) { return replies[i] ? ErrorCode::kInternal : replies[i].error().code; };
  std::size_t done = 0;
  for (const std::string& endpoint : {first->endpoint(), second->endpoint()}) {
    for (const std::size_t i : places[endpoint]) done += replies[i] && replies[i]->ok ? 1U : 0U;
  }
  CHECK(done == Call::kMaxOps + 13);
  for (const std::size_t i : places[hung]) CHECK(code_of(i) == ErrorCode::kTimeout);
  for (const std::size_t i : places[absent]) CHECK(code_of(i) == ErrorCode::kUnavailable);
}

TEST_CASE("a node alone that is not there is unavailable, and one that does not answer late") {
  zmq::context_t context = test::context_for_test();
  const Security security;
  NodeClient client(context, Channel::make(kDefaultTopic, kDefaultService, "").value().calls, client_sockets(),
                    security);
  zmq::socket_t silent = test::socket_for_test(context, zmq::socket_type::router);
  const std::string hung = bind(silent, "tcp://127.0.0.1:*").value();
  const std::vector<ClientOp> ops{{OpKind::kPut, "/a", Bytes("v"), {}}, {OpKind::kGet, "/a", {}, {}}};
  const auto absent = client.operate(nowhere(context), ops, Now::read_mono() + 100ms);
  CHECK(absent[0].error().code == ErrorCode::kUnavailable);
  const auto late = client.operate(hung, ops, Now::read_mono() + 100ms);
  CHECK(late[0].error().code == ErrorCode::kTimeout);
  CHECK(late[0].error().message.ends_with("; it may have been done"));
  CHECK(late[1].error().code == ErrorCode::kTimeout);
  CHECK_FALSE(late[1].error().message.ends_with("; it may have been done"));
  CHECK(client.operate(std::map<std::string, std::vector<std::size_t>>(), {}, Now::read_mono()).empty());
}

}  // namespace
}  // namespace hearsay::transport
