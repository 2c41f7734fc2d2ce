#include "cli/terminal.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hearsay::cli;

TEST_CASE("series under each other share their time axis") {
  // Ten seconds in ten columns; one value from 2 s to 5 s alone.
  const std::vector<SparkPoint> points{{2, 0}, {3, 1}, {4, 1}, {5, 0}};
  CHECK(sparkline(points, 10, 10, 0, 1) == "  ▁██▁    ");
}

TEST_CASE("a column has the mean of its values, or the one before where it has none") {
  const std::vector<SparkPoint> dense{{0, 0}, {1, 1}, {2, 1}, {3, 1}};
  CHECK(sparkline(dense, 4, 2, 0, 1) == "▅█");
  const std::vector<SparkPoint> sparse{{0, 0}, {4, 1}, {7, 1}};
  CHECK(sparkline(sparse, 8, 8, 0, 1) == "▁▁▁▁████");
}

TEST_CASE("the value at the very end has the last column") {
  const std::vector<SparkPoint> points{{0, 0}, {5, 0}, {10, 1}};
  CHECK(sparkline(points, 10, 2, 0, 1) == "▁▅");
}

TEST_CASE("no values, and values that are all the same") {
  CHECK(sparkline({}, 10, 3, 0, 1) == "   ");
  const std::vector<SparkPoint> flat{{0, 3}, {1, 3}, {2, 3}};
  CHECK(sparkline(flat, 3, 3, 3, 3) == "▁▁▁");
}

TEST_CASE("a bar is as full as its share, and never fuller than full") {
  CHECK(bar(0, 4) == "····");
  CHECK(bar(0.5, 4) == "██··");
  CHECK(bar(7, 4) == "████");
}
