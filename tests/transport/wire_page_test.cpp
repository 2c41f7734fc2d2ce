// What docs/reference/wire-protocol.md says of messages is what the code says of them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "core/protocol/envelope.hpp"
#include "tests/transport/wire_schema.hpp"

namespace hearsay::test {

namespace {

std::vector<const MessageType*> by_name() {
  std::vector<const MessageType*> types = wire_types().all();
  std::sort(types.begin(), types.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  return types;
}

std::string kind_of(const WireField& field) {
  std::string kind = field.type;
  if (!field.fields.empty()) kind = kind.starts_with("array of ") ? "array of arrays" : "array";
  if (kind == "[name, address, weight, zone]") kind = "identity";
  if (kind == "[tag, body]") kind = "message";
  if (kind == "array of [tag, body]") kind = "array of message";
  return field.optional ? kind + ", optional" : kind;
}

// A bar would end the cell.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

void add_rows(std::string& out, const std::vector<WireField>& fields, const std::string& prefix, std::string place) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const WireField& field = fields[i];
    const std::string here = fmt::format("{}{}", place, i);
    const std::string name = prefix + field.name;
    out += fmt::format("| {} | `{}` | {} | {} |\n", here, name, kind_of(field), escaped(field.doc));
    const bool repeated = field.type.starts_with("array of ");
    add_rows(out, field.fields, name + (repeated ? "[]." : "."), here + (repeated ? ".*." : "."));
  }
}

std::string tables() {
  std::string out = "\n| message | tag | role | as news |\n|---|---|---|---|\n";
  for (const MessageType* type : by_name()) {
    out += fmt::format("| `{}` | `{:08x}` | {} | {} |\n", type->name, type->tag, to_string(type->role),
                       type->disseminated || type->role == Role::kDissemination ? "yes" : "no");
  }
  for (const MessageType* type : by_name()) {
    out += fmt::format("\n### {}\n\n| place | field | kind | what |\n|---|---|---|---|\n", type->name);
    add_rows(out, schema_of(*type), "", "");
  }
  return out + "\n";
}

}  // namespace

// Run by hand after a change of messages: test_transport --no-skip -tc="write the wire page's tables"
TEST_CASE("write the wire page's tables" * doctest::skip()) {
  const PagePart part = page_part("messages");
  std::ofstream(kWirePage) << part.before << tables() << part.after;
}

TEST_CASE("the wire page's tables are those of the code") {
  const std::string shown = page_part("messages").text;
  CHECK(shown == tables());
}

TEST_CASE("the frames that the wire page takes apart are the golden ones") {
  for (const MessageType* type : by_name()) {
    if (type->name != "announce.Announcement" && type->name != "client.Call") continue;
    CAPTURE(type->name);
    const std::string shown = page_part(fmt::format("frame {}", type->name)).text;
    // Without the fence's own lines.
    const std::size_t from = shown.find('\n', shown.find("```")) + 1;
    CHECK(to_hex(from_hex(shown.substr(from, shown.rfind("```") - from))) == to_hex(sample_frame(*type)));
  }
}

TEST_CASE("the ids and tags that the wire page shows are the program's") {
  const std::string shown = page_part("hashes").text;
  std::size_t rows = 0;
  for (std::size_t at = shown.find("| `"); at != std::string::npos; at = shown.find("| `", at + 1)) {
    // | `name` | `value` |, and the second cell of the row is found, too.
    const std::size_t end = shown.find("` | `", at);
    if (end == std::string::npos || shown.find('\n', at) < end) continue;
    const std::string name = shown.substr(at + 3, end - at - 3);
    const std::string value = shown.substr(end + 5, shown.find('`', end + 5) - end - 5);
    CAPTURE(name);
    CHECK(value ==
          (value.size() == 16 ? fmt::format("{:016x}", raw(node_id(name))) : fmt::format("{:08x}", message_tag(name))));
    ++rows;
  }
  CHECK(rows == 10);
}

TEST_CASE("the limits that the wire page names are the code's") {
  const std::string shown = page_part("limits").text;
  for (const std::size_t limit : {kMaxFrameBytes, kMaxElements, kMaxString, kMaxBytes, kMaxDepth,
                                  Directory::kMaxNameBytes, Directory::kMaxAddressBytes}) {
    CAPTURE(limit);
    CHECK(shown.find(fmt::format("| {} |", limit)) != std::string::npos);
  }
}

}  // namespace hearsay::test
