#include "cli/chosen_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "cli/options.hpp"
#include "cli/plugins.hpp"
#include "cli/python_ring.hpp"
#include "sim/plan/reader.hpp"

namespace hearsay::cli {

namespace {

// What a scenario needs beside its ring. No key of it can be wrong, so that no message is about it.
constexpr std::string_view kRingScenario = "duration = \"1s\"\nnodes.count = 1\n";

}  // namespace

Result<ChosenRing> choose_ring(const std::string& text) {
  if (text.ends_with(".py")) {
    auto ring = open_python_ring(text);
    if (!ring) return tl::unexpected(ring.error());
    return ChosenRing{std::filesystem::path(text).filename().string(), std::move(*ring)};
  }
  if (text.empty()) return invalid("a ring's name is empty; `hearsay list ring` has them");
  if (text.ends_with(':') || (text.find(':') != std::string::npos && text.ends_with(','))) {
    return invalid(fmt::format("{}: expected a parameter at its end", text));
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string name = text.substr(0, colon);
  std::vector<std::string> assignments{"ring.strategy=" + toml_text(name)};
  std::set<std::string_view> given;
  for (std::string_view rest = std::string_view(text).substr(std::min(colon + 1, text.size())); !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view parameter = rest.substr(0, rest.find_first_of("=,"));
    if (parameter == "strategy") return invalid(fmt::format("{}: {} has no parameter 'strategy'", text, name));
    if (!given.insert(parameter).second) return invalid(fmt::format("{}: '{}' is given twice", text, parameter));
    assignments.push_back(fmt::format("ring.{}", rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  plan::ReaderOptions options;
  options.read_files = false;
  const auto plan = plan::read_text(kRingScenario, "--set", assignments, catalogue(), options);
  if (!plan) {
    std::string_view why = plan.error().message;
    for (const std::string_view prefix : {"--set ring.strategy: ", "--set ring.", "--set "}) {
      if (!why.starts_with(prefix)) continue;
      why.remove_prefix(prefix.size());
      break;
    }
    return invalid(fmt::format("{}: {}", text, why));
  }
  return ChosenRing{text, std::static_pointer_cast<const Ring>(plan->ring.config->build())};
}

Result<std::vector<ChosenRing>> choose_rings(const std::vector<std::string>& texts) {
  std::vector<std::string> names = texts;
  if (names.empty()) {
    for (const CatalogueEntry* entry : catalogue().list(Role::kRing)) names.emplace_back(entry->name);
  }
  std::vector<ChosenRing> rings;
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name) return invalid(fmt::format("{}: is given twice", *name));
    auto ring = choose_ring(*name);
    if (!ring) return tl::unexpected(ring.error());
    rings.push_back(std::move(*ring));
  }
  std::map<std::string, std::size_t> called;
  for (const ChosenRing& ring : rings) ++called[ring.text];
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (called[rings[i].text] > 1) rings[i].text = names[i];  // files of one name in several folders
  }
  return rings;
}

}  // namespace hearsay::cli
