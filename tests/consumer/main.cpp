// What a stranger's first program does with an installed hearsay: include by the tree's paths, link, call.
#include <core/base/ids.hpp>
#include <core/base/result.hpp>
#include <cstdio>

int main() {
  const hearsay::Result<int> refused = hearsay::invalid("no such ring");
  const bool same = hearsay::node_id("a") == hearsay::node_id("a");
  const bool apart = hearsay::node_id("a") != hearsay::node_id("b");
  const bool named = hearsay::to_string(refused.error().code) == "invalid argument";
  std::printf("node a is %016llx\n", static_cast<unsigned long long>(hearsay::raw(hearsay::node_id("a"))));
  return same && apart && named ? 0 : 1;
}
