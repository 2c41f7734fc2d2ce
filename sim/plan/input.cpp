#include "sim/plan/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/nearest.hpp"

namespace hearsay::plan {

const Input* Input::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &values[i];
  }
  return nullptr;
}

Input* Input::find(std::string_view key) { return const_cast<Input*>(static_cast<const Input*>(this)->find(key)); }

std::string_view name_of(Input::Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames{"a table",  "a list",    "a string",      "an integer",
                                                          "a number", "a boolean", "a date or time"};
  return kNames[static_cast<std::size_t>(kind)];
}

void Diagnostics::report(const Input& value, Place place, std::string_view message) {
  if (error_) return;
  if (value.set_by.empty()) {
    at_place(place, message);
  } else {
    error_ = Error{ErrorCode::kInvalidArgument, fmt::format("--set {}: {}", value.set_by, message)};
  }
}

void Diagnostics::at_place(Place place, std::string_view message) {
  if (error_) return;
  error_ = Error{ErrorCode::kInvalidArgument, fmt::format("{}:{}:{}: {}", file_, place.line, place.column, message)};
}

void Diagnostics::at_file(std::string_view message) {
  if (!error_) error_ = Error{ErrorCode::kInvalidArgument, fmt::format("{}: {}", file_, message)};
}

std::string did_you_mean(std::string_view wanted, std::span<const std::string_view> candidates) {
  const auto close = nearest(wanted, candidates);
  return close ? fmt::format("; did you mean '{}'?", *close) : std::string();
}

std::string list_of(std::span<const std::string_view> words) {
  constexpr std::size_t kMost = 40;
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == kMost) return text + ", ...";
    if (i > 0) text += ", ";
    text += words[i];
  }
  return text;
}

namespace {

// The bytes that the character at the front of the text takes, and its code point (RFC 3629); 0 when it is none.
std::size_t next_character(std::string_view text, std::uint32_t& code) {
  const auto lead = static_cast<unsigned char>(text.front());
  // How many bytes a character has, and the smallest code point that may take so many.
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc0 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf8 ? 4
                                           : 0;
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  constexpr std::array<std::uint32_t, 5> kLeadBits{0, 0x7f, 0x1f, 0x0f, 0x07};
  if (length == 0 || length > text.size()) return 0;
  code = lead & kLeadBits[length];
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return 0;
    code = code << 6 | (next & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kLeast[length] || code > 0x10ffff || surrogate ? 0 : length;
}

// What ends a line, moves the cursor or turns the direction of writing: on a terminal it would show something else
// than the file says.
bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

// The first `most` bytes at least, controls and what is no UTF-8 made visible; "..." where something was cut off.
std::string visible(std::string_view text, std::size_t most) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (at >= most) return out + "...";
    std::uint32_t code = 0;
    const std::size_t length = next_character(text.substr(at), code);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    } else if (is_control(code)) {
      out += code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
    } else {
      out += text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace

std::string quote(std::string_view text) { return fmt::format("'{}'", visible(text, kMaxQuotedBytes)); }

std::string one_line(std::string_view message) { return visible(message, kMaxMessageBytes); }

std::string one_whole_line(std::string_view text) { return visible(text, text.size()); }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_utf8(std::string_view bytes) {
  std::uint32_t code = 0;
  while (!bytes.empty()) {
    const std::size_t length = next_character(bytes, code);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace hearsay::plan
