// Over 400 lines: what the one visitor becomes, each beside the others, so that a new kind of field is added in one
// place.
//
// The wire form of a message, derived from its field visitor: a MessagePack array of its fields in order.
//
// A field is a bool, an integer, an enum, a string, Bytes, a Duration (int64 ns), a NodeId, a NodeSlot (travels as the
// node's id), an Identity (travels as name, address, weight and zone), a nested struct with fields(), a vector of
// those, or a MessageRef (travels as tag and body). What a stranger sent is read within the limits of wire.hpp.
//
// Fields are append only: a longer array is a newer peer's, its extra fields are ignored; a shorter one is corrupt
// unless the struct declares `static constexpr std::size_t kRequiredFields`: the fields after those are optional, and
// keep the default their struct gives them when they are missing. An Identity or a MessageRef must be set, unless it is
// optional; then none travels as an empty array. A struct may declare `bool valid() const`, which is asked after
// unpacking: ranges belong there.
//
// A NodeSlot travels as an id alone, which means nothing to who has never heard of that node: its message is dropped
// and counted apart (DecodeFault::kUnknownNode). Where the receiver may hear of the node for the first time, as in news
// about members, the field is an Identity, or a NodeId that the strategy looks up itself.
//
// An Identity introduces who is unknown and changes nobody who is known. A struct whose Identity is what a node said of
// itself in some life and incarnation declares `IdentityClaim identity_claim() const`; once the whole frame has turned
// out well, the directory adopts a claim that is newer than what it has, and never one about the process's own node.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/protocol/directory.hpp"
#include "core/protocol/field_describer.hpp"
#include "core/protocol/message.hpp"
#include "core/protocol/wire.hpp"

namespace hearsay {

// ---- what the visitor becomes --------------------------------------------------------------------------------------

namespace codec {

constexpr std::uint32_t size_of_unsigned(std::uint64_t v) {
  return v < 128 ? 1 : v <= 0xff ? 2 : v <= 0xffff ? 3 : v <= 0xffffffff ? 5 : 9;
}
constexpr std::uint32_t size_of_integer(std::int64_t v) {
  if (v >= 0) return size_of_unsigned(static_cast<std::uint64_t>(v));
  return v >= -32 ? 1 : v >= -128 ? 2 : v >= -32768 ? 3 : v >= -2147483648LL ? 5 : 9;
}
constexpr std::uint32_t size_of_array(std::size_t n) { return n < 16 ? 1 : n <= 0xffff ? 3 : 5; }
constexpr std::uint32_t size_of_string(std::size_t n) {
  return static_cast<std::uint32_t>(n) + (n < 32 ? 1 : n <= 0xff ? 2 : n <= 0xffff ? 3 : 5);
}
constexpr std::uint32_t size_of_binary(std::size_t n) {
  return static_cast<std::uint32_t>(n) + (n <= 0xff ? 2 : n <= 0xffff ? 3 : 5);
}
std::uint32_t size_of_identity(const NodeIdentity& identity);

template <class T>
std::uint32_t size_of_struct(const T& t, const Directory& directory);
template <class T>
void pack_struct(const T& t, Packer& packer);
template <class T>
bool unpack_struct(T& t, Unpacker& unpacker);
template <class T>
bool equal_struct(const T& a, const T& b);
template <class T>
void reset_struct(T& t);

// Adds up the encoded size of the fields it visits, without encoding them.
class Sizer {
 public:
  Sizer(const Directory& directory, std::size_t required) : directory_(directory), required_(required) {}
  std::uint32_t bytes = 0;
  std::uint32_t count = 0;

  template <class T>
  void operator()(const T& t, std::string_view, std::string_view) {
    add(t, ++count > required_);
  }

 private:
  template <class T>
  void add(const T& t, bool optional = false) {
    if constexpr (std::is_same_v<T, bool>) {
      bytes += 1;
    } else if constexpr (std::is_same_v<T, NodeSlot>) {
      bytes += t == kNoSlot ? 1 : size_of_unsigned(raw(directory_.id(t)));
    } else if constexpr (std::is_enum_v<T>) {
      bytes += size_of_unsigned(static_cast<std::uint64_t>(t));
    } else if constexpr (std::is_unsigned_v<T>) {
      bytes += size_of_unsigned(t);
    } else if constexpr (std::is_integral_v<T>) {
      bytes += size_of_integer(t);
    } else if constexpr (std::is_same_v<T, double>) {
      bytes += 9;
    } else if constexpr (std::is_same_v<T, Duration>) {
      bytes += size_of_integer(t.count());
    } else if constexpr (std::is_same_v<T, std::string>) {
      bytes += size_of_string(t.size());
    } else if constexpr (std::is_same_v<T, Bytes>) {
      bytes += size_of_binary(t.size());
    } else if constexpr (std::is_same_v<T, Identity>) {
      HEARSAY_CHECK(optional || t.slot != kNoSlot);
      bytes += t.slot == kNoSlot ? size_of_array(0) : size_of_identity(directory_[t.slot]);
    } else if constexpr (std::is_same_v<T, MessageRef>) {
      HEARSAY_CHECK(optional || t);
      bytes += size_of_array(2);
      if (t) bytes += size_of_unsigned(t->type->tag) + t->type->body_size(*t, directory_);
    } else if constexpr (kIsVector<T>) {
      bytes += size_of_array(t.size());
      for (const auto& element : t) add(element);
    } else {
      bytes += size_of_struct(t, directory_);
    }
  }
  const Directory& directory_;
  std::size_t required_;
};

class FieldPacker {
 public:
  explicit FieldPacker(Packer& packer) : packer_(packer) {}

