#include "cli/plugins.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>

#include "core/protocol/plugin.hpp"
#include "core/ring/checked_ring.hpp"

namespace hearsay::cli {

namespace {

Catalogue& whole() {
  static Catalogue all = Catalogue::builtin();
  return all;
}

// Whether a library has all that its headers speak of: to load one that was cut off is a bus error. What is no library
// at all is the loader's to say.
bool is_whole(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (error || !file.read(reinterpret_cast<char*>(&header), sizeof header)) return true;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return true;
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) return false;
    if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset) return false;
  }
  return true;
}

// `from`: where the path was given. The libraries stay loaded until the process ends: their code runs as long as a
// strategy of theirs lives.
Result<void> load(std::string_view from, const std::string& path) {
  const auto wrong = [&](std::string_view why) { return invalid(fmt::format("{} {}: {}", from, path, why)); };
  std::error_code error;
  // A name without a folder would be looked for among the system's libraries.
  const std::string where = std::filesystem::absolute(path, error);
  if (where.find(':') != std::string::npos) {
    return wrong(fmt::format("the ':' in its path would part it in two in {}", kPluginVariable));
  }
  if (std::filesystem::is_directory(path, error)) return wrong("is a folder; expected the library in it");
  if (!std::filesystem::exists(path, error)) return wrong("there is no such file");
  if (!std::filesystem::is_regular_file(path, error)) return wrong("is no file; expected a library");
  if (!is_whole(path)) return wrong("is cut off: it is shorter than its headers say");
  void* const library = ::dlopen(where.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return wrong(fmt::format("is no library that can be loaded: {}", ::dlerror()));
  using Describe = const PluginDescriptor* (*)();
  const auto describe = reinterpret_cast<Describe>(::dlsym(library, kPluginSymbol));
  if (describe == nullptr) return wrong("is no plug-in: it lacks HEARSAY_PLUGIN(...) of core/protocol/plugin.hpp");
  const PluginDescriptor* descriptor = nullptr;
  try {
    descriptor = describe();
  } catch (const std::exception& thrown) {
    return wrong(fmt::format("threw: {}", thrown.what()));
  } catch (...) {
    return wrong("threw");
  }
  if (descriptor == nullptr || descriptor->magic != PluginDescriptor::kMagic) return wrong("is no plug-in of hearsay");
  if (descriptor->interface_number != kPluginInterface) {
    return wrong(
        fmt::format("was built against version {} of the interface, and this program has version {}: build it "
                    "again with this one's headers",
                    descriptor->interface_number, kPluginInterface));
  }
  if (descriptor->abi != kPluginAbi) {
    return wrong(
        "was built with other layouts than this program (another compiler, standard library or commit): build "
        "it again with this one's headers");
  }
  for (std::size_t i = 0; i < descriptor->count; ++i) {
    if (auto added = whole().add(checked_entry(descriptor->entries[i])); !added) return wrong(added.error().message);
  }
  return {};
}

}  // namespace

Result<void> load_plugins(std::vector<std::string>& words) {
  std::vector<std::string> paths;
  if (const char* given = std::getenv(kPluginVariable); given != nullptr) {
    for (std::string_view rest = given; !rest.empty();) {
      const std::size_t end = std::min(rest.find(':'), rest.size());
      if (end > 0) paths.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  const std::size_t from_variable = paths.size();
  constexpr std::string_view kFlag = "--plugin";
  while (!words.empty() && words.front().starts_with(kFlag)) {
    const std::string word = words.front();
    if (word == kFlag) {
      if (words.size() < 2) return invalid("--plugin: the file of a plug-in is missing");
      paths.push_back(words[1]);
      words.erase(words.begin(), words.begin() + 2);
    } else if (word[kFlag.size()] == '=') {
      paths.push_back(word.substr(kFlag.size() + 1));
      words.erase(words.begin());
    } else {
      break;
    }
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::string& path = paths[i];
    if (auto loaded = load(i < from_variable ? kPluginVariable : kFlag, path); !loaded) return loaded;
    std::error_code error;
    path = std::filesystem::absolute(path, error);
  }
  if (!paths.empty()) ::setenv(kPluginVariable, fmt::format("{}", fmt::join(paths, ":")).c_str(), 1);
  return {};
}

const Catalogue& catalogue() { return whole(); }

}  // namespace hearsay::cli
