// `hearsay node` as a process of its own, started and known to be ready by the line that it prints. It cannot outlive
// the thread that started it. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace hearsay::cli {

class NodeProcess {
 public:
  // Starts this program as `hearsay node --json --quiet ARGUMENTS`. kUnavailable: the system grants no more processes.
  static Result<NodeProcess> start(const std::vector<std::string>& arguments);
  NodeProcess(NodeProcess&& other) noexcept;
  NodeProcess& operator=(NodeProcess&&) = delete;
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;
  // Kills it and waits for its end.
  ~NodeProcess();

  // Its endpoint, once it is ready. kTimeout; kUnavailable: it ended before.
  Result<std::string> wait_ready(Duration limit);

 private:
  NodeProcess(pid_t pid, int out) : pid_(pid), out_(out) {}
  pid_t pid_;  // -1: moved from
  int out_;    // the reading end of its stdout
};

}  // namespace hearsay::cli
