// What is kept from the TOML parser, and from the disk.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "sim/plan/toml_input.hpp"
#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::plan;
using namespace hearsay::test;

namespace {

std::string checked(std::string_view text) {
  const auto fine = check_toml(text, "x.toml");
  return fine ? "ok" : fine.error().message;
}

std::string parsed(std::string_view text) {
  const auto root = parse_toml(text, "x.toml");
  return root ? "ok" : root.error().message;
}

}  // namespace

TEST_CASE("an empty text is no scenario") {
  CHECK(checked("") == "x.toml:1:1: the file is empty; expected TOML");
  CHECK(checked(" \n\t\r\n") == "x.toml:1:1: the file is empty; expected TOML");
  CHECK(checked("# nothing\n") == "ok");
}

TEST_CASE("a scenario without a duration says so") {
  const auto plan = read_text("seed = 3", "x.toml", {}, catalogue());
  REQUIRE_FALSE(plan);
  CHECK(plan.error().message == "x.toml:1:1: a scenario lacks 'duration'; expected duration = \"60s\"");
  CHECK(plan.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a text over 16 MiB is refused unread") {
  CHECK(checked(std::string(100'000'000, '[')) == "x.toml:1:1: 100000000 bytes; expected a scenario of at most 16 MiB");
  CHECK(checked(std::string(kMaxFileBytes, '#')) == "ok");
}

TEST_CASE("lists nest so deep and no deeper") {
  const auto nested = [](std::size_t depth) {
    std::string text = "a = ";
    return text.append(depth, '[').append(depth, ']');
  };
  CHECK(parsed(nested(kMaxNesting)) == "ok");
  CHECK(checked(nested(kMaxNesting + 1)) == "x.toml:1:21: lists nested deeper than 16");
  CHECK(checked(fmt::format("x = 1\n{}", nested(1'000'000))) == "x.toml:2:21: lists nested deeper than 16");
  CHECK(checked(fmt::format("a = {}", std::string(1000, '{'))) == "x.toml:1:21: lists nested deeper than 16");
}

TEST_CASE("three brackets begin no statement") {
  CHECK(checked("[[[") == "x.toml:1:1: '[[['; expected [table] or [[list]]");
  CHECK(checked("a = 1\n  [[[a]]]") == "x.toml:2:3: '[[['; expected [table] or [[list]]");
  CHECK(parsed("a = [[[1]]]") == "ok");
  CHECK(parsed("a = [\n[[1]],\n[[[2]]]\n]") == "ok");
}

TEST_CASE("a dotted key has so many parts and no more") {
  const auto dotted = [](std::size_t parts) {
    std::string key = "a";
    for (std::size_t i = 1; i < parts; ++i) key += ".a";
    return key;
  };
  CHECK(parsed(dotted(kMaxKeyParts) + " = 1") == "ok");
  CHECK(parsed(fmt::format("[{}]", dotted(kMaxKeyParts))) == "ok");
  CHECK(checked(dotted(kMaxKeyParts + 1) + " = 1") == "x.toml:1:32: a key of more than 16 parts");
  CHECK(checked(dotted(100'000) + " = 1") == "x.toml:1:32: a key of more than 16 parts");
  CHECK(checked(fmt::format("x = {{b = 1, {} = 1}}", dotted(100))) == "x.toml:1:44: a key of more than 16 parts");
  CHECK(checked(fmt::format("[{}]", dotted(100))) == "x.toml:1:33: a key of more than 16 parts");
  CHECK(parsed("a = 1.5\nb = 2.5\nc = [1.5, 2.5]") == "ok");
}

TEST_CASE("a text has so many values and no more") {
  std::string text = "a = [";
  for (std::size_t i = 0; i < kMaxValues; ++i) text += "1,";
  CHECK(checked(text + "]") == "x.toml:1:2000005: more than 1000000 values");
}

TEST_CASE("bytes that are no text are refused with their place") {
  CHECK(checked(std::string_view("a = 1\nb\0", 8)) == "x.toml:2:2: a NUL byte; expected a text file in UTF-8");
  CHECK(checked(std::string_view("# \0", 3)) == "x.toml:1:3: a NUL byte; expected a text file in UTF-8");
  CHECK(checked(std::string_view("a = \"x\0\"", 8)) == "x.toml:1:7: a NUL byte; expected a text file in UTF-8");
  CHECK(parsed("a = \"\xff\"").starts_with("x.toml:1:5: not valid TOML: "));
}

TEST_CASE("brackets and dots in strings and comments count for nothing") {
  const std::string deep(100, '[');
  CHECK(parsed(fmt::format("a = \"{}\"", deep)) == "ok");
  CHECK(parsed(fmt::format("a = '{}\\'", deep)) == "ok");
  CHECK(parsed(fmt::format("a = \"\"\"\n{0}\n\"\" \\\" {0}\"\"\"\"\"", deep)) == "ok");
  CHECK(parsed(fmt::format("a = '''\n{0}'' {0}'''", deep)) == "ok");
  CHECK(parsed(fmt::format("# {0}\na = \"\" # {0}...", deep)) == "ok");
  CHECK(parsed(fmt::format("a = \"\\\"{}\"", deep)) == "ok");
  // ... and what follows a string counts again.
  CHECK(checked(fmt::format("a = [\"x\", {}", deep)) == "x.toml:1:26: lists nested deeper than 16");
  CHECK(checked(fmt::format("a = '''x'''\nb = {}", deep)) == "x.toml:2:21: lists nested deeper than 16");
}

TEST_CASE("a file that is none is refused") {
  const auto error = [](const std::string& path) { return read_file(path, {}, catalogue()).error(); };
  CHECK(error("no/such.toml").message == "no/such.toml: no such file");
  CHECK(error("no/such.toml").code == ErrorCode::kNotFound);
  CHECK(error("tests").message == "tests: a directory; expected a file");
  CHECK(error("/dev/zero").message == "/dev/zero: goes on after 16 MiB; expected at most that");
}

TEST_CASE("a large file is refused unread") {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "hearsay-large.toml";
  std::ofstream(path) << "[";
  std::filesystem::resize_file(path, 100'000'000);  // sparse
  const auto plan = read_file(path.string(), {}, catalogue());
  std::filesystem::remove(path);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().message == path.string() + ": 100000000 bytes; expected at most 16 MiB");
}
