// The version of a value: a hybrid logical clock (Kulkarni, Demirbas et al. 2014) and the id of the node that assigned
// it. Last writer wins by it; the id breaks ties, so that two nodes never disagree about which of two values is newer.
#pragma once

#include <compare>
#include <cstdint>

#include "core/base/ids.hpp"

namespace hearsay {

struct Version {
  std::uint64_t time = 0;  // milliseconds of wall time << 16 | logical counter; 0: no version
  NodeId node{};

  friend constexpr auto operator<=>(const Version&, const Version&) = default;
  explicit operator bool() const { return time != 0; }

  // The year 6429: no clock gets there, and after it there is still room for newer versions. A stranger's beyond it
  // would stand for ever above everything that can be written.
  static constexpr std::uint64_t kLatest = std::uint64_t{1} << 63;
  bool plausible() const { return time <= kLatest; }

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.time, "time", "hybrid logical clock: milliseconds since 1970 << 16 | counter");
    v(m.node, "node", "id of the node that assigned the version");
  }
};

}  // namespace hearsay
