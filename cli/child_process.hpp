// A process, of this program or another one, that cannot outlive whoever started it. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace hearsay::cli {

class ChildProcess {
 public:
  // Where the child finds the descriptor it is given, unless that is its stdout.
  static constexpr int kGivenFd = 3;

  // Runs this program with the arguments. The child has stderr and `fd` of ours, as `as` (kGivenFd or STDOUT_FILENO),
  // nothing else, and none of HEARSAY_...: its options are its arguments. It ignores SIGINT and SIGHUP, which a
  // terminal sends to all, unless it asks for them, and is killed when the thread that started it ends. Takes `fd`
  // over. kUnavailable: the system grants no more processes.
  static Result<ChildProcess> start(const std::vector<std::string>& arguments, int fd, int as = kGivenFd);
  // The same for another program, by its path.
  static Result<ChildProcess> start_program(const std::string& path, const std::vector<std::string>& arguments, int fd,
                                            int as = kGivenFd);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Kills it, whatever it does, and waits for its end.
  ~ChildProcess();

  void signal(int number) const;
  // How it ended ("was killed by signal 9 (Killed)"), once it has, within the limit; empty while it runs.
  std::string ended(Duration limit = Duration::zero());

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;          // -1: nothing to wait for
  std::string ended_;  // once it was waited for
};

}  // namespace hearsay::cli
