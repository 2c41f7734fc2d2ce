// Reads TOML text into a tree of inputs, behind guards that keep a hostile or a wrong file from the parser: the bounds
// below are checked by one pass over the text. Errors (kInvalidArgument) name file, line and column.
//
// Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::plan {

inline constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxNesting = 16;   // of lists and inline tables
inline constexpr std::size_t kMaxKeyParts = 16;  // of a dotted key: the parser and the tree go as deep
inline constexpr std::size_t kMaxValues = 1'000'000;

// The bytes of a file, or of a pipe or terminal to its end. kNotFound, or kInvalidArgument: a directory or device, not
// readable, over kMaxFileBytes.
Result<std::string> read_bytes(const std::string& path);

// What must hold before text is given to the TOML parser.
Result<void> check_toml(std::string_view text, const std::string& file);

// The root table.
Result<Input> parse_toml(std::string_view text, const std::string& file);

}  // namespace hearsay::plan
