// "Did you mean": the candidate closest to what was written, for error messages. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hearsay {

// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other (the optimal string
// alignment distance of Damerau and Levenshtein), ASCII letters compared without case. O(|a| |b|).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate with the smallest distance, the first of equals; none if even that one differs in more than a third of
// the longer word (at least one edit is forgiven). Words over 64 bytes are not compared.
std::optional<std::string_view> nearest(std::string_view wanted, std::span<const std::string_view> candidates);

}  // namespace hearsay
