#include "cli/shared_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/kv/kv.hpp"
#include "core/protocol/directory.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

void add_color(Options& options, ColorChoice& color) {
  options.choice<ColorChoice>(
      "--color", color,
      {{"auto", ColorChoice::kAuto}, {"always", ColorChoice::kAlways}, {"never", ColorChoice::kNever}}, "WHEN",
      "auto (the default), always or never; NO_COLOR is honoured");
}

void add_overrides(Options& options, std::vector<std::string>& overrides) {
  options.list("--set", overrides, ';', false, "KEY=VALUE",
               "Replaces a value of the scenario, as in --set membership.rejoin=none; may be repeated");
}

void add_namespace(Options& options, std::string& name_space) {
  options.text("--namespace", name_space, "NS", "The namespace of keys, of which two share nothing; none otherwise",
               [](const std::string& text) {
                 const auto fine = check_namespace(text);
                 return fine ? std::string() : fine.error().message;
               });
}

namespace {

// A frame carries it, so that it is short and can be shown.
std::string check_word(const std::string& text) {
  constexpr std::size_t kMost = 255;
  if (text.empty() || text.size() > kMost) return fmt::format("expected 1 to {} bytes", kMost);
  return plan::is_utf8(text) ? "" : "is not UTF-8";
}

}  // namespace

void add_topic(Options& options, std::string& topic) {
  options.text("--topic", topic, "T", "The topic of news between nodes; those of another one hear nothing", check_word);
}

void add_service(Options& options, std::string& service) {
  options.text("--service", service, "S", "The name of the service that calls are for", check_word);
}

void add_log_level(Options& options, LogLevel& level) {
  options.choice<LogLevel>("--log-level", level,
                           {{"debug", LogLevel::kDebug},
                            {"info", LogLevel::kInfo},
                            {"warn", LogLevel::kWarn},
                            {"error", LogLevel::kError},
                            {"off", LogLevel::kOff}},
                           "LEVEL", "What is logged to stderr: debug, info (the default), warn, error or off");
}

std::string check_endpoint(const std::string& text) {
  static constexpr std::array<std::string_view, 3> kSchemes{"tcp://", "ipc://", "inproc://"};
  const auto scheme = std::ranges::find_if(kSchemes, [&](std::string_view known) { return text.starts_with(known); });
  const std::string expected = "; expected an endpoint such as tcp://127.0.0.1:27801";
  if (scheme == kSchemes.end() || text.size() == scheme->size()) return plan::quote(text) + " is none" + expected;
  if (text.size() > Directory::kMaxAddressBytes) return fmt::format("over {} bytes", Directory::kMaxAddressBytes);
  // A list where one is expected, say. What is no space and can be shown is 0x21 to 0x7e.
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c > '~' || c == ','; })) {
    return plan::quote(text) + " is not one" + expected;
  }
  if (*scheme != "tcp://") return "";
  const std::size_t colon = text.rfind(':');
  const std::string port = text.substr(colon + 1);
  if (colon < scheme->size()) return plan::quote(text) + " has no port" + expected;
  std::uint64_t number = 0;
  if (port != "*" && !detail::read_whole(port, {0, 65535}, number).empty()) {
    return plan::quote(text) + " has no port from 0 to 65535, nor *" + expected;
  }
  return "";
}

void add_security(Options& options, transport::SecurityOptions& security, bool binds) {
  options.text("--key-file", security.key_file, "FILE",
               "CURVE: the own key pair, of hearsay keygen; no security without");
  options.text("--server-key", security.server_key, "FILE", "CURVE: the public key of the nodes to connect to");
  if (binds) options.text("--allow-file", security.allow_file, "FILE", "CURVE: the public keys of whom to let in");
}

}  // namespace hearsay::cli