  template <class T>
  void operator()(const T& t, std::string_view, std::string_view) {
    put(t);
  }

 private:
  template <class T>
  void put(const T& t) {
    if constexpr (std::is_same_v<T, bool>) {
      packer_.boolean(t);
    } else if constexpr (std::is_same_v<T, NodeSlot>) {
      packer_.unsigned_integer(t == kNoSlot ? 0 : raw(packer_.directory().id(t)));
    } else if constexpr (std::is_enum_v<T>) {
      packer_.unsigned_integer(static_cast<std::uint64_t>(t));
    } else if constexpr (std::is_unsigned_v<T>) {
      packer_.unsigned_integer(t);
    } else if constexpr (std::is_integral_v<T>) {
      packer_.integer(t);
    } else if constexpr (std::is_same_v<T, double>) {
      packer_.real(t);
    } else if constexpr (std::is_same_v<T, Duration>) {
      packer_.integer(t.count());
    } else if constexpr (std::is_same_v<T, std::string>) {
      packer_.string(t);
    } else if constexpr (std::is_same_v<T, Bytes>) {
      packer_.binary(t.view());
    } else if constexpr (std::is_same_v<T, Identity>) {
      t.slot == kNoSlot ? packer_.array(0) : packer_.identity(t.slot);
    } else if constexpr (std::is_same_v<T, MessageRef>) {
      packer_.array(t ? 2 : 0);
      if (t) packer_.unsigned_integer(t->type->tag);
      if (t) t->type->pack(*t, packer_);
    } else if constexpr (kIsVector<T>) {
      packer_.array(t.size());
      for (const auto& element : t) put(element);
    } else {
      pack_struct(t, packer_);
    }
  }
  Packer& packer_;
};

class FieldUnpacker {
 public:
  FieldUnpacker(Unpacker& unpacker, std::size_t available, std::size_t required)
      : unpacker_(unpacker), available_(available), required_(required) {}

  template <class T>
  void operator()(T& t, std::string_view, std::string_view) {
    if (next_ == available_) return;  // a field that the sender's version does not have yet
    get(t, ++next_ > required_);
  }

 private:
  template <class T>
  void get(T& t, bool optional = false) {
    if constexpr (std::is_same_v<T, bool>) {
      t = unpacker_.boolean();
    } else if constexpr (std::is_same_v<T, NodeSlot>) {
      t = unpacker_.peer();
    } else if constexpr (std::is_enum_v<T>) {
      using U = std::make_unsigned_t<std::underlying_type_t<T>>;
      t = static_cast<T>(unpacker_.unsigned_integer(std::numeric_limits<U>::max()));
    } else if constexpr (std::is_unsigned_v<T>) {
      t = static_cast<T>(unpacker_.unsigned_integer(std::numeric_limits<T>::max()));
    } else if constexpr (std::is_integral_v<T>) {
      const std::int64_t value = unpacker_.integer();
      if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) unpacker_.fail();
      t = static_cast<T>(value);
    } else if constexpr (std::is_same_v<T, double>) {
      t = unpacker_.real();
    } else if constexpr (std::is_same_v<T, Duration>) {
      t = Duration(unpacker_.integer());
    } else if constexpr (std::is_same_v<T, std::string>) {
      t.assign(unpacker_.string());
    } else if constexpr (std::is_same_v<T, Bytes>) {
      t = Bytes(unpacker_.binary());
    } else if constexpr (std::is_same_v<T, Identity>) {
      t.slot = optional && unpacker_.none() ? kNoSlot : unpacker_.identity();
    } else if constexpr (std::is_same_v<T, MessageRef>) {
      t = optional && unpacker_.none() ? MessageRef() : unpacker_.message();
    } else if constexpr (kIsVector<T>) {
      const std::size_t n = unpacker_.enter();
      t.clear();
      for (std::size_t i = 0; i < n && unpacker_.ok(); ++i) get(t.emplace_back());
      unpacker_.leave();
    } else {
      if (!unpack_struct(t, unpacker_)) unpacker_.fail();
    }
  }
  Unpacker& unpacker_;
  std::size_t available_;
  std::size_t required_;
  std::size_t next_ = 0;
};

inline constexpr std::size_t kMaxFields = 32;

// Remembers where the fields of one object are, for FieldComparer.
struct FieldAddresses {
  std::array<const void*, kMaxFields> address{};
  std::size_t count = 0;
  template <class T>
  void operator()(const T& t, std::string_view, std::string_view) {
    HEARSAY_CHECK(count < kMaxFields);
    address[count++] = &t;
  }
};

// Visits the second object of a comparison; field i has the same type in both.
class FieldComparer {
 public:
  explicit FieldComparer(const FieldAddresses& other) : other_(other) {}
  bool equal = true;

