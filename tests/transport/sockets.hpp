// Real sockets for tests: waiting is for a condition, with a deadline that only a failing test reaches.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "transport/socket.hpp"

namespace hearsay::transport::test {

inline constexpr Duration kDeadline = 20s;

inline zmq::context_t context_for_test(const ContextOptions& options = {}) {
  auto context = make_context(options);
  REQUIRE_MESSAGE(context.has_value(), context.error().message);
  return std::move(*context);
}

inline zmq::socket_t socket_for_test(zmq::context_t& context, zmq::socket_type type,
                                     const SocketOptions& options = {}) {
  auto socket = make_socket(context, type, options);
  REQUIRE_MESSAGE(socket.has_value(), socket.error().message);
  return std::move(*socket);
}

inline std::string bind_for_test(zmq::socket_t& socket, const std::string& endpoint = "tcp://127.0.0.1:*") {
  auto bound = bind(socket, endpoint);
  REQUIRE_MESSAGE(bound.has_value(), bound.error().message);
  return *bound;
}

inline void connect_for_test(zmq::socket_t& socket, const std::string& endpoint) {
  const auto connected = connect(socket, endpoint);
  REQUIRE_MESSAGE(connected.has_value(), connected.error().message);
}

// Tries until the condition holds; false when it did not before the deadline. Polls 1 ms between two tries.
template <class Condition>
bool eventually(Condition condition, Duration deadline = kDeadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    (void)poll({}, 1ms);
  }
  return true;
}

// The frames of the next message; nothing if none came before the deadline.
inline std::vector<std::string> next_message(zmq::socket_t& socket, Duration deadline = kDeadline) {
  Frames frames;
  std::vector<std::string> texts;
  eventually(
      [&] {
        const auto received = receive(socket, frames);
        REQUIRE(received.has_value());
        return *received == Receipt::kMessage;
      },
      deadline);
  for (std::size_t i = 0; i < frames.size(); ++i) texts.emplace_back(frames[i]);
  return texts;
}

// Sends once there is somebody to send to.
inline bool send_text(zmq::socket_t& socket, std::initializer_list<std::string_view> frames,
                      Duration deadline = kDeadline) {
  const std::vector<std::string_view> all(frames);
  return eventually(
      [&] {
        const auto sent = send(socket, all);
        REQUIRE(sent.has_value());
        return *sent == Sent::kSent;
      },
      deadline);
}

using Texts = std::vector<std::string>;

}  // namespace hearsay::transport::test
