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

enum class DecodeFault : std::uint8_t { kNone, kMalformed, kForeign, kOtherVersion, kUnknownMessage };

struct Decoded {
  DecodeFault fault = DecodeFault::kMalformed;
  Envelope envelope;
  MessageRef message;  // set when fault is kNone
};

// Never throws, never allocates more than the limits of codec.hpp allow, whatever the bytes are.
Decoded decode(std::string_view bytes, Directory& directory, MessagePool& pool, const MessageTypes& types);

}  // namespace hearsay
