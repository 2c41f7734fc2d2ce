#include "cli/failure.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {
std::string other_sources;  // written before there is a second thread
}

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
  std::string text = error.message;
  if (code == kUsage && !other_sources.empty()) text += fmt::format(" (also given: {})", other_sources);
  std::fprintf(stderr, "hearsay: %s\n", plan::one_line(text).c_str());
  return code;
}

void set_other_sources(std::string places) { other_sources = std::move(places); }

int print_or_fail(std::string_view text) {
  const auto printed = print_out(text);
  return printed ? int{kOk} : failed(printed.error(), kFailure);
}

}  // namespace hearsay::cli
