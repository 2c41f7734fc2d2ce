// The hearsay program, callable from tests.
#pragma once

#include <string>
#include <vector>

namespace hearsay::cli {

// Runs the program with its arguments (without the program's name) and returns its exit code. Writes data to stdout and
// what is for people to stderr. Installs handlers for SIGINT and SIGTERM while a run goes on, and
// ignores SIGPIPE from then on.
int run_program(std::vector<std::string> arguments);

}  // namespace hearsay::cli
