#include "cli/config_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/plan/toml_input.hpp"

namespace hearsay::cli {

namespace {

void check_section(plan::Diagnostics& diagnostics, const plan::Input& section, std::string_view name,
                   const std::vector<std::string_view>& known) {
  for (std::size_t i = 0; i < section.keys.size(); ++i) {
    const std::string& key = section.keys[i];
    if (std::ranges::find(known, key) != known.end()) continue;
    diagnostics.at_key(section.values[i],
                       fmt::format("[{}] has no option {}{}", name, plan::quote(key), plan::did_you_mean(key, known)));
  }
}

}  // namespace

Result<ConfigFile> ConfigFile::read(const std::string& path, const Known& known) {
  const auto text = plan::read_bytes(path);
  if (!text) return tl::unexpected(text.error());
  auto root = plan::parse_toml(*text, path);
  if (!root) return tl::unexpected(root.error());
  std::vector<std::string_view> sections;
  for (const auto& [name, _] : known) sections.push_back(name);
  plan::Diagnostics diagnostics(path);
  for (std::size_t i = 0; i < root->keys.size(); ++i) {
    const std::string& name = root->keys[i];
    const plan::Input& section = root->values[i];
    const auto found = known.find(name);
    if (found == known.end()) {
      diagnostics.at_key(section,
                         fmt::format("there is no verb {}; expected a section for one of {}{}", plan::quote(name),
                                     plan::list_of(sections), plan::did_you_mean(name, sections)));
    } else if (section.kind != plan::Input::Kind::kTable) {
      diagnostics.at_key(section,
                         fmt::format("{} is {}; expected a section, [{}]", name, plan::name_of(section.kind), name));
    } else {
      check_section(diagnostics, section, name, found->second);
    }
  }
  if (diagnostics.failed()) return tl::unexpected(diagnostics.error());
  return ConfigFile(path, std::move(*root));
}

const plan::Input* ConfigFile::find(std::string_view section, std::string_view key) const {
  const plan::Input* table = root_.find(section);
  return table == nullptr ? nullptr : table->find(key);
}

std::string ConfigFile::place_of(const plan::Input& value) const {
  return fmt::format("{}:{}:{}", path_, value.place.line, value.place.column);
}

}  // namespace hearsay::cli
