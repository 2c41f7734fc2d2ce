// Words for a person and for a shell. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearsay::cli {

// "1 event", "2 events".
std::string counted(std::uint64_t count, std::string_view noun);

// A word as a shell would need it: quoted unless nothing in it means anything to one.
std::string shell_word(const std::string& word);

}  // namespace hearsay::cli
