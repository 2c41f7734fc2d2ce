#include "core/protocol/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <msgpack/pack.hpp>
#include <msgpack/unpack.hpp>

#include "core/base/check.hpp"
#include "core/protocol/envelope.hpp"

namespace hearsay {

std::string_view to_string(DecodeFault fault) {
  switch (fault) {
    case DecodeFault::kNone: return "none";
    case DecodeFault::kMalformed: return "malformed";
    case DecodeFault::kForeign: return "foreign";
    case DecodeFault::kOtherVersion: return "other_version";
    case DecodeFault::kUnknownMessage: return "unknown_message";
    case DecodeFault::kUnknownNode: return "unknown_node";
    case DecodeFault::kDirectoryFull: return "directory_full";
  }
  return "unknown";
}

// ---- message types -------------------------------------------------------------------------------------------------

namespace {

auto place_of(const std::vector<const MessageType*>& types, std::uint32_t tag) {
  return std::lower_bound(types.begin(), types.end(), tag,
                          [](const MessageType* type, std::uint32_t wanted) { return type->tag < wanted; });
}

}  // namespace

Result<void> MessageTypes::add(const MessageType& type) {
  const auto place = place_of(types_, type.tag);
  if (place == types_.end() || (*place)->tag != type.tag) {
    types_.insert(place, &type);
    return {};
  }
  // Another address is fine: a shared library may have an instance of its own. Its functions do the same.
  if ((*place)->name == type.name && (*place)->bytes == type.bytes) return {};
  return invalid(fmt::format("the messages '{}' and '{}' have the same tag {:08x}; rename one of them", (*place)->name,
                             type.name, type.tag));
}

const MessageType* MessageTypes::find(std::uint32_t tag) const {
  const auto place = place_of(types_, tag);
  return place != types_.end() && (*place)->tag == tag ? *place : nullptr;
}

// ---- writing -------------------------------------------------------------------------------------------------------

namespace {

struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

// Calls `pack` with a MessagePack writer that appends to `out`.
template <class Pack>
void append(std::string& out, Pack&& pack) {
  Appender appender{out};
  msgpack::packer<Appender> packer(appender);
  pack(packer);
}

std::uint32_t length(std::size_t size) {
  HEARSAY_CHECK(size <= std::numeric_limits<std::uint32_t>::max());
  return static_cast<std::uint32_t>(size);
}

}  // namespace

void Packer::array(std::size_t elements) {
  append(out_, [&](auto& packer) { packer.pack_array(length(elements)); });
}

void Packer::boolean(bool value) {
  append(out_, [&](auto& packer) { value ? packer.pack_true() : packer.pack_false(); });
}

void Packer::unsigned_integer(std::uint64_t value) {
  append(out_, [&](auto& packer) { packer.pack_uint64(value); });
}

void Packer::integer(std::int64_t value) {
  append(out_, [&](auto& packer) { packer.pack_int64(value); });
}

void Packer::real(double value) {
  // By hand: msgpack-c writes a whole number as an integer, so that the size would depend on the value.
  const auto bits = std::bit_cast<std::uint64_t>(value);
  out_ += '\xcb';
  for (int shift = 56; shift >= 0; shift -= 8) out_ += static_cast<char>(bits >> shift & 0xff);
}

void Packer::string(std::string_view value) {
  append(out_, [&](auto& packer) {
    packer.pack_str(length(value.size()));
    packer.pack_str_body(value.data(), length(value.size()));
  });
}

void Packer::binary(std::string_view value) {
  append(out_, [&](auto& packer) {
    packer.pack_bin(length(value.size()));
    packer.pack_bin_body(value.data(), length(value.size()));
  });
}

void Packer::identity(NodeSlot slot) {
  const NodeIdentity node = directory_[slot];
  array(4);
  string(node.name);
  string(node.address);
  real(node.weight);
  unsigned_integer(node.zone);
}

namespace codec {

std::uint32_t size_of_identity(const NodeIdentity& identity) {
  return size_of_array(4) + size_of_string(identity.name.size()) + size_of_string(identity.address.size()) + 9 +
         size_of_unsigned(identity.zone);
}

}  // namespace codec

// ---- reading -------------------------------------------------------------------------------------------------------

struct Unpacker::Impl {
  struct Cursor {
    const msgpack::object* next = nullptr;
    const msgpack::object* end = nullptr;
  };

  Directory& directory;
  MessagePool& pool;
  const MessageTypes& types;
  msgpack::zone zone;
  msgpack::object root;
  std::array<Cursor, kMaxDepth + 1> stack;  // stack[0] holds the root alone
  std::size_t depth = 0;

  // What was said of a node; the texts are the frame's.
  struct Said {
    NodeSlot slot = kNoSlot;
    IdentityAge age;
    std::string_view address;
    double weight = 1.0;
    std::uint32_t zone = 0;
  };
  Said last;                 // the identity read last
  std::vector<Said> claims;  // mostly none: only what is newer than the directory

