// MD5 (RFC 1321), for the ring `ketama`, which is defined by it. Broken as a cryptographic hash: nothing here relies on
// it for more than spreading.
//
// Pure; any thread. O(bytes).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hearsay {

using Md5Digest = std::array<std::uint8_t, 16>;

Md5Digest md5(std::string_view bytes);

}  // namespace hearsay
