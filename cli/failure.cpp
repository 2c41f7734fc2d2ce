#include "cli/failure.hpp"

#include <cstdio>

#include "cli/exit_codes.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return kNotFound;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kTooLarge: return kUsage;
    case ErrorCode::kUnavailable: return kUnavailable;
    case ErrorCode::kTimeout: return kTimedOut;
    case ErrorCode::kClosed:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal: break;
  }
  return kFailure;
}

int failed(const Error& error) {
  std::fprintf(stderr, "hearsay: %s\n", plan::one_line(error.message).c_str());
  return exit_code_of(error.code);
}

}  // namespace hearsay::cli
