// Messages: typed structs, immutable once sent, counted, pooled, shared by a fan-out.
//
//   struct Ping : MessageOf<Ping> {
//     static constexpr std::string_view kName = "swim.Ping";
//     static constexpr Role kRole = Role::kMembership;
//     std::uint32_t sequence = 0;
//     template <class M, class V>
//     static void fields(M& m, V& v) {
//       v(m.sequence, "sequence", "number of the probe that the ack repeats");
//     }
//   };
//
// A type that a role gives to dissemination declares `static constexpr bool kDisseminated = true`. All others are
// refused inside a message of dissemination's: they would arrive under an origin that nobody vouches for, and as many
// as a packet holds, each with an answer of its own.
//
// From that one visitor come size, packing, unpacking, equality and the documentation of the wire (codec.hpp). Fields
// are positional and append only. The tag on the wire is a hash of kName, so that a new strategy moves nobody's.
//
// A message object is recycled, not destroyed: its vectors keep their capacity, so that a steady state allocates
// nothing. A pool and its messages belong to one thread (counts are not atomic). A message must be default
// constructible and is reset by `recycle()`, which clears containers and keeps their storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/protocol/role.hpp"

namespace hearsay {

class Directory;
class MessagePool;
class Packer;
class Unpacker;
class FieldSink;
struct Message;

// What the framework knows of a message type: one constant a type.
struct MessageType {
  std::string_view name;  // "strategy.Message"
  std::uint32_t tag;      // hash of the name
  Role role;              // whose strategy receives it
  bool disseminated;      // may be given to everybody, and so arrive inside a message of dissemination's
  std::size_t bytes;      // of the object in memory
  std::size_t alignment;
  Message* (*construct)(void* where);
  void (*destroy)(Message& message);
  void (*recycle)(Message& message);
  std::uint32_t (*body_size)(const Message& message, const Directory& directory);
  void (*pack)(const Message& message, Packer& packer);
  bool (*unpack)(Message& message, Unpacker& unpacker);
  bool (*equal)(const Message& a, const Message& b);
  void (*describe)(FieldSink& sink);
};

// The header every message derives from. `wire_bytes` is set when it is sealed, once for all receivers.
struct Message {
  const MessageType* type = nullptr;
  MessagePool* pool = nullptr;
  std::uint32_t references = 0;
  std::uint32_t handle = 0;      // index in its pool: what a 24-byte event carries instead of a pointer
  std::uint32_t wire_bytes = 0;  // envelope and body
  std::uint32_t family = 0;      // dense number of its type within its pool
};

template <class M>
const MessageType& message_type();  // codec.hpp

template <class M>
struct MessageOf : Message {
  static const MessageType& static_type() { return message_type<M>(); }
};

template <class M>
const M& as(const Message& message) {
  return static_cast<const M&>(message);
}

template <class M>
bool is(const Message& message) {
  return message.type == &message_type<M>();
}

// A counted reference to an immutable message.
class MessageRef {
 public:
  MessageRef() = default;
  explicit MessageRef(const Message* message) : message_(const_cast<Message*>(message)) { retain(); }
  MessageRef(const MessageRef& other) : message_(other.message_) { retain(); }
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~MessageRef() { release(); }

  // Takes over a count that somebody else gave up with detach().
  static MessageRef adopt(const Message* message) {
    MessageRef ref;
    ref.message_ = const_cast<Message*>(message);
    return ref;
  }
  const Message* detach() { return std::exchange(message_, nullptr); }

  const Message* get() const { return message_; }
  const Message& operator*() const { return *message_; }
  const Message* operator->() const { return message_; }
  explicit operator bool() const { return message_ != nullptr; }

 private:
  void retain() {
    if (message_ != nullptr) ++message_->references;
  }
  inline void release();

  Message* message_ = nullptr;
};

// A message being written: the only owner may change it. Becomes a MessageRef when sealed (Step does that on sending).
template <class M>
class Draft {
 public:
  explicit Draft(M* message) : ref_(message) {}
  Draft(Draft&&) noexcept = default;
  Draft& operator=(Draft&&) noexcept = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  M* operator->() const { return mutable_message(); }
  M& operator*() const { return *mutable_message(); }
  MessageRef take() && { return std::move(ref_); }

 private:
  M* mutable_message() const { return const_cast<M*>(static_cast<const M*>(ref_.get())); }
  MessageRef ref_;
};

// Recycles message objects by type, and finds them by handle. One thread.
class MessagePool {
 public:
  MessagePool() = default;
  MessagePool(const MessagePool&) = delete;
  MessagePool& operator=(const MessagePool&) = delete;
  ~MessagePool();

  inline Message& acquire(const MessageType& type);

  template <class M>
  Draft<M> make() {
    return Draft<M>(static_cast<M*>(&acquire(message_type<M>())));
  }

  Message& at(std::uint32_t handle) const { return *by_handle_[handle]; }
  // Hints the cache that the message will be read soon.
  void prefetch(std::uint32_t handle) const { __builtin_prefetch(by_handle_[handle]); }

  // The types made so far, by family.
  std::size_t families() const { return families_.size(); }
  const MessageType& type_of(std::size_t family) const { return *families_[family].type; }

  // Messages that somebody still holds: zero after a driver has let go of everything.
  std::size_t live() const { return by_handle_.size() - free_count_; }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  friend class MessageRef;
  struct Family {
    const MessageType* type = nullptr;
    std::vector<Message*> free;
    std::vector<std::unique_ptr<std::byte[]>> chunks;
  };
  std::size_t family_of(const MessageType& type);
  inline void recycle(Message& message);
  void grow(std::size_t family);

  std::vector<Family> families_;  // few types: found by a scan that starts at the last hit
  std::size_t last_family_ = 0;
  std::vector<Message*> by_handle_;
  std::size_t free_count_ = 0;
  std::size_t bytes_ = 0;
};

inline Message& MessagePool::acquire(const MessageType& type) {
  // Nearly always the same type as before; its number is valid as soon as there is any.
  const bool again = !families_.empty() && families_[last_family_].type == &type;
  const std::size_t family = again ? last_family_ : family_of(type);
  std::vector<Message*>& free = families_[family].free;
  if (free.empty()) [[unlikely]]
    grow(family);
  Message& message = *free.back();
  free.pop_back();
  --free_count_;
  message.references = 0;
  return message;
}

inline void MessagePool::recycle(Message& message) {
  message.type->recycle(message);
  families_[message.family].free.push_back(&message);
  ++free_count_;
}

inline void MessageRef::release() {
  if (message_ != nullptr && --message_->references == 0) message_->pool->recycle(*message_);
}

}  // namespace hearsay
