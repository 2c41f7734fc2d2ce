// The envelope around every message between nodes: a MessagePack array
//
//   [magic, major, minor, tag, origin, epoch, sequence, body]
//
// with fixed-width numbers, so that its size does not depend on what it carries. Another major version is refused, an
// unknown tag is counted and ignored. The same bytes travel over sockets and in the simulator's --wire mode.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"

namespace hearsay {

inline constexpr std::uint32_t kWireMagic = 0x48525359;  // "HRSY"
inline constexpr std::uint8_t kWireMajor = 1;
inline constexpr std::uint8_t kWireMinor = 0;
inline constexpr std::uint32_t kEnvelopeBytes = 1 + 5 + 1 + 1 + 5 + 9 + 5 + 9;
// Longer frames are not looked at. Unpacking one takes at most 16 times its size.
inline constexpr std::size_t kMaxFrameBytes = 4 * 1024 * 1024;

struct Envelope {
  NodeId origin{};
  Epoch epoch = 0;
  std::uint64_t sequence = 0;
};

// Sizes a message once, before it is shared. Called by Step on sending.
inline void seal(Message& message, const Directory& directory) {
  message.wire_bytes = kEnvelopeBytes + message.type->body_size(message, directory);
}

// Appends the envelope and the body to `out`.
void encode(const Envelope& envelope, const Message& message, const Directory& directory, std::string& out);

struct Decoded {
  DecodeFault fault = DecodeFault::kMalformed;
  std::uint64_t major = 0;  // the sender's version, as far as the frame was ours
  Envelope envelope;        // set unless malformed, foreign or of another version
  MessageRef message;       // set when fault is kNone; sealed, as are the messages inside it, so that it can be sent on
};

// Never throws, never allocates more than the limits of codec.hpp allow, whatever the bytes are. Nodes that were
// introduced before a fault was found stay in the directory, which has a bound of its own; nobody who was known is
// changed by a frame with a fault.
Decoded decode(std::string_view bytes, Directory& directory, MessagePool& pool, const MessageTypes& types);

}  // namespace hearsay
