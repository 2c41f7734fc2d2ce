// Options that several verbs have, each with one name, one meaning and one text.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "transport/security.hpp"

namespace hearsay::cli {

void add_color(Options& options, ColorChoice& color);
// --set, of a scenario.
void add_overrides(Options& options, std::vector<std::string>& overrides);
void add_namespace(Options& options, std::string& name_space);
// --topic and, of who calls or is called, --service.
void add_topic(Options& options, std::string& topic);
void add_service(Options& options, std::string& service);
void add_log_level(Options& options, LogLevel& level);
// --key-file, --server-key and, of who lets others in, --allow-file.
void add_security(Options& options, transport::SecurityOptions& security, bool binds);

// An Options::Check: an endpoint as ZeroMQ writes it ("tcp://127.0.0.1:27801", "ipc:///run/a", "inproc://a").
std::string check_endpoint(const std::string& text);

}  // namespace hearsay::cli
