// What everything in transport/ does with ZeroMQ's sockets, with value-or-error instead of exceptions: contexts and
// sockets with all limits set, bind and connect, poll, send and receive. A signal (EINTR) is never an error here.
//
// Threading: a context may be shared; a socket belongs to one thread at a time. Life: destroy the sockets of a context
// before it; close it last (or shutdown() it first, after which every call here fails with kClosed).
//
// Bounds: queues by the high-water marks, which count whole messages; a frame by max_message_bytes (a peer that sends a
// larger one is disconnected); frames that are looked at by Frames::kMax. What libzmq does not bound is how many frames
// one message of a peer has before its last one came: only CURVE keeps strangers from that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/protocol/envelope.hpp"

namespace hearsay::transport {

// Every limit of a context. Set before its first socket.
struct ContextOptions {
  // Threads that move bytes. One carries a gigabyte a second; a second one shortens a large cluster's start (32 nodes
  // all at once: 338 ms with one, 118 ms with two) and costs a thread.
  int io_threads = 1;
  // Sockets of a context, from 1 to 65535. libzmq's own default is 1023; a table of this many pointers is the cost.
  int max_sockets = 4096;
};

// Every limit of a socket. Applied before bind and connect; later changes would not reach what is connected already.
struct SocketOptions {
  // Messages queued a peer. A full XPUB or ROUTER drops the newest in silence, a full DEALER says kFull. Higher takes
  // memory (this many times the message size, for each slow peer), lower loses more when a peer is slow for a moment.
  int send_queue = 1000;
  int receive_queue = 1000;
  // A frame; the margin is for what a caller puts beside the envelope. A peer that sends more is disconnected.
  std::int64_t max_message_bytes = static_cast<std::int64_t>(kMaxFrameBytes) + 64 * 1024;
  // ZMTP's heartbeats find half-open connections, which a subscriber would not notice otherwise. This is not the
  // protocols' failure detection, and slower than it on purpose. The TTL is what the peer is told to hold us to; at
  // most 6553 s. An interval of 0 turns them off.
  Duration heartbeat_interval = 1s;
  Duration heartbeat_timeout = 3s;
  Duration heartbeat_ttl = 3s;
  // Between attempts to connect, from the first value, doubling up to the second. libzmq's 100 ms rule a small
  // cluster's start.
  Duration reconnect_min = 10ms;
  Duration reconnect_max = 2s;
  // An attempt is given up after this long; the system's own limit is minutes, and it rules how soon a healed cut is
  // noticed.
  Duration connect_timeout = 2s;
  // A peer that connects and does not say hello is disconnected. libzmq: 30 s.
  Duration handshake_timeout = 2s;
  // Connections that wait to be accepted.
  int backlog = 256;
  // How long closing waits for what is queued. Zero: a protocol that can lose a message need not hold up its end.
  Duration linger{0};
};

// kUnavailable: no file descriptors or threads left, with the way out. kInvalidArgument: a value out of range.
Result<zmq::context_t> make_context(const ContextOptions& options = {});

// A socket with its options applied. kUnavailable: no descriptors or sockets left; kClosed: the context was shut down.
Result<zmq::socket_t> make_socket(zmq::context_t& context, zmq::socket_type type, const SocketOptions& options = {});

// kInvalidArgument: a value that libzmq refuses (negative, too large). Durations are rounded up to milliseconds.
Result<void> apply(zmq::socket_t& socket, const SocketOptions& options);

// Returns where it is bound, with the port it was given. kInvalidArgument: not an endpoint, in use, no such address, or
// not allowed; kUnavailable: no descriptors left.
Result<std::string> bind(zmq::socket_t& socket, const std::string& endpoint);

// Returns at once; libzmq connects, and reconnects, on its own. kInvalidArgument: not an endpoint.
Result<void> connect(zmq::socket_t& socket, const std::string& endpoint);
Result<void> disconnect(zmq::socket_t& socket, const std::string& endpoint);

// How many items are ready; 0 after the timeout or a signal, with all `revents` clear. Rounds the timeout up to a
// millisecond, so that whoever waits for a deadline does not spin before it; negative: without end.
Result<std::size_t> poll(std::span<zmq::pollitem_t> items, Duration timeout);

// ---- whole messages, without waiting -------------------------------------------------------------------------------

enum class Sent : std::uint8_t {
  kSent,     // or dropped by libzmq: a PUB, XPUB or ROUTER does not say
  kFull,     // the queue is full, or nobody is connected; nothing was sent
  kNoRoute,  // a ROUTER with ROUTER_MANDATORY knows no such peer; nothing was sent
};

// Sends the frames as one message; copies them. At least one frame. kClosed: the context was shut down.
Result<Sent> send(zmq::socket_t& socket, std::span<const std::string_view> frames);
// The same without a copy; the messages are empty afterwards, unless nothing was sent.
Result<Sent> send(zmq::socket_t& socket, std::span<zmq::message_t> frames);

enum class Receipt : std::uint8_t {
  kNothing,  // none was waiting
  kMessage,
  kTooLong,  // more than Frames::kMax frames: all were taken from the socket and thrown away; to be counted
};

// The frames of one received message. Keep one and use it again: the frames' memory is libzmq's.
class Frames {
 public:
  // Nothing of ours has more: identity, delimiter, topic, envelope and some to come; RFC 27 needs seven.
  static constexpr std::size_t kMax = 8;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view operator[](std::size_t i) const { return frames_[i].to_string_view(); }  // i < size()
  std::span<zmq::message_t> messages() { return std::span(frames_).first(size_); }          // to send on, or to keep
  std::size_t bytes() const;                                                                // of all frames together

 private:
  friend Result<Receipt> receive(zmq::socket_t& socket, Frames& frames);
  friend Result<Receipt> receive(zmq::socket_t& socket, Frames& frames, Duration limit);
  std::array<zmq::message_t, kMax> frames_;
  std::size_t size_ = 0;
};

// Takes one whole message from the socket into `frames`, which are empty unless it returns kMessage. kClosed: the
// context was shut down.
Result<Receipt> receive(zmq::socket_t& socket, Frames& frames);
// The same, waiting for one as long as the limit (rounded up to a millisecond; an hour at most); kNothing after a
// signal, too. Half the system calls of poll() and then receive().
Result<Receipt> receive(zmq::socket_t& socket, Frames& frames, Duration limit);

}  // namespace hearsay::transport
