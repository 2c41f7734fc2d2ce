#include "core/base/result.hpp"

namespace hearsay {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kTooLarge: return "too large";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kClosed: return "closed";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kInternal: return "internal error";
  }
  return "unknown error";
}

}  // namespace hearsay
