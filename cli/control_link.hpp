// One end of the link between the controller of a real run and a node's process: a stream of frames, each four bytes of
// length and a packed message (control_messages.hpp), over a socket pair. The pair is made before the process, so no
// stranger can speak on it, and its end is noticed at once on either side, however the other one ended.
//
// Nothing blocks. send() and flush() from any thread; receive() from one. Bounds: kMaxQueued bytes that wait to be
// written, kMaxFrame of a frame. What may be refused (a client's request) has half of the queue, so that there is room
// for what may not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"
#include "core/protocol/envelope.hpp"
#include "core/protocol/message.hpp"

namespace hearsay::cli {

class ControlLink {
 public:
  static constexpr std::size_t kMaxQueued = std::size_t{64} << 20;
  static constexpr std::size_t kMaxRefusable = kMaxQueued / 2;
  static constexpr std::size_t kMaxFrame = kMaxFrameBytes;

  // Takes over the descriptor.
  explicit ControlLink(int fd);
  ~ControlLink();
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

  // Both ends, each closed by exec. kUnavailable: no descriptors left.
  static Result<std::pair<int, int>> make_pair();

  int fd() const { return fd_; }
  // Writes the frame, or keeps what does not fit now for flush(). False: more than `most` bytes would wait, and it was
  // not taken.
  bool send(std::string_view frame, std::size_t most = kMaxQueued);
  // Goes on with what waits; whether more does.
  bool flush();
  bool waiting() const;

  enum class Receipt : std::uint8_t { kNothing, kFrame, kClosed };
  // The next frame; kClosed when the other end is gone, or says what is no frame.
  Receipt receive(std::string& frame);

 private:
  bool write_some();

  int fd_;
  mutable std::mutex mutex_;  // of out_
  std::string out_;
  std::size_t written_ = 0;  // of out_
  std::string in_;
  std::size_t read_ = 0;  // of in_
};

// Packs and unpacks the messages of the link. One thread.
class ControlCodec {
 public:
  ControlCodec();
  template <class M>
  Draft<M> make() {
    return pool_.make<M>();
  }
  template <class M>
  std::string pack(Draft<M>&& draft) {
    seal(*draft, directory_);
    const MessageRef message = std::move(draft).take();
    std::string bytes;
    encode({.origin = kSomebody}, *message, directory_, bytes);
    return bytes;
  }
  // Null: it is none of ours.
  MessageRef unpack(std::string_view frame);

 private:
  static constexpr NodeId kSomebody{1};  // an envelope has an origin; here nobody looks at it
  Directory directory_{1};               // nobody: nodes are named by their ids
  MessagePool pool_;
  MessageTypes types_;
};

}  // namespace hearsay::cli
