#include "cli/control_link.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "cli/control_messages.hpp"
#include "core/base/check.hpp"

namespace hearsay::cli {

ControlLink::ControlLink(int fd) : fd_(fd) {}

ControlLink::~ControlLink() { ::close(fd_); }

Result<std::pair<int, int>> ControlLink::make_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no link to a node's process: {}", std::strerror(errno)));
  }
  return std::pair{ends[0], ends[1]};
}

bool ControlLink::send(std::string_view frame, std::size_t most) {
  HEARSAY_CHECK(frame.size() <= kMaxFrame);
  const std::lock_guard guard(mutex_);
  if (out_.size() - written_ + frame.size() > most) return false;
  const auto length = static_cast<std::uint32_t>(frame.size());
  std::array<char, sizeof length> head{};
  std::memcpy(head.data(), &length, sizeof length);
  out_.append(head.data(), head.size());
  out_.append(frame);
  write_some();
  return true;
}

bool ControlLink::flush() {
  const std::lock_guard guard(mutex_);
  return write_some();
}

bool ControlLink::waiting() const {
  const std::lock_guard guard(mutex_);
  return written_ < out_.size();
}

bool ControlLink::write_some() {
  while (written_ < out_.size()) {
    const ssize_t count = ::send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (count > 0) {
      written_ += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      break;  // the other end is gone: receive() says so
    }
  }
  out_.clear();
  written_ = 0;
  return false;
}

ControlLink::Receipt ControlLink::receive(std::string& frame) {
  for (;;) {
    const std::size_t there = in_.size() - read_;
    std::uint32_t length = 0;
    if (there >= sizeof length) {
      std::memcpy(&length, in_.data() + read_, sizeof length);
      if (length > kMaxFrame) return Receipt::kClosed;
      if (there - sizeof length >= length) {
        frame.assign(in_, read_ + sizeof length, length);
        read_ += sizeof length + length;
        return Receipt::kFrame;
      }
    }
    in_.erase(0, read_);
    read_ = 0;
    std::array<char, std::size_t{64} << 10>
        chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before read
    const ssize_t count = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (count == 0) return Receipt::kClosed;
    if (count > 0) {
      in_.append(chunk.data(), static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Receipt::kNothing;
    } else if (errno != EINTR) {
      return Receipt::kClosed;
    }
  }
}

ControlCodec::ControlCodec() {
  for (const MessageType* type :
       {&message_type<control::Begin>(), &message_type<control::Faults>(), &message_type<control::Ask>(),
        &message_type<control::Forget>(), &message_type<control::Leave>(), &message_type<control::End>(),
        &message_type<control::Ready>(), &message_type<control::Report>(), &message_type<control::Totals>(),
        &message_type<control::Trouble>()}) {
    HEARSAY_CHECK(types_.add(*type).has_value());
  }
}

MessageRef ControlCodec::unpack(std::string_view frame) {
  Decoded decoded = decode(frame, directory_, pool_, types_);
  return decoded.fault == DecodeFault::kNone ? std::move(decoded.message) : MessageRef();
}

}  // namespace hearsay::cli
