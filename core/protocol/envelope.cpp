#include "core/protocol/envelope.hpp"

#include <limits>

namespace hearsay {

namespace {

// A fixed-width MessagePack integer: its marker and `bytes` bytes, most significant first.
void append_fixed(std::string& out, char marker, std::uint64_t value, int bytes) {
  out += marker;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

}  // namespace

void encode(const Envelope& envelope, const Message& message, const Directory& directory, std::string& out) {
  constexpr char kUint32 = '\xce';
  constexpr char kUint64 = '\xcf';
  const std::size_t begin = out.size();
  out += '\x98';  // an array of eight
  append_fixed(out, kUint32, kWireMagic, 4);
  out += static_cast<char>(kWireMajor);
  out += static_cast<char>(kWireMinor);
  append_fixed(out, kUint32, message.type->tag, 4);
  append_fixed(out, kUint64, raw(envelope.origin), 8);
  append_fixed(out, kUint32, envelope.epoch, 4);
  append_fixed(out, kUint64, envelope.sequence, 8);
  static_assert(kWireMajor < 128 && kWireMinor < 128, "one byte each");
  HEARSAY_CHECK(out.size() - begin == kEnvelopeBytes);
  Packer packer(out, directory);
  message.type->pack(message, packer);
}

Decoded decode(std::string_view bytes, Directory& directory, MessagePool& pool, const MessageTypes& types) {
  constexpr std::uint64_t kAny32 = std::numeric_limits<std::uint32_t>::max();
  constexpr std::uint64_t kAny64 = std::numeric_limits<std::uint64_t>::max();
  constexpr std::size_t kFields = 8;
  Decoded decoded;
  if (bytes.size() > kMaxFrameBytes) return decoded;
  Unpacker unpacker(bytes, directory, pool, types);
  if (!unpacker.ok()) return decoded;

  const std::size_t fields = unpacker.enter();
  if (unpacker.unsigned_integer(kAny64) != kWireMagic) {
    decoded.fault = DecodeFault::kForeign;
    return decoded;
  }
  // Nothing but its place is promised of what follows another major version.
  decoded.major = unpacker.unsigned_integer(kAny64);
  if (!unpacker.ok()) return decoded;
  if (decoded.major != kWireMajor) {
    decoded.fault = DecodeFault::kOtherVersion;
    return decoded;
  }
  if (fields < kFields) return decoded;
  unpacker.unsigned_integer(kAny64);  // minor: adds fields and messages, changes nothing
  const auto tag = static_cast<std::uint32_t>(unpacker.unsigned_integer(kAny32));
  Envelope envelope;
  envelope.origin = NodeId{unpacker.unsigned_integer(kAny64)};
  envelope.epoch = static_cast<Epoch>(unpacker.unsigned_integer(kAny32));
  envelope.sequence = unpacker.unsigned_integer(kAny64);
  if (!unpacker.ok() || envelope.origin == NodeId{}) return decoded;
  decoded.envelope = envelope;

  const MessageType* type = types.find(tag);
  if (type == nullptr) {
    decoded.fault = DecodeFault::kUnknownMessage;
    return decoded;
  }
  Message& message = pool.acquire(*type);
  MessageRef ref(&message);
  if (!type->unpack(message, unpacker)) {
    decoded.fault = unpacker.fault();
    return decoded;
  }
  // Before it is sized: what it says may change how long the identities in it are.
  unpacker.adopt_claims();
  seal(message, directory);
  decoded.message = std::move(ref);
  decoded.fault = DecodeFault::kNone;
  return decoded;
}

}  // namespace hearsay
