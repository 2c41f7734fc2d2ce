// A scenario's text as a tree of typed values, each with its place, and the place where the first error is kept. What
// reads a scenario works on this tree: the TOML library is included by one file alone.
//
// Plain values; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::plan {

struct Input {
  enum class Kind : std::uint8_t { kTable, kArray, kString, kInteger, kReal, kBoolean, kTime };

  Kind kind = Kind::kTable;
  bool boolean = false;
  Place place;      // of the value
  Place key_place;  // of its key; of the value where it has none
  std::int64_t integer = 0;
  double real = 0.0;
  std::string text;               // of a string; of a --set, whatever was written
  std::string set_by;             // the key of the --set that gave it; empty: the file did
  std::vector<std::string> keys;  // of a table, in the file's order
  std::vector<Input> values;      // of a table, one a key; of an array

  // Null when the table has no such key.
  const Input* find(std::string_view key) const;
  Input* find(std::string_view key);
};

// "a string", "an integer", ...
std::string_view name_of(Input::Kind kind);

// Keeps the first error, as "file:line:col: message" (or "--set key: message"); reading goes on with defaults, so that
// no reader has to stop after each value.
class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  void at(const Input& value, std::string_view message) { report(value, value.place, message); }
  void at_key(const Input& value, std::string_view message) { report(value, value.key_place, message); }
  void at_place(Place place, std::string_view message);
  // Of the file as a whole: "file: message".
  void at_file(std::string_view message);

  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }
  const std::string& file() const { return file_; }

 private:
  void report(const Input& value, Place place, std::string_view message);

  std::string file_;
  std::optional<Error> error_;
};

// "; did you mean 'x'?" for the nearest of the candidates, or nothing.
std::string did_you_mean(std::string_view wanted, std::span<const std::string_view> candidates);
// "a, b, c", the first 40 of them.
std::string list_of(std::span<const std::string_view> words);
// How much of an input a message quotes, and how long a message is: in bytes of the input, each of which may be shown
// as up to four.
inline constexpr std::size_t kMaxQuotedBytes = 60;
inline constexpr std::size_t kMaxMessageBytes = 2000;
// The text in quotes, shortened, control characters made visible: what a message may quote of an input.
std::string quote(std::string_view text);
// A message on one line, whatever it quotes: control characters made visible, shortened.
std::string one_line(std::string_view message);
// The same of output, which is not shortened.
std::string one_whole_line(std::string_view text);
// Without the spaces, tabs and carriage returns around it.
std::string_view trimmed(std::string_view text);
// Whether the bytes are UTF-8 (RFC 3629), as JSON and TOML want them.
bool is_utf8(std::string_view bytes);

}  // namespace hearsay::plan
