// libzmq's errors as ours, in one place: which code, and what the user can do about it.
#pragma once

#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::transport {

// `number` is zmq_errno(), or errno; `doing` says what failed ("binding tcp://127.0.0.1:27801"). Full tables of
// descriptors are kUnavailable, a context that was shut down is kClosed, what the caller can write otherwise is
// kInvalidArgument, the rest is kInternal.
tl::unexpected<Error> zmq_failure(int number, std::string_view doing);

}  // namespace hearsay::transport
