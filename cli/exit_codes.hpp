// The program's exit codes, the same for all verbs.
#pragma once

namespace hearsay::cli {

enum ExitCode : int {
  kOk = 0,
  kFailure = 1,      // the machine's fault: a full disk, a file that cannot be written
  kUsage = 2,        // wrong flags or a wrong scenario
  kUnmet = 3,        // an expectation failed, or a fault was without effect
  kUnavailable = 4,  // no backend
  kNotFound = 5,     // no such key
  kTimedOut = 124,
  kInterrupted = 130,
};

}  // namespace hearsay::cli
