// How a verb ends that could not do what it was asked: one line on stderr, and the exit code of the error's kind.
#pragma once

#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::cli {

// 2 for what the caller got wrong, 4 for servers that cannot be reached, 5 for a key that is not there, 124 for an
// answer that did not come in time, 1 for all else. Any thread.
int exit_code_of(ErrorCode code);
int failed(const Error& error);
// Where the kind of error says less than the place: with this code.
int failed(const Error& error, int code);
// What failed() adds to errors of the caller's: where values came from that are not on the command line, which may be
// what is wrong. Once, before the verb begins.
void set_other_sources(std::string places);
// Prints all that a verb has to say: kOk, or how it ends when it cannot.
int print_or_fail(std::string_view text);

}  // namespace hearsay::cli
