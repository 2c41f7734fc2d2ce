// Value or error. Operating errors (bad input, a timeout, a full disk) travel as Result; programmer errors stop the
// process through HEARSAY_CHECK (check.hpp). No exception leaves core.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace hearsay {

// The KV interface's error codes, used everywhere a value-or-error is returned.
enum class ErrorCode : unsigned char {
  kNotFound,         // the key (file, node, name) does not exist
  kInvalidArgument,  // the caller's input is wrong; nothing was done
  kTooLarge,         // over a stated limit; nothing was done
  kUnavailable,      // too few replicas (or no server) could be reached; never reported as kNotFound
  kTimeout,          // no answer within the deadline; the outcome of a write is unknown
  kClosed,           // the handle was closed
  kCorrupt,          // stored or received bytes do not decode
  kInternal,         // none of the above; the message says what
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one line: what is wrong, where, and the way out
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

inline tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace hearsay
