// An empirical distribution from a CSV file: a value a line, with or without a weight after a comma. Empty lines and
// lines that begin with "#" are skipped, so are a byte order mark and a heading: a first line that begins with a letter
// and is not a number's name ("nan").
//
// Where the unit is given apart from the values, "2,5" could be 2 with the weight 5 or, with a decimal comma, 2.5: two
// columns of bare numbers need a heading that says so.
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

// `unit` is added to each value ("ms" where the file holds bare numbers). Errors name the file, line and column.
Result<EmpiricalTable> parse_csv(std::string_view text, const std::string& file, std::string_view unit,
                                 const ParseValue& parse);

}  // namespace hearsay::plan
