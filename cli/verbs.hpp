// What each verb of the program does; the options are parsed already. Each returns an exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.hpp"

namespace hearsay::cli {

struct RunSettings {
  std::string file;
  std::optional<std::uint64_t> seed;   // otherwise the scenario's
  std::uint32_t runs = 1;              // seeds seed, seed + 1, ...
  std::uint32_t jobs = 0;              // 0: as many as there are cores
  std::vector<std::string> overrides;  // key=value
  std::string out = "runs";
  bool json = false;
  bool wire = false;
  bool quiet = false;
  ColorChoice color = ColorChoice::kAuto;
  std::string repeat_options;  // what of the command line belongs to the run, beside the file and the seed
};

int run(const RunSettings& settings);

struct CheckSettings {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
  bool json = false;
};

int check(const CheckSettings& settings);

struct ListSettings {
  std::string role;  // empty: all roles
  std::string name;  // empty: all strategies of the role
  bool json = false;
  ColorChoice color = ColorChoice::kAuto;
};

int list(const ListSettings& settings);

}  // namespace hearsay::cli
