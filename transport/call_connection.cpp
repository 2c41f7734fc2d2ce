#include "transport/call_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "transport/node_core.hpp"

namespace hearsay::transport {

namespace {

// Whom a caller's frames are from: anything but 0, which is nobody.
NodeId made_up_id() {
  std::random_device device;
  return NodeId{(std::uint64_t{device()} << 32 | device()) | 1};
}

}  // namespace

CallConnection::CallConnection(const To& to) : endpoint_(to.endpoint), channel_(to.channel), origin_(made_up_id()) {
  for (const MessageType* type :
       {&message_type<Answer>(), &message_type<ListAnswer>(), &message_type<StatusAnswer>()}) {
    HEARSAY_CHECK(types_.add(*type).has_value());
  }
}

Result<std::unique_ptr<CallConnection>> CallConnection::open(const To& to) {
  std::unique_ptr<CallConnection> connection(new CallConnection(to));
  auto socket = make_socket(*to.context, zmq::socket_type::dealer, to.sockets);
  if (!socket) return tl::unexpected(socket.error());
  connection->socket_ = std::move(*socket);
  // Nothing is queued for somebody who is not there: what was not sent was not done.
  connection->socket_.set(zmq::sockopt::immediate, true);
  if (auto secured = apply_client(connection->socket_, *to.security); !secured) return tl::unexpected(secured.error());
  if (auto there = transport::connect(connection->socket_, to.endpoint); !there) return tl::unexpected(there.error());
  return connection;
}

Result<bool> CallConnection::wait_to_send(MonoTime deadline) {
  std::array<zmq::pollitem_t, 1> items{{{socket_.handle(), 0, ZMQ_POLLOUT, 0}}};
  for (;;) {
    const Duration left = deadline - Now::read_mono();
    auto ready = poll(items, std::max(Duration::zero(), left));
    if (!ready) return tl::unexpected(ready.error());
    if (*ready > 0) return true;
    if (left <= Duration::zero()) return false;
  }
}

Result<void> CallConnection::send(const Message& message, MonoTime deadline) {
  buffer_.clear();
  encode({origin_, 0, ++sequence_}, message, directory_, buffer_);
  for (;;) {
    const auto sent = transport::send(socket_, std::array<std::string_view, 2>{channel_, buffer_});
    if (!sent) return tl::unexpected(sent.error());
    if (*sent == Sent::kSent) return {};
    const auto ready = wait_to_send(deadline);
    if (!ready) return tl::unexpected(ready.error());
    if (!*ready) return fail(ErrorCode::kUnavailable, fmt::format("no node can be reached at {}", endpoint_));
  }
}

bool CallConnection::passed(MonoTime deadline) { return Now::read_mono() >= deadline; }

tl::unexpected<Error> CallConnection::no_answer() const {
  return fail(ErrorCode::kTimeout,
              fmt::format("no answer from {} in time (is it of this topic, service and namespace?)", endpoint_));
}

Result<MessageRef> CallConnection::receive(const MessageType& wanted, MonoTime deadline) {
  Frames frames;
  for (;;) {
    const Duration left = deadline - Now::read_mono();
    const auto receipt = transport::receive(socket_, frames, left);
    if (!receipt) return tl::unexpected(receipt.error());
    if (*receipt == Receipt::kNothing) {
      if (left > Duration::zero()) continue;
      return no_answer();
    }
    // What is not an answer is not for us: a stranger's bytes end here.
    if (*receipt != Receipt::kMessage || frames.size() != 2 || frames[0] != channel_) {
      if (left <= Duration::zero()) return no_answer();
      continue;
    }
    Decoded frame = decode(frames[1], directory_, pool_, types_);
    if (frame.fault == DecodeFault::kOtherVersion) {
      return fail(ErrorCode::kUnavailable, fmt::format("{} speaks version {} of the protocol, this program version {}",
                                                       endpoint_, frame.major, kWireMajor));
    }
    if (frame.fault == DecodeFault::kNone && frame.message->type == &wanted) return std::move(frame.message);
    if (left <= Duration::zero()) return no_answer();
  }
}

}  // namespace hearsay::transport
