// docs/reference/metrics.md is made from the list in the code; this holds it to it.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "sim/measure/metric_names.hpp"

namespace hearsay::measure {
namespace {

TEST_CASE("the reference page has the list that the code has") {
  std::ifstream file("docs/reference/metrics.md");
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  CHECK_MESSAGE(text.str().find(metrics_reference()) != std::string::npos, "the table should be:\n"
                                                                               << metrics_reference());
}

}  // namespace
}  // namespace hearsay::measure
