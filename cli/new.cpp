// `hearsay new ring`: the skeleton of a plug-in.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/plugins.hpp"
#include "cli/verbs.hpp"
#include "core/protocol/catalogue.hpp"

namespace hearsay::cli {

namespace {

namespace fs = std::filesystem;

// @NAME@ is "my-ring", @TYPE@ "MyRing".
constexpr std::string_view kSource =
    R"(// The ring `@NAME@`. It begins as rendezvous hashing: every member draws a score for a key, and the highest owns it.
#include "core/base/random.hpp"
#include "core/protocol/plugin.hpp"
#include "core/ring/owner_placement.hpp"

namespace {

using namespace hearsay;

class @TYPE@Placement final : public OwnerPlacement {
 public:
  explicit @TYPE@Placement(std::span<const RingMember> members)
      : OwnerPlacement(members), members_(members.begin(), members.end()) {}

  NodeSlot lookup(std::uint64_t hash) const override {
    NodeSlot best = kNoSlot;
    std::uint64_t highest = 0;
    for (const RingMember& member : members_) {  // by id: of equal scores the smaller id has it
      const std::uint64_t score = philox(hash, raw(member.id), 0).a;
      if (best == kNoSlot || score > highest) {
        best = member.slot;
        highest = score;
      }
    }
    return best;
  }
  std::size_t memory_bytes() const override { return sizeof(*this) + slots_bytes() + members_.size() * sizeof(members_[0]); }

 private:
  std::vector<RingMember> members_;
};

class @TYPE@ final : public Ring {
 public:
  // What it promises; `hearsay ring check @NAME@` holds it to that.
  RingTraits traits() const override { return {}; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const @TYPE@Placement>(members);
  }
};

struct @TYPE@Config {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "@NAME@";
  static constexpr std::string_view kSummary = "What it does, in one sentence.";
  static constexpr std::string_view kSource = "Where it comes from: a paper, and its year.";
  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const @TYPE@>(); }
};

}  // namespace

HEARSAY_PLUGIN(@TYPE@Config)
)";

constexpr std::string_view kBuild = R"(cmake_minimum_required(VERSION 3.25)
project(@NAME@ LANGUAGES CXX)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_package(hearsay 0.1 REQUIRED)
find_program(HEARSAY hearsay REQUIRED)

add_library(@NAME@ MODULE @NAME@.cpp)
target_link_libraries(@NAME@ PRIVATE hearsay::core)

enable_testing()
add_test(NAME @NAME@ COMMAND "${HEARSAY}" --plugin $<TARGET_FILE:@NAME@> ring check @NAME@)
)";

constexpr std::string_view kReadme = R"(# The ring `@NAME@`

    cmake -B build && cmake --build build && ctest --test-dir build
    hearsay --plugin build/lib@NAME@.so ring compare @NAME@ karger jump
    hearsay --plugin build/lib@NAME@.so ring check @NAME@
    hearsay --plugin build/lib@NAME@.so run scenario.toml --set 'ring.strategy="@NAME@"'

`CMAKE_PREFIX_PATH` leads CMake to a hearsay that is installed somewhere else than in the system's folders.
)";

std::string filled(std::string_view text, std::string_view name, std::string_view type) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find('@'), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    for (const auto& [mark, word] :
         {std::pair{std::string_view("@NAME@"), name}, std::pair{std::string_view("@TYPE@"), type}}) {
      if (!text.starts_with(mark)) continue;
      out += word;
      text.remove_prefix(mark.size());
      break;
    }
  }
  return out;
}

// "my-ring" -> "MyRing".
std::string type_of(std::string_view name) {
  std::string type;
  bool first = true;
  for (const char c : name) {
    if (c != '-') type += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    first = c == '-';
  }
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
  return fail(ErrorCode::kInternal, fmt::format("{}: cannot be written", path.string()));
}

Result<void> write_all(const NewSettings& settings) {
  if (!is_name(settings.name)) {
    return invalid(
        fmt::format("NAME: '{}' is none; expected a small letter, then small letters, digits and '-'", settings.name));
  }
  if (catalogue().find(Role::kRing, settings.name) != nullptr) {
    return invalid(fmt::format("NAME: there is a ring '{}' already", settings.name));
  }
  const fs::path folder(settings.folder);
  std::error_code error;
  if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return invalid(fmt::format("{}: is not an empty folder, and nothing is overwritten", settings.folder));
  }
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::kInternal, fmt::format("{}: {}", settings.folder, error.message()));
  const std::string type = type_of(settings.name);
  for (const auto& [file, text] :
       {std::pair{settings.name + ".cpp", kSource}, std::pair{std::string("CMakeLists.txt"), kBuild},
        std::pair{std::string("README.md"), kReadme}}) {
    if (auto written = write(folder / file, filled(text, settings.name, type)); !written) return written;
  }
  return {};
}

}  // namespace

int new_strategy(const NewSettings& settings) {
  if (auto written = write_all(settings); !written) return failed(written.error());
  return print_or_fail(
      fmt::format("{0}/{1}.cpp is a ring that works. Next:\n"
                  "  cd {0} && cmake -B build && cmake --build build && ctest --test-dir build\n"
                  "  hearsay --plugin build/lib{1}.so ring compare {1} karger\n",
                  settings.folder, settings.name));
}

}  // namespace hearsay::cli
