// Requests to a node's key-value service, and what it answers. Plain values; sizes in bytes, times in nanoseconds by
// the answering node's monotonic clock. Copying one shares the value and copies the key. One thread a request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/kv/version.hpp"

namespace hearsay {

inline constexpr std::size_t kMaxKeyBytes = 250;  // with the namespace
inline constexpr std::size_t kMaxValueBytes = 1'000'000;

enum class OpKind : std::uint8_t { kGet, kPut, kDel };

std::string_view to_string(OpKind kind);

// Chosen by who asks; unique among its pending requests.
enum class RequestId : std::uint64_t {};

struct Request {
  RequestId id{};
  OpKind op = OpKind::kGet;
  std::string key;
  Bytes value;      // of a put
  Duration ttl{0};  // of a put; 0 = never expires; at most kTenYears; negative is kInvalidArgument
};

// The answer to a request. `error` is kNotFound for a miss; kTimeout leaves the outcome of a write unknown.
struct Reply {
  RequestId id{};
  bool ok = false;
  ErrorCode error = ErrorCode::kInternal;  // when not ok
  Bytes value;                             // of a get
  Duration ttl_left{0};                    // of a get; 0 = never expires
  // The version that a get found or that a write was given (also when the write then failed: a replica may hold it).
  Version version;
};

// kInvalidArgument or kTooLarge for a request that no backend may accept.
Result<void> check(const Request& request);

}  // namespace hearsay