  template <class T>
  void operator()(const T& t, std::string_view, std::string_view) {
    equal = same(*static_cast<const T*>(other_.address[next_++]), t) && equal;
  }

 private:
  template <class T>
  static bool same(const T& a, const T& b) {
    if constexpr (std::is_same_v<T, MessageRef>) {
      if (!a || !b) return !a && !b;
      return a->type == b->type && a->type->equal(*a, *b);
    } else if constexpr (kIsVector<T>) {
      return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                        [](const auto& x, const auto& y) { return same(x, y); });
    } else if constexpr (requires { a == b; }) {
      return a == b;
    } else {
      return equal_struct(a, b);
    }
  }
  const FieldAddresses& other_;
  std::size_t next_ = 0;
};

// Gives every field of an object the value that it has in another of the same type; containers keep their storage.
// Where a field lies in the one, it lies in the other.
class FieldResetter {
 public:
  FieldResetter(const void* object, const void* pristine)
      : object_(static_cast<const char*>(object)), pristine_(static_cast<const char*>(pristine)) {}

  template <class T>
  void operator()(T& t, std::string_view, std::string_view) {
    const std::ptrdiff_t offset = reinterpret_cast<const char*>(&t) - object_;
    t = *reinterpret_cast<const T*>(pristine_ + offset);
  }

 private:
  const char* object_;
  const char* pristine_;
};

struct FieldCounter {
  std::size_t count = 0;
  template <class T>
  void operator()(const T&, std::string_view, std::string_view) {
    ++count;
  }
};

template <class T>
std::size_t field_count() {
  static const std::size_t count = [] {
    T t{};
    FieldCounter counter;
    T::fields(t, counter);
    return counter.count;
  }();
  return count;
}

template <class T>
std::size_t required_fields() {
  if constexpr (requires { T::kRequiredFields; }) {
    return T::kRequiredFields;
  } else {
    return field_count<T>();
  }
}

template <class T>
std::uint32_t size_of_struct(const T& t, const Directory& directory) {
  Sizer sizer(directory, required_fields<T>());
  T::fields(t, sizer);
  return sizer.bytes + size_of_array(sizer.count);
}

template <class T>
void pack_struct(const T& t, Packer& packer) {
  packer.array(field_count<T>());
  FieldPacker fields(packer);
  T::fields(t, fields);
}

template <class T>
bool unpack_struct(T& t, Unpacker& unpacker) {
  const std::size_t available = unpacker.enter();
  if (available < required_fields<T>()) unpacker.fail();
  if (unpacker.ok()) {
    FieldUnpacker fields(unpacker, available, required_fields<T>());
    T::fields(t, fields);
  }
  unpacker.leave();
  if constexpr (requires { t.valid(); }) {
    if (unpacker.ok() && !t.valid()) unpacker.fail();
  }
  if constexpr (requires { t.identity_claim(); }) {
    if (unpacker.ok()) unpacker.claim(t.identity_claim());
  }
  return unpacker.ok();
}

template <class T>
bool equal_struct(const T& a, const T& b) {
  FieldAddresses addresses;
  T::fields(a, addresses);
  FieldComparer comparer(addresses);
  T::fields(b, comparer);
  return comparer.equal;
}

template <class T>
void reset_struct(T& t) {
  // Not zeroes but the defaults: a recycled object must not differ from a new one.
  static const T pristine{};
  FieldResetter resetter(&t, &pristine);
  T::fields(t, resetter);
}

}  // namespace codec

namespace codec {

template <class M>
constexpr bool may_be_disseminated() {
  if constexpr (requires { M::kDisseminated; }) {
    return M::kDisseminated;
  } else {
    return false;
  }
}

template <class M>
inline constexpr MessageType kTypeOf{
    .name = M::kName,
    .tag = message_tag(M::kName),
    .role = M::kRole,
    .disseminated = may_be_disseminated<M>(),
    .bytes = sizeof(M),
    .alignment = alignof(M),
    .construct = [](void* where) -> Message* { return new (where) M(); },
    .destroy = [](Message& message) { static_cast<M&>(message).~M(); },
    .recycle = [](Message& message) { reset_struct(static_cast<M&>(message)); },
    .body_size = [](const Message& message,
                    const Directory& directory) { return size_of_struct(as<M>(message), directory); },
    .pack = [](const Message& message, Packer& packer) { pack_struct(as<M>(message), packer); },
    .unpack = [](Message& message, Unpacker& unpacker) { return unpack_struct(static_cast<M&>(message), unpacker); },
    .equal = [](const Message& a, const Message& b) { return equal_struct(as<M>(a), as<M>(b)); },
    .describe = [](FieldSink& sink) { FieldDescriber::describe<M>(sink); },
};

}  // namespace codec

template <class M>
const MessageType& message_type() {
  return codec::kTypeOf<M>;
}

}  // namespace hearsay
