#include "sim/plan/toml_input.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <tuple>

namespace hearsay::plan {

namespace {

Place place_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

Input converted(const toml::node& node);

void convert_table(const toml::table& table, Input& out) {
  struct Member {
    Place key_place;
    const toml::key* key;
    const toml::node* value;
  };
  // The library keeps tables sorted by key; people read files from the top.
  std::vector<Member> members;
  members.reserve(table.size());
  for (auto&& [key, value] : table) members.push_back({place_of(key.source()), &key, &value});
  std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
    return std::tie(a.key_place.line, a.key_place.column) < std::tie(b.key_place.line, b.key_place.column);
  });
  out.keys.reserve(members.size());
  out.values.reserve(members.size());
  for (const Member& member : members) {
    out.keys.emplace_back(member.key->str());
    out.values.push_back(converted(*member.value));
    out.values.back().key_place = member.key_place;
  }
}

Input converted(const toml::node& node) {
  Input out;
  out.place = out.key_place = place_of(node.source());
  if (const auto* table = node.as_table()) {
    convert_table(*table, out);
  } else if (const auto* array = node.as_array()) {
    out.kind = Input::Kind::kArray;
    out.values.reserve(array->size());
    for (const toml::node& item : *array) out.values.push_back(converted(item));
  } else if (const auto* text = node.as_string()) {
    out.kind = Input::Kind::kString;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Input::Kind::kInteger;
    out.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    out.kind = Input::Kind::kReal;
    out.real = real->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = Input::Kind::kBoolean;
    out.boolean = boolean->get();
  } else {
    out.kind = Input::Kind::kTime;
  }
  return out;
}

// What the library says, and the way out where there is one.
std::string explained(std::string_view description) {
  const bool too_large = description.find("not representable in 64 bits") != std::string_view::npos;
  return fmt::format(
      "{}{}", description,
      too_large ? R"(; a seed above 9223372036854775807 goes in quotes, as seed = "18446744073709551615")" : "");
}

}  // namespace

Result<std::string> read_bytes(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return fail(ErrorCode::kNotFound, fmt::format("{}: no such file", path));
  }
  if (error) return invalid(fmt::format("{}: {}", path, error.message()));
  if (status.type() == std::filesystem::file_type::directory) {
    return invalid(fmt::format("{}: a directory; expected a file", path));
  }
  using Type = std::filesystem::file_type;
  const bool readable =
      status.type() == Type::regular || status.type() == Type::fifo || status.type() == Type::character;
  if (!readable) return invalid(fmt::format("{}: neither a file nor a pipe", path));
  if (status.type() == Type::regular) {
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error) return invalid(fmt::format("{}: {}", path, error.message()));
    if (bytes > kMaxFileBytes) {
      return invalid(fmt::format("{}: {} bytes; expected at most {} MiB", path, bytes, kMaxFileBytes >> 20));
    }
  }
  // A pipe does not say how much is coming, and a file may grow.
  std::ifstream file(path, std::ios::binary);
  if (!file) return invalid(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  constexpr std::size_t kStep = std::size_t{1} << 16;
  std::string text;
  while (file && text.size() <= kMaxFileBytes) {
    const std::size_t before = text.size();
    text.resize(before + kStep);
    file.read(text.data() + before, static_cast<std::streamsize>(kStep));
    text.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return invalid(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  if (text.size() > kMaxFileBytes) {
    return invalid(fmt::format("{}: goes on after {} MiB; expected at most that", path, kMaxFileBytes >> 20));
  }
  return text;
}

Result<Input> parse_toml(std::string_view text, const std::string& file) {
  if (auto fine = check_toml(text, file); !fine) return tl::unexpected(fine.error());
  // The packaged library reports by throwing; this is the one place that catches.
  try {
    const toml::table root = toml::parse(text, std::string_view(file));
    Input out = converted(root);
    out.place = out.key_place = {1, 1};
    return out;
  } catch (const toml::parse_error& error) {
    const Place place = place_of(error.source());
    return invalid(
        fmt::format("{}:{}:{}: not valid TOML: {}", file, place.line, place.column, explained(error.description())));
  }
}

}  // namespace hearsay::plan
