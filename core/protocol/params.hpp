// Typed, self-describing parameters. A strategy's configuration is a plain struct whose `visit` names every parameter
// once; scenario keys, error messages, `hearsay list`, manifests and the reference pages all come from it.
//
//   struct SwimParams {
//     Duration probe_interval = 1s;
//     void visit(ParamVisitor& v) {
//       v.duration("probe_interval", probe_interval, {1ms, 1h},
//                  "how often a member probes another; lower detects sooner");
//     }
//   };
//
// Durations are nanoseconds, sizes bytes, shares in [0, 1]; an integer or real names its unit. Visiting takes O(number
// of parameters) and happens once a run. One thread a struct.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/base/time.hpp"

namespace hearsay {

template <class T>
struct ParamRange {
  T min{};
  T max{};
};

// Visited in declaration order. A setter changes the values, a lister only reads them. Values stay in range: whoever
// sets one checks it against the range and reports the place it came from.
class ParamVisitor {
 public:
  virtual ~ParamVisitor() = default;
  virtual void duration(std::string_view name, Duration& value, ParamRange<Duration> range, std::string_view doc) = 0;
  virtual void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t> range,
                       std::string_view unit, std::string_view doc) = 0;
  virtual void real(std::string_view name, double& value, ParamRange<double> range, std::string_view unit,
                    std::string_view doc) = 0;
  // A probability or share in [0, 1].
  virtual void share(std::string_view name, double& value, std::string_view doc) = 0;
  virtual void size(std::string_view name, std::int64_t& bytes, ParamRange<std::int64_t> range,
                    std::string_view doc) = 0;
  virtual void boolean(std::string_view name, bool& value, std::string_view doc) = 0;
  // One of several words; `value` is its index.
  virtual void choice(std::string_view name, int& value, std::span<const std::string_view> choices,
                      std::string_view doc) = 0;
};

}  // namespace hearsay
