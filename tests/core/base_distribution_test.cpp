#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/distribution.hpp"
#include "tests/core/base_statistics.hpp"

using namespace hearsay;

namespace {

constexpr std::array<std::uint64_t, 6> kWords{
    0, 1, 0x123456789abcdef0, 0x8000000000000000, 0xfedcba9876543210, 0xffffffffffffffff};

struct Case {
  DurationDistribution distribution;
  std::array<std::int64_t, 6> golden;  // of kWords, ns
  std::string description;
};

std::vector<Case> cases() {
  using D = DurationDistribution;
  const auto table = EmpiricalTable::of({{30'000'000, 1}, {10'000'000, 2}, {20'000'000, 1}}).value();
  return {
      {D::constant(7ms).value(), {7000000, 7000000, 7000000, 7000000, 7000000, 7000000}, "constant 7ms"},
      {D::uniform(10ms, 100ms).value(),
       {10000000, 10000000, 16400000, 55000000, 99600000, 100000000},
       "uniform 10ms..100ms"},
      {D::exponential(10ms, 1ms).value(),
       {367368006, 367368006, 26435117, 6931472, 1000000, 1000000},
       "exponential mean 10ms min 1ms"},
      {D::normal(10ms, 5ms, 1ms).value(),
       {1000000, 1000000, 2662171, 10000000, 23081491, 51047681},
       "normal mean 10ms sd 5ms min 1ms"},
      {D::lognormal(20ms, 0.5, 1ms).value(),
       {1000000, 1000000, 9601789, 20000000, 73986406, 1212573633},
       "lognormal median 20ms sigma 0.5 min 1ms"},
      {D::pareto(10ms, 1.5, 10s).value(),
       {10000000000, 10000000000, 58260609, 15874011, 10029740, 10000000},
       "pareto min 10ms shape 1.5 cap 10s"},
      {D::pareto(10ms, 1.0).value(),
       {315532800000000000, 315532800000000000, 140625000, 20000000, 10044643, 10000000},
       "pareto min 10ms shape 1"},
      {D::empirical(table).value(),
       {10000000, 10000000, 10000000, 20000000, 30000000, 30000000},
       "empirical 10ms..30ms"},
  };
}

}  // namespace

TEST_CASE("duration distributions: golden samples") {
  for (const Case& c : cases()) {
    CAPTURE(c.description);
    CHECK(c.distribution.describe() == c.description);
    for (std::size_t i = 0; i < kWords.size(); ++i) {
      CHECK(c.distribution.sample(kWords[i]).count() == c.golden[i]);
      CHECK(c.distribution.sample(Block{kWords[i], 99}).count() == c.golden[i]);  // word b is the caller's
    }
  }
}

TEST_CASE("samples stay within the bounds, and their mean is the stated one") {
  constexpr int kSamples = 200'000;
  for (const Case& c : cases()) {
    if (c.distribution.kind() == DurationDistribution::Kind::kPareto && c.distribution.maximum() > 10s) {
      continue;  // its mean hangs on samples rarer than these
    }
    CAPTURE(c.description);
    CHECK(c.distribution.positive());
    double sum = 0;
    bool inside = true;
    for (int i = 0; i < kSamples; ++i) {
      // Stratified: one word in each cell of equal probability, which leaves almost no noise.
      const auto cell = static_cast<std::uint64_t>(i) * (~std::uint64_t{0} / kSamples);
      const Duration sample = c.distribution.sample(cell + (~std::uint64_t{0} / kSamples) / 2);
      inside = inside && sample >= c.distribution.minimum() && sample <= c.distribution.maximum();
      sum += static_cast<double>(sample.count());
    }
    CHECK(inside);
    const double mean = sum / kSamples;
    CHECK(static_cast<double>(c.distribution.mean().count()) == doctest::Approx(mean).epsilon(1e-3));
  }
}

TEST_CASE("uniform durations are uniform and reach both ends") {
  const auto distribution = DurationDistribution::uniform(3ns, 12ns).value();
  RandomStream random(21, Purpose::kTest);
  std::vector<double> observed(10);
  for (int i = 0; i < 10'000; ++i) {
    observed[static_cast<std::size_t>(distribution.sample(random.block()).count() - 3)] += 1;
  }
  CHECK(test::chi_square(observed, std::vector<double>(10, 1000.0)) < test::chi_square_critical(9));
  CHECK(distribution.mean() == 8ns);  // 7.5 rounds up
}

