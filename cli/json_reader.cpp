#include "cli/json_reader.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hearsay::cli {

namespace {

// In place of what is missing.
const JsonReader::Json& nothing() {
  static const JsonReader::Json json;
  return json;
}

}  // namespace

JsonReader JsonReader::below(const Json& json, const std::string& name) const {
  return {json, file_, place_.empty() || name.starts_with('[') ? place_ + name : fmt::format("{}.{}", place_, name),
          *error_};
}

void JsonReader::report(std::string_view message) const {
  if (*error_) return;
  *error_ = Error{ErrorCode::kInvalidArgument, place_.empty() ? fmt::format("{}: {}", file_, message)
                                                              : fmt::format("{}: {}: {}", file_, place_, message)};
}

JsonReader JsonReader::operator[](std::string_view key) const {
  if (!json_->is_object()) {
    report("is no object");
    return below(nothing(), std::string(key));
  }
  const auto found = json_->find(key);
  if (found != json_->end()) return below(*found, std::string(key));
  JsonReader missing = below(nothing(), std::string(key));
  missing.report("is missing");
  return missing;
}

std::string JsonReader::text() const {
  if (json_->is_string()) return json_->get<std::string>();
  report("is no string");
  return "";
}

bool JsonReader::boolean() const {
  if (json_->is_boolean()) return json_->get<bool>();
  report("is neither true nor false");
  return false;
}

std::optional<bool> JsonReader::optional_boolean() const {
  if (json_->is_null()) return std::nullopt;
  return boolean();
}

std::uint64_t JsonReader::whole() const {
  if (json_->is_number_unsigned()) return json_->get<std::uint64_t>();
  report("is no whole number");
  return 0;
}

double JsonReader::number() const {
  const double value = json_->is_number() ? json_->get<double>() : -1;
  if (std::isfinite(value) && value >= 0) return value;
  report("is no number from 0 on");
  return 0;
}

std::optional<double> JsonReader::optional_number() const {
  if (json_->is_null()) return std::nullopt;
  return number();
}

void JsonReader::each(const std::function<void(const JsonReader&)>& entry) const {
  if (!json_->is_array()) return report("is no list");
  for (std::size_t i = 0; i < json_->size() && !*error_; ++i) entry(below((*json_)[i], fmt::format("[{}]", i)));
}

void JsonReader::each_member(const std::function<void(const std::string&, const JsonReader&)>& member) const {
  if (!json_->is_object()) return report("is no object");
  for (const auto& [name, value] : json_->items()) {
    if (*error_) return;
    member(name, below(value, name));
  }
}

}  // namespace hearsay::cli
