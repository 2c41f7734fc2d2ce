#include "core/kv/request.hpp"

#include <fmt/format.h>

namespace hearsay {

std::string_view to_string(OpKind kind) {
  switch (kind) {
    case OpKind::kGet: return "get";
    case OpKind::kPut: return "put";
    case OpKind::kDel: return "del";
  }
  return "unknown operation";
}

Result<void> check(const Request& request) {
  if (request.key.empty()) return invalid("a key must have at least 1 byte");
  if (request.key.size() > kMaxKeyBytes) {
    return fail(ErrorCode::kTooLarge, fmt::format("the key has {} bytes; at most {} are allowed with the namespace",
                                                  request.key.size(), kMaxKeyBytes));
  }
  if (request.value.size() > kMaxValueBytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the value has {} bytes; at most {} are allowed", request.value.size(), kMaxValueBytes));
  }
  if (request.ttl < Duration::zero()) return invalid("a TTL must not be negative; 0 means never");
  if (request.ttl > kTenYears) return invalid("a TTL must be at most ten years; 0 means never");
  return {};
}

}  // namespace hearsay
