#include "transport/key_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "tests/transport/files.hpp"

namespace hearsay::transport {
namespace {

using test::new_keys;
using test::TemporaryFolder;
using test::text_of;

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

template <class T>
void check_refused(const Result<T>& result, std::string_view says) {
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::kInvalidArgument);
  CHECK_MESSAGE(result.error().message.find(says) != std::string::npos, result.error().message);
}

TEST_CASE("what keygen writes is what is read") {
  const TemporaryFolder folder;
  const KeyPair pair = new_keys();
  CHECK(pair.public_key.size() == kKeyCharacters);
  CHECK(pair.public_key != new_keys().public_key);
  REQUIRE(write_keys(folder / "node", pair).has_value());
  CHECK(mode_of(folder / "node.key") == 0600);
  CHECK((mode_of(folder / "node.pub") & 0600U) == 0600);
  const auto read = read_key_pair(folder / "node.key");
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(read->public_key == pair.public_key);
  CHECK(read->secret_key == pair.secret_key);
  CHECK(read_public_key(folder / "node.pub") == pair.public_key);
  CHECK(text_of(folder / "node.pub").find(pair.secret_key) == std::string::npos);
}

TEST_CASE("keys are never overwritten, and never left half written") {
  const TemporaryFolder folder;
  REQUIRE(write_keys(folder / "a", new_keys()).has_value());
  const std::string before = text_of(folder / "a.key");
  check_refused(write_keys(folder / "a", new_keys()), "a.key exists already");
  CHECK(text_of(folder / "a.key") == before);

  folder.write("b.pub", "mine");
  check_refused(write_keys(folder / "b", new_keys()), "b.pub exists already");
  CHECK(text_of(folder / "b.pub") == "mine");
  CHECK_FALSE(std::filesystem::exists(folder / "b.key"));

  // Not through a link either, whose end may be anywhere.
  REQUIRE(::symlink((folder / "elsewhere").c_str(), (folder / "c.key").c_str()) == 0);
  check_refused(write_keys(folder / "c", new_keys()), "c.key exists already");
  CHECK_FALSE(std::filesystem::exists(folder / "elsewhere"));
  check_refused(write_keys(folder / "no/such/d", new_keys()), "No such file");
}

TEST_CASE("a secret key that others may read is refused with the way out") {
  const TemporaryFolder folder;
  REQUIRE(write_keys(folder / "a", new_keys()).has_value());
  for (const mode_t mode : {mode_t{0640}, mode_t{0604}, mode_t{0620}, mode_t{0644}}) {
    REQUIRE(::chmod((folder / "a.key").c_str(), mode) == 0);
    check_refused(read_key_pair(folder / "a.key"), fmt::format("chmod 600 {}", folder / "a.key"));
  }
  REQUIRE(::chmod((folder / "a.key").c_str(), 0400) == 0);
  CHECK(read_key_pair(folder / "a.key").has_value());
}

TEST_CASE("a pair that is none is refused by file and line, and never quoted") {
  const TemporaryFolder folder;
  const KeyPair pair = new_keys();
  const std::string public_line = "public " + pair.public_key + "\n";
  const std::string secret_line = "secret " + pair.secret_key + "\n";
  const struct {
    std::string text;
    std::string says;
  } cases[] = {
      {"", "has no secret key"},
      {"# nothing\n", "has no secret key"},
      {public_line, "has no secret key"},
      {secret_line, "has no public key"},
      {public_line + secret_line + secret_line, "f.key:3: a second key"},
      {"#\n\n" + public_line + "secret " + pair.secret_key.substr(0, 39) + "\n", "f.key:4: a key has 40 characters"},
      {public_line + "secret " + pair.secret_key.substr(0, 39) + "~\n", "f.key:2: not a key"},
      {public_line + secret_line + "more\n", "f.key:3: a pair is"},
      {pair.public_key + "\n", "f.key:1: a pair is"},
      {public_line + "secret " + pair.secret_key + " x\n", "f.key:2: a pair is"},
      {public_line + "secret " + new_keys().secret_key + "\n", "does not belong to the secret one"},
  };
  for (const auto& [text, says] : cases) {
    CAPTURE(says);
    const auto read = read_key_pair(folder.write("f.key", text));
    check_refused(read, says);
    CHECK(read.error().message.find(pair.secret_key.substr(0, 39)) == std::string::npos);
  }
}

TEST_CASE("an allow list is what cat makes of public keys") {
  const TemporaryFolder folder;
  std::vector<std::string> all;
  std::string list;
  for (const char* name : {"a", "b", "c"}) {
    const KeyPair pair = new_keys();
    REQUIRE(write_keys(folder / name, pair).has_value());
    list += text_of(folder / (std::string(name) + ".pub"));
    all.push_back(pair.public_key);
  }
  list += "\r\n  " + all[0] + "\t# once more\r\n#\n# " + all[1] + " as a comment";
  std::sort(all.begin(), all.end());
  const auto read = read_allow_list(folder.write("list", list, 0644));
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(*read == all);
  CHECK(read_allow_list(folder.write("nobody", "# nobody\n"))->empty());
}

// Z85 has a "#" in it, but no group of five can begin with one: that would be over 32 bits.
TEST_CASE("a key with a # in it is a key") {
  const TemporaryFolder folder;
  std::string key;
  for (int i = 0; i < 8; ++i) key += "0#0#0";
  const auto read = read_allow_list(folder.write("list", key + " #alice\n#" + key + "\n"));
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(*read == std::vector<std::string>{key});
  check_refused(read_allow_list(folder.write("list", key.substr(0, 39) + " #\n")), "list:1: a key has 40");
}

TEST_CASE("a bad list of keys is refused by file and line") {
  const TemporaryFolder folder;
  const KeyPair pair = new_keys();
  const std::string key = pair.public_key;
  check_refused(read_allow_list(folder / "none"), "none: No such file");
  check_refused(read_allow_list(folder.write("l", key + "\nalice\n")), "l:2: a key has 40 characters");
  check_refused(read_allow_list(folder.write("l", key + " alice\n")), "l:1: one key a line");
  check_refused(read_allow_list(folder.write("l", std::string(39, '0') + "~\n")), "l:1: not a key");
  check_refused(read_allow_list(folder.write("l", std::string("\0\xff\n", 3))), "l:1: a key has 40 characters");
  check_refused(read_allow_list(folder.write("l", "secret " + pair.secret_key + "\n")),
                "give the file with the public");
  check_refused(read_allow_list(folder.write("l", key + "\n", 0666)), "may be written by everybody");
  check_refused(read_public_key(folder.write("l", key + "\n" + key + "\n")), "l:2: a second key");
  check_refused(read_public_key(folder.write("l", "# nothing\n")), "l has no key");
}

TEST_CASE("a list without end, a folder and a pipe are refused") {
  const TemporaryFolder folder;
  check_refused(read_allow_list(folder.write("l", std::string(kMaxKeyFileBytes + 1, '\n'))), "bytes");
  std::string many;
  for (std::size_t i = 0; i <= kMaxAllowedKeys; ++i) many += fmt::format("{:040}\n", i);
  check_refused(read_allow_list(folder.write("l", many)), fmt::format("l:{}: more than", kMaxAllowedKeys + 1));
  check_refused(read_allow_list(folder / ""), "is no file");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  check_refused(read_key_pair(folder / "pipe"), "is no file");
}

}  // namespace
}  // namespace hearsay::transport
