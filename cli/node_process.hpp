// `hearsay node` as a process of its own, started and known to be ready by the line that it prints. It cannot outlive
// the thread that started it. One thread.
#pragma once

#include <string>
#include <vector>

#include "cli/child_process.hpp"
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
  ~NodeProcess();

  // Its endpoint, once it is ready. kTimeout; kUnavailable: it ended before; kClosed: this program was interrupted.
  Result<std::string> wait_ready(Duration limit);

 private:
  NodeProcess(ChildProcess process, int out) : process_(std::move(process)), out_(out) {}
  ChildProcess process_;
  int out_;  // the reading end of its stdout; -1: moved from
};

}  // namespace hearsay::cli
