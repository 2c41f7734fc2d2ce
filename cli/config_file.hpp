// The file of --config: TOML, a section for each verb, its keys are the long names of options.
//
//   [run]
//   out = "results"
//   runs = 20
//   [kv]
//   servers = ["tcp://127.0.0.1:27801"]
//
// Plain values; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

class ConfigFile {
 public:
  // What is known: the keys of each section.
  using Known = std::map<std::string, std::vector<std::string_view>, std::less<>>;

  // Errors (kInvalidArgument; kNotFound for a file that is not there) name file, line and column, and of what is not
  // known the nearest that is. All sections are looked at, not only that of the verb which asks. Bounded as scenarios
  // are (plan/toml_input.hpp).
  static Result<ConfigFile> read(const std::string& path, const Known& known);

  // Null when the file does not have it.
  const plan::Input* find(std::string_view section, std::string_view key) const;
  // "file:line:column", of a value.
  std::string place_of(const plan::Input& value) const;

 private:
  ConfigFile(std::string path, plan::Input root) : path_(std::move(path)), root_(std::move(root)) {}
  std::string path_;
  plan::Input root_;
};

}  // namespace hearsay::cli
