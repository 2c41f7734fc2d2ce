// Calls something that prints, as the program's verbs do, and gives back what it printed. POSIX; one thread at a time.
#pragma once

#include <functional>
#include <string>

namespace hearsay::test {

struct Captured {
  int code = 0;
  std::string out;     // what came to standard output
  std::string errors;  // and to standard error
};

// `given` is what is on standard input.
Captured captured(const std::function<int()>& call, const std::string& given = {});

}  // namespace hearsay::test
