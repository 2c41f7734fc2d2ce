#include "cli/failure.hpp"

#include <cstdio>

#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"
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

int failed(const Error& error) { return failed(error, exit_code_of(error.code)); }

int failed(const Error& error, int code) {
  std::fprintf(stderr, "hearsay: %s\n", plan::one_line(error.message).c_str());
  return code;
}

int print_or_fail(std::string_view text) {
  const auto printed = print_out(text);
  return printed ? int{kOk} : failed(printed.error(), kFailure);
}

}  // namespace hearsay::cli
