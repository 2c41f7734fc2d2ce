#include <doctest/doctest.h>

#include "sim/plan/input.hpp"
#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::plan;
using namespace hearsay::test;

namespace {

constexpr std::string_view kScenario = R"(
[nodes]
count = 8
[membership]
rejoin = "push-pull"
[[client]]
name = "load"
[[event]]
at = "10s"
kind = "partition"
label = "split"
isolate = "n1"
[[event]]
at = "20.5s"
kind = "heal"
)";

Plan with(const std::vector<std::string>& overrides) {
  auto plan = read(kScenario, overrides);
  if (!plan) FAIL(plan.error().message);
  return std::move(*plan);
}

}  // namespace

TEST_CASE("an override replaces a value, or adds one and its table") {
  CHECK(with({"nodes.count=16"}).nodes.size() == 16);
  CHECK(with({"seed=7", "duration=90s"}).duration == 90s);
  CHECK(with({"duration = \"90s\""}).duration == 90s);
  CHECK(with({"network.loss=1%"}).network.links[0].loss == *Ratio::of(0.01));
  CHECK(with({"network.loss=0.5"}).network.links[0].loss == *Ratio::of(0.5));
  CHECK(with({"simulator.views=private"}).shared_views == false);
}

TEST_CASE("the last override of a key holds") { CHECK(with({"nodes.count=16", "nodes.count=32"}).nodes.size() == 32); }

TEST_CASE("a string needs no quotes, whatever it looks like") {
  CHECK(with({"name=7"}).name == "7");
  CHECK(with({"name=true"}).name == "true");
  CHECK(with({"question=does it = heal?"}).question == "does it = heal?");
  CHECK(with({"question=2024-01-01"}).question == "2024-01-01");
  CHECK(with({"question="}).question.empty());
  CHECK(with({"question=\"\""}).question.empty());
}

TEST_CASE("a value may be a whole table or list") {
  CHECK(
      with({R"(network.latency={distribution="uniform", min="1ms", max="2ms"})"}).network.links[0].latency.maximum() ==
      2ms);
  CHECK(with({R"(event=[])"}).events.empty());
}

TEST_CASE("an entry of a list is found by number, label, name, or kind and time") {
  CHECK(with({"event.0.at=5s"}).events[0].at == 5s);
  CHECK(with({"event.split.at=6s"}).events[0].at == 6s);
  CHECK(with({"event.\"heal@20.5s\".at=30s"}).events[1].at == 30s);
  CHECK(with({"client.load.rate=5/s"}).clients[0].rate_hz == 5.0);
}

TEST_CASE("errors of an override name it") {
  const auto error = [](const std::string& assignment) { return said(kScenario, {assignment}); };
  CHECK(error("nodes.count=many") == "--set nodes.count: count: 'many' is not an integer; expected one from 1 to 5000");
  CHECK(error("nodes.cuont=3") ==
        "--set nodes.cuont: unknown key 'cuont' in [nodes]; expected one of count, prefix, region, weight, zone, "
        "present; "
        "did you mean 'count'?");
  CHECK(error("membership.rejoin=nonne") ==
        "--set membership.rejoin: rejoin: unknown 'nonne'; expected one of none, push-pull; did you mean 'none'?");
  CHECK(
      error("network.latency=20") ==
      "--set network.latency: latency: \"20\" lacks a unit; a duration has one of ns us ms s min h d µs μs; expected a "
      "duration such as \"500ms\"");
  CHECK(error("membershp.rejoin=none").starts_with("--set membershp.rejoin: unknown key 'membershp' in a scenario;"));
  CHECK(error("duration.x=3") == "--set duration.x: duration is a string; expected a table");
  CHECK(error("event.7.at=5s") ==
        "--set event.7.at: event has no entry '7'; expected a number from 0 to 1 or one of split, heal@20.5s");
  CHECK(error("event.splt.at=5s") ==
        "--set event.splt.at: event has no entry 'splt'; expected a number from 0 to 1 or one of split, heal@20.5s");
  CHECK(error("event.split.at=70s") ==
        "--set event.split.at: at: 70s is at or after the scenario's end (1min); expected a time before it");
}

TEST_CASE("what is no assignment is refused") {
  const auto error = [](const std::string& assignment) { return said(kScenario, {assignment}); };
  CHECK(error("nodes.count") == "--set 'nodes.count': no '='; expected key=value");
  for (const std::string key : {"", ".", "a..b", "a.", ".a", "\"a\"b", "a\"b\""}) {
    CAPTURE(key);
    CHECK(error(key + "=3").ends_with("not a key; expected one such as membership.rejoin"));
  }
  CHECK(error("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1").ends_with("not a key; expected one such as membership.rejoin"));
  CHECK(error("name=" + std::string(70'000, 'x')) == "--set 'name': over 65536 bytes");
}

TEST_CASE("bytes that are no text are refused") {
  CHECK(said(kScenario, {"question=\xff"}) == "--set 'question': not UTF-8");
  CHECK(said(kScenario, {"\xff=1"}) == "--set with a key: not UTF-8");
  CHECK(said(kScenario, {std::string("question=a\0b", 12)}) == "--set 'question': not UTF-8");
  CHECK(with({"question=d\u00fcr\u20ac\U0001f600"}).question == "d\u00fcr\u20ac\U0001f600");
}

TEST_CASE("what is UTF-8 is told from what is not") {
  using plan::is_utf8;
  CHECK(is_utf8("a\u00fc\u20ac\U0010ffff"));
  // A lone continuation, a cut character, an overlong "/", a surrogate, beyond the last code point.
  for (const std::string_view bytes : {"\x80", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    CHECK_FALSE(is_utf8(bytes));
  }
}

TEST_CASE("a value cannot bring a second key with it") {
  CHECK(with({"question=a\nseed = 9"}).seed == 1);
  CHECK(with({"question=\"a\"\nseed = 9"}).seed == 1);
}
