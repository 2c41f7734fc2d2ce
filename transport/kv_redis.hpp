// The backend "redis": a client of one Redis server (https://redis.io/commands), by hiredis. It needs no feature that
// came after version 2.6, and the server may be shared: the keys are "namespace/key", the values plain strings.
//
// put is SET PX, or plain SET for what never expires; get is GET and PTTL in one MULTI, so that value and time are of
// one instant; del is DEL; list is SCAN. get_many and put_many are pipelined, kRedisBatch at a time.
//
// Time: the server counts a TTL from when it receives it, in whole milliseconds, which are rounded up here; so a value
// ends at most a call's timeout and 2 ms late, and never early. What expires when is the server's wall clock: if it
// steps, everything held expires sooner or later by the step.
//
// Errors: kUnavailable when the server is not there, hangs up (a write may have been done) or answers that it cannot
// (loading, out of memory, read only: the message has its words); kTimeout when it does not answer; kCorrupt where the
// key holds something else than a string, or a value over the limit. The next call begins with a fresh connection.
//
// Threading: any thread; up to 16 calls at a time, each on a connection of its own.
#pragma once

#include <cstddef>
#include <memory>

#include "core/kv/kv.hpp"
#include "transport/kv_options.hpp"

namespace hearsay {

// Commands on their way at once, and the bytes of values in them.
inline constexpr std::size_t kRedisBatch = 256;
inline constexpr std::size_t kRedisBatchBytes = std::size_t{4} << 20;

// One of options.servers at most, 127.0.0.1:6379 without; kInvalidArgument otherwise. Nothing is connected yet.
Result<std::unique_ptr<Kv>> open_redis_kv(const KvOptions& options);

}  // namespace hearsay