  // The next value, when it is one of `wanted`.
  const msgpack::object* take(msgpack::type::object_type wanted) {
    Cursor& cursor = stack[depth];
    if (cursor.next == cursor.end || cursor.next->type != wanted) return nullptr;
    return cursor.next++;
  }
};

Unpacker::Unpacker(std::string_view bytes, Directory& directory, MessagePool& pool, const MessageTypes& types)
    : impl_(new Impl{directory, pool, types, {}, {}, {}, 0, {}, {}}) {
  // Strings and values stay where they are; the limits hold before anything is allocated for them.
  constexpr auto kInPlace = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  const msgpack::unpack_limit limits(kMaxElements, 0, kMaxString, kMaxBytes, 0, kMaxDepth);
  try {
    std::size_t end = 0;
    bool in_place = false;
    impl_->root = msgpack::unpack(impl_->zone, bytes.data(), bytes.size(), end, in_place, kInPlace, nullptr, limits);
    if (end != bytes.size()) fail();
  } catch (const std::exception&) {  // unpack_error, bad_alloc: the only code that throws
    fail();
  }
  impl_->stack[0] = {&impl_->root, &impl_->root + 1};
}

Unpacker::~Unpacker() = default;

std::size_t Unpacker::enter() {
  const msgpack::object* value = ok() ? impl_->take(msgpack::type::ARRAY) : nullptr;
  if (value == nullptr || impl_->depth == kMaxDepth) {
    fail();
    return 0;
  }
  const auto& array = value->via.array;
  impl_->stack[++impl_->depth] = {array.ptr, array.ptr + array.size};
  return array.size;
}

void Unpacker::leave() {
  if (ok()) --impl_->depth;
}

bool Unpacker::none() {
  const Impl::Cursor& cursor = impl_->stack[impl_->depth];
  if (!ok() || cursor.next == cursor.end || cursor.next->type != msgpack::type::ARRAY) return false;
  if (cursor.next->via.array.size != 0) return false;
  impl_->take(msgpack::type::ARRAY);
  return true;
}

bool Unpacker::boolean() {
  const msgpack::object* value = ok() ? impl_->take(msgpack::type::BOOLEAN) : nullptr;
  if (value == nullptr) fail();
  return value != nullptr && value->via.boolean;
}

std::uint64_t Unpacker::unsigned_integer(std::uint64_t max) {
  const msgpack::object* value = ok() ? impl_->take(msgpack::type::POSITIVE_INTEGER) : nullptr;
  if (value == nullptr || value->via.u64 > max) {
    fail();
    return 0;
  }
  return value->via.u64;
}

std::int64_t Unpacker::integer() {
  if (!ok()) return 0;
  if (const msgpack::object* value = impl_->take(msgpack::type::NEGATIVE_INTEGER)) return value->via.i64;
  return static_cast<std::int64_t>(unsigned_integer(std::numeric_limits<std::int64_t>::max()));
}

double Unpacker::real() {
  const msgpack::object* value = ok() ? impl_->take(msgpack::type::FLOAT64) : nullptr;
  if (value == nullptr) fail();
  return value != nullptr ? value->via.f64 : 0.0;
}

std::string_view Unpacker::string() {
  const msgpack::object* value = ok() ? impl_->take(msgpack::type::STR) : nullptr;
  if (value == nullptr) fail();
  return value != nullptr ? std::string_view(value->via.str.ptr, value->via.str.size) : std::string_view();
}

std::string_view Unpacker::binary() {
  const msgpack::object* value = ok() ? impl_->take(msgpack::type::BIN) : nullptr;
  if (value == nullptr) fail();
  return value != nullptr ? std::string_view(value->via.bin.ptr, value->via.bin.size) : std::string_view();
}

NodeSlot Unpacker::identity() {
  if (enter() < 4) fail();
  const std::string_view name = string();
  const std::string_view address = string();
  const double weight = real();
  const auto zone = static_cast<std::uint32_t>(unsigned_integer(std::numeric_limits<std::uint32_t>::max()));
  leave();
  if (!ok()) return kNoSlot;
  const Result<NodeSlot> slot = impl_->directory.introduce(name, address, weight, zone);
  if (!slot) {
    fail(slot.error().code == ErrorCode::kTooLarge ? DecodeFault::kDirectoryFull : DecodeFault::kMalformed);
    return kNoSlot;
  }
  impl_->last = {*slot, {}, address, weight, zone};
  return *slot;
}

void Unpacker::claim(IdentityClaim claim) {
  if (claim.slot == kNoSlot || claim.slot != impl_->last.slot) return;
  if (!impl_->directory.outdates(claim.slot, claim.age)) return;
  impl_->last.age = claim.age;
  impl_->claims.push_back(impl_->last);
}

void Unpacker::adopt_claims() {
  for (const Impl::Said& said : impl_->claims) {
    (void)impl_->directory.adopt(said.slot, said.age, said.address, said.weight, said.zone);
  }
  impl_->claims.clear();
}

NodeSlot Unpacker::peer() {
  const NodeId id{unsigned_integer(std::numeric_limits<std::uint64_t>::max())};
  if (!ok() || raw(id) == 0) return kNoSlot;
  const NodeSlot slot = impl_->directory.find(id);
  if (slot == kNoSlot) fail(DecodeFault::kUnknownNode);
  return slot;
}

MessageRef Unpacker::message() {
  if (enter() < 2) fail();
  const auto tag = static_cast<std::uint32_t>(unsigned_integer(std::numeric_limits<std::uint32_t>::max()));
  if (!ok()) return {};
  const MessageType* type = impl_->types.find(tag);
  if (type == nullptr) {
    fail(DecodeFault::kUnknownMessage);
    return {};
  }
  Message& message = impl_->pool.acquire(*type);
  MessageRef ref(&message);
  if (!type->unpack(message, *this)) return {};
  leave();
  // A strategy may take it out and send it on.
  seal(message, impl_->directory);
  return ref;
}

}  // namespace hearsay
