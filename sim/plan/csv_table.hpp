// An empirical distribution from a CSV file: a value a line, with or without a weight after a comma. Empty lines and
// lines that begin with "#" are skipped, so is a first line that begins with a letter (a heading).
//
// Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/samplers.hpp"

namespace hearsay::plan {

using ParseValue = std::function<Result<std::int64_t>(std::string_view)>;

// `unit` is added to each value ("ms" where the file holds bare numbers). Errors name the file and its line.
Result<EmpiricalTable> parse_csv(std::string_view text, const std::string& file, std::string_view unit,
                                 const ParseValue& parse);

}  // namespace hearsay::plan
