#include "tests/transport/wire_schema.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/base/check.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/protocol/envelope.hpp"
#include "core/protocol/strategy.hpp"
#include "transport/messages.hpp"

namespace hearsay::test {

namespace {

class SchemaSink final : public FieldSink {
 public:
  explicit SchemaSink(std::vector<WireField>& root) : open_{&root} {}
  void field(std::string_view name, std::string_view type, std::string_view doc, bool optional) override {
    open_.back()->push_back({std::string(name), std::string(type), std::string(doc), optional, {}});
  }
  void enter() override { open_.push_back(&open_.back()->back().fields); }
  void leave() override { open_.pop_back(); }

 private:
  std::vector<std::vector<WireField>*> open_;
};

// Writes a value of every field, each another one, so that two that change places are seen.
class Sampler {
 public:
  explicit Sampler(std::string& out) : packer_(out, directory_) {}

  void fields(const std::vector<WireField>& fields) {
    packer_.array(fields.size());
    for (const WireField& field : fields) value(field, field.type);
  }

 private:
  static constexpr std::size_t kElements = 2;

  void value(const WireField& field, std::string_view type) {
    constexpr std::string_view kArray = "array of ";
    if (type.starts_with(kArray)) {
      packer_.array(kElements);
      for (std::size_t i = 0; i < kElements; ++i) value(field, type.substr(kArray.size()));
    } else if (!field.fields.empty()) {
      fields(field.fields);
    } else if (type == "[name, address, weight, zone]") {
      const SampleNode node;
      packer_.array(4);
      packer_.string(node.name);
      packer_.string(node.address);
      packer_.real(node.weight);
      packer_.unsigned_integer(node.zone);
    } else if (type == "[tag, body]") {
      const std::uint32_t tag = message_tag("announce.Announcement");
      packer_.array(2);
      packer_.unsigned_integer(tag);
      fields(schema_of(*wire_types().find(tag)));
    } else {
      leaf(type, ++number_);
    }
  }
  void leaf(std::string_view type, std::uint64_t number) {
    if (type == "bool") {
      packer_.boolean(true);
    } else if (type == "enum") {
      packer_.unsigned_integer(1);
    } else if (type == "node id") {
      packer_.unsigned_integer(raw(node_id(SampleNode{}.name)));
    } else if (type.starts_with("uint")) {
      packer_.unsigned_integer(number);
    } else if (type == "int64 ns") {
      packer_.unsigned_integer(number * 1'000'000);
    } else if (type == "float64") {
      packer_.real(static_cast<double>(number) + 0.5);
    } else if (type == "str") {
      packer_.string(fmt::format("text-{}", number));
    } else if (type == "bin") {
      packer_.binary(fmt::format("value-{}", number));
    } else {
      throw std::logic_error(fmt::format("no sample of '{}'", type));
    }
  }

  Directory directory_{1};
  Packer packer_;
  std::uint64_t number_ = 0;
};

}  // namespace

const MessageTypes& wire_types() {
  static const MessageTypes types = [] {
    MessageTypes all;
    for (const Role role : {Role::kMembership, Role::kDissemination, Role::kReplication}) {
      for (const CatalogueEntry* entry : Catalogue::builtin().list(role)) {
        const auto built = entry->configure()->build();
        for (const MessageType* type : static_cast<const Strategy&>(*built).messages()) {
          HEARSAY_CHECK(all.add(*type).has_value());
        }
      }
    }
    for (const MessageType* type : transport::messages()) HEARSAY_CHECK(all.add(*type).has_value());
    return all;
  }();
  return types;
}

std::vector<WireField> schema_of(const MessageType& type) {
  std::vector<WireField> fields;
  SchemaSink sink(fields);
  type.describe(sink);
  return fields;
}

std::string sample_frame(const MessageType& type) {
  // As the page has it, not by encode(): the two are held to each other.
  std::string bytes =
      from_hex(fmt::format("98 ce48525359 {:02x} {:02x} ce{:08x} cf{:016x} ce00000002 cf0000000000000003", kWireMajor,
                           kWireMinor, type.tag, raw(node_id(SampleNode{}.name))));
  Sampler(bytes).fields(schema_of(type));
  return bytes;
}

PagePart page_part(std::string_view what) {
  std::ifstream file(kWirePage);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::string begin = fmt::format("<!-- {} -->\n", what);
  const std::size_t from = page.find(begin);
  const std::size_t to = page.find("<!-- end -->", from);
  if (from == std::string::npos || to == std::string::npos) {
    throw std::logic_error(fmt::format("{} has no part '{}'", kWirePage, what));
  }
  const std::size_t text = from + begin.size();
  return {page.substr(0, text), page.substr(text, to - text), page.substr(to)};
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string from_hex(std::string_view text) {
  std::string digits;
  bool comment = false;
  for (const char c : text) {
    if (c == '\n') comment = false;
    if (c == '#') comment = true;
    if (!comment && c != ' ' && c != '\n') digits += c;
  }
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace hearsay::test
