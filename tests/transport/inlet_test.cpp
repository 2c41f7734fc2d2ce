// Waiting for sockets with one call, and what their descriptors do not say.
#include "transport/inlet.hpp"

#include <doctest/doctest.h>

#include <array>
#include <thread>

#include "tests/transport/sockets.hpp"
#include "transport/node_core.hpp"
#include "transport/wake.hpp"

namespace hearsay::transport {
namespace {

// Until it has something, or for long enough to say that it has not.
bool arrives(Inlet& inlet) {
  for (const MonoTime until = Now::read_mono() + test::kDeadline; !inlet.may_have() && Now::read_mono() < until;) {
    std::array<pollfd, 1> items{inlet.item()};
    wait_for(items, until - Now::read_mono());
    inlet.waited(items[0]);
  }
  return inlet.may_have();
}

TEST_CASE("an inlet is looked at until there is nothing, and then when its descriptor says so") {
  zmq::context_t context = test::context_for_test();
  Inlet inlet(test::socket_for_test(context, zmq::socket_type::pull));
  CHECK(inlet.may_have());  // as nobody has looked
  REQUIRE(bind(inlet.use(), "inproc://inlet").has_value());
  Frames frames;
  CHECK(inlet.receive(frames) == Receipt::kNothing);
  CHECK_FALSE(inlet.may_have());

  zmq::socket_t push = test::socket_for_test(context, zmq::socket_type::push);
  REQUIRE(connect(push, "inproc://inlet").has_value());
  for (int i = 0; i < 3; ++i) REQUIRE(send(push, std::array<std::string_view, 1>{"x"}) == Sent::kSent);
  int received = 0;
  while (received < 3) {
    REQUIRE(arrives(inlet));
    while (inlet.may_have()) received += inlet.receive(frames) == Receipt::kMessage ? 1 : 0;
  }
  CHECK(received == 3);
}

TEST_CASE("an inlet that was used is looked at: a call may have taken what made its descriptor ready") {
  zmq::context_t context = test::context_for_test();
  Inlet inlet(test::socket_for_test(context, zmq::socket_type::dealer));
  REQUIRE(bind(inlet.use(), "inproc://used").has_value());
  zmq::socket_t other = test::socket_for_test(context, zmq::socket_type::dealer);
  REQUIRE(connect(other, "inproc://used").has_value());
  Frames frames;
  while (inlet.may_have()) (void)inlet.receive(frames);
  REQUIRE(send(other, std::array<std::string_view, 1>{"question"}) == Sent::kSent);
  // Asking for events takes the commands, as sending may: the descriptor is silent, and the message is there.
  CHECK((inlet.use().get(zmq::sockopt::events) & ZMQ_POLLIN) != 0);
  std::array<pollfd, 1> items{inlet.item()};
  wait_for(items, 0ns);
  CHECK(items[0].revents == 0);
  CHECK(inlet.may_have());
  CHECK(inlet.receive(frames) == Receipt::kMessage);
}

TEST_CASE("waiting ends at its time, not before") {
  auto wake = Wake::make();
  REQUIRE(wake.has_value());
  std::array<pollfd, 1> items{{{wake->fd(), POLLIN, 0}}};
  const MonoTime until = Now::read_mono() + 3ms;
  wait_for(items, 3ms);
  CHECK(Now::read_mono() >= until);
  CHECK(items[0].revents == 0);
  wait_for(items, -1ns);  // long ago
  wake->signal();
  wait_for(items, test::kDeadline);
  CHECK(items[0].revents == POLLIN);
}

TEST_CASE("receiving with a limit waits for a message, and no longer") {
  zmq::context_t context = test::context_for_test();
  zmq::socket_t pull = test::socket_for_test(context, zmq::socket_type::pull);
  REQUIRE(bind(pull, "inproc://limit").has_value());
  Frames frames;
  const MonoTime until = Now::read_mono() + 2ms;
  CHECK(receive(pull, frames, 2ms) == Receipt::kNothing);
  CHECK(Now::read_mono() >= until);
  CHECK(receive(pull, frames, -1ms) == Receipt::kNothing);
  std::thread sender([&] {
    zmq::socket_t push = test::socket_for_test(context, zmq::socket_type::push);
    CHECK(connect(push, "inproc://limit").has_value());
    CHECK(send(push, std::array<std::string_view, 2>{"two", "frames"}) == Sent::kSent);
  });
  CHECK(receive(pull, frames, test::kDeadline) == Receipt::kMessage);
  CHECK(frames.size() == 2);
  sender.join();
}

}  // namespace
}  // namespace hearsay::transport
