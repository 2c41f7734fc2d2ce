// Whether scenarios have the fingerprints that tests/golden/fingerprints.txt says, directly and with every message
// packed and unpacked: for builds that are there for their fingerprints alone, without the program.
//
//   fingerprint GOLDENS SCENARIO...
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "core/protocol/catalogue.hpp"
#include "sim/plan/reader.hpp"
#include "sim/world/world.hpp"

namespace hearsay {
namespace {

// Of lines "scenario fingerprint", the scenario's; empty where there is none.
std::string golden_of(const std::string& file, const std::string& scenario) {
  std::ifstream goldens(file);
  for (std::string line; std::getline(goldens, line);) {
    if (line.starts_with(scenario + " ")) return line.substr(scenario.size() + 1);
  }
  return {};
}

bool agrees(const std::string& goldens, const std::string& file, bool wire) {
  const std::string scenario = std::filesystem::path(file).stem().string();
  const std::string golden = golden_of(goldens, scenario);
  world::RunOptions options;
  options.wire = wire;
  const auto plan = plan::read_file(file, {}, Catalogue::builtin());
  const auto results =
      plan ? world::simulate(*plan, plan->seed, options) : Result<measure::Results>(tl::unexpected(plan.error()));
  const std::string found = results ? results->fingerprint.hex() : results.error().message;
  if (found == golden) return true;
  std::printf("%s, %s: %s, golden %s\n", scenario.c_str(), wire ? "--wire" : "direct", found.c_str(),
              golden.empty() ? "none" : golden.c_str());
  return false;
}

}  // namespace
}  // namespace hearsay

int main(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 3) {
    std::fputs("usage: fingerprint GOLDENS SCENARIO...\n", stderr);
    return 2;
  }
  try {
    bool all = true;
    for (const char* scenario : words.subspan(2)) {
      for (const bool wire : {false, true}) all = hearsay::agrees(words[1], scenario, wire) && all;
    }
    return all ? 0 : 1;
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "fingerprint: %s\n", thrown.what());
    return 1;
  }
}
