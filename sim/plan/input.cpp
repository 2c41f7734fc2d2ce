#include "sim/plan/input.hpp"

#include <fmt/format.h>

#include <array>

#include "core/base/nearest.hpp"

namespace hearsay::plan {

const Input* Input::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &values[i];
  }
  return nullptr;
}

Input* Input::find(std::string_view key) {
  return const_cast<Input*>(static_cast<const Input*>(this)->find(key));
}

std::string_view name_of(Input::Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames{"a table", "a list",    "a string",  "an integer",
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
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string out = "'";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // Never cuts a character of several bytes.
    if (i >= kMost && (c & 0xc0) != 0x80) {
      out += "...";
      break;
    }
    out += c < 0x20 || c == 0x7f ? fmt::format("\\x{:02x}", c) : std::string(1, text[i]);
  }
  return out + "'";
}

}  // namespace hearsay::plan
