// `hearsay new ring` and its like: the skeleton of a plug-in. Its code is in cli/skeletons.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/plugins.hpp"
#include "cli/verbs.hpp"
#include "core/protocol/catalogue.hpp"
#include "skeletons.hpp"

namespace hearsay::cli {

namespace {

namespace fs = std::filesystem;

struct Skeleton {
  Role role;
  std::string_view name;  // what it is called in the files below, and its type
  std::string_view type;
  std::string_view code;
  std::string_view scenario;  // none for a ring
  std::string_view test;      // the program's arguments, as CMake has them
  std::string_view use;       // what to do with it: lines of the README
};

constexpr std::string_view kRunCheck = R"(run "${CMAKE_CURRENT_SOURCE_DIR}/check.toml" --runs 3 --quiet --out runs)";
constexpr std::string_view kRunIt = R"(    hearsay --plugin build/lib@NAME@.so run check.toml
    hearsay --plugin build/lib@NAME@.so run scenario.toml --set '@ROLE@.strategy="@NAME@"'
    hearsay --plugin build/lib@NAME@.so list @ROLE@ @NAME@

`check.toml` is a scenario that says what every @ROLE@ strategy has to do. The test runs it with three seeds and
fails when an expectation does.
)";
constexpr std::string_view kCompareIt = R"(    hearsay --plugin build/lib@NAME@.so ring check @NAME@
    hearsay --plugin build/lib@NAME@.so ring compare @NAME@ karger jump
    hearsay --plugin build/lib@NAME@.so run scenario.toml --set 'ring.strategy="@NAME@"'

`ring check` tries what every ring has to do and what this one promises (`traits()`); so does the test.
)";

constexpr std::array kSkeletons{
    Skeleton{Role::kRing, "my-ring", "MyRing", kRingSkeleton, {}, "ring check @NAME@", kCompareIt},
    Skeleton{Role::kMembership, "my-membership", "MyMembership", kMembershipSkeleton, kMembershipCheck, kRunCheck,
             kRunIt},
    Skeleton{Role::kDissemination, "my-dissemination", "MyDissemination", kDisseminationSkeleton, kDisseminationCheck,
             kRunCheck, kRunIt},
    Skeleton{Role::kReplication, "my-replication", "MyReplication", kReplicationSkeleton, kReplicationCheck, kRunCheck,
             kRunIt},
};

constexpr std::string_view kBuild = R"(cmake_minimum_required(VERSION 3.25)
project(@NAME@ LANGUAGES CXX)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_package(hearsay 0.1 REQUIRED)
find_program(HEARSAY hearsay REQUIRED)

add_library(plugin MODULE @NAME@.cpp)
set_target_properties(plugin PROPERTIES OUTPUT_NAME @NAME@)
target_link_libraries(plugin PRIVATE hearsay::core)

enable_testing()
add_test(NAME check COMMAND "${HEARSAY}" --plugin $<TARGET_FILE:plugin> @TEST@)
)";

constexpr std::string_view kReadme = R"(# The @ROLE@ `@NAME@`

    cmake -B build && cmake --build build && ctest --test-dir build
@USE@
`CMAKE_PREFIX_PATH` leads CMake to a hearsay that is installed somewhere else than in the system's folders. A plug-in
works with the version of hearsay that it was built against; another one refuses it.
)";

std::string replaced(std::string text, std::string_view mark, std::string_view word) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + word.size())) {
    text.replace(at, mark.size(), word);
  }
  return text;
}

// "my-ring" -> "MyRing", and "nearest" -> "NearestRing": a type that no header has.
std::string type_of(std::string_view name, std::string_view role) {
  const auto joined = [](std::string_view words) {
    std::string type;
    bool first = true;
    for (const char c : words) {
      if (c != '-') type += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      first = c == '-';
    }
    return type;
  };
  std::string type = joined(name);
  const std::string ending = joined(role);
  if (!type.ends_with(ending) || type == ending) type += ending;
  return type;
}

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto other = [](char c) { return (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 40 && letter(name.front()) && name.back() != '-' &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || other(c); });
}

Result<void> write(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (file) return {};
  return fail(ErrorCode::kInternal, fmt::format("{}: cannot be written: {}", path.string(), std::strerror(errno)));
}

Result<void> write_all(const Skeleton& skeleton, const NewSettings& settings) {
  const std::string_view role = to_string(skeleton.role);
  if (!is_name(settings.name)) {
    return invalid(fmt::format(
        "NAME: '{}' is none; expected a small letter, then small letters, digits and '-', 40 at most", settings.name));
  }
  if (catalogue().find(skeleton.role, settings.name) != nullptr) {
    return invalid(fmt::format("NAME: there is a {} '{}' already", role, settings.name));
  }
  const fs::path folder(settings.folder);
  std::error_code error;
  if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return invalid(fmt::format("{}: is not an empty folder, and nothing is overwritten", settings.folder));
  }
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::kInternal, fmt::format("{}: {}", settings.folder, error.message()));

  const auto filled = [&](std::string_view text) {
    std::string out = replaced(std::string(text), "@USE@", skeleton.use);
    out = replaced(std::move(out), "@TEST@", skeleton.test);
    out = replaced(std::move(out), "@ROLE@", role);
    out = replaced(std::move(out), skeleton.type, type_of(settings.name, role));
    out = replaced(std::move(out), skeleton.name, "@NAME@");
    return replaced(std::move(out), "@NAME@", settings.name);
  };
  std::vector<std::pair<std::string, std::string_view>> files{
      {settings.name + ".cpp", skeleton.code}, {"CMakeLists.txt", kBuild}, {"README.md", kReadme}};
  if (!skeleton.scenario.empty()) files.emplace_back("check.toml", skeleton.scenario);
  for (const auto& [file, text] : files) {
    if (auto written = write(folder / file, filled(text)); !written) {
      // Half a skeleton would be in the way of the next attempt.
      for (const auto& [other, unused] : files) fs::remove(folder / other, error);
      return written;
    }
  }
  return {};
}

}  // namespace

int new_strategy(const NewSettings& settings) {
  const auto* const skeleton = std::ranges::find(kSkeletons, settings.role, &Skeleton::role);
  if (auto written = write_all(*skeleton, settings); !written) return failed(written.error());
  return print_or_fail(
      fmt::format("{0}/{1}.cpp is a {2} strategy that works. Next:\n"
                  "  cd {0} && cmake -B build && cmake --build build && ctest --test-dir build\n"
                  "README.md says how to go on.\n",
                  settings.folder, settings.name, to_string(settings.role)));
}

}  // namespace hearsay::cli
