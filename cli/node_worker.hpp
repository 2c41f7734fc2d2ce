// The process of one node in a real run: what process_nodes.hpp starts. It opens a node as the scenario says, does what
// the controller's link says, tells what the node does, and ends with the link.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"

namespace hearsay::cli {

// Written and read as words of a command line.
struct WorkerOrder {
  static constexpr const char* kVerb = "node-worker";  // the program's own: no user's, and not in its help
  std::string run;                                     // whose it is: tells the processes of one run from another's
  NodeSlot node = kNoSlot;
  Epoch life = 1;
  std::uint64_t seed = 0;
  std::string address;  // where to bind; empty: a free port
  std::string file;
  std::vector<std::string> overrides;

  std::vector<std::string> words() const;
  static Result<WorkerOrder> parse(const std::vector<std::string>& words);
};

// Returns an exit code. The link is ChildProcess::kGivenFd.
int node_worker(const std::vector<std::string>& words);

}  // namespace hearsay::cli
