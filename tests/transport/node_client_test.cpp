// Calls to several nodes at once, of which some do not answer.
#include "transport/node_client.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
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

// An endpoint where nobody listens, nor can as long as this lives: its port is taken.
class Nowhere {
 public:
  Nowhere() {
    REQUIRE(socket_ >= 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~Nowhere() { ::close(socket_); }
  Nowhere(const Nowhere&) = delete;
  Nowhere& operator=(const Nowhere&) = delete;

  const std::string& endpoint() const { return endpoint_; }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string endpoint_;
};

// Tries with ever more time, for a machine that may be too busy to connect in what it had.
template <class Try>
bool in_time(Try&& attempt) {
  Duration time = 250ms;
  while (!attempt(time) && time < test::kDeadline) time *= 2;
  return time < test::kDeadline;
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
  const Nowhere absent;

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
  put_at(absent.endpoint(), 2);
  const auto all_failed = [&](const std::string& endpoint, const std::vector<Result<Reply>>& replies, ErrorCode code) {
    const auto failed = [&](std::size_t i) { return !replies[i] && replies[i].error().code == code; };
    return std::ranges::all_of(places.at(endpoint), failed);
  };
  CHECK(in_time([&](Duration time) {
    // Whatever the order of their ports is.
    const auto replies = client.operate(places, ops, Now::read_mono() + time);
    REQUIRE(replies.size() == ops.size());
    const auto done = std::ranges::count_if(replies, [](const Result<Reply>& reply) { return reply && reply->ok; });
    return done == static_cast<std::ptrdiff_t>(Call::kMaxOps + 13) && all_failed(hung, replies, ErrorCode::kTimeout) &&
           all_failed(absent.endpoint(), replies, ErrorCode::kUnavailable);
  }));
}

TEST_CASE("a node alone that is not there is unavailable, and one that does not answer late") {
  zmq::context_t context = test::context_for_test();
  const Security security;
  NodeClient client(context, Channel::make(kDefaultTopic, kDefaultService, "").value().calls, client_sockets(),
                    security);
  zmq::socket_t silent = test::socket_for_test(context, zmq::socket_type::router);
  const std::string hung = bind(silent, "tcp://127.0.0.1:*").value();
  const std::vector<ClientOp> ops{{OpKind::kPut, "/a", Bytes("v"), {}}, {OpKind::kGet, "/a", {}, {}}};
  const Nowhere nowhere;
  const auto absent = client.operate(nowhere.endpoint(), ops, Now::read_mono() + 100ms);
  CHECK(absent[0].error().code == ErrorCode::kUnavailable);
  std::vector<Result<Reply>> late;
  REQUIRE(in_time([&](Duration time) {
    late = client.operate(hung, ops, Now::read_mono() + time);
    return late[0].error().code != ErrorCode::kUnavailable;  // connected, that is
  }));
  CHECK(late[0].error().code == ErrorCode::kTimeout);
  CHECK(late[0].error().message.ends_with("; it may have been done"));
  CHECK(late[1].error().code == ErrorCode::kTimeout);
  CHECK_FALSE(late[1].error().message.ends_with("; it may have been done"));
  CHECK(client.operate(std::map<std::string, std::vector<std::size_t>>(), {}, Now::read_mono()).empty());
}

}  // namespace
}  // namespace hearsay::transport
