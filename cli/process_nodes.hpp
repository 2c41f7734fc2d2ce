// The nodes of a real run as processes of their own, on tcp sockets of 127.0.0.1: `kill -9` ends one, SIGSTOP pauses
// it. Each runs this program again (node_worker.hpp), and ends with the run, also when the run itself is killed. One
// thread, beside one of its own that listens to all processes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/local_nodes.hpp"

namespace hearsay::cli {

// What a node's process reads again. A life after the first one binds where the first was.
struct ScenarioSource {
  std::string file;
  std::vector<std::string> overrides;
};

Result<std::unique_ptr<RealNodes>> make_process_nodes(const NodesContext& context, const ScenarioSource& source);

}  // namespace hearsay::cli
