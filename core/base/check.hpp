// Checks that are always on, in every build: a broken invariant stops the process where it broke. For programmer errors
// only; input from a user, a file or a peer never reaches one (result.hpp).
#pragma once

namespace hearsay {

// Prints "file:line: check failed: what" to stderr and aborts.
[[noreturn]] void check_failed(const char* what, const char* file, int line);

}  // namespace hearsay

#define HEARSAY_CHECK(condition)                               \
  do {                                                         \
    if (!(condition)) [[unlikely]]                             \
      ::hearsay::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
