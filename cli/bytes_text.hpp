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

// The document and a line's end; what is not UTF-8 in it (names of files and hosts, what strangers call themselves) is
// replaced. `indent` below 0: on one line.
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace hearsay::cli
