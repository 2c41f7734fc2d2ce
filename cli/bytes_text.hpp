// Any bytes in JSON, which knows UTF-8 alone. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace hearsay::cli {

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

// Sets json[name]: the bytes as a string where they are UTF-8, otherwise in base64, and then json[name + "_encoding"]
// is "base64".
void set_bytes(nlohmann::ordered_json& json, const std::string& name, std::string_view bytes);

}  // namespace hearsay::cli
