#include "transport/socket.hpp"

#include <doctest/doctest.h>
#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include "tests/transport/sockets.hpp"
#include "transport/wake.hpp"

namespace hearsay::transport {
namespace {

using test::bind_for_test;
using test::connect_for_test;
using test::context_for_test;
using test::next_message;
using test::send_text;
using test::socket_for_test;
using test::Texts;

TEST_CASE("every limit reaches the socket") {
  zmq::context_t context = context_for_test({.io_threads = 2, .max_sockets = 77});
  CHECK(context.get(zmq::ctxopt::io_threads) == 2);
  CHECK(context.get(zmq::ctxopt::max_sockets) == 77);
  SocketOptions options;
  options.send_queue = 11;
  options.receive_queue = 12;
  options.max_message_bytes = 13;
  options.heartbeat_interval = 14ms;
  options.heartbeat_timeout = 15ms;
  options.heartbeat_ttl = 1600ms;
  options.reconnect_min = 17ms;
  options.reconnect_max = 18ms;
  options.connect_timeout = 19ms;
  options.handshake_timeout = 20ms;
  options.backlog = 21;
  options.linger = 22ms;
  const zmq::socket_t socket = socket_for_test(context, zmq::socket_type::dealer, options);
  CHECK(socket.get(zmq::sockopt::sndhwm) == 11);
  CHECK(socket.get(zmq::sockopt::rcvhwm) == 12);
  CHECK(socket.get(zmq::sockopt::maxmsgsize) == 13);
  CHECK(socket.get(zmq::sockopt::heartbeat_ivl) == 14);
  CHECK(socket.get(zmq::sockopt::heartbeat_timeout) == 15);
  CHECK(socket.get(zmq::sockopt::heartbeat_ttl) == 1600);
  CHECK(socket.get(zmq::sockopt::reconnect_ivl) == 17);
  CHECK(socket.get(zmq::sockopt::reconnect_ivl_max) == 18);
  CHECK(socket.get(zmq::sockopt::connect_timeout) == 19);
  CHECK(socket.get(zmq::sockopt::handshake_ivl) == 20);
  CHECK(socket.get(zmq::sockopt::backlog) == 21);
  CHECK(socket.get(zmq::sockopt::linger) == 22);
}

TEST_CASE("a frame fits by default, and a limit that is none is refused") {
  CHECK(SocketOptions{}.max_message_bytes > static_cast<std::int64_t>(kMaxFrameBytes));
  zmq::context_t context = context_for_test();
  SocketOptions unbounded;
  SUBCASE("queue") { unbounded.send_queue = 0; }
  SUBCASE("other queue") { unbounded.receive_queue = 0; }
  SUBCASE("size") { unbounded.max_message_bytes = -1; }
  SUBCASE("linger") { unbounded.linger = -1ms; }
  SUBCASE("beyond an int") { unbounded.connect_timeout = kTenYears; }
  const auto socket = make_socket(context, zmq::socket_type::dealer, unbounded);
  REQUIRE_FALSE(socket.has_value());
  CHECK(socket.error().code == ErrorCode::kInvalidArgument);
  CHECK_FALSE(make_context({.io_threads = 0}).has_value());
  CHECK_FALSE(make_context({.max_sockets = 0}).has_value());
}

TEST_CASE("a whole message goes from one to the other") {
  zmq::context_t context = context_for_test();
  zmq::socket_t router = socket_for_test(context, zmq::socket_type::router);
  zmq::socket_t dealer = socket_for_test(context, zmq::socket_type::dealer);
  const std::string endpoint = bind_for_test(router);
  CHECK(endpoint.starts_with("tcp://127.0.0.1:"));
  CHECK(endpoint != "tcp://127.0.0.1:*");
  connect_for_test(dealer, endpoint);
  CHECK(send_text(dealer, {"one", "", std::string_view("\0two", 4)}));
  const Texts got = next_message(router);
  REQUIRE(got.size() == 4);
  CHECK(got[1] == "one");
  CHECK(got[2].empty());
  CHECK(got[3] == std::string_view("\0two", 4));

  // And without a copy, back to whom it came from.
  zmq::message_t frames[] = {zmq::message_t(got[0]), zmq::message_t(std::string_view("back"))};
  CHECK(send(router, std::span(frames)) == Sent::kSent);
  CHECK(next_message(dealer) == Texts{"back"});
}

TEST_CASE("nothing to receive and nobody to send to are no errors") {
  zmq::context_t context = context_for_test();
  zmq::socket_t dealer = socket_for_test(context, zmq::socket_type::dealer);
  Frames frames;
  CHECK(receive(dealer, frames) == Receipt::kNothing);
  CHECK(frames.empty());
  const std::string_view text[] = {"lost"};
  CHECK(send(dealer, text) == Sent::kFull);
  zmq::socket_t router = socket_for_test(context, zmq::socket_type::router);
  router.set(zmq::sockopt::router_mandatory, true);
  const std::string_view to_nobody[] = {"nobody", "lost"};
  CHECK(send(router, to_nobody) == Sent::kNoRoute);
  zmq::pollitem_t item{dealer.handle(), 0, ZMQ_POLLIN, 0};
  CHECK(poll(std::span(&item, 1), 1ms) == 0);
}

TEST_CASE("a queue that is full says so") {
  zmq::context_t context = context_for_test();
  SocketOptions small;
  small.send_queue = 2;
  small.receive_queue = 2;
  zmq::socket_t pull = socket_for_test(context, zmq::socket_type::pull, small);
  zmq::socket_t push = socket_for_test(context, zmq::socket_type::push, small);
  bind_for_test(pull, "inproc://full");
  connect_for_test(push, "inproc://full");
  const std::string_view text[] = {"x"};
  int sent = 0;
  while (*send(push, text) == Sent::kSent) REQUIRE(++sent < 100);
  CHECK(sent == 4);
}

TEST_CASE("a message of too many frames is taken and thrown away, and the next one is whole") {
  zmq::context_t context = context_for_test();
  zmq::socket_t pull = socket_for_test(context, zmq::socket_type::pull);
  zmq::socket_t push = socket_for_test(context, zmq::socket_type::push);
  bind_for_test(pull, "inproc://long");
  connect_for_test(push, "inproc://long");
  const auto send_frames = [&](std::size_t count) {
    const std::vector<std::string_view> frames(count, "frame");
    CHECK(send(push, frames) == Sent::kSent);
  };
  Frames frames;
  for (const std::size_t count : {Frames::kMax + 1, std::size_t{10'000}}) {
    send_frames(count);
    CHECK(receive(pull, frames) == Receipt::kTooLong);
    CHECK(frames.empty());
  }
  send_frames(Frames::kMax);
  CHECK(receive(pull, frames) == Receipt::kMessage);
  CHECK(frames.size() == Frames::kMax);
  CHECK(frames.bytes() == Frames::kMax * 5);
  CHECK(receive(pull, frames) == Receipt::kNothing);
}

TEST_CASE("whoever sends a frame above the limit is cut off, the others are not") {
  zmq::context_t context = context_for_test();
  SocketOptions small;
  small.max_message_bytes = 1000;
  zmq::socket_t pull = socket_for_test(context, zmq::socket_type::pull, small);
  const std::string endpoint = bind_for_test(pull);
  zmq::socket_t loud = socket_for_test(context, zmq::socket_type::push);
  connect_for_test(loud, endpoint);
  CHECK(send_text(loud, {std::string(1001, 'x')}));
  zmq::socket_t decent = socket_for_test(context, zmq::socket_type::push);
  connect_for_test(decent, endpoint);
  CHECK(send_text(decent, {std::string(1000, 'y')}));
  CHECK(next_message(pull) == Texts{std::string(1000, 'y')});
}

TEST_CASE("an occupied port names the way out") {
  zmq::context_t context = context_for_test();
  zmq::socket_t first = socket_for_test(context, zmq::socket_type::router);
  const std::string endpoint = bind_for_test(first);
  zmq::socket_t second = socket_for_test(context, zmq::socket_type::router);
  const auto bound = bind(second, endpoint);
  REQUIRE_FALSE(bound.has_value());
  CHECK(bound.error().code == ErrorCode::kInvalidArgument);
  CHECK(bound.error().message == endpoint + " is in use: give another endpoint, or tcp://127.0.0.1:* for a free port");
}

TEST_CASE("an address of another machine, a folder that is none and a bad endpoint are errors of bind") {
  zmq::context_t context = context_for_test();
  zmq::socket_t socket = socket_for_test(context, zmq::socket_type::router);
  const struct {
    const char* endpoint;
    const char* says;
  } cases[] = {
      {"tcp://192.0.2.1:27801", "no address of this machine"},
      {"tcp://no-such-interface:27801", "no address of this machine"},
      {"ipc:///no/such/folder/socket", "the folder does not exist"},
      {"tcp://*:27801", "0.0.0.0"},
  };
  for (const auto& [endpoint, says] : cases) {
    CAPTURE(endpoint);
    const auto bound = bind(socket, endpoint);
    REQUIRE_FALSE(bound.has_value());
    CHECK(bound.error().code == ErrorCode::kInvalidArgument);
    CHECK_MESSAGE(bound.error().message.find(says) != std::string::npos, bound.error().message);
  }
  CHECK_FALSE(connect(socket, "tcp://127.0.0.1:*").has_value());
  CHECK_FALSE(disconnect(socket, "tcp://127.0.0.1:1").has_value());
}

// libzmq aborts where a context finds no descriptors, so it must not get that far.
#if defined(__clang__)
#if __has_feature(undefined_behavior_sanitizer)
#define HEARSAY_UBSAN
#endif
#endif
#ifdef HEARSAY_UBSAN
constexpr rlim_t kForSanitizer = 2;
#else
constexpr rlim_t kForSanitizer = 0;
#endif

TEST_CASE("a full table of descriptors is an error with a way out") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const auto limit_to = [&](rlim_t count) {
    const rlimit now{std::min(count, before.rlim_max), before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  };
  // The lowest free number is what the next descriptor gets; nothing above it is to be had then.
  const int free_fd = ::dup(0);
  REQUIRE(free_fd >= 0);
  ::close(free_fd);
  const auto full = static_cast<rlim_t>(free_fd);

  // Clang's UBSan opens a pipe to look at an object of another library's, as in making up a message: it has those two,
  // and the one descriptor that a Wake wants cannot be kept from it.
  limit_to(full + kForSanitizer);
  const auto none = make_context();
  if (kForSanitizer == 0) {
    const auto wake = Wake::make();
    CHECK(wake.error().code == ErrorCode::kUnavailable);
    CHECK(wake.error().message.find("ulimit -n") != std::string::npos);
  }
  limit_to(full + 6);
  const auto few = make_context();
  limit_to(before.rlim_cur);
  for (const Error& error : {none.error(), few.error()}) {
    CHECK(error.code == ErrorCode::kUnavailable);
    CHECK_MESSAGE(error.message.find("ulimit -n") != std::string::npos, error.message);
  }

  // With a context already there, sockets fail one by one, and those that are open go on.
  zmq::context_t context = context_for_test();
  std::vector<zmq::socket_t> open;
  limit_to(full + 40);
  Error error;
  while (open.size() < 100) {
    auto socket = make_socket(context, zmq::socket_type::router);
    if (!socket) {
      error = socket.error();
      break;
    }
    open.push_back(std::move(*socket));
  }
  limit_to(before.rlim_cur);
  REQUIRE(open.size() > 1);
  CHECK(error.code == ErrorCode::kUnavailable);
  CHECK_MESSAGE(error.message.find("ulimit -n") != std::string::npos, error.message);
  CHECK(bind(open.front(), "tcp://127.0.0.1:*").has_value());
}

TEST_CASE("a context's own table of sockets is told apart from the process's") {
  zmq::context_t context = context_for_test({.max_sockets = 2});
  std::vector<zmq::socket_t> open;
  auto socket = make_socket(context, zmq::socket_type::pair);
  while (socket && open.size() < 10) {
    open.push_back(std::move(*socket));
    socket = make_socket(context, zmq::socket_type::pair);
  }
  REQUIRE_FALSE(socket.has_value());
  CHECK(socket.error().code == ErrorCode::kUnavailable);
  CHECK_MESSAGE(socket.error().message.find("max_sockets") != std::string::npos, socket.error().message);
}

TEST_CASE("a context that was shut down is closed for everybody") {
  zmq::context_t context = context_for_test();
  zmq::socket_t dealer = socket_for_test(context, zmq::socket_type::dealer);
  context.shutdown();
  Frames frames;
  CHECK(receive(dealer, frames).error().code == ErrorCode::kClosed);
  const std::string_view text[] = {"x"};
  CHECK(send(dealer, text).error().code == ErrorCode::kClosed);
  zmq::pollitem_t item{dealer.handle(), 0, ZMQ_POLLIN, 0};
  CHECK(poll(std::span(&item, 1), 1s).error().code == ErrorCode::kClosed);
  CHECK(make_socket(context, zmq::socket_type::pair).error().code == ErrorCode::kClosed);
}

// cppzmq throws here.
TEST_CASE("a signal ends a poll early, and is no error") {
  struct sigaction before{};
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGUSR1, &nothing, &before) == 0);
  zmq::context_t context = context_for_test();
  zmq::socket_t dealer = socket_for_test(context, zmq::socket_type::dealer);
  zmq::pollitem_t item{dealer.handle(), 0, ZMQ_POLLIN, ZMQ_POLLIN};
  std::atomic<bool> done = false;
  const pthread_t poller = ::pthread_self();
  std::thread disturber([&] {
    while (!done.load()) {
      ::pthread_kill(poller, SIGUSR1);
      std::this_thread::yield();
    }
  });
  const auto began = std::chrono::steady_clock::now();
  const auto ready = poll(std::span(&item, 1), test::kDeadline);
  const auto took = std::chrono::steady_clock::now() - began;
  done = true;
  disturber.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  CHECK(ready == 0);
  CHECK(item.revents == 0);
  CHECK(took < test::kDeadline);
}

TEST_CASE("a wake from another thread ends a poll, and many are one") {
  auto wake = Wake::make();
  REQUIRE(wake.has_value());
  std::thread other([&] {
    for (int i = 0; i < 3; ++i) wake->signal();
  });
  zmq::pollitem_t item = wake->item();
  CHECK(poll(std::span(&item, 1), test::kDeadline) == 1);
  other.join();
  wake->clear();
  CHECK(poll(std::span(&item, 1), 0ms) == 0);
  wake->clear();  // of nothing does not wait
}

TEST_CASE("IPv6 is spoken where it is meant") {
  zmq::context_t context = context_for_test();
  zmq::socket_t pull = socket_for_test(context, zmq::socket_type::pull);
  const auto bound = bind(pull, "tcp://[::1]:*");
  if (!bound) {
    MESSAGE("this machine has no IPv6: " << bound.error().message);
    CHECK(bound.error().code == ErrorCode::kInvalidArgument);
    return;
  }
  zmq::socket_t push = socket_for_test(context, zmq::socket_type::push);
  connect_for_test(push, *bound);
  CHECK(send_text(push, {"six"}));
  CHECK(next_message(pull) == Texts{"six"});
}

}  // namespace
}  // namespace hearsay::transport
