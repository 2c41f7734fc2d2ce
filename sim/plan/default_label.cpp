#include "sim/plan/default_label.hpp"

#include <fmt/format.h>

#include "core/base/quantity.hpp"

namespace hearsay::plan {

std::string default_label(std::string_view kind, Duration at) {
  return fmt::format("{}@{}", kind, format_duration(at));
}

std::string default_label(const Input& event) {
  const Input* kind = event.find("kind");
  const Input* at = event.find("at");
  if (kind == nullptr || at == nullptr) return {};
  const auto time = parse_duration(at->text);
  return time ? default_label(kind->text, *time) : std::string();
}

}  // namespace hearsay::plan
