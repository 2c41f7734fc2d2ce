// What a benchmark found, as a table for a person and as the JSON that Google Benchmark prints, which its compare.py
// and whatever else reads that format take. One thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/bench_load.hpp"
#include "cli/histogram.hpp"

namespace hearsay::cli {

// Rows of cells, the first of each to the left and the others to the right; the first row is the head.
std::string table_text(const std::vector<std::vector<std::string>>& rows);

// Three significant digits at least, and no more behind the point: "0.123", "12.3", "1234".
std::string number_text(double value);

// One benchmark of Google Benchmark's format, in nanoseconds, with what else is to be said of it.
using Counters = std::vector<std::pair<std::string, double>>;
nlohmann::ordered_json benchmark_json(const std::string& name, std::uint64_t iterations, double real_ns, double cpu_ns,
                                      const Counters& counters);
// Several of one name: runs that are repeated.
nlohmann::ordered_json repeated_json(const std::string& name, const std::vector<double>& real_ns);
// The whole document: when, where and what, then the benchmarks.
std::string document(nlohmann::ordered_json benchmarks, const std::vector<std::pair<std::string, std::string>>& context);

// A line of the table and a benchmark of the document, of one kind of call.
std::vector<std::string> load_head();
std::vector<std::string> load_row(const std::string& name, const LoadFigures& figures, double elapsed_s);
nlohmann::ordered_json load_json(const std::string& name, const LoadFigures& figures, const LoadResult& of,
                                 std::uint32_t threads);

}  // namespace hearsay::cli
