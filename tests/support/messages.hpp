// Messages that nobody sends, with a field of every kind, and random values for them: what the codec's tests and its
// fuzz target pack and unpack. Headers alone, since a fuzz target links no test library.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/kv/version.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/envelope.hpp"

namespace hearsay::test {

enum class Colour : std::uint8_t { kRed, kGreen, kBlue };

struct Point {
  std::int32_t x = 0;
  Duration at{0};
  bool valid() const { return x != 13; }

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.x, "x", "any number but 13");
    v(m.at, "at", "when");
  }
};

struct Small : MessageOf<Small> {
  static constexpr std::string_view kName = "test.Small";
  static constexpr Role kRole = Role::kReplication;
  static constexpr bool kDisseminated = true;
  std::uint32_t number = 7;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.number, "number", "a number that is not zero by default");
  }
};

struct Everything : MessageOf<Everything> {
  static constexpr std::string_view kName = "test.Everything";
  static constexpr Role kRole = Role::kMembership;
  bool flag = false;
  std::uint8_t u8 = 0;
  std::uint16_t u16 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  std::int8_t i8 = 0;
  std::int16_t i16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  double real = 0;
  Colour colour = Colour::kRed;
  Duration duration{0};
  NodeId node{};
  NodeSlot peer = kNoSlot;
  Identity identity;
  std::string text;
  Bytes value;
  Version version;
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> texts;
  std::vector<Point> points;
  std::vector<NodeSlot> peers;
  std::vector<MessageRef> inner;
  MessageRef one;

  bool valid() const { return colour <= Colour::kBlue; }

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.flag, "flag", "");
    v(m.u8, "u8", "");
    v(m.u16, "u16", "");
    v(m.u32, "u32", "");
    v(m.u64, "u64", "");
    v(m.i8, "i8", "");
    v(m.i16, "i16", "");
    v(m.i32, "i32", "");
    v(m.i64, "i64", "");
    v(m.real, "real", "");
    v(m.colour, "colour", "");
    v(m.duration, "duration", "");
    v(m.node, "node", "");
    v(m.peer, "peer", "");
    v(m.identity, "identity", "");
    v(m.text, "text", "");
    v(m.value, "value", "");
    v(m.version, "version", "");
    v(m.numbers, "numbers", "");
    v(m.texts, "texts", "");
    v(m.points, "points", "");
    v(m.peers, "peers", "");
    v(m.inner, "inner", "");
    v(m.one, "one", "");
  }
};

// A message that holds messages, itself perhaps.
struct Parcel : MessageOf<Parcel> {
  static constexpr std::string_view kName = "test.Parcel";
  static constexpr Role kRole = Role::kDissemination;
  std::vector<MessageRef> inner;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.inner, "inner", "what it carries");
  }
};

// One field of one type, for what that type can hold.
template <class T>
struct Holder : MessageOf<Holder<T>> {
  static constexpr std::string_view kName = "test.Holder";
  static constexpr Role kRole = Role::kMembership;
  T field{};

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.field, "field", "");
  }
};

inline MessageTypes test_types() {
  MessageTypes types;
  for (const MessageType* type : {&message_type<Everything>(), &message_type<Small>(), &message_type<Parcel>()}) {
    HEARSAY_CHECK(types.add(*type).has_value());
  }
  return types;
}

// Where messages live.
struct World {
  explicit World(std::uint32_t nodes = 4, std::uint32_t capacity = 64) : directory(capacity) {
    for (std::uint32_t i = 0; i < nodes; ++i) {
      HEARSAY_CHECK(directory.intern("node-" + std::string(1, static_cast<char>('a' + i)), "", 1.0, i).has_value());
    }
  }
  Directory directory;
  MessagePool pool;
  MessageTypes types = test_types();

  template <class M>
  MessageRef sealed(Draft<M>&& draft) {
    seal(*draft, directory);
    return std::move(draft).take();
  }
  std::string encoded(const Message& message, const Envelope& envelope = {NodeId{0xa1}, 2, 3}) const {
    std::string bytes;
    encode(envelope, message, directory, bytes);
    return bytes;
  }
  Decoded decoded(std::string_view bytes) { return decode(bytes, directory, pool, types); }
};

// A number of a random width, so that every length of encoding occurs.
inline std::uint64_t random_number(RandomStream& random) {
  const std::uint64_t width = random.below(65);
  return width == 0 ? 0 : random.next() >> (64 - width);
}

inline std::string random_text(RandomStream& random, std::uint64_t longest) {
  std::string text(random.below(longest + 1), '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

inline MessageRef random_small(World& world, RandomStream& random) {
  auto draft = world.pool.make<Small>();
  draft->number = static_cast<std::uint32_t>(random_number(random));
  return world.sealed(std::move(draft));
}

inline MessageRef random_everything(World& world, RandomStream& random, std::uint64_t longest = 300) {
  const auto slot = [&] { return NodeSlot{static_cast<std::uint32_t>(random.below(world.directory.size()))}; };
  const auto number = [&] { return random_number(random); };
  const auto sign = [&] { return random.below(2) == 0 ? -1 : 1; };
  auto draft = world.pool.make<Everything>();
  draft->flag = random.below(2) == 1;
  draft->u8 = static_cast<std::uint8_t>(number());
  draft->u16 = static_cast<std::uint16_t>(number());
  draft->u32 = static_cast<std::uint32_t>(number());
  draft->u64 = number();
  draft->i8 = static_cast<std::int8_t>(number());
  draft->i16 = static_cast<std::int16_t>(number());
  draft->i32 = static_cast<std::int32_t>(number());
  draft->i64 = static_cast<std::int64_t>(number() >> 1) * sign();
  draft->real = random.below(3) == 0 ? static_cast<double>(random.below(100)) : random.unit();
  draft->colour = static_cast<Colour>(random.below(3));
  draft->duration = Duration(static_cast<std::int64_t>(number() >> 1) * sign());
  draft->node = NodeId{number()};
  draft->peer = random.below(3) == 0 ? kNoSlot : slot();
  draft->identity.slot = slot();
  draft->text = random_text(random, longest);
  draft->value = Bytes(random_text(random, longest));
  draft->version = {number(), NodeId{number()}};
  for (std::uint64_t i = random.below(20); i > 0; --i) draft->numbers.push_back(number());
  for (std::uint64_t i = random.below(4); i > 0; --i) draft->texts.push_back(random_text(random, 40));
  for (std::uint64_t i = random.below(4); i > 0; --i) {
    draft->points.push_back({static_cast<std::int32_t>(100 + random.below(1000)), Duration(sign())});
  }
  for (std::uint64_t i = random.below(4); i > 0; --i) draft->peers.push_back(slot());
  for (std::uint64_t i = random.below(4); i > 0; --i) draft->inner.push_back(random_small(world, random));
  draft->one = random_small(world, random);
  return world.sealed(std::move(draft));
}

}  // namespace hearsay::test
