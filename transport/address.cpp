#include "transport/address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/protocol/directory.hpp"

namespace hearsay::transport {

namespace {

constexpr std::string_view kTcp = "tcp://";

bool is_port(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), digit) &&
         std::stoi(std::string(text)) >= 1 && std::stoi(std::string(text)) <= 65535;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  const auto wrong = [&](std::string_view why) { return invalid(fmt::format("'{}' is no address: {}", text, why)); };
  if (text.size() > Directory::kMaxAddressBytes) return wrong("too long");
  const auto control = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control)) return wrong("it has blanks or control characters");
  if (!text.starts_with(kTcp)) {
    for (const std::string_view scheme : {"inproc://", "ipc://"}) {
      if (text.starts_with(scheme) && text.size() > scheme.size()) {
        return Address{std::string(text), std::string(text) + ".pub"};
      }
    }
    return wrong("it begins with none of tcp://, inproc://, ipc://");
  }
  const std::size_t colon = text.rfind(':');
  const std::size_t comma = text.find(',');
  if (colon < kTcp.size() + 1 || comma == std::string_view::npos || comma < colon) {
    return wrong("tcp://HOST:PORT,PUBPORT is expected");
  }
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1, comma - colon - 1);
  const std::string_view pub = text.substr(comma + 1);
  if (!is_port(port) || !is_port(pub)) return wrong("its ports are not numbers from 1 to 65535");
  // '*' would be every interface of the reader, ';' another endpoint to ZeroMQ.
  if (host.find_first_of("*;,") != std::string_view::npos) return wrong("its host is none");
  return Address{fmt::format("{}:{}", host, port), fmt::format("{}:{}", host, pub)};
}

std::string Address::join(std::string_view router, std::string_view pub) {
  if (!router.starts_with(kTcp)) return std::string(router);
  return fmt::format("{},{}", router, pub.substr(pub.rfind(':') + 1));
}

}  // namespace hearsay::transport
