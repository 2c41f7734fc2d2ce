#include "cli/figure_text.hpp"

#include <doctest/doctest.h>

using namespace hearsay::cli;

TEST_CASE("nothing is zero seconds, and times have a unit that fits") {
  CHECK(time_text(0) == "0 s");
  CHECK(time_text(0.00561) == "5.61 ms");
  CHECK(time_text(1.7) == "1.7 s");
  CHECK(time_text(-2.84) == "-2.84 s");
}

TEST_CASE("a share that is not all, or not nothing, does not read as such") {
  CHECK(share_text(1) == "100%");
  CHECK(share_text(0) == "0%");
  CHECK(share_text(0.941) == "94.1%");
  CHECK(share_text(0.9998) == "99.98%");
  CHECK(share_text(0.999999) == ">99.99%");
  CHECK(share_text(0.00001) == "<0.01%");
}

TEST_CASE("a metric is shown in its name's unit, whatever label it is of") {
  CHECK(metric_text("convergence_s[heal_share]", 1.7) == "1.7 s");
  CHECK(metric_text("get_latency_p99_ms", 8) == "8 ms");
  CHECK(metric_text("availability_share", 0.5) == "50%");
  CHECK(metric_text("messages_per_node_s", 15.7) == "15.7/s");
  CHECK(metric_text("bytes_per_node_s", 2120) == "2.12 kB/s");
  CHECK(metric_text("bytes_count", 83) == "83 B");
  CHECK(metric_text("stale_reads_count", 220) == "220");
}

TEST_CASE("what is too long is cut between characters") {
  CHECK(cut("split", 8) == "split");
  CHECK(cut("12345678", 8) == "12345678");
  CHECK(cut("123456789", 8) == "12345...");
  CHECK(cut("äöüäöüäöü", 8) == "äöüäö...");
}
