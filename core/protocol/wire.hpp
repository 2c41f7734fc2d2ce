// The ends of the wire: what turns values into MessagePack and back, within limits, and why bytes are refused. Messages
// reach it through their field visitors (codec.hpp); the frame around them is in envelope.hpp.
//
// Strangers' bytes end in a DecodeFault, never in an exception, a check or an allocation that their length does not
// justify. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/protocol/directory.hpp"
#include "core/protocol/message.hpp"

namespace hearsay {

inline constexpr std::size_t kMaxElements = 1024;      // of an array
inline constexpr std::size_t kMaxString = 64 * 1024;   // bytes of a string
inline constexpr std::size_t kMaxBytes = 1024 * 1024;  // bytes of a value
// Nested arrays: envelope, body, twice (list, tag and body, body) for messages inside messages, list, item,
// version: 11.
inline constexpr std::size_t kMaxDepth = 12;

// Why bytes were not taken for a message: each a counter of whoever receives.
enum class DecodeFault : std::uint8_t {
  kNone,
  kMalformed,       // not what the field visitor says, over a limit, or refused by valid()
  kForeign,         // MessagePack, but not ours
  kOtherVersion,    // another major version
  kUnknownMessage,  // a tag nobody registered: a newer peer's, or of a strategy that is not in use here
  kUnknownNode,     // names a node by id that was never heard of here
  kDirectoryFull,   // introduces one node too many
};

inline constexpr int kDecodeFaults = static_cast<int>(DecodeFault::kDirectoryFull) + 1;

std::string_view to_string(DecodeFault fault);

// A node's whole identity as a field: in memory its slot, on the wire what a stranger needs to know to reach it.
struct Identity {
  NodeSlot slot = kNoSlot;
  friend bool operator==(Identity, Identity) = default;
};

// What a message says about how old the Identity in it is: an age of zero claims nothing.
struct IdentityClaim {
  NodeSlot slot = kNoSlot;
  IdentityAge age;
};

// The tag of a message on the wire: FNV-1a of its name. Collisions are found by MessageTypes.
constexpr std::uint32_t message_tag(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return hash;
}

// Every message type a process can receive. Built from the catalogue's strategies; a collision of tags is found here.
class MessageTypes {
 public:
  // kInvalidArgument when another message has the same tag; adding the same type again is fine.
  Result<void> add(const MessageType& type);
  const MessageType* find(std::uint32_t tag) const;
  const std::vector<const MessageType*>& all() const { return types_; }  // sorted by tag

 private:
  std::vector<const MessageType*> types_;
};

// ---- writing -------------------------------------------------------------------------------------------------------

// Appends MessagePack to a buffer. Never fails; the strategy bounds what it sends.
class Packer {
 public:
  Packer(std::string& out, const Directory& directory) : out_(out), directory_(directory) {}
  void array(std::size_t elements);
  void boolean(bool value);
  void unsigned_integer(std::uint64_t value);
  void integer(std::int64_t value);
  void real(double value);
  void string(std::string_view value);
  void binary(std::string_view value);
  void identity(NodeSlot slot);
  const Directory& directory() const { return directory_; }

 private:
  std::string& out_;
  const Directory& directory_;
};

// ---- reading -------------------------------------------------------------------------------------------------------

// Walks one MessagePack value. The first thing that does not fit makes it fail, and it stays failed.
class Unpacker {
 public:
  // Parses `bytes` within the limits above; trailing bytes are an error. `directory` is introduced to identities,
  // `pool` and `types` make nested messages. The bytes must outlive the unpacker.
  Unpacker(std::string_view bytes, Directory& directory, MessagePool& pool, const MessageTypes& types);
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  bool ok() const { return fault_ == DecodeFault::kNone; }
  // The first reason is kept.
  void fail(DecodeFault why = DecodeFault::kMalformed) {
    if (ok()) fault_ = why;
  }
  DecodeFault fault() const { return fault_; }

  // Enters an array: its length, then its elements are read in turn, then leave() skips what is left. What fails reads
  // as zero, and as an array of none.
  std::size_t enter();
  void leave();

  // Takes an empty array, when that is what comes next.
  bool none();
  bool boolean();
  std::uint64_t unsigned_integer(std::uint64_t max);
  std::int64_t integer();
  double real();
  std::string_view string();
  std::string_view binary();
  NodeSlot identity();  // introduces it
  NodeSlot peer();      // an id that must be known to the directory, or 0 for none
  MessageRef message();

  // The identity read last is what its node said of itself at that age.
  void claim(IdentityClaim claim);
  // Makes the directory adopt what was claimed: once everything was read well.
  void adopt_claims();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  DecodeFault fault_ = DecodeFault::kNone;
};

// ---- documentation -------------------------------------------------------------------------------------------------

// Receives the fields of a message in order, for the reference pages.
class FieldSink {
 public:
  virtual ~FieldSink() = default;
  // `optional`: an older peer's message may end before it.
  virtual void field(std::string_view name, std::string_view type, std::string_view doc, bool optional) = 0;
  // Around the fields of a struct, or of each element of an array of structs: what field() named last.
  virtual void enter() {}
  virtual void leave() {}
};

}  // namespace hearsay
