#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/quantity.hpp"
#include "core/base/random.hpp"

using namespace hearsay;

TEST_CASE("durations are parsed exactly") {
  using Row = std::pair<std::string_view, Duration>;
  for (const auto& [text, value] :
       {Row{"500ms", 500ms}, Row{"1.5s", 1500ms}, Row{"2min", 2min}, Row{"1h", 1h}, Row{"10d", 240h}, Row{"0s", 0s},
        Row{"1ns", 1ns}, Row{"3us", 3us}, Row{"3\u00b5s", 3us}, Row{"3\u03bcs", 3us}, Row{"10 ms", 10ms},
        Row{"0.000000001s", 1ns}, Row{"1.000000001s", 1'000'000'001ns}, Row{"0.1s", 100ms}, Row{"3652d", kTenYears},
        Row{"1.50000000000000000s", 1500ms}, Row{"007s", 7s}}) {
    CAPTURE(text);
    REQUIRE(parse_duration(text));
    CHECK(*parse_duration(text) == value);
  }
}

TEST_CASE("what is no duration is refused with the way out") {
  using Row = std::pair<std::string_view, std::string_view>;
  for (const auto& [text, message] :
       {Row{"10", "\"10\" lacks a unit; a duration has one of ns us ms s min h d \u00b5s \u03bcs"},
        Row{"5m", "\"5m\": unknown unit \"m\"; did you mean \"min\" or \"ms\"?"},
        Row{"0.5ns", "\"0.5ns\" is finer than a nanosecond"}, Row{"3653d", "\"3653d\" is over ten years"},
        Row{"-5s", "\"-5s\": a duration cannot be negative"},
        Row{"", "\"\" is not a duration; write it as in \"500ms\""},
        Row{"fast", "\"fast\" is not a duration; write it as in \"500ms\""},
        Row{"1234567890123456789ns", "\"1234567890123456789ns\": a duration has at most 18 digits"}}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_duration(text));
    CHECK(parse_duration(text).error().message == message);
    CHECK(parse_duration(text).error().code == ErrorCode::kInvalidArgument);
  }
  CHECK(parse_duration("5mins").error().message.find("did you mean \"min\"?") != std::string::npos);
  for (const std::string_view text : {".5s", "1.s", "1..5s", "1.5.5s", "1e3s", "1s ", " 1s", "1  s", "1s2", "+1s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("signed durations take a sign") {
  CHECK(*parse_signed_duration("-1.5s") == -1500ms);
  CHECK(*parse_signed_duration("+20ms") == 20ms);
  CHECK(*parse_signed_duration("20ms") == 20ms);
  CHECK_FALSE(parse_signed_duration("--1s"));
  CHECK_FALSE(parse_signed_duration("-"));
}

TEST_CASE("sizes") {
  CHECK(*parse_size("1400B") == 1400);
  CHECK(*parse_size("64KiB") == 65536);
  CHECK(*parse_size("1.5KiB") == 1536);
  CHECK(*parse_size("1MB") == 1'000'000);
  CHECK(*parse_size("2TiB") == std::int64_t{2} << 40);
  CHECK(parse_size("1.0001KiB").error().message == "\"1.0001KiB\" is finer than a byte");
  CHECK(parse_size("64").error().message.starts_with("\"64\" lacks a unit; a size has one of B kB"));
  CHECK(parse_size("64Kb").error().message.find("did you mean \"kB\"?") != std::string::npos);
  CHECK_FALSE(parse_size("9999999TiB"));
}

TEST_CASE("bit rates") {
  CHECK(*parse_rate_bits("10Mbit/s") == 10'000'000);
  CHECK(*parse_rate_bits("1.5Gbps") == 1'500'000'000);
  CHECK(*parse_rate_bits("100kB/s") == 800'000);
  CHECK(*parse_rate_bits("56000 bit/s") == 56'000);
  CHECK_FALSE(parse_rate_bits("10Mbit"));
  CHECK_FALSE(parse_rate_bits("0.5bit/s"));
  CHECK_FALSE(parse_rate_bits("10000000Gbit/s"));
}

TEST_CASE("event rates are the nearest double of the exact quotient") {
  CHECK(*parse_rate_hz("100/s") == 100.0);
  CHECK(*parse_rate_hz("0.1/s") == 0.1);
  CHECK(*parse_rate_hz("5/min") == 5.0 / 60.0);
  CHECK(*parse_rate_hz("2.5/h") == 25.0 / 36000.0);
  CHECK(*parse_rate_hz("1/d") == 1.0 / 86400.0);
  CHECK(*parse_rate_hz("3/ms") == 3000.0);
  CHECK_FALSE(parse_rate_hz("100"));
  CHECK_FALSE(parse_rate_hz("100/m"));
  CHECK_FALSE(parse_rate_hz("1234567890123/s"));
}

TEST_CASE("shares are the same double as a percentage and as a fraction") {
  CHECK(*parse_share("5%") == 0.05);
  CHECK(*parse_share("0.05") == 0.05);
  CHECK(*parse_share("0.1%") == 0.001);
  CHECK(*parse_share("33.3%") == 0.333);
  CHECK(*parse_share("100%") == 1.0);
  CHECK(*parse_share("1") == 1.0);
  CHECK(*parse_share("0") == 0.0);
  CHECK(parse_share("5").error().message == "\"5\" is over one (100%)");
  CHECK_FALSE(parse_share("100.1%"));
  CHECK_FALSE(parse_share("5 percent"));
  CHECK_FALSE(parse_share("-1%"));
}

TEST_CASE("durations are printed short and exact") {
  using Row = std::pair<Duration, std::string_view>;
  for (const auto& [value, text] :
       {Row{1500ms, "1.5s"}, Row{20ms, "20ms"}, Row{0s, "0s"}, Row{2min, "2min"}, Row{90s, "90s"}, Row{90min, "90min"},
        Row{24h, "1d"}, Row{36h, "36h"}, Row{1ns, "1ns"}, Row{1'000'001ns, "1.000001ms"}, Row{-1500us, "-1.5ms"},
        Row{kTenYears, "3652d"}, Row{Duration::min(), "-9223372036.854775808s"}}) {
    CHECK(format_duration(value) == text);
  }
}

TEST_CASE("parsing a printed duration gives it back") {
  RandomStream random(31, Purpose::kTest);
  for (int i = 0; i < 20'000; ++i) {
    // Every magnitude below 10^18 ns, most of them not round; ten years are 3 * 10^17.
    const Duration value{random.between(-kTenYears.count(), kTenYears.count()) >> random.below(58)};
    CAPTURE(value.count());
    const auto parsed = parse_signed_duration(format_duration(value));
    REQUIRE(parsed);
    CHECK(*parsed == value);
  }
}

TEST_CASE("sizes and rates are printed exactly") {
  CHECK(format_size(65536) == "64KiB");
  CHECK(format_size(1400) == "1400B");
  CHECK(format_size(0) == "0B");
  CHECK(format_size(std::int64_t{3} << 30) == "3GiB");
  CHECK(format_rate_bits(10'000'000) == "10Mbit/s");
  CHECK(format_rate_bits(1500) == "1500bit/s");
  CHECK(*parse_size(format_size(123'456)) == 123'456);
}

TEST_CASE("durations for people have three digits and roll over") {
  using Row = std::pair<Duration, std::string_view>;
  for (const auto& [value, text] :
       {Row{1'234'567'890ns, "1.23 s"}, Row{20ms, "20 ms"}, Row{999ns, "999 ns"}, Row{0s, "0 ns"},
        Row{999'499us, "999 ms"}, Row{999'500us, "1 s"}, Row{59'960ms, "60 s"}, Row{12'345us, "12.3 ms"},
        Row{192s, "192 s"}, Row{70'200ms, "70.2 s"}, Row{599'400ms, "599 s"}, Row{600s, "10 min"},
        Row{792s, "13.2 min"}, Row{25h, "1.04 d"}, Row{-1'235us, "-1.24 ms"}, Row{kTenYears, "3652 d"}}) {
    CHECK(human_duration(value) == text);
  }
  CHECK(human_duration(Duration::max()) == "106752 d");
}

TEST_CASE("counts for people") {
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(999.6) == "1k");
  CHECK(human_count(12'345) == "12.3k");
  CHECK(human_count(1'500'000) == "1.5M");
  CHECK(human_count(-2'000) == "-2k");
  CHECK(human_count(0.01234) == "0.0123");
  CHECK(human_count(9.996) == "10");
  CHECK(human_count(std::numeric_limits<double>::infinity()) == "inf");
}

TEST_CASE("a quantity in a message keeps its sign and is cut short") {
  CHECK(parse_signed_duration("-9999d").error().message == "\"-9999d\" is over ten years");
  CHECK(parse_signed_duration("+5").error().message.starts_with("\"+5\" lacks a unit"));
  CHECK(parse_duration(std::string(10'000'000, 'x')).error().message.size() < 200);
  CHECK(parse_share("5" + std::string(10'000'000, 'x')).error().message.size() < 200);
  CHECK(parse_size("5" + std::string(10'000'000, 'x')).error().message.size() < 400);
}
