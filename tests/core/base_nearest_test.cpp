#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

#include "core/base/nearest.hpp"

using namespace hearsay;

TEST_CASE("edit distance counts insertions, deletions, substitutions and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("loss", "lsos") == 1);
  CHECK(edit_distance("ca", "abc") == 3);  // a swapped pair is not edited again
  CHECK(edit_distance("Latency", "latency") == 0);
}

TEST_CASE("the nearest candidate is suggested, the first of equals") {
  constexpr std::array<std::string_view, 5> kKeys{"latency", "loss", "duplicate", "reorder", "lossy"};
  CHECK(nearest("latecny", kKeys) == "latency");
  CHECK(nearest("los", kKeys) == "loss");
  CHECK(nearest("Duplicat", kKeys) == "duplicate");
  CHECK(nearest("lossy", kKeys) == "lossy");
  CHECK(nearest("lossx", kKeys) == "loss");
}

TEST_CASE("what is near nothing gets no suggestion") {
  constexpr std::array<std::string_view, 3> kKeys{"latency", "loss", "x"};
  CHECK_FALSE(nearest("bandwidth", kKeys));
  CHECK_FALSE(nearest("y", kKeys));
  CHECK_FALSE(nearest("", kKeys));
  CHECK_FALSE(nearest("loss", {}));
  CHECK_FALSE(nearest(std::string(65, 'x'), kKeys));
}
