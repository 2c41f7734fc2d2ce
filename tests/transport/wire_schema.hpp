// What the reference says of a message (docs/reference/wire-protocol.md), as data: its fields with their kinds, and
// theirs, down to the leaves. From this alone a frame can be written, without the message's own code: the golden frames
// are, so that they hold the codec to what the page says.
//
// Every message that travels is in wire_types(); one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/wire.hpp"

namespace hearsay::test {

// Of all strategies that hearsay ships, and of the transport.
const MessageTypes& wire_types();

struct WireField {
  std::string name;
  std::string type;  // as FieldDescriber names it; of a struct or an array of structs, with their fields below
  std::string doc;
  bool optional = false;
  std::vector<WireField> fields;
};

std::vector<WireField> schema_of(const MessageType& type);

// A frame of this type with a value of its own in every field, two elements in every array: its sender is node-a, in
// epoch 2, and it is its third. An identity in it is sample_node().
std::string sample_frame(const MessageType& type);

struct SampleNode {
  std::string_view name = "node-a";
  std::string_view address = "tcp://127.0.0.1:27801,27802";
  double weight = 2;
  std::uint32_t zone = 3;
};

// The page between two comments: <!-- WHAT --> and the next <!-- end -->; checks that there is one such place.
struct PagePart {
  std::string before;
  std::string text;
  std::string after;
};
inline constexpr const char* kWirePage = "docs/reference/wire-protocol.md";
PagePart page_part(std::string_view what);

std::string to_hex(std::string_view bytes);
// Of hexadecimal digits and white space; a '#' and what follows it on its line is left out.
std::string from_hex(std::string_view text);

}  // namespace hearsay::test
