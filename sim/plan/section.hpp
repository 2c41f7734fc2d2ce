// One table of a scenario, read key by key. Unknown keys are reported when it is opened, with the nearest valid one;
// each reading function checks the type, the unit and the range, reports what it expected, and returns the fallback
// when the key is absent or wrong (the caller looks at the Diagnostics once, at the end).
//
// Holds references: the input and the diagnostics outlive it. One thread.
#pragma once

#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/ratio.hpp"
#include "core/base/time.hpp"
#include "core/protocol/params.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::plan {

using Keys = std::span<const std::string_view>;

class Section {
 public:
  // `what` names it in messages: "[network]". A value that is no table is reported, and read as an empty one. The null
  // input is an absent section.
  Section(Diagnostics& diagnostics, const Input* table, std::string what, Keys keys);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  const Input* find(std::string_view key) const;
  const Input& table() const { return *table_; }
  const std::string& what() const { return what_; }
  Diagnostics& diagnostics() const { return diagnostics_; }

  // Reports the absence of a key, with an example of its value.
  bool require(std::string_view key, std::string_view example) const;
  // Reports when more than one of the keys is there.
  void at_most_one(std::initializer_list<std::string_view> keys) const;

  std::string text(std::string_view key, std::string_view fallback) const;
  // A name that may be part of a path, an expression or a metric: letters, digits, "_", "-", ".", "@"; up to 64 bytes.
  std::string name(std::string_view key, std::string_view fallback) const;
  bool boolean(std::string_view key, bool fallback) const;
  std::int64_t integer(std::string_view key, std::int64_t fallback, ParamRange<std::int64_t> range) const;
  double real(std::string_view key, double fallback, ParamRange<double> range) const;
  double share(std::string_view key, double fallback) const;
  Ratio ratio(std::string_view key, Ratio fallback = kNever) const;
  Duration duration(std::string_view key, Duration fallback, ParamRange<Duration> range = {0ns, kTenYears}) const;
  Duration signed_duration(std::string_view key, Duration fallback) const;
  std::int64_t size(std::string_view key, std::int64_t fallback, ParamRange<std::int64_t> range) const;
  std::int64_t bit_rate(std::string_view key, std::int64_t fallback) const;
  double event_rate(std::string_view key, double fallback, ParamRange<double> range) const;
  double parts_per_million(std::string_view key, double fallback) const;
  // The index of one of several words.
  std::size_t choice(std::string_view key, std::size_t fallback, Keys choices) const;

  // The value of a key as a string; reports anything else. Null when absent or wrong.
  const Input* string(std::string_view key, std::string_view expected) const;
  void report(std::string_view key, std::string_view message) const;

 private:
  template <class T, class Parse>
  T quantity(std::string_view key, T fallback, std::string_view expected, Parse&& parse) const;

  Diagnostics& diagnostics_;
  const Input* table_;
  std::string what_;
};

// The entries of a list of tables, at most so many; reports a single table and anything else. `heading` is how an entry
// is headed: "[[event]]".
std::vector<const Input*> tables(Diagnostics& diagnostics, const Input& parent, std::string_view key, std::size_t most,
                                 std::string_view heading);

}  // namespace hearsay::plan
