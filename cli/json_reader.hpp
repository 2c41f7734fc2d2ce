// Reads a JSON document that a program wrote, and a person or a disk may have changed since: each value by its name and
// its type, and the first that is not as it should be is kept as an error that names file and place. Reading goes on
// with fallbacks, so that whoever reads looks at the error once, at the end (as plan::Diagnostics does for TOML).
//
// Holds references: the document outlives it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::cli {

class JsonReader {
 public:
  using Json = nlohmann::ordered_json;

  // `error` takes the first one, as "file: place: what".
  JsonReader(const Json& json, std::string file, std::optional<Error>& error)
      : json_(&json), file_(std::move(file)), error_(&error) {}

  // A member that must be there; reading it after a failure gives fallbacks.
  JsonReader operator[](std::string_view key) const;
  bool has(std::string_view key) const { return json_->is_object() && json_->contains(key); }
  bool is_null() const { return json_->is_null(); }

  std::string text() const;
  bool boolean() const;
  std::optional<bool> optional_boolean() const;  // of null: nothing
  std::uint64_t whole() const;                   // from 0 to 2^64 - 1
  double number() const;                         // finite, 0 or more, as every figure is
  std::optional<double> optional_number() const;
  void each(const std::function<void(const JsonReader&)>& entry) const;                              // of a list
  void each_member(const std::function<void(const std::string&, const JsonReader&)>& member) const;  // of an object

  void report(std::string_view message) const;
  const Json& json() const { return *json_; }

 private:
  JsonReader(const Json& json, std::string file, std::string place, std::optional<Error>& error)
      : json_(&json), file_(std::move(file)), place_(std::move(place)), error_(&error) {}
  JsonReader below(const Json& json, const std::string& name) const;

  const Json* json_;
  std::string file_;
  std::string place_;
  std::optional<Error>* error_;
};

}  // namespace hearsay::cli
