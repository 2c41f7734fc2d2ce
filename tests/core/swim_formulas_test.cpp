#include "core/membership/swim_formulas.hpp"

#include <doctest/doctest.h>

namespace hearsay::swim {

TEST_CASE("the least suspicion time grows with the logarithm of the members") {
  struct Row {
    std::int64_t mult;
    std::uint32_t n;
    Duration interval;
    Duration expected;
  };
  for (const Row& row : {Row{4, 0, 1s, 4s}, Row{4, 1, 1s, 4s}, Row{4, 10, 1s, 4s}, Row{4, 64, 1s, 7224ms},
                         Row{4, 100, 1s, 8s}, Row{4, 1000, 1s, 12s}, Row{4, 10'000, 1s, 16s}, Row{6, 64, 5s, 54'180ms},
                         Row{3, 64, 200ms, Duration(1083600us)}, Row{5, 50, 1s, 8490ms}}) {
    CAPTURE(row.n);
    CHECK(suspicion_min(row.mult, row.n, row.interval) == row.expected);
  }
}

TEST_CASE("confirmations are expected of members who are there to give them") {
  CHECK(expected_confirmations(4, 64) == 2);
  CHECK(expected_confirmations(4, 4) == 2);
  CHECK(expected_confirmations(4, 3) == 0);
  CHECK(expected_confirmations(6, 64) == 4);
  CHECK(expected_confirmations(6, 5) == 0);
  CHECK(expected_confirmations(3, 3) == 1);
  CHECK(expected_confirmations(2, 64) == 0);
  CHECK(expected_confirmations(1, 0) == 0);
  CHECK(expected_confirmations(32, 64) == kMaxConfirmations);
}

TEST_CASE("confirmations shorten a suspicion logarithmically") {
  // Three expected, between 2 s and 30 s: Lifeguard's figures.
  CHECK(suspicion_timeout(0, 3, 2s, 30s) == 30s);
  CHECK(suspicion_timeout(1, 3, 2s, 30s) == 16s);
  CHECK(suspicion_timeout(2, 3, 2s, 30s) == 7810ms);
  CHECK(suspicion_timeout(3, 3, 2s, 30s) == 2s);
  CHECK(suspicion_timeout(4, 3, 2s, 30s) == 2s);
  CHECK(suspicion_timeout(1, 2, 10s, 60s) == 28'453ms);
  // None expected: at once the least time.
  CHECK(suspicion_timeout(0, 0, 2s, 30s) == 2s);
}

TEST_CASE("updates are repeated in proportion to the digits of the member count") {
  CHECK(retransmit_limit(3, 0) == 0);
  CHECK(retransmit_limit(3, 1) == 3);
  CHECK(retransmit_limit(3, 99) == 6);
  CHECK(retransmit_limit(4, 9) == 4);
  CHECK(retransmit_limit(4, 10) == 8);
  CHECK(retransmit_limit(4, 64) == 8);
  CHECK(retransmit_limit(4, 100) == 12);
  CHECK(retransmit_limit(4, 10'000) == 20);
}

TEST_CASE("push-pull slows down above 32 members") {
  CHECK(push_pull_scale(30s, 0) == 30s);
  CHECK(push_pull_scale(30s, 32) == 30s);
  CHECK(push_pull_scale(30s, 33) == 60s);
  CHECK(push_pull_scale(30s, 64) == 60s);
  CHECK(push_pull_scale(30s, 65) == 90s);
  CHECK(push_pull_scale(30s, 128) == 90s);
  CHECK(push_pull_scale(30s, 10'000) == 300s);
}

TEST_CASE("a nack is sent before the asker stops waiting for it") {
  CHECK(nack_timeout(500ms, 0.8) == 400ms);
  CHECK(nack_timeout(500ms, 1.0) == 500ms);
  CHECK(nack_timeout(500ms, 0.0) == 0ms);
}

TEST_CASE("local health stays between healthy and the multiplier") {
  CHECK(awareness_after(0, -1, 8) == 0);
  CHECK(awareness_after(0, 3, 8) == 3);
  CHECK(awareness_after(6, 3, 8) == 7);
  CHECK(awareness_after(7, -1, 8) == 6);
  CHECK(awareness_after(0, 1, 1) == 0);
}

}  // namespace hearsay::swim
