// The program that docs/howto/use-the-kv.md shows, run as a user runs it, on each backend.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "tests/support/server_process.hpp"

namespace hearsay::test {
namespace {

// What it printed, errors included, and its exit code.
std::pair<std::string, int> greetings(const std::string& arguments) {
  std::FILE* pipe = popen((HEARSAY_KV_GREETINGS " " + arguments + " 2>&1").c_str(), "re");
  REQUIRE(pipe != nullptr);
  std::string printed;
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) printed.append(piece.data(), n);
  const int status = pclose(pipe);
  return {printed, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

void check_greets(const std::string& arguments, const std::string& name) {
  const auto [printed, code] = greetings(arguments + " --count 3 --interval 1ms");
  INFO(printed);
  CHECK(code == 0);
  CHECK(printed.starts_with(name));
  for (const char* line : {"\ngreeting-0 = hello 0, ", "\ngreeting-1 = hello 1, ", "\ngreeting-2 = hello 2, "}) {
    CHECK(printed.find(line) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("kv_greetings: the example puts and reads back on memory, redis and memcached") {
  check_greets("", "memory()");
  const ServerProcess redis(ServerProcess::Kind::kRedis);
  check_greets("--backend redis --servers " + redis.address(), "redis(" + redis.address());
  const ServerProcess memcached(ServerProcess::Kind::kMemcached, ServerProcess::On::kTcp);
  check_greets("--backend memcached --namespace a --servers " + memcached.address(),
               "memcached(" + memcached.address());
}

TEST_CASE("kv_greetings: no server and a wrong call are told, by exit codes too") {
  CHECK(greetings("--backend redis --servers unix:/nowhere/socket --count 1").second == 1);
  CHECK(greetings("--backend redis --servers unix:/nowhere/socket --count 1").first.find("unavailable") !=
        std::string::npos);
  CHECK(greetings("--backend reddis").second == 2);
  CHECK(greetings("--what 1").second == 2);
  CHECK(greetings("--count x").second == 2);
  CHECK(greetings("--count").second == 2);
}

}  // namespace hearsay::test
