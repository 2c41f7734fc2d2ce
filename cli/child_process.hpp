// A process of this program that cannot outlive whoever started it. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace hearsay::cli {

class ChildProcess {
 public:
  // Where the child finds the descriptor it is given.
  static constexpr int kGivenFd = 3;

  // Runs this program with the arguments. The child has stderr and kGivenFd of ours, nothing else; it ignores SIGINT
  // and SIGHUP, which a terminal sends to all, and is killed when the thread that started it ends. Takes `fd` over.
  // kUnavailable: the system grants no more processes.
  static Result<ChildProcess> start(const std::vector<std::string>& arguments, int fd);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Kills it, whatever it does, and waits for its end.
  ~ChildProcess();

  void signal(int number) const;
  // How it ended, in words, where it has; empty while it runs.
  std::string ended();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;          // -1: nothing to wait for
  std::string ended_;  // once it was waited for
};

}  // namespace hearsay::cli