TEST_CASE("duration distributions refuse what makes no sense, with the reason") {
  using D = DurationDistribution;
  CHECK(D::uniform(2s, 1s).error().message == "min 2s is above max 1s");
  CHECK(D::constant(-1ns).error().message == "a duration must lie in 0s..10 years, not -1ns");
  CHECK_FALSE(D::constant(kTenYears + 1ns));
  CHECK(D::exponential(0s, 1ms).error().message == "mean must lie in 1ns..10 years, not 0s");
  CHECK_FALSE(D::normal(1s, 0s, 1ns));
  CHECK_FALSE(D::lognormal(1s, 0.0, 1ns));
  CHECK(D::lognormal(1s, 6.0, 1ns).error().message == "sigma must be above 0 and at most 5, not 6");
  CHECK_FALSE(D::lognormal(1s, std::nan(""), 1ns));
  CHECK_FALSE(D::pareto(0s, 1.0));
  CHECK_FALSE(D::pareto(2s, 1.0, 1s));
  CHECK_FALSE(D::empirical(EmpiricalTable::of({{-1, 1}}).value()));
  CHECK_FALSE(D::constant(0s)->positive());
}

TEST_CASE("parameters are what the factory took") {
  using P = std::vector<DistributionParameter>;
  CHECK(DurationDistribution::uniform(1ms, 1500us)->parameters() == P{{"min", "1ms"}, {"max", "1.5ms"}});
  CHECK(DurationDistribution::lognormal(1s, 0.25, 1ms)->parameters() ==
        P{{"median", "1s"}, {"sigma", "0.25"}, {"min", "1ms"}});
  CHECK(DurationDistribution::pareto(1s, 2)->parameters() == P{{"min", "1s"}, {"shape", "2"}, {"cap", "3652d"}});
  CHECK(IntDistribution::zipf(100, 0.9)->parameters() == P{{"n", "100"}, {"s", "0.9"}});
}

TEST_CASE("equality compares what is drawn, tables by content") {
  const auto table = EmpiricalTable::of({{1, 1}, {2, 1}}).value();
  CHECK(DurationDistribution::empirical(table).value() == DurationDistribution::empirical(table).value());
  CHECK(DurationDistribution::uniform(1s, 2s).value() == DurationDistribution::uniform(1s, 2s).value());
  CHECK_FALSE(DurationDistribution::uniform(1s, 2s).value() == DurationDistribution::uniform(1s, 3s).value());
  CHECK(DurationDistribution{} == DurationDistribution::constant(0s).value());
}

TEST_CASE("integer distributions: golden samples and bounds") {
  const auto lognormal = IntDistribution::lognormal(1024, 1, 1, 65536).value();
  const std::array<std::int64_t, 6> golden{1, 1, 236, 1024, 14013, 65536};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    CHECK(lognormal.sample(Block{kWords[i], 0}) == golden[i]);
  }
  CHECK(lognormal.describe() == "lognormal median 1024 sigma 1 min 1 max 65536");
  CHECK(lognormal.mean() == doctest::Approx(1688.0016).epsilon(1e-6));

  CHECK(IntDistribution::constant(5)->sample(Block{~std::uint64_t{0}, 0}) == 5);
  const auto uniform = IntDistribution::uniform(10, 19).value();
  CHECK(uniform.sample(Block{0, 0}) == 10);
  CHECK(uniform.sample(Block{~std::uint64_t{0}, 0}) == 19);
  CHECK(uniform.mean() == 14.5);
  const auto zipf = IntDistribution::zipf(1000, 1.0).value();
  CHECK(zipf.sample(philox(9, 0, 0)) == 81);
  CHECK(zipf.maximum() == 1000);
  CHECK(IntDistribution::pareto(64, 1.2, 4096)->sample(Block{0, 0}) == 4096);
  CHECK(IntDistribution::empirical(EmpiricalTable::of({{8, 1}}).value())->sample(Block{}) == 8);
}

TEST_CASE("integer distributions refuse what makes no sense") {
  CHECK_FALSE(IntDistribution::constant(-1));
  CHECK_FALSE(IntDistribution::uniform(2, 1));
  CHECK_FALSE(IntDistribution::uniform(0, IntDistribution::kMax + 1));
  CHECK_FALSE(IntDistribution::lognormal(0.0, 1, 0, 10));
  CHECK_FALSE(IntDistribution::pareto(0, 1, 10));
  CHECK_FALSE(IntDistribution::zipf(0, 1));
  CHECK_FALSE(IntDistribution::empirical(EmpiricalTable::of({{-1, 1}}).value()));
}
