// Events that the plan itself shows to do nothing.
#include "sim/plan/idle_events.hpp"

#include <doctest/doctest.h>

#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

std::string event_text(std::string_view at, std::string_view rest) {
  return std::string("[[event]]\nat = \"").append(at).append("\"\n").append(rest).append("\n");
}

std::string idle(const std::string& text) {
  const auto plan = read(text);
  if (!plan) return plan.error().message;
  const auto checked = plan::check_for_idle_events(*plan);
  return checked ? "ok" : checked.error().message;
}

const std::string kSplit = event_text("5s", "kind = \"partition\"\nlabel = \"split\"\nisolate = \"n5\"");
const std::string kLate = "[nodes]\ncount = 4\n[[group]]\nname = \"late\"\ncount = 2\npresent = false\n";

}  // namespace

TEST_CASE("nobody who is there can join, and nobody who is up can restart or resume") {
  CHECK(idle(event_text("5s", "kind = \"join\"\nnodes = \"n1\"")) ==
        "x.toml:2:1: event 'join@5s' can have no effect: 'n1' is there already; expected nodes with present = false, "
        "or that left");
  CHECK(idle(event_text("5s", "kind = \"restart\"\nnodes = \"3 random\"")) ==
        "x.toml:2:1: event 'restart@5s' can have no effect: '3 random' is not down then; expected a crash before it");
  CHECK(idle(event_text("5s", "kind = \"resume\"\nnodes = \"all\"")) ==
        "x.toml:2:1: event 'resume@5s' can have no effect: 'all' is not paused then; expected a pause before it");
  CHECK(idle(event_text("5s", "kind = \"crash\"\nnodes = \"n1\"\nfor = \"5s\"") +
             event_text("20s", "kind = \"restart\"\nnodes = \"n1\""))
            .find("'n1' is not down then") != std::string::npos);
  CHECK(idle(kLate + event_text("5s", "kind = \"crash\"\nnodes = \"group:late\"")).find("is not running then") !=
        std::string::npos);
}

TEST_CASE("what may have an effect is let through") {
  CHECK(idle(event_text("5s", "kind = \"crash\"\nnodes = \"n1\"") +
             event_text("9s", "kind = \"restart\"\nnodes = \"n0..n3\"")) == "ok");
  CHECK(idle(event_text("5s", "kind = \"crash\"\nnodes = \"1 random\"") +
             event_text("9s", "kind = \"restart\"\nnodes = \"n2\"")) == "ok");
  CHECK(idle(event_text("5s", "kind = \"pause\"\nnodes = \"n1\"\nfor = \"9s\"") +
             event_text("9s", "kind = \"resume\"\nnodes = \"n1\"")) == "ok");
  CHECK(idle(kLate + event_text("5s", "kind = \"join\"\nnodes = \"group:late\"") +
             event_text("6s", "kind = \"crash\"\nnodes = \"group:late\"")) == "ok");
  CHECK(idle(event_text("5s", "kind = \"leave\"\nnodes = \"n1\"") +
             event_text("9s", "kind = \"join\"\nnodes = \"n1\"")) == "ok");
  CHECK(idle(event_text("5s", "kind = \"churn\"\nnodes = \"all\"\nmean_up = \"5s\"\nmean_down = \"5s\"") +
             event_text("9s", "kind = \"restart\"\nnodes = \"n1\"")) == "ok");
  CHECK(idle("start_spread = \"10s\"\n" + event_text("5s", "kind = \"join\"\nnodes = \"n1\"")) == "ok");
}

TEST_CASE("while nodes start one by one a join may come first, and not after") {
  CHECK(idle("start_spread = \"10s\"\n" + event_text("15s", "kind = \"join\"\nnodes = \"n1\""))
            .find("is there already") != std::string::npos);
}

TEST_CASE("what is healed cannot be healed again") {
  CHECK(idle(kSplit + event_text("9s", "kind = \"heal\"")) == "ok");
  CHECK(idle(kSplit + event_text("9s", "kind = \"heal\"") + event_text("10s", "kind = \"heal\"")) ==
        "x.toml:10:1: event 'heal@10s' can have no effect: every partition is healed by then; expected one before it");
  CHECK(idle(kSplit + event_text("9s", "kind = \"heal\"\npartition = \"split\"") +
             event_text("10s", "kind = \"heal\"\npartition = \"split\""))
            .find("'split' is healed by then") != std::string::npos);
  CHECK(idle(kSplit + event_text("9s", "kind = \"heal\"\npartition = \"split\"") +
             event_text("10s", "kind = \"partition\"\nisolate = \"n6\"") + event_text("11s", "kind = \"heal\"")) ==
        "ok");
}
