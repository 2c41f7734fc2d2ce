#include "cli/bytes_text.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "sim/plan/input.hpp"

namespace hearsay::cli {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < count ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) out += i <= count ? kDigits[group >> (18 - 6 * i) & 63U] : '=';
  }
  return out;
}

void set_bytes(nlohmann::ordered_json& json, const std::string& name, std::string_view bytes) {
  if (plan::is_utf8(bytes)) {
    json[name] = bytes;
    return;
  }
  json[name] = base64(bytes);
  json[name + "_encoding"] = "base64";
}

std::string json_text(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace hearsay::cli
